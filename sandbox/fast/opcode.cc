// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/opcode.h"

namespace sandbox::fast {
namespace {

using namespace opcode_internal;

struct PlainRow {
  std::string_view fields;
  bool traps;
};
constexpr std::array<PlainRow, kPlainCount> kPlainRows = {{
#define FAST_PLAIN(name, fields, trap) {fields, trap != 0},
#include "sandbox/fast/plain.def"
#undef FAST_PLAIN
}};

class ShapeMaker {
 public:
  void Add(char field) { shape_.fields[size_++] = field; }
  void Add(std::string_view fields) {
    for (const char field : fields) Add(field);
  }
  void Add(Address address) {
    Add(BaseOf(address), Operand::kI32);
    if (IsSum(address)) Add('w');
  }
  void Add(Index index) {
    Add(FirstOf(index), Operand::kI32);
    if (IsShifted(index)) Add("hw");
    else Add(SecondOf(index), Operand::kI32);
  }
  void Add(Src src, Operand type) {
    shape_.is_pinned |= IsPin(src);
    if (src == Src::kSlot) Add('s');
    if (src == Src::kConst) Add(type == Operand::kF64 ? 'q' : 'w');
  }
  void Add(Pair pair, Operand type) {
    Add(FirstOf(pair), type);
    Add(SecondOf(pair), type);
  }
  void Add(Dst dst) {
    if (IsPin(dst)) Write(static_cast<size_t>(dst) - static_cast<size_t>(Dst::kPin0));
    Add('d');
  }
  void Write(size_t pin) {
    shape_.is_pinned = true;
    shape_.pin = static_cast<uint8_t>(pin);
  }
  void GoBack() { shape_.is_pinned = shape_.is_back = true; }
  Shape Make(bool traps) {
    shape_.traps = traps;
    shape_.exists = true;
    return shape_;
  }

 private:
  Shape shape_;
  size_t size_ = 0;
};

// The instruction with this number among those that have numbers.
Op FindOp(const std::array<uint16_t, kOpCount + 1>& numbers, bool (*picks)(Op), size_t wanted) {
  size_t low = 0;
  size_t high = kOpCount;
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    if (numbers[middle] <= wanted) low = middle;
    else high = middle;
  }
  while (!picks(static_cast<Op>(low))) ++low;
  return static_cast<Op>(low);
}

}  // namespace

namespace {

consteval std::array<bool, kOpCount> Traps() {
  std::array<bool, kOpCount> traps{};
#define NUMERIC_ROW(name) traps[static_cast<size_t>(Op::k##name)] = numeric::Binding<Op::k##name>::kTraps;
#define NUMERIC_PREFIXED_ROW(name, code) NUMERIC_ROW(name)
#include "sandbox/inplace/numeric_rows.inc"
#undef NUMERIC_ROW
#undef NUMERIC_PREFIXED_ROW
  return traps;
}
constexpr std::array<bool, kOpCount> kTraps = Traps();

}  // namespace

bool TrapsOf(Op op) { return kTraps[static_cast<size_t>(op)]; }

namespace {

Shape ShapeOfPlain(uint16_t code) {
  ShapeMaker shape;
  shape.Add(kPlainRows[code].fields);
  switch (code) {
    case kJumpBack: shape.GoBack(); break;
    case kPinAcc0:
    case kPinSlot0:
    case kPinConst0: shape.Write(0); break;
    case kPinAcc1:
    case kPinSlot1:
    case kPinConst1: shape.Write(1); break;
    default: break;
  }
  return shape.Make(kPlainRows[code].traps);
}

Shape ShapeOfBinary(size_t at, const std::array<uint16_t, kOpCount + 1>& numbers, bool (*picks)(Op), bool has_pins) {
  const size_t pairs = has_pins ? kPairs : kPlainPairs;
  const size_t dsts = has_pins ? kDsts : kPlainDsts;
  const Op op = FindOp(numbers, picks, at / dsts / pairs);
  const size_t pair = at / dsts % pairs;
  ShapeMaker shape;
  shape.Add(static_cast<Dst>(at % dsts));
  shape.Add(has_pins ? static_cast<Pair>(pair) : PairOfPlain(pair), InfoOf(op).signature.param(0));
  return shape.Make(TrapsOf(op));
}

Shape ShapeOfBranch(size_t at) {
  const Op op = FindOp(kCompares, &opcode_internal::IsCompare, at / kBranchForms / kOrderedPairs);
  ShapeMaker shape;
  shape.Add("tcc");
  shape.Add(static_cast<Pair>(at / kBranchForms % kOrderedPairs), InfoOf(op).signature.param(0));
  if (static_cast<BranchForm>(at % kBranchForms) == BranchForm::kBackIf) shape.GoBack();
  return shape.Make(false);
}

Shape ShapeOfIndexedStore(size_t at) {
  ShapeMaker shape;
  const Op op = FindOp(kStores, &IsStore, at / kPlainValues / kIndices);
  shape.Add(static_cast<Index>(at / kPlainValues % kIndices));
  shape.Add('w');
  shape.Add(static_cast<Src>(at % kPlainValues), InfoOf(op).signature.param(1));
  return shape.Make(true);
}

Shape ShapeOfStep(size_t at) {
  const StepForm form = StepFormOf(at % kStepForms);
  ShapeMaker shape;
  if (IsPin(form.stepped)) shape.Write(static_cast<size_t>(form.stepped) - static_cast<size_t>(Src::kPin0));
  shape.Add("tccd");
  shape.Add(form.stepped, Operand::kI32);
  shape.Add('w');
  shape.Add(form.second, Operand::kI32);
  if (form.is_back) shape.GoBack();
  return shape.Make(false);
}

}  // namespace

Shape ShapeOf(uint16_t code) {
  if (code < kPlainCount) return ShapeOfPlain(code);
  ShapeMaker shape;
  if (code < kBinaryBase || code >= kEnd) return {};
  if (code < kPinnedBase) return ShapeOfBinary(code - kBinaryBase, kUnpinned, &IsUnpinned, false);
  if (code < kUnaryBase) return ShapeOfBinary(code - kPinnedBase, kPinned, &IsPinned, true);
  if (code < kLoadBase) {
    const size_t at = (code - kUnaryBase) / kPlainDsts;
    const Op op = FindOp(kUnaries, &IsUnary, at / 2);
    shape.Add('d');
    shape.Add(static_cast<Src>(at % 2), InfoOf(op).signature.param(0));
    return shape.Make(TrapsOf(op));
  }
  if (code < kIndexedLoadBase) {
    const size_t at = code - kLoadBase;
    shape.Add(static_cast<Dst>(at % kDsts));
    shape.Add(static_cast<Address>(at / kDsts % kAddresses));
    shape.Add('w');
    return shape.Make(true);
  }
  if (code < kBranchBase) {
    shape.Add('d');
    shape.Add(static_cast<Index>((code - kIndexedLoadBase) / kPlainDsts % kIndices));
    shape.Add('w');
    return shape.Make(true);
  }
  if (code < kStoreBase) return ShapeOfBranch(code - kBranchBase);
  if (code >= kStepBase) return ShapeOfStep(code - kStepBase);
  if (code >= kIndexedStoreBase) return ShapeOfIndexedStore(code - kIndexedStoreBase);
  const size_t at = code - kStoreBase;
  const Op op = FindOp(kStores, &IsStore, at / kValues / kAddresses);
  shape.Add(static_cast<Address>(at / kValues % kAddresses));
  shape.Add('w');
  shape.Add(static_cast<Src>(at % kValues), InfoOf(op).signature.param(1));
  return shape.Make(true);
}

uint64_t EndOf(std::span<const uint16_t> code, size_t at, const Shape& shape) {
  uint64_t end = uint64_t{at} + 1;
  for (const char field : shape.text()) {
    if (field != '*') {
      end += SizeOfField(field);
      continue;
    }
    // How many entries there are stands before the first one.
    if (end > code.size()) return end;
    const size_t first = static_cast<size_t>(end);
    const uint32_t count = code[first - 2] | uint32_t{code[first - 1]} << 16;
    end += (uint64_t{count} + 1) * (SizeOfField('t') + SizeOfField('c'));
  }
  return end;
}

}  // namespace sandbox::fast
