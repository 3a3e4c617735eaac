// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Register code: its instructions and their numbers.
//
// Code is halfwords. An instruction is its opcode and fields. Operands are named by class: a slot of the frame (its number,
// one halfword), a constant (two halfwords, four for f64), an accumulator (nothing): a register that holds the result of
// an earlier instruction, one for integers and one for floats, or a pin (nothing): a register that holds what the slot of a
// local holds, too, while an innermost loop runs. Where an instruction has a result, the first field is the slot for it. The
// result goes to an accumulator too, and the form with an odd opcode leaves the slot as it is; or it goes to a pin and the
// slot, and the accumulator is left as it is.
#ifndef SANDBOX_FAST_OPCODE_H_
#define SANDBOX_FAST_OPCODE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sandbox/numeric/bind.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::fast {

// --- Alone ----------------------------------------------------------------------------------------------------------

enum Plain : uint16_t {
#define FAST_PLAIN(name, fields, trap) k##name,
#include "sandbox/fast/plain.def"
#undef FAST_PLAIN
  kPlainCount,
};

// --- Operand classes ------------------------------------------------------------------------------------------------

enum class Src : uint8_t { kSlot, kAcc, kConst, kPin0, kPin1 };
enum class Dst : uint8_t { kSlot, kAcc, kPin0, kPin1 };
inline constexpr size_t kPins = 2;
inline constexpr size_t kDsts = 4;
inline constexpr size_t kPlainDsts = 2;  // of instructions without forms for pins
constexpr bool IsPin(Src src) { return src == Src::kPin0 || src == Src::kPin1; }
constexpr bool IsPin(Dst dst) { return dst == Dst::kPin0 || dst == Dst::kPin1; }

// The address of a memory access: an operand, or (as compilers write it) the sum of one and a constant, which wraps.
enum class Address : uint8_t { kSlot, kAcc, kConst, kPin0, kPin1, kSlotSum, kAccSum, kPin0Sum, kPin1Sum };
inline constexpr size_t kAddresses = 9;
constexpr bool IsSum(Address address) { return address >= Address::kSlotSum; }
constexpr Src BaseOf(Address address) {
  switch (address) {
    case Address::kSlot:
    case Address::kSlotSum: return Src::kSlot;
    case Address::kAcc:
    case Address::kAccSum: return Src::kAcc;
    case Address::kConst: return Src::kConst;
    case Address::kPin0:
    case Address::kPin0Sum: return Src::kPin0;
    case Address::kPin1:
    case Address::kPin1Sum: return Src::kPin1;
  }
  return Src::kSlot;
}
constexpr Address AddressOf(Src base, bool is_sum) {
  for (size_t i = 0; i < kAddresses; ++i) {
    const Address address = static_cast<Address>(i);
    if (BaseOf(address) == base && IsSum(address) == is_sum) return address;
  }
  return Address::kSlot;
}

// The address of an access to an element: the sum of two operands, or (a table at a constant place) an operand shifted left
// by a constant, plus a constant. All wraps. Fields: those of the operands, then of a shifted one the shift and the constant.
enum class Index : uint8_t {
  kSlotSlot, kAccSlot, kPin0Slot, kPin0Acc, kPin1Slot, kPin1Acc, kPin0Pin1, kShiftedSlot, kShiftedAcc, kShiftedPin0, kShiftedPin1,
};
inline constexpr size_t kIndices = 11;
constexpr bool IsShifted(Index index) { return index >= Index::kShiftedSlot; }
constexpr Src FirstOf(Index index) {
  constexpr std::array<Src, kIndices> kFirst = {Src::kSlot, Src::kAcc,  Src::kPin0, Src::kPin0, Src::kPin1, Src::kPin1,
                                                Src::kPin0, Src::kSlot, Src::kAcc,  Src::kPin0, Src::kPin1};
  return kFirst[static_cast<size_t>(index)];
}
// Of one that is not shifted.
constexpr Src SecondOf(Index index) {
  constexpr std::array<Src, kIndices> kSecond = {Src::kSlot, Src::kSlot, Src::kSlot, Src::kAcc, Src::kSlot, Src::kAcc, Src::kPin1};
  return kSecond[static_cast<size_t>(index)];
}
constexpr Index ShiftedIndex(Src src) {
  return static_cast<Index>(static_cast<size_t>(Index::kShiftedSlot) + (src == Src::kSlot ? 0 : src == Src::kAcc ? 1 : src == Src::kPin0 ? 2 : 3));
}
// Of operands in the order of their ranks.
constexpr Index IndexOf(Src first, Src second) {
  for (size_t i = 0; i < static_cast<size_t>(Index::kShiftedSlot); ++i) {
    const Index index = static_cast<Index>(i);
    if (FirstOf(index) == first && SecondOf(index) == second) return index;
  }
  return Index::kSlotSlot;
}

// The classes of two operands. What is missing does not occur: where the order is free, the one that RankOf puts first is
// first, and two constants, two accumulators or the same pin twice do not meet.
enum class Pair : uint8_t {
  kSlotSlot, kSlotConst, kAccSlot, kAccConst, kPin0Slot, kPin0Const, kPin0Acc, kPin1Slot, kPin1Const, kPin1Acc, kPin0Pin1,
  kSlotAcc, kConstSlot, kConstAcc, kSlotPin0, kAccPin0, kConstPin0, kSlotPin1, kAccPin1, kConstPin1, kPin1Pin0,
};
inline constexpr size_t kPairs = 21;
inline constexpr size_t kOrderedPairs = 11;  // the first ones: those of operands whose order is free

namespace opcode_internal {
struct Sources {
  Src first;
  Src second;
};
inline constexpr std::array<Sources, kPairs> kSources = {{
    {Src::kSlot, Src::kSlot},   {Src::kSlot, Src::kConst},  {Src::kAcc, Src::kSlot},    {Src::kAcc, Src::kConst},
    {Src::kPin0, Src::kSlot},   {Src::kPin0, Src::kConst},  {Src::kPin0, Src::kAcc},    {Src::kPin1, Src::kSlot},
    {Src::kPin1, Src::kConst},  {Src::kPin1, Src::kAcc},    {Src::kPin0, Src::kPin1},   {Src::kSlot, Src::kAcc},
    {Src::kConst, Src::kSlot},  {Src::kConst, Src::kAcc},   {Src::kSlot, Src::kPin0},   {Src::kAcc, Src::kPin0},
    {Src::kConst, Src::kPin0},  {Src::kSlot, Src::kPin1},   {Src::kAcc, Src::kPin1},    {Src::kConst, Src::kPin1},
    {Src::kPin1, Src::kPin0},
}};
}  // namespace opcode_internal
constexpr Src FirstOf(Pair pair) { return opcode_internal::kSources[static_cast<size_t>(pair)].first; }
constexpr Src SecondOf(Pair pair) { return opcode_internal::kSources[static_cast<size_t>(pair)].second; }
constexpr Pair PairOf(Src first, Src second) {
  for (size_t i = 0; i < kPairs; ++i) {
    const Pair pair = static_cast<Pair>(i);
    if (FirstOf(pair) == first && SecondOf(pair) == second) return pair;
  }
  return Pair::kSlotSlot;
}
constexpr bool HasPin(Pair pair) { return IsPin(FirstOf(pair)) || IsPin(SecondOf(pair)); }
// Of operands whose order is free the one with the lower rank comes first.
constexpr int RankOf(Src src) {
  switch (src) {
    case Src::kPin0: return 0;
    case Src::kPin1: return 1;
    case Src::kAcc: return 2;
    case Src::kSlot: return 3;
    case Src::kConst: return 4;
  }
  return 4;
}

// --- Families -------------------------------------------------------------------------------------------------------

namespace opcode_internal {

constexpr bool IsBinary(Op op) { return numeric::IsBound(op) && InfoOf(op).signature.param_count() == 2; }
constexpr bool IsUnary(Op op) { return numeric::IsBound(op) && InfoOf(op).signature.param_count() == 1; }
constexpr bool IsCompare(Op op) {
  return IsBinary(op) && ((op >= Op::kI32Eq && op <= Op::kI32GeU) || (op >= Op::kI64Eq && op <= Op::kI64GeU) ||
                          (op >= Op::kF32Eq && op <= Op::kF32Ge) || (op >= Op::kF64Eq && op <= Op::kF64Ge));
}
// Integers only, and of these what loops consist of: the others read a local's slot.
constexpr bool IsPinned(Op op) {
  switch (op) {
    case Op::kI32Add:
    case Op::kI32Sub:
    case Op::kI32Mul:
    case Op::kI32And:
    case Op::kI32Or:
    case Op::kI32Xor:
    case Op::kI32Shl:
    case Op::kI32ShrS:
    case Op::kI32ShrU:
    case Op::kI64Add:
    case Op::kI64Sub:
    case Op::kI64Mul:
    case Op::kI64And:
    case Op::kI64Or:
    case Op::kI64Xor:
    case Op::kI64Shl:
    case Op::kI64ShrS:
    case Op::kI64ShrU: return true;
    default: return false;
  }
}
constexpr bool IsUnpinned(Op op) { return IsBinary(op) && !IsPinned(op); }
constexpr bool IsLoad(Op op) { return InfoOf(op).family == Family::kLoad && IsBuiltIn(op); }
constexpr bool IsStore(Op op) { return InfoOf(op).family == Family::kStore && IsBuiltIn(op); }

// The number of each instruction among those that the condition picks.
template <bool (*kPicks)(Op)>
consteval std::array<uint16_t, kOpCount + 1> Number() {
  std::array<uint16_t, kOpCount + 1> numbers{};
  uint16_t next = 0;
  for (size_t i = 0; i < kOpCount; ++i) {
    numbers[i] = next;
    if (kPicks(static_cast<Op>(i))) ++next;
  }
  numbers[kOpCount] = next;  // how many
  return numbers;
}
// The codes of a family: a row for each instruction that kPicks, in it a column for each class of operands, in that the forms.
template <bool (*kPicks)(Op)>
struct CodeFamily {
  static constexpr auto kRows = Number<kPicks>();
  size_t begin;
  size_t columns;
  size_t forms;

  constexpr size_t end() const { return begin + kRows[kOpCount] * columns * forms; }
  constexpr bool Has(uint16_t code) const { return code >= begin && code < end(); }
  template <typename Column, typename Form>
  constexpr uint16_t Code(Op op, Column column, Form form) const {
    const size_t row = kRows[static_cast<size_t>(op)];
    return static_cast<uint16_t>(begin + (row * columns + static_cast<size_t>(column)) * forms + static_cast<size_t>(form));
  }
  // Of a code that it has.
  constexpr size_t RowOf(uint16_t code) const { return (code - begin) / forms / columns; }
  constexpr size_t ColumnOf(uint16_t code) const { return (code - begin) / forms % columns; }
  constexpr size_t FormOf(uint16_t code) const { return (code - begin) % forms; }
};

// The pairs without pins, closed up.
inline constexpr size_t kPlainPairs = 7;
constexpr size_t PlainPair(Pair pair) {
  const size_t number = static_cast<size_t>(pair);
  return number < 4 ? number : number - kOrderedPairs + 4;
}
constexpr Pair PairOfPlain(size_t number) { return static_cast<Pair>(number < 4 ? number : number + kOrderedPairs - 4); }

inline constexpr size_t kUnarySources = 2;  // a slot, the accumulator
inline constexpr size_t kBranchForms = 3;
inline constexpr size_t kValues = 5;       // operand classes of what is stored
inline constexpr size_t kPlainValues = 3;  // ... without pins
inline constexpr size_t kStepColumns = 12;
inline constexpr size_t kStepForms = 2;
constexpr bool IsStepCompare(Op op) { return op >= Op::kI32Eq && op <= Op::kI32GeU; }

inline constexpr CodeFamily<&IsUnpinned> kUnpinned{(kPlainCount + 1) / 2 * 2, kPlainPairs, kPlainDsts};
inline constexpr CodeFamily<&IsPinned> kPinned{kUnpinned.end(), kPairs, kDsts};
inline constexpr CodeFamily<&IsUnary> kUnaries{kPinned.end(), kUnarySources, kPlainDsts};
inline constexpr CodeFamily<&IsLoad> kLoads{kUnaries.end(), kAddresses, kDsts};
inline constexpr CodeFamily<&IsLoad> kIndexedLoads{kLoads.end(), kIndices, kPlainDsts};
// An odd opcode up to here is the accumulator form of the one before it.
static_assert(kPinned.begin % 2 == 0 && kUnaries.begin % 2 == 0 && kLoads.begin % 2 == 0 && kIndexedLoads.begin % 2 == 0);
inline constexpr CodeFamily<&IsCompare> kBranches{kIndexedLoads.end(), kOrderedPairs, kBranchForms};
inline constexpr CodeFamily<&IsStore> kStores{kBranches.end(), kAddresses, kValues};
inline constexpr CodeFamily<&IsStore> kIndexedStores{kStores.end(), kIndices, kPlainValues};
// i32.add of a slot and a constant into a slot, then an i32 comparison of the sum (with a slot or a constant) and a branch.
inline constexpr CodeFamily<&IsStepCompare> kSteps{kIndexedStores.end(), kStepColumns, kStepForms};

}  // namespace opcode_internal

constexpr bool IsCompare(Op op) { return opcode_internal::IsCompare(op); }
// Whether a binary instruction has forms for pins: as operands, and as its result.
constexpr bool HasPins(Op binary) { return opcode_internal::IsPinned(binary); }

constexpr uint16_t BinaryCode(Op op, Pair pair, Dst dst = Dst::kSlot) {
  using namespace opcode_internal;
  return HasPins(op) ? kPinned.Code(op, pair, dst) : kUnpinned.Code(op, PlainPair(pair), dst);
}
constexpr uint16_t UnaryCode(Op op, Src src, Dst dst = Dst::kSlot) { return opcode_internal::kUnaries.Code(op, src, dst); }
// When a branch is taken: when the comparison holds; when it does not (of floats); when it holds, and the target is the head
// of the loop whose locals are pinned (of integers).
enum class BranchForm : uint8_t { kIf, kIfNot, kBackIf };
constexpr uint16_t BranchCode(Op compare, Pair pair, BranchForm form) {
  return opcode_internal::kBranches.Code(compare, pair, form);
}
constexpr uint16_t LoadCode(Op op, Address address, Dst dst = Dst::kSlot) {
  return opcode_internal::kLoads.Code(op, address, dst);
}
constexpr uint16_t StoreCode(Op op, Address address, Src value) {
  return opcode_internal::kStores.Code(op, address, value);
}
constexpr uint16_t IndexedLoadCode(Op op, Index index, Dst dst = Dst::kSlot) {
  return opcode_internal::kIndexedLoads.Code(op, index, dst);
}
constexpr uint16_t IndexedStoreCode(Op op, Index index, Src value) {
  return opcode_internal::kIndexedStores.Code(op, index, value);
}

// What steps (a slot to a slot, or a pin), what the sum is compared with (a slot, a constant, a pin), and whether the target
// is the head of the loop whose locals are pinned.
struct StepForm {
  Src stepped = Src::kSlot;
  Src second = Src::kSlot;
  bool is_back = false;
};
constexpr bool HasStepBranch(Op compare) { return opcode_internal::IsStepCompare(compare); }
namespace opcode_internal {
inline constexpr std::array<Src, 3> kStepped = {Src::kSlot, Src::kPin0, Src::kPin1};
inline constexpr std::array<Src, 4> kStepSeconds = {Src::kSlot, Src::kConst, Src::kPin0, Src::kPin1};
// By column and form.
constexpr StepForm StepFormOf(size_t number) {
  return {kStepped[number / 8], kStepSeconds[number / 2 % 4], number % 2 != 0};
}
}  // namespace opcode_internal
constexpr uint16_t StepBranchCode(Op compare, StepForm form) {
  const size_t stepped = IsPin(form.stepped) ? static_cast<size_t>(form.stepped) - static_cast<size_t>(Src::kPin0) + 1 : 0;
  const size_t second = form.second == Src::kSlot ? 0 : static_cast<size_t>(form.second) - 1;
  return opcode_internal::kSteps.Code(compare, stepped * 4 + second, form.is_back);
}

// The other forms of an instruction whose result goes to a slot and the accumulator: to the accumulator only, ...
constexpr uint16_t AccumulatorForm(uint16_t code) { return code | 1; }
// ... or to the slot and a pin, if it has that.
bool HasPinForm(uint16_t code, bool is_float);
constexpr uint16_t PinForm(uint16_t code, size_t pin) { return static_cast<uint16_t>(code + 2 + pin); }

// --- Sizes ----------------------------------------------------------------------------------------------------------

constexpr bool IsFloat(Operand type) { return type == Operand::kF32 || type == Operand::kF64; }
// Halfwords of an operand.
constexpr size_t SizeOf(Src src, Operand type) {
  switch (src) {
    case Src::kSlot: return 1;
    case Src::kAcc:
    case Src::kPin0:
    case Src::kPin1: return 0;
    case Src::kConst: return type == Operand::kF64 ? 4 : 2;
  }
  return 0;
}

// What an instruction consists of, for who walks over code: fields as in plain.def, and p, a slot read that is a pair's or
// an operand's. Empty for numbers that are no instruction.
struct Shape {
  std::array<char, 12> fields{};
  bool traps = false;
  bool exists = false;
  bool is_pinned = false;  // reads or writes a pin, or goes back to the loop's head
  uint8_t pin = kPins;     // that it writes, if any
  bool is_back = false;    // its target is the loop's head
  std::string_view text() const { return {fields.data(), std::string_view(fields.data()).size()}; }
};
// Constant time.
Shape ShapeOf(uint16_t code);
// Halfwords that fields take.
constexpr size_t SizeOfField(char field) {
  switch (field) {
    case 'w':
    case 't': return 2;
    case 'q': return 4;
    default: return 1;
  }
}

// Halfwords of a function's code, at most: a displacement has 32 bits with its sign, and leads from any to any.
inline constexpr uint64_t kMaxCodeSize = INT32_MAX;

// An entry of br_table: where its target is, what that costs, which instruction is there.
inline constexpr uint32_t kTableEntryCost = 2;
inline constexpr uint32_t kTableEntryOpcode = 3;
inline constexpr uint32_t kTableEntrySize = 4;

// The halfword behind the instruction at `at`, of this shape. Beyond the code's end when the code breaks off in it.
uint64_t EndOf(std::span<const uint16_t> code, size_t at, const Shape& shape);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_OPCODE_H_
