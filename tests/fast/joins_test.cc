// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/joins.h

#include "sandbox/fast/joins.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

namespace sandbox::fast {
namespace {

using namespace join_internal;

constexpr Src kBaseSources[] = {Src::kSlot, Src::kAcc, Src::kPin0, Src::kPin1};

std::string FieldOf(Src src) { return src == Src::kSlot ? "s" : src == Src::kConst ? "w" : ""; }
std::string FieldsOf(Pair pair) { return FieldOf(FirstOf(pair)) + FieldOf(SecondOf(pair)); }
size_t PinOf(Src src) { return src == Src::kPin0 ? 0 : src == Src::kPin1 ? 1 : kPins; }
size_t PinOf(Dst dst) { return dst == Dst::kPin0 ? 0 : dst == Dst::kPin1 ? 1 : kPins; }
size_t PinOf(uint16_t plain) {
  return plain == kPinSlot0 || plain == kPinAcc0 ? 0 : plain == kPinSlot1 || plain == kPinAcc1 ? 1 : kPins;
}

struct Expected {
  std::string fields;
  bool is_pinned = false;
  size_t pin = kPins;
  bool traps = false;
  bool is_back = false;
};

// Codes that nobody had before, with the shapes that they should have.
class Seen {
 public:
  void Add(uint16_t code, const Expected& expected) {
    ASSERT_NE(code, kNoJoin) << expected.fields;
    ASSERT_GE(code, kChainsEnd);
    ASSERT_LT(code, kOpcodeCount);
    EXPECT_TRUE(codes_.insert(code).second) << code;
    const Shape shape = ShapeOf(code);
    EXPECT_TRUE(shape.exists);
    EXPECT_EQ(shape.text(), expected.fields) << code;
    EXPECT_EQ(shape.is_pinned, expected.is_pinned || expected.is_back || expected.pin != kPins) << code;
    EXPECT_EQ(shape.pin, expected.pin) << code;
    EXPECT_EQ(shape.traps, expected.traps) << code;
    EXPECT_EQ(shape.is_back, expected.is_back) << code;
    EXPECT_FALSE(IsAccumulatorForm(code)) << code;
    EXPECT_FALSE(HasPinForm(code, false)) << code;
  }
  size_t size() const { return codes_.size(); }

 private:
  std::set<uint16_t> codes_;
};

void AddBranches(Seen& seen, bool is_back) {
  for (const fast::Test& test : kTests) {
    for (const Inner& inner : kTested) {
      seen.Add(TestBranchCode(inner, test, is_back),
               {"tcc" + FieldsOf(inner.pair) + FieldOf(test.other), HasPin(inner.pair), kPins, false, is_back});
    }
    for (const VarStep& step : kVarSteps) {
      seen.Add(VarStepBranchCode(step.stepped, step.by, test, is_back),
               {"tccd" + FieldOf(step.by) + FieldOf(test.other), true, PinOf(step.stepped), false, is_back});
    }
    for (const Src base : kBaseSources) {
      for (const Op load : kTestedLoads) {
        seen.Add(LoadBranchCode(load, base, test, is_back),
                 {"tcc" + FieldOf(base) + "ww" + FieldOf(test.other), IsPin(base), kPins, true, is_back});
      }
    }
  }
  for (const Src base : kBaseSources) {
    for (const Op load : kKeptLoads) {
      for (const Dst kept : kKeptIn) {
        for (const Op compare : {Op::kI32Eq, Op::kI32Ne}) {
          seen.Add(KeptBranchCode(load, base, kept, compare, is_back),
                   {"tccd" + FieldOf(base) + "www", IsPin(base), PinOf(kept), true, is_back});
        }
      }
    }
  }
}

std::string FieldsOfMove(uint16_t plain) {
  if (plain == kConst32) return "dw";
  if (plain == kAddConst) return "dsw";
  return plain == kCopyAcc || plain == kPinAcc0 || plain == kPinAcc1 ? "d" : "ds";
}

void AddMoves(Seen& seen, bool is_back) {
  for (const Plain move : kMoves) {
    for (const Src first : kMoveSources) {
      for (const Op compare : {Op::kI32Eq, Op::kI32Ne, Op::kI32LtU, Op::kI32GeU, Op::kI32LtS, Op::kI32GeS}) {
        seen.Add(MoveBranchCode(move, first, compare, is_back),
                 {"tcc" + FieldsOfMove(move) + FieldOf(first) + "w", IsPin(first), PinOf(move), false, is_back});
      }
    }
  }
  for (const Plain move : kJumpMoves) {
    seen.Add(MoveJumpCode(move, is_back), {"tc" + FieldsOfMove(move), false, PinOf(move), false, is_back});
  }
}

// All of them, and no number between them that is nothing.
TEST(JoinsTest, CodesAndShapes) {
  if (!kFastJoins) GTEST_SKIP() << "no joins in this build";
  Seen seen;
  for (const bool is_back : {false, true}) {
    AddBranches(seen, is_back);
    AddMoves(seen, is_back);
  }
  for (const Inner& inner : chain_internal::kSums) seen.Add(ReturnCode(inner), {FieldsOf(inner.pair), HasPin(inner.pair)});
  for (const Inner& inner : chain_internal::kShifts) seen.Add(ReturnCode(inner), {FieldsOf(inner.pair), HasPin(inner.pair)});
  EXPECT_EQ(seen.size(), kOpcodeCount - kChainsEnd);
}

TEST(JoinsTest, WhatDoesNotJoin) {
  const fast::Test test{Op::kI32Eq, Src::kConst};
  EXPECT_EQ(TestBranchCode({Op::kI32DivU, Pair::kSlotSlot}, test, false), kNoJoin);
  EXPECT_EQ(TestBranchCode({Op::kI64And, Pair::kSlotConst}, test, false), kNoJoin);
  EXPECT_EQ(TestBranchCode(kTested[0], {Op::kI32GtU, Src::kConst}, false), kNoJoin);
  EXPECT_EQ(TestBranchCode(kTested[0], {Op::kI64Eq, Src::kSlot}, false), kNoJoin);
  EXPECT_EQ(TestBranchCode(kTested[0], {Op::kI32Eq, Src::kPin0}, false), kNoJoin);
  EXPECT_EQ(LoadBranchCode(Op::kI64Load, Src::kSlot, test, false), kNoJoin);
  EXPECT_EQ(LoadBranchCode(Op::kI32Load, Src::kConst, test, false), kNoJoin);
  EXPECT_EQ(KeptBranchCode(Op::kI32Load, Src::kSlot, Dst::kAcc, Op::kI32Eq, false), kNoJoin);
  EXPECT_EQ(KeptBranchCode(Op::kI32Load, Src::kSlot, Dst::kSlot, Op::kI32LtU, false), kNoJoin);
  EXPECT_EQ(MoveBranchCode(kCopy2, Src::kSlot, Op::kI32Eq, false), kNoJoin);
  EXPECT_EQ(MoveBranchCode(kCopy, Src::kConst, Op::kI32Eq, false), kNoJoin);
  EXPECT_EQ(VarStepBranchCode(Src::kPin0, Src::kPin0, test, true), kNoJoin);
  EXPECT_EQ(VarStepBranchCode(Src::kSlot, Src::kSlot, test, false), kNoJoin);
  EXPECT_EQ(MoveJumpCode(kCopy2, false), kNoJoin);
  EXPECT_EQ(ReturnCode({Op::kI64Add, Pair::kSlotSlot}), kNoJoin);
}

bool Holds(Op compare, uint32_t a, uint32_t b) {
  const int32_t x = static_cast<int32_t>(a);
  const int32_t y = static_cast<int32_t>(b);
  switch (compare) {
    case Op::kI32Eq: return a == b;
    case Op::kI32Ne: return a != b;
    case Op::kI32LtU: return a < b;
    case Op::kI32GeU: return a >= b;
    case Op::kI32GtU: return a > b;
    case Op::kI32LeU: return a <= b;
    case Op::kI32LtS: return x < y;
    case Op::kI32GeS: return x >= y;
    case Op::kI32GtS: return x > y;
    case Op::kI32LeS: return x <= y;
    default: ADD_FAILURE(); return false;
  }
}

// Where there is another comparison for the one with a constant, it holds for the same numbers.
TEST(JoinsTest, OtherComparisons) {
  if (!kFastJoins) GTEST_SKIP() << "no joins in this build";
  constexpr uint32_t kNumbers[] = {0, 1, 2, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
  size_t without = 0;
  for (const Op compare : kCompares) {
    for (const uint32_t constant : kNumbers) {
      Op instead = compare;
      uint64_t other = constant;
      if (!TryToTest(instead, Src::kConst, other)) {
        ++without;
        continue;
      }
      EXPECT_NE(TestBranchCode(kTested[0], {instead, Src::kConst}, false), kNoJoin);
      ASSERT_LE(other, UINT32_MAX);
      for (const uint32_t number : kNumbers) {
        EXPECT_EQ(Holds(compare, number, constant), Holds(instead, number, static_cast<uint32_t>(other)))
            << TextOf(compare) << " of " << number << " and " << constant;
      }
    }
    Op with_slot = compare;
    uint64_t unused = 7;
    EXPECT_TRUE(TryToTest(with_slot, Src::kSlot, unused));
    EXPECT_EQ(with_slot, compare);
    EXPECT_EQ(unused, 7u);
  }
  // Beyond the greatest number: gt_u, le_u, gt_s, le_s.
  EXPECT_EQ(without, 4u);
}

}  // namespace
}  // namespace sandbox::fast
