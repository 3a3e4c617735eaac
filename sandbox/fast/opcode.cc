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
  void Add(Src src, Operand type) {
    if (src == Src::kSlot) Add('s');
    if (src == Src::kConst) Add(type == Operand::kF64 ? 'q' : 'w');
  }
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

bool TrapsOf(Op op) {
  switch (op) {
#define NUMERIC_ROW(name) \
  case Op::k##name: return numeric::Binding<Op::k##name>::kTraps;
#define NUMERIC_PREFIXED_ROW(name, code) NUMERIC_ROW(name)
#include "sandbox/inplace/numeric_rows.inc"
#undef NUMERIC_ROW
#undef NUMERIC_PREFIXED_ROW
    default: return false;
  }
}

Shape ShapeOf(uint16_t code) {
  ShapeMaker shape;
  if (code < kPlainCount) {
    shape.Add(kPlainRows[code].fields);
    return shape.Make(kPlainRows[code].traps);
  }
  if (code < kBinaryBase || code >= kEnd) return {};
  if (code < kUnaryBase) {
    const size_t at = (code - kBinaryBase) / 2;
    const Op op = FindOp(kBinaries, &IsBinary, at / kPairs);
    const Pair pair = static_cast<Pair>(at % kPairs);
    const Operand type = InfoOf(op).signature.param(0);
    shape.Add('d');
    shape.Add(FirstOf(pair), type);
    shape.Add(SecondOf(pair), type);
    return shape.Make(TrapsOf(op));
  }
  if (code < kBranchBase) {
    const size_t at = (code - kUnaryBase) / 2;
    const Op op = FindOp(kUnaries, &IsUnary, at / 2);
    shape.Add('d');
    shape.Add(static_cast<Src>(at % 2), InfoOf(op).signature.param(0));
    return shape.Make(TrapsOf(op));
  }
  if (code < kLoadBase) {
    const size_t at = (code - kBranchBase) / 2;
    const Op op = FindOp(kCompares, &opcode_internal::IsCompare, at / kBranchPairs);
    const Pair pair = static_cast<Pair>(at % kBranchPairs);
    const Operand type = InfoOf(op).signature.param(0);
    shape.Add("tcc");
    shape.Add(FirstOf(pair), type);
    shape.Add(SecondOf(pair), type);
    return shape.Make(false);
  }
  if (code < kStoreBase) {
    const size_t at = (code - kLoadBase) / 2;
    shape.Add('d');
    shape.Add(static_cast<Address>(at % kAddresses));
    shape.Add('w');
    return shape.Make(true);
  }
  if (code >= kStepBase) {
    shape.Add("tccdsw");
    shape.Add((code - kStepBase) % 2 == 0 ? Src::kSlot : Src::kConst, Operand::kI32);
    return shape.Make(false);
  }
  const size_t at = code - kStoreBase;
  const Op op = FindOp(kStores, &IsStore, at / 3 / kAddresses);
  shape.Add(static_cast<Address>(at / 3 % kAddresses));
  shape.Add('w');
  shape.Add(static_cast<Src>(at % 3), InfoOf(op).signature.param(1));
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
