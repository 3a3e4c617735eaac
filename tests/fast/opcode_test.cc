// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/opcode.h

#include "sandbox/fast/opcode.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "sandbox/fast/joins.h"

namespace sandbox::fast {
namespace {

constexpr Src kAllSources[] = {Src::kSlot, Src::kAcc, Src::kConst, Src::kPin0, Src::kPin1};
constexpr Dst kAllDsts[] = {Dst::kSlot, Dst::kAcc, Dst::kPin0, Dst::kPin1};
constexpr Address kAllAddresses[] = {Address::kSlot,    Address::kAcc,    Address::kConst,   Address::kPin0,   Address::kPin1,
                                     Address::kSlotSum, Address::kAccSum, Address::kPin0Sum, Address::kPin1Sum};
static_assert(std::size(kAllAddresses) == kAddresses);
static_assert(std::size(kAllDsts) == kDsts);

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
    case Src::kAcc:
    case Src::kPin0:
    case Src::kPin1: return "";
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
  // What it knows of pins.
  bool is_pinned = false;
  size_t pin = kPins;
  bool is_back = false;
};

size_t PinOf(Dst dst) { return dst == Dst::kPin0 ? 0 : dst == Dst::kPin1 ? 1 : kPins; }
size_t PinOf(Src src) { return src == Src::kPin0 ? 0 : src == Src::kPin1 ? 1 : kPins; }

void Add(std::map<uint16_t, Expected>& all, uint16_t code, const Expected& expected) {
  const auto [found, is_new] = all.emplace(code, expected);
  EXPECT_TRUE(is_new) << expected.owner << " has the code of " << found->second.owner;
}

void AddBinary(std::map<uint16_t, Expected>& all, Op op) {
  const Operand type = InfoOf(op).signature.param(0);
  for (const Pair pair : AllPairs(kPairs)) {
    if (HasPin(pair) && !HasPins(op)) continue;
    const std::string operands = FieldOf(FirstOf(pair), type) + FieldOf(SecondOf(pair), type);
    for (const Dst dst : kAllDsts) {
      if (IsPin(dst) && !HasPins(op)) continue;
      Add(all, BinaryCode(op, pair, dst), {NameOf(op), "d" + operands, false, HasPin(pair) || IsPin(dst), PinOf(dst)});
    }
  }
}

void AddBranches(std::map<uint16_t, Expected>& all, Op op) {
  const Operand type = InfoOf(op).signature.param(0);
  for (const Pair pair : AllPairs(kOrderedPairs)) {
    const std::string fields = "tcc" + FieldOf(FirstOf(pair), type) + FieldOf(SecondOf(pair), type);
    for (const BranchForm form : {BranchForm::kIf, BranchForm::kIfNot, BranchForm::kBackIf}) {
      const bool is_back = form == BranchForm::kBackIf;
      Add(all, BranchCode(op, pair, form), {"branch on " + NameOf(op), fields, false, HasPin(pair) || is_back, kPins, is_back});
    }
  }
}

void AddSteps(std::map<uint16_t, Expected>& all, Op op) {
  for (const Src stepped : {Src::kSlot, Src::kPin0, Src::kPin1}) {
    for (const Src second : {Src::kSlot, Src::kConst, Src::kPin0, Src::kPin1}) {
      const std::string fields = "tccd" + FieldOf(stepped, Operand::kI32) + "w" + FieldOf(second, Operand::kI32);
      for (const bool is_back : {false, true}) {
        const bool is_pinned = IsPin(stepped) || IsPin(second) || is_back;
        Add(all, StepBranchCode(op, {stepped, second, is_back}),
            {"step and " + NameOf(op), fields, false, is_pinned, PinOf(stepped), is_back});
      }
    }
  }
}

void AddAccesses(std::map<uint16_t, Expected>& all) {
  for (const Address address : kAllAddresses) {
    const bool is_pinned = IsPin(BaseOf(address));
    for (const Op op : AllOps(&opcode_internal::IsLoad)) {
      for (const Dst dst : kAllDsts) {
        Add(all, LoadCode(op, address, dst),
            {NameOf(op), "d" + FieldOf(address) + "w", true, is_pinned || IsPin(dst), PinOf(dst)});
      }
    }
    for (const Op op : AllOps(&opcode_internal::IsStore)) {
      for (const Src value : kAllSources) {
        const std::string fields = FieldOf(address) + "w" + FieldOf(value, InfoOf(op).signature.param(1));
        Add(all, StoreCode(op, address, value), {NameOf(op), fields, true, is_pinned || IsPin(value)});
      }
    }
  }
}

void AddIndexed(std::map<uint16_t, Expected>& all) {
  for (size_t i = 0; i < kIndices; ++i) {
    const Index index = static_cast<Index>(i);
    const std::string rest = IsShifted(index) ? "hw" : FieldOf(SecondOf(index), Operand::kI32);
    const std::string fields = FieldOf(FirstOf(index), Operand::kI32) + rest + "w";
    const bool is_pinned = IsPin(FirstOf(index));
    for (const Op op : AllOps(&opcode_internal::IsLoad)) {
      for (const Dst dst : {Dst::kSlot, Dst::kAcc}) {
        Add(all, IndexedLoadCode(op, index, dst), {NameOf(op), "d" + fields, true, is_pinned});
      }
    }
    for (const Op op : AllOps(&opcode_internal::IsStore)) {
      for (const Src value : {Src::kSlot, Src::kAcc, Src::kConst}) {
        const std::string stored = FieldOf(value, InfoOf(op).signature.param(1));
        Add(all, IndexedStoreCode(op, index, value), {NameOf(op), fields + stored, true, is_pinned});
      }
    }
  }
}

std::map<uint16_t, Expected> Everything() {
  std::map<uint16_t, Expected> all;
  for (const Op op : AllOps(&opcode_internal::IsBinary)) {
    AddBinary(all, op);
    if (IsCompare(op)) AddBranches(all, op);
  }
  for (const Op op : AllOps(&opcode_internal::IsUnary)) {
    for (const Src src : {Src::kSlot, Src::kAcc}) {
      for (const Dst dst : {Dst::kSlot, Dst::kAcc}) {
        Add(all, UnaryCode(op, src, dst), {NameOf(op), "d" + FieldOf(src, InfoOf(op).signature.param(0))});
      }
    }
  }
  AddAccesses(all);
  AddIndexed(all);
  for (const Op op : AllOps(&HasStepBranch)) AddSteps(all, op);
  return all;
}

TEST(OpcodeTest, FamiliesDoNotOverlapAndShapesMatch) {
  const std::map<uint16_t, Expected> all = Everything();
  ASSERT_GT(all.size(), 1000u);
  for (const auto& [code, expected] : all) {
    const Shape shape = ShapeOf(code);
    ASSERT_TRUE(shape.exists) << expected.owner;
    EXPECT_EQ(shape.text(), expected.fields) << expected.owner;
    EXPECT_EQ(shape.is_pinned, expected.is_pinned) << expected.owner;
    EXPECT_EQ(shape.pin, expected.pin) << expected.owner;
    EXPECT_EQ(shape.is_back, expected.is_back) << expected.owner;
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

// An instruction ends behind its fields; a table behind its entries, of which there may be more than there is code.
TEST(OpcodeTest, Ends) {
  std::vector<uint16_t> code(40);
  code[3] = kBrTable;
  code[5] = 2;
  EXPECT_EQ(EndOf(code, 3, ShapeOf(code[3])), 3u + 4 + 4 * 3);
  code[6] = 1;
  EXPECT_EQ(EndOf(code, 3, ShapeOf(code[3])), 3u + 4 + 4 * 65'539);
  code[5] = code[6] = 0xffff;
  EXPECT_EQ(EndOf(code, 3, ShapeOf(code[3])), 3u + 4 + (uint64_t{4} << 32));
  code[36] = kBrTableAcc;
  code[37] = 0;
  EXPECT_EQ(EndOf(code, 36, ShapeOf(code[36])), 36u + 3 + 4);
  code[38] = kBrTableAcc;
  EXPECT_GT(EndOf(code, 38, ShapeOf(code[38])), code.size());
  code[20] = BinaryCode(Op::kI32Add, Pair::kSlotConst);
  EXPECT_EQ(EndOf(code, 20, ShapeOf(code[20])), 20u + 1 + 1 + 1 + 2);
}

// An accumulator form has the fields of the form that it belongs to; a pin form, too.
TEST(OpcodeTest, OtherForms) {
  struct Forms {
    uint16_t slot, acc, pin0, pin1;
  };
  const auto binary = [](Op op, Pair pair) {
    return Forms{BinaryCode(op, pair), BinaryCode(op, pair, Dst::kAcc), BinaryCode(op, pair, Dst::kPin0),
                 BinaryCode(op, pair, Dst::kPin1)};
  };
  const auto load = [](Op op, Address address) {
    return Forms{LoadCode(op, address), LoadCode(op, address, Dst::kAcc), LoadCode(op, address, Dst::kPin0),
                 LoadCode(op, address, Dst::kPin1)};
  };
  for (const Forms& forms : {binary(Op::kI32Sub, Pair::kAccSlot), binary(Op::kI64ShrU, Pair::kConstPin1),
                             load(Op::kI64Load, Address::kAcc), load(Op::kI32Load8S, Address::kPin0Sum)}) {
    EXPECT_EQ(AccumulatorForm(forms.slot), forms.acc);
    EXPECT_EQ(AccumulatorForm(forms.acc), forms.acc);
    ASSERT_TRUE(HasPinForm(forms.slot, false));
    EXPECT_FALSE(HasPinForm(forms.slot, true));
    EXPECT_EQ(PinForm(forms.slot, 0), forms.pin0);
    EXPECT_EQ(PinForm(forms.slot, 1), forms.pin1);
  }
  EXPECT_EQ(AccumulatorForm(UnaryCode(Op::kI64Ctz, Src::kSlot)), UnaryCode(Op::kI64Ctz, Src::kSlot, Dst::kAcc));
  for (const uint16_t code : {UnaryCode(Op::kI32Clz, Src::kSlot), BinaryCode(Op::kI32DivS, Pair::kSlotSlot),
                              StoreCode(Op::kI32Store, Address::kSlot, Src::kSlot), uint16_t{kCopy}, uint16_t{kGlobalGet},
                              BranchCode(Op::kI32Eq, Pair::kSlotSlot, BranchForm::kIf)}) {
    EXPECT_FALSE(HasPinForm(code, false)) << code;
  }
}

TEST(OpcodeTest, AddressesAreWhatTheySay) {
  for (const Address address : kAllAddresses) EXPECT_EQ(AddressOf(BaseOf(address), IsSum(address)), address);
  for (size_t i = 0; i < kIndices; ++i) {
    const Index index = static_cast<Index>(i);
    EXPECT_EQ(IsShifted(index) ? ShiftedIndex(FirstOf(index)) : IndexOf(FirstOf(index), SecondOf(index)), index);
  }
}

TEST(OpcodeTest, PairsAreWhatTheySay) {
  for (const Pair pair : AllPairs(kPairs)) {
    EXPECT_EQ(PairOf(FirstOf(pair), SecondOf(pair)), pair);
    EXPECT_FALSE(FirstOf(pair) == SecondOf(pair) && FirstOf(pair) != Src::kSlot);
  }
}

TEST(OpcodeTest, FieldsHaveTheSizesOfTheirOperands) {
  for (const Src src : kAllSources) {
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
    for (const char field : shape.text()) EXPECT_NE(std::string_view("dsbhrcwtq*").find(field), std::string_view::npos);
    const size_t star = shape.text().find('*');
    if (star != std::string_view::npos) EXPECT_EQ(star, shape.text().size() - 1) << code;
  }
}

}  // namespace
}  // namespace sandbox::fast
