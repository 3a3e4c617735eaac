// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/chains.h

#include "sandbox/fast/chains.h"

#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>

namespace sandbox::fast {
namespace {

using namespace chain_internal;

std::string FieldOf(Src src, Operand type) {
  if (src == Src::kSlot) return "s";
  if (src == Src::kConst) return type == Operand::kF64 ? "q" : "w";
  return "";
}

std::string FieldsOf(const Inner& inner, Operand type) {
  return FieldOf(FirstOf(inner.pair), type) + FieldOf(SecondOf(inner.pair), type);
}

bool HasPins(const Inner& inner, const Outer& outer) { return HasPin(inner.pair) || IsPin(outer.other); }

// A code that nobody had before, with these fields and what else its forms have.
class Seen {
 public:
  void Add(uint16_t code, const std::string& fields, bool is_pinned, bool traps) {
    ASSERT_NE(code, kNoChain);
    ASSERT_LT(code, kChainsEnd);
    EXPECT_GE(code, opcode_internal::kSteps.end());
    EXPECT_TRUE(codes_.insert(code).second) << code;
    const Shape shape = ShapeOf(code);
    EXPECT_TRUE(shape.exists);
    EXPECT_EQ(shape.text(), fields) << code;
    EXPECT_EQ(shape.is_pinned, is_pinned) << code;
    EXPECT_EQ(shape.pin, kPins) << code;
    EXPECT_EQ(shape.traps, traps) << code;
    EXPECT_FALSE(shape.is_back);
  }
  // With its accumulator form, and those for pins if it has them.
  void AddForms(uint16_t code, const std::string& fields, bool is_pinned, bool traps, bool has_pin_forms) {
    Add(code, fields, is_pinned, traps);
    Add(AccumulatorForm(code), fields, is_pinned, traps);
    EXPECT_FALSE(IsAccumulatorForm(code));
    EXPECT_TRUE(IsAccumulatorForm(AccumulatorForm(code)));
    ASSERT_EQ(HasPinForm(code, false), has_pin_forms) << code;
    for (size_t pin = 0; pin < kPins && has_pin_forms; ++pin) {
      EXPECT_TRUE(codes_.insert(PinForm(code, pin)).second);
      const Shape shape = ShapeOf(PinForm(code, pin));
      EXPECT_EQ(shape.text(), fields);
      EXPECT_TRUE(shape.is_pinned);
      EXPECT_EQ(shape.pin, pin);
      EXPECT_FALSE(IsAccumulatorForm(PinForm(code, pin)));
    }
  }
  size_t size() const { return codes_.size(); }

 private:
  std::set<uint16_t> codes_;
};

void AddGrid(Seen& seen, std::span<const Inner> inners, std::span<const Outer> outers, Operand type, bool has_pin_forms) {
  for (const Inner& inner : inners) {
    for (const Outer& outer : outers) {
      seen.AddForms(ChainCode(inner, outer), "d" + FieldsOf(inner, type) + FieldOf(outer.other, type),
                    HasPins(inner, outer), false, has_pin_forms);
    }
  }
}

void AddLoads(Seen& seen, Op load, std::span<const Outer> outers, Operand type) {
  for (const Src base : {Src::kSlot, Src::kAcc, Src::kPin0, Src::kPin1}) {
    for (const Outer& outer : outers) {
      seen.AddForms(LoadChainCode(load, base, outer),
                    "d" + FieldOf(base, Operand::kI32) + "ww" + FieldOf(outer.other, type),
                    IsPin(base) || IsPin(outer.other), true, false);
    }
    EXPECT_EQ(LoadChainCode(load, base, {Op::kI64Add, Src::kSlot}), kNoChain);
  }
  EXPECT_EQ(LoadChainCode(load, Src::kConst, outers[0]), kNoChain);
}

template <Operand kType>
constexpr Op kStore = kType == Operand::kF64 ? Op::kF64Store : Op::kF32Store;

template <Operand kType>
void AddFloats(Seen& seen, Op load) {
  AddGrid(seen, kTerms<kType>, std::span(kTermUsers<kType>).first(kSlotTermUsers), kType, false);
  AddLoads(seen, load, kTermUsers<kType>, kType);
  for (const Inner& inner : kTerms<kType>) {
    for (const Src base : {Src::kSlot, Src::kAcc, Src::kPin0, Src::kPin1}) {
      seen.Add(StoreChainCode(inner, kStore<kType>, base), FieldOf(base, Operand::kI32) + "ww" + FieldsOf(inner, kType),
               IsPin(base), true);
    }
    EXPECT_EQ(StoreChainCode(inner, kStore<kType>, Src::kConst), kNoChain);
  }
}

void AddStores(Seen& seen, Op store) {
  for (const Inner& inner : kStored) {
    for (const Src base : {Src::kSlot, Src::kAcc, Src::kPin0, Src::kPin1}) {
      seen.Add(StoreChainCode(inner, store, base), FieldOf(base, Operand::kI32) + "ww" + FieldsOf(inner, Operand::kI32),
               IsPin(base) || HasPin(inner.pair), true);
    }
    EXPECT_EQ(StoreChainCode(inner, store, Src::kConst), kNoChain);
  }
}

void AddTableLoads(Seen& seen) {
  for (const Op load : kTableLoads) {
    for (const Src index : {Src::kSlot, Src::kAcc, Src::kPin0, Src::kPin1}) {
      seen.AddForms(TableLoadCode(load, index, false), "d" + FieldOf(index, Operand::kI32) + "ww", IsPin(index), true, false);
      seen.AddForms(TableLoadCode(load, index, true), "d" + FieldOf(index, Operand::kI32) + "hww", IsPin(index), true, false);
    }
    EXPECT_EQ(TableLoadCode(load, Src::kConst, true), kNoChain);
  }
  EXPECT_EQ(TableLoadCode(Op::kI64Load8U, Src::kSlot, false), kNoChain);
}

// All of them, and no number between them that is nothing.
TEST(ChainsTest, CodesAndShapes) {
  if (!kFastChains) GTEST_SKIP() << "no chains in this build";
  Seen seen;
  AddGrid(seen, kShifts, kShiftUsers, Operand::kI32, true);
  AddGrid(seen, kSums, kSumUsers, Operand::kI32, false);
  for (const Op load : kLoadedOps) AddLoads(seen, load, kLoadUsers, Operand::kI32);
  AddFloats<Operand::kF32>(seen, Op::kF32Load);
  AddFloats<Operand::kF64>(seen, Op::kF64Load);
  AddGrid(seen, kWords, kWordUsers, Operand::kI64, false);
  for (const Op store : kStoringOps) AddStores(seen, store);
  AddTableLoads(seen);
  EXPECT_EQ(seen.size(), kChainsEnd - kShiftChains.begin);
}

TEST(ChainsTest, WhatDoesNotChain) {
  EXPECT_EQ(ChainCode({Op::kI32DivU, Pair::kSlotSlot}, {Op::kI32Add, Src::kSlot}), kNoChain);
  EXPECT_EQ(ChainCode({Op::kI32Add, Pair::kSlotSlot}, {Op::kI32DivU, Src::kSlot}), kNoChain);
  EXPECT_EQ(ChainCode({Op::kI64Add, Pair::kSlotSlot}, {Op::kI64DivU, Src::kSlot}), kNoChain);
  EXPECT_EQ(ChainCode({Op::kI64Add, Pair::kSlotSlot}, {Op::kI32Add, Src::kSlot}), kNoChain);
  // A float's sum for an integer's, and of the other width.
  EXPECT_EQ(ChainCode({Op::kF32Add, Pair::kSlotSlot}, {Op::kI32Add, Src::kSlot}), kNoChain);
  EXPECT_EQ(ChainCode({Op::kF32Add, Pair::kSlotSlot}, {Op::kF64Add, Src::kSlot}), kNoChain);
  EXPECT_EQ(LoadChainCode(Op::kF32Load, Src::kSlot, {Op::kF64Add, Src::kSlot}), kNoChain);
  EXPECT_EQ(LoadChainCode(Op::kI64Load, Src::kSlot, {Op::kI32Add, Src::kSlot}), kNoChain);
  // Of another width, and a sum for a float's store.
  EXPECT_EQ(StoreChainCode({Op::kI32Add, Pair::kSlotSlot}, Op::kI64Store, Src::kSlot), kNoChain);
  EXPECT_EQ(StoreChainCode({Op::kI32Add, Pair::kSlotSlot}, Op::kI32Store16, Src::kSlot), kNoChain);
  EXPECT_EQ(StoreChainCode({Op::kI64Add, Pair::kSlotSlot}, Op::kI32Store, Src::kSlot), kNoChain);
  EXPECT_EQ(StoreChainCode({Op::kI32Add, Pair::kSlotSlot}, Op::kF32Store, Src::kSlot), kNoChain);
}

}  // namespace
}  // namespace sandbox::fast
