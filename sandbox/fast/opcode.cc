// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/opcode.h"

#include "sandbox/fast/joins.h"
#include "sandbox/fast/traps.h"

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
  void AddPlain(Plain code) {
    Add(kPlainRows[code].fields);
    if (code == kPinAcc0 || code == kPinSlot0 || code == kPinConst0) Write(0);
    if (code == kPinAcc1 || code == kPinSlot1 || code == kPinConst1) Write(1);
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

// The instruction in whose row the code is.
template <bool (*kPicks)(Op)>
Op OpOf(const CodeFamily<kPicks>& family, uint16_t code) {
  const size_t wanted = family.RowOf(code);
  size_t low = 0;
  size_t high = kOpCount;
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    if (family.kRows[middle] <= wanted) low = middle;
    else high = middle;
  }
  while (!kPicks(static_cast<Op>(low))) ++low;
  return static_cast<Op>(low);
}

Shape ShapeOfPlain(uint16_t code) {
  ShapeMaker shape;
  if (code == kJumpBack) shape.GoBack();
  shape.AddPlain(static_cast<Plain>(code));
  return shape.Make(kPlainRows[code].traps);
}

Shape ShapeOfBinary(uint16_t code) {
  const bool is_pinned = kPinned.Has(code);
  const Op op = is_pinned ? OpOf(kPinned, code) : OpOf(kUnpinned, code);
  ShapeMaker shape;
  shape.Add(static_cast<Dst>(is_pinned ? kPinned.FormOf(code) : kUnpinned.FormOf(code)));
  shape.Add(is_pinned ? static_cast<Pair>(kPinned.ColumnOf(code)) : PairOfPlain(kUnpinned.ColumnOf(code)),
            InfoOf(op).signature.param(0));
  return shape.Make(TrapsOf(op));
}

Shape ShapeOfUnary(uint16_t code) {
  const Op op = OpOf(kUnaries, code);
  ShapeMaker shape;
  shape.Add('d');
  shape.Add(static_cast<Src>(kUnaries.ColumnOf(code)), InfoOf(op).signature.param(0));
  return shape.Make(TrapsOf(op));
}

template <typename Where>
Shape ShapeOfLoad(const CodeFamily<&IsLoad>& family, uint16_t code) {
  ShapeMaker shape;
  shape.Add(static_cast<Dst>(family.FormOf(code)));
  shape.Add(static_cast<Where>(family.ColumnOf(code)));
  shape.Add('w');
  return shape.Make(true);
}

template <typename Where>
Shape ShapeOfStore(const CodeFamily<&IsStore>& family, uint16_t code) {
  ShapeMaker shape;
  shape.Add(static_cast<Where>(family.ColumnOf(code)));
  shape.Add('w');
  shape.Add(static_cast<Src>(family.FormOf(code)), InfoOf(OpOf(family, code)).signature.param(1));
  return shape.Make(true);
}

Shape ShapeOfBranch(uint16_t code) {
  ShapeMaker shape;
  shape.Add("tcc");
  shape.Add(static_cast<Pair>(kBranches.ColumnOf(code)), InfoOf(OpOf(kBranches, code)).signature.param(0));
  if (static_cast<BranchForm>(kBranches.FormOf(code)) == BranchForm::kBackIf) shape.GoBack();
  return shape.Make(false);
}

void AddChain(ShapeMaker& shape, Inner inner, Outer outer, Operand type) {
  shape.Add(inner.pair, type);
  shape.Add(outer.other, type);
}

template <Operand kType>
Shape ShapeOfFloats(uint16_t code) {
  using namespace chain_internal;
  ShapeMaker shape;
  if (constexpr Grid kGrid = kTermChains<kType>; kGrid.Has(code)) {
    shape.Add('d');
    AddChain(shape, kTerms<kType>[kGrid.RowOf(code)], kTermUsers<kType>[kGrid.ColumnOf(code)], kType);
    return shape.Make(false);
  }
  if (constexpr Grid kGrid = kLoadChains<kType>; kGrid.Has(code)) {
    shape.Add('d');
    shape.Add(kBaseAddresses[kGrid.RowOf(code)]);
    shape.Add('w');
    shape.Add(kTermUsers<kType>[kGrid.ColumnOf(code)].other, kType);
    return shape.Make(true);
  }
  constexpr Grid kGrid = kStoreChains<kType>;
  shape.Add(kBaseAddresses[kGrid.ColumnOf(code)]);
  shape.Add('w');
  shape.Add(kTerms<kType>[kGrid.RowOf(code)].pair, kType);
  return shape.Make(true);
}

Shape ShapeOfChain(uint16_t code) {
  using namespace chain_internal;
  ShapeMaker shape;
  if (kShiftChains.Has(code)) {
    shape.Add(static_cast<Dst>(kShiftChains.FormOf(code)));
    AddChain(shape, kShifts[kShiftChains.RowOf(code)], kShiftUsers[kShiftChains.ColumnOf(code)], Operand::kI32);
    return shape.Make(false);
  }
  if (kSumChains.Has(code)) {
    shape.Add('d');
    AddChain(shape, kSums[kSumChains.RowOf(code)], kSumUsers[kSumChains.ColumnOf(code)], Operand::kI32);
    return shape.Make(false);
  }
  if (kIntLoadChains.Has(code)) {
    shape.Add('d');
    shape.Add(kBaseAddresses[kIntLoadChains.RowOf(code) % kBases]);
    shape.Add('w');
    shape.Add(kLoadUsers[kIntLoadChains.ColumnOf(code)].other, Operand::kI32);
    return shape.Make(true);
  }
  if (kWordChains.Has(code)) {
    shape.Add('d');
    AddChain(shape, kWords[kWordChains.RowOf(code)], kWordUsers[kWordChains.ColumnOf(code)], Operand::kI64);
    return shape.Make(false);
  }
  if (kTableChains.Has(code)) {
    shape.Add('d');
    const size_t column = kTableChains.ColumnOf(code);
    shape.Add(kTableIndices[column % kBases], Operand::kI32);
    shape.Add(column < kBases ? "ww" : "hww");
    return shape.Make(true);
  }
  if (kIntStoreChains.Has(code)) {
    shape.Add(kBaseAddresses[kIntStoreChains.ColumnOf(code) % kBases]);
    shape.Add('w');
    shape.Add(kStored[kIntStoreChains.RowOf(code)].pair, Operand::kI32);
    return shape.Make(true);
  }
  const bool is_f64 = kF64Chains.Has(code) || kF64LoadChains.Has(code) || kF64StoreChains.Has(code);
  return is_f64 ? ShapeOfFloats<Operand::kF64>(code) : ShapeOfFloats<Operand::kF32>(code);
}

// --- Joins ---

constexpr size_t NumberOfPin(Src pin) { return static_cast<size_t>(pin) - static_cast<size_t>(Src::kPin0); }

// What all branches of a grid begin with.
ShapeMaker BranchShape(const chain_internal::Grid& grid, uint16_t code) {
  ShapeMaker shape;
  shape.Add("tcc");
  if (grid.FormOf(code) != 0) shape.GoBack();
  return shape;
}

Shape ShapeOfLoadBranch(uint16_t code) {
  using namespace join_internal;
  const bool is_kept = kKeptBranches.Has(code);
  const chain_internal::Grid& grid = is_kept ? kKeptBranches : kLoadBranches;
  ShapeMaker shape = BranchShape(grid, code);
  if (is_kept) shape.Add(kKeptIn[grid.ColumnOf(code) / kKeptTests]);
  shape.Add(chain_internal::kBaseAddresses[grid.RowOf(code) % kBases]);
  shape.Add('w');
  shape.Add(is_kept ? Src::kConst : kTests[grid.ColumnOf(code)].other, Operand::kI32);
  return shape.Make(true);
}

Shape ShapeOfJoinedBranch(uint16_t code) {
  using namespace join_internal;
  if (kTestBranches.Has(code)) {
    ShapeMaker shape = BranchShape(kTestBranches, code);
    shape.Add(kTested[kTestBranches.RowOf(code)].pair, Operand::kI32);
    shape.Add(kTests[kTestBranches.ColumnOf(code)].other, Operand::kI32);
    return shape.Make(false);
  }
  if (kVarStepBranches.Has(code)) {
    const VarStep step = kVarSteps[kVarStepBranches.RowOf(code)];
    ShapeMaker shape = BranchShape(kVarStepBranches, code);
    shape.Write(NumberOfPin(step.stepped));
    shape.Add('d');
    shape.Add(step.by, Operand::kI32);
    shape.Add(kTests[kVarStepBranches.ColumnOf(code)].other, Operand::kI32);
    return shape.Make(false);
  }
  ShapeMaker shape = BranchShape(kMoveBranches, code);
  shape.AddPlain(kMoves[kMoveBranches.RowOf(code)]);
  shape.Add(kMoveSources[kMoveBranches.ColumnOf(code) / kConstTests], Operand::kI32);
  shape.Add('w');
  return shape.Make(false);
}

Shape ShapeOfJoin(uint16_t code) {
  using namespace join_internal;
  if (kLoadBranches.Has(code) || kKeptBranches.Has(code)) return ShapeOfLoadBranch(code);
  if (code < kMoveJumps.begin) return ShapeOfJoinedBranch(code);
  ShapeMaker shape;
  if (kMoveJumps.Has(code)) {
    shape.Add("tc");
    if (kMoveJumps.FormOf(code) != 0) shape.GoBack();
    shape.AddPlain(kJumpMoves[kMoveJumps.RowOf(code)]);
  } else if (kSumReturns.Has(code)) {
    shape.Add(chain_internal::kSums[kSumReturns.RowOf(code)].pair, Operand::kI32);
  } else {
    shape.Add(chain_internal::kShifts[kShiftReturns.RowOf(code)].pair, Operand::kI32);
  }
  return shape.Make(false);
}

Shape ShapeOfStep(uint16_t code) {
  const StepForm form = StepFormOf(kSteps.ColumnOf(code) * kStepForms + kSteps.FormOf(code));
  ShapeMaker shape;
  if (IsPin(form.stepped)) shape.Write(NumberOfPin(form.stepped));
  shape.Add("tccd");
  shape.Add(form.stepped, Operand::kI32);
  shape.Add('w');
  shape.Add(form.second, Operand::kI32);
  if (form.is_back) shape.GoBack();
  return shape.Make(false);
}

}  // namespace

bool HasPinForm(uint16_t code, bool is_float) {
  return !is_float && (kPinned.Has(code) || kLoads.Has(code) || chain_internal::kShiftChains.Has(code));
}

bool IsAccumulatorForm(uint16_t code) {
  using namespace chain_internal;
  if (code >= kUnpinned.begin && code < kPinned.begin) return code % 2 != 0;
  if (code >= kUnaries.begin && code < kLoads.begin) return code % 2 != 0;
  if (kPinned.Has(code)) return kPinned.FormOf(code) == static_cast<size_t>(Dst::kAcc);
  if (kLoads.Has(code)) return kLoads.FormOf(code) == static_cast<size_t>(Dst::kAcc);
  if (kShiftChains.Has(code)) return kShiftChains.FormOf(code) == static_cast<size_t>(Dst::kAcc);
  const bool is_pair = kIndexedLoads.Has(code) || (code >= kSumChains.begin && code < kF32StoreChains.begin);
  return (is_pair || kWordChains.Has(code) || kTableChains.Has(code)) && code % 2 != 0;
}

Shape ShapeOf(uint16_t code) {
  if (code < kPlainCount) return ShapeOfPlain(code);
  if (kUnpinned.Has(code) || kPinned.Has(code)) return ShapeOfBinary(code);
  if (kUnaries.Has(code)) return ShapeOfUnary(code);
  if (kLoads.Has(code)) return ShapeOfLoad<Address>(kLoads, code);
  if (kIndexedLoads.Has(code)) return ShapeOfLoad<Index>(kIndexedLoads, code);
  if (kBranches.Has(code)) return ShapeOfBranch(code);
  if (kStores.Has(code)) return ShapeOfStore<Address>(kStores, code);
  if (kIndexedStores.Has(code)) return ShapeOfStore<Index>(kIndexedStores, code);
  if (kSteps.Has(code)) return ShapeOfStep(code);
  if (code >= chain_internal::kShiftChains.begin && code < kChainsEnd) return ShapeOfChain(code);
  if (code >= kChainsEnd && code < kOpcodeCount) return ShapeOfJoin(code);
  return {};
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
    end += (uint64_t{count} + 1) * kTableEntrySize;
  }
  return end;
}

}  // namespace sandbox::fast
