// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/opcode.h

#include "sandbox/fast/opcode.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace sandbox::fast {
namespace {

constexpr Src kSources[] = {Src::kSlot, Src::kAcc, Src::kConst};
constexpr Address kAllAddresses[] = {Address::kSlot, Address::kAcc, Address::kConst, Address::kSlotSum, Address::kAccSum};
static_assert(std::size(kAllAddresses) == kAddresses);

std::vector<Op> AllOps(bool (*picks)(Op)) {
  std::vector<Op> ops;
  for (size_t i = 0; i < kOpCount; ++i) {
    if (picks(static_cast<Op>(i))) ops.push_back(static_cast<Op>(i));
  }
  return ops;
}

std::vector<Pair> AllPairs(size_t count) {
  std::vector<Pair> pairs;
  for (size_t i = 0; i < count; ++i) pairs.push_back(static_cast<Pair>(i));
  return pairs;
}

std::string FieldOf(Src src, Operand type) {
  switch (src) {
    case Src::kSlot: return "s";
    case Src::kAcc: return "";
    case Src::kConst: return type == Operand::kF64 ? "q" : "w";
  }
  return "?";
}

std::string FieldOf(Address address) {
  return FieldOf(BaseOf(address), Operand::kI32) + (IsSum(address) ? "w" : "");
}

std::string NameOf(Op op) { return std::string(TextOf(op)); }

// Every code of every family: who has it, and what its shape is expected to be.
struct Expected {
  std::string owner;
  std::string fields;
  bool is_memory = false;
};

void Add(std::map<uint16_t, Expected>& all, uint16_t code, const Expected& expected) {
  const auto [found, is_new] = all.emplace(code, expected);
  EXPECT_TRUE(is_new) << expected.owner << " has the code of " << found->second.owner;
}

std::map<uint16_t, Expected> Everything() {
  std::map<uint16_t, Expected> all;
  for (const Op op : AllOps(&opcode_internal::IsBinary)) {
    const Operand type = InfoOf(op).signature.param(0);
    for (const Pair pair : AllPairs(kPairs)) {
      const std::string operands = FieldOf(FirstOf(pair), type) + FieldOf(SecondOf(pair), type);
      for (const Dst dst : {Dst::kSlot, Dst::kAcc}) Add(all, BinaryCode(op, pair, dst), {NameOf(op), "d" + operands});
    }
    if (!IsCompare(op)) continue;
    for (const Pair pair : AllPairs(kBranchPairs)) {
      const std::string operands = FieldOf(FirstOf(pair), type) + FieldOf(SecondOf(pair), type);
      for (const bool sense : {false, true}) {
        Add(all, BranchCode(op, pair, sense), {"branch on " + NameOf(op), "tcc" + operands});
      }
    }
  }
  for (const Op op : AllOps(&opcode_internal::IsUnary)) {
    for (const Src src : {Src::kSlot, Src::kAcc}) {
      for (const Dst dst : {Dst::kSlot, Dst::kAcc}) {
        Add(all, UnaryCode(op, src, dst), {NameOf(op), "d" + FieldOf(src, InfoOf(op).signature.param(0))});
      }
    }
  }
  for (const Op op : AllOps(&opcode_internal::IsLoad)) {
    for (const Address address : kAllAddresses) {
      for (const Dst dst : {Dst::kSlot, Dst::kAcc}) {
        Add(all, LoadCode(op, address, dst), {NameOf(op), "d" + FieldOf(address) + "w", true});
      }
    }
  }
  for (const Op op : AllOps(&opcode_internal::IsStore)) {
    for (const Address address : kAllAddresses) {
      for (const Src value : kSources) {
        Add(all, StoreCode(op, address, value),
            {NameOf(op), FieldOf(address) + "w" + FieldOf(value, InfoOf(op).signature.param(1)), true});
      }
    }
  }
  for (const Op op : AllOps(&HasStepBranch)) {
    for (const Src second : {Src::kSlot, Src::kConst}) {
      Add(all, StepBranchCode(op, second), {"step and " + NameOf(op), "tccdsw" + FieldOf(second, Operand::kI32)});
    }
  }
  return all;
}

TEST(OpcodeTest, FamiliesDoNotOverlapAndShapesMatch) {
  const std::map<uint16_t, Expected> all = Everything();
  ASSERT_GT(all.size(), 1000u);
  for (const auto& [code, expected] : all) {
    const Shape shape = ShapeOf(code);
    ASSERT_TRUE(shape.exists) << expected.owner;
    EXPECT_EQ(shape.text(), expected.fields) << expected.owner;
    EXPECT_GE(code, kPlainCount) << expected.owner;
    EXPECT_LT(code, kOpcodeCount) << expected.owner;
    if (expected.is_memory) EXPECT_TRUE(shape.traps) << expected.owner;
  }
}

// Of all 65536 halfwords: what lies behind the families is nothing, and what exists has fields that can be walked over.
TEST(OpcodeTest, NothingElseExists) {
  size_t exist = 0;
  for (uint32_t code = 0; code <= UINT16_MAX; ++code) {
    const Shape shape = ShapeOf(static_cast<uint16_t>(code));
    exist += shape.exists ? 1 : 0;
    if (code >= kOpcodeCount) ASSERT_FALSE(shape.exists) << code;
    if (!shape.exists) ASSERT_TRUE(shape.text().empty()) << code;
  }
  EXPECT_GE(exist, Everything().size() + kPlainCount);
}

TEST(OpcodeTest, OnlyDivisionsAndConversionsTrapAmongNumbers) {
  for (const Op op : {Op::kI32DivS, Op::kI32DivU, Op::kI32RemS, Op::kI32RemU, Op::kI64DivS, Op::kI64RemU}) {
    EXPECT_TRUE(ShapeOf(BinaryCode(op, Pair::kSlotConst)).traps) << NameOf(op);
    EXPECT_TRUE(ShapeOf(BinaryCode(op, Pair::kAccSlot, Dst::kAcc)).traps) << NameOf(op);
  }
  for (const Op op : {Op::kI32Add, Op::kI64Shl, Op::kI32LtS, Op::kI64Eq}) {
    EXPECT_FALSE(ShapeOf(BinaryCode(op, Pair::kSlotSlot)).traps) << NameOf(op);
  }
  EXPECT_FALSE(ShapeOf(UnaryCode(Op::kI32Clz, Src::kAcc)).traps);
#if SANDBOX_FLOATS
  EXPECT_TRUE(ShapeOf(UnaryCode(Op::kI32TruncF64S, Src::kAcc)).traps);
  EXPECT_FALSE(ShapeOf(UnaryCode(Op::kI32TruncSatF64S, Src::kAcc)).traps);
#endif
}

// An accumulator form has the fields of the form that it belongs to, and is no other instruction's.
// An instruction ends behind its fields; a table behind its entries, of which there may be more than there is code.
TEST(OpcodeTest, Ends) {
  std::vector<uint16_t> code(40);
  code[3] = kBrTable;
  code[5] = 2;
  EXPECT_EQ(EndOf(code, 3, ShapeOf(code[3])), 3u + 4 + 3 * 3);
  code[6] = 1;
  EXPECT_EQ(EndOf(code, 3, ShapeOf(code[3])), 3u + 4 + 3 * 65'539);
  code[5] = code[6] = 0xffff;
  EXPECT_EQ(EndOf(code, 3, ShapeOf(code[3])), 3u + 4 + (uint64_t{3} << 32));
  code[36] = kBrTableAcc;
  code[37] = 0;
  EXPECT_EQ(EndOf(code, 36, ShapeOf(code[36])), 36u + 3 + 3);
  code[38] = kBrTableAcc;
  EXPECT_GT(EndOf(code, 38, ShapeOf(code[38])), code.size());
  code[20] = BinaryCode(Op::kI32Add, Pair::kSlotConst);
  EXPECT_EQ(EndOf(code, 20, ShapeOf(code[20])), 20u + 1 + 1 + 1 + 2);
}

TEST(OpcodeTest, AccumulatorForms) {
  size_t forms = 0;
  for (uint32_t i = 0; i < kOpcodeCount; ++i) {
    const uint16_t code = static_cast<uint16_t>(i);
    const Shape shape = ShapeOf(code);
    if (code < kPlainCount || !HasAccumulatorForm(code)) continue;
    if (!shape.exists) continue;
    ++forms;
    const Shape other = ShapeOf(AccumulatorForm(code));
    ASSERT_EQ(shape.text().front(), 'd') << code;
    EXPECT_EQ(other.text(), shape.text()) << code;
    EXPECT_EQ(other.traps, shape.traps) << code;
    EXPECT_EQ(AccumulatorForm(AccumulatorForm(code)), AccumulatorForm(code));
  }
  EXPECT_GT(forms, 100u);
  EXPECT_EQ(AccumulatorForm(BinaryCode(Op::kI32Sub, Pair::kAccSlot)), BinaryCode(Op::kI32Sub, Pair::kAccSlot, Dst::kAcc));
  EXPECT_EQ(AccumulatorForm(UnaryCode(Op::kI64Ctz, Src::kSlot)), UnaryCode(Op::kI64Ctz, Src::kSlot, Dst::kAcc));
  EXPECT_EQ(AccumulatorForm(LoadCode(Op::kI64Load, Address::kAcc)), LoadCode(Op::kI64Load, Address::kAcc, Dst::kAcc));
  EXPECT_FALSE(HasAccumulatorForm(StoreCode(Op::kI32Store, Address::kSlot, Src::kSlot)));
  EXPECT_FALSE(HasAccumulatorForm(BranchCode(Op::kI32Eq, Pair::kSlotSlot, true)));
  EXPECT_FALSE(HasAccumulatorForm(kCopy));
}

TEST(OpcodeTest, PairsAreWhatTheySay) {
  for (const Pair pair : AllPairs(kPairs)) {
    EXPECT_EQ(PairOf(FirstOf(pair), SecondOf(pair)), pair);
    EXPECT_FALSE(FirstOf(pair) == SecondOf(pair) && FirstOf(pair) != Src::kSlot);
  }
}

TEST(OpcodeTest, FieldsHaveTheSizesOfTheirOperands) {
  for (const Src src : kSources) {
    for (const Operand type : {Operand::kI32, Operand::kI64, Operand::kF32, Operand::kF64}) {
      const std::string field = FieldOf(src, type);
      EXPECT_EQ(SizeOf(src, type), field.empty() ? 0 : SizeOfField(field[0]));
    }
  }
}

// Letters that plain.def does not explain would be walked over wrongly.
TEST(OpcodeTest, PlainFieldsAreKnown) {
  for (uint16_t code = 0; code < kPlainCount; ++code) {
    const Shape shape = ShapeOf(code);
    ASSERT_TRUE(shape.exists);
    for (const char field : shape.text()) EXPECT_NE(std::string_view("dsbhcwtq*").find(field), std::string_view::npos);
    const size_t star = shape.text().find('*');
    if (star != std::string_view::npos) EXPECT_EQ(star, shape.text().size() - 1) << code;
  }
}

}  // namespace
}  // namespace sandbox::fast
