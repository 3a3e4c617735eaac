// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Register code: its instructions and their numbers.
//
// Code is halfwords. An instruction is its opcode and fields. Operands are named by class: a slot of the frame (its number,
// one halfword), a constant (two halfwords, four for f64), or an accumulator (nothing): a register that holds the result of
// an earlier instruction, one for integers and one for floats. Where an instruction has a result, the first field is the
// slot for it; every result goes to an accumulator too, and the form with an odd opcode leaves the slot as it is.
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

enum class Src : uint8_t { kSlot, kAcc, kConst };
enum class Dst : uint8_t { kSlot, kAcc };

// The address of a memory access: an operand, or (as compilers write it) the sum of one and a constant, which wraps.
enum class Address : uint8_t { kSlot, kAcc, kConst, kSlotSum, kAccSum };
inline constexpr size_t kAddresses = 5;
constexpr Src BaseOf(Address address) {
  switch (address) {
    case Address::kSlot:
    case Address::kSlotSum: return Src::kSlot;
    case Address::kAcc:
    case Address::kAccSum: return Src::kAcc;
    case Address::kConst: return Src::kConst;
  }
  return Src::kSlot;
}
constexpr bool IsSum(Address address) { return address == Address::kSlotSum || address == Address::kAccSum; }

// The classes of two operands. What is missing does not occur: constants are second where the order is free, and two
// constants or two accumulators do not meet.
enum class Pair : uint8_t { kSlotSlot, kSlotConst, kAccSlot, kAccConst, kSlotAcc, kConstSlot, kConstAcc };
inline constexpr size_t kPairs = 7;
inline constexpr size_t kBranchPairs = 4;  // the first ones: the operands of a comparison can be swapped

constexpr Src FirstOf(Pair pair) {
  switch (pair) {
    case Pair::kSlotSlot:
    case Pair::kSlotConst:
    case Pair::kSlotAcc: return Src::kSlot;
    case Pair::kAccSlot:
    case Pair::kAccConst: return Src::kAcc;
    case Pair::kConstSlot:
    case Pair::kConstAcc: return Src::kConst;
  }
  return Src::kSlot;
}
constexpr Src SecondOf(Pair pair) {
  switch (pair) {
    case Pair::kSlotSlot:
    case Pair::kAccSlot:
    case Pair::kConstSlot: return Src::kSlot;
    case Pair::kSlotConst:
    case Pair::kAccConst: return Src::kConst;
    case Pair::kSlotAcc:
    case Pair::kConstAcc: return Src::kAcc;
  }
  return Src::kSlot;
}
constexpr Pair PairOf(Src first, Src second) {
  for (size_t i = 0; i < kPairs; ++i) {
    const Pair pair = static_cast<Pair>(i);
    if (FirstOf(pair) == first && SecondOf(pair) == second) return pair;
  }
  return Pair::kSlotSlot;
}

// --- Families -------------------------------------------------------------------------------------------------------

namespace opcode_internal {

constexpr bool IsBinary(Op op) { return numeric::IsBound(op) && InfoOf(op).signature.param_count() == 2; }
constexpr bool IsUnary(Op op) { return numeric::IsBound(op) && InfoOf(op).signature.param_count() == 1; }
constexpr bool IsCompare(Op op) {
  return IsBinary(op) && ((op >= Op::kI32Eq && op <= Op::kI32GeU) || (op >= Op::kI64Eq && op <= Op::kI64GeU) ||
                          (op >= Op::kF32Eq && op <= Op::kF32Ge) || (op >= Op::kF64Eq && op <= Op::kF64Ge));
}
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
inline constexpr auto kBinaries = Number<&IsBinary>();
inline constexpr auto kUnaries = Number<&IsUnary>();
inline constexpr auto kCompares = Number<&IsCompare>();
inline constexpr auto kLoads = Number<&IsLoad>();
inline constexpr auto kStores = Number<&IsStore>();

inline constexpr size_t kBinaryBase = (kPlainCount + 1) / 2 * 2;
inline constexpr size_t kUnaryBase = kBinaryBase + kBinaries[kOpCount] * kPairs * 2;
inline constexpr size_t kBranchBase = kUnaryBase + kUnaries[kOpCount] * 2 * 2;
inline constexpr size_t kLoadBase = kBranchBase + kCompares[kOpCount] * kBranchPairs * 2;
inline constexpr size_t kStoreBase = kLoadBase + kLoads[kOpCount] * kAddresses * 2;
inline constexpr size_t kStepBase = kStoreBase + kStores[kOpCount] * kAddresses * 3;

// i32.add of a slot and a constant into a slot, then an i32 comparison of the sum (with a slot or a constant) and a branch.
inline constexpr size_t kStepCompares = static_cast<size_t>(Op::kI32GeU) - static_cast<size_t>(Op::kI32Eq) + 1;
inline constexpr size_t kEnd = kStepBase + kStepCompares * 2;

}  // namespace opcode_internal

inline constexpr size_t kOpcodeCount = opcode_internal::kEnd;
static_assert(kOpcodeCount < 65536);

constexpr bool IsCompare(Op op) { return opcode_internal::IsCompare(op); }

constexpr uint16_t BinaryCode(Op op, Pair pair, Dst dst = Dst::kSlot) {
  using namespace opcode_internal;
  const size_t number = kBinaries[static_cast<size_t>(op)];
  return static_cast<uint16_t>(kBinaryBase + (number * kPairs + static_cast<size_t>(pair)) * 2 + static_cast<size_t>(dst));
}
constexpr uint16_t UnaryCode(Op op, Src src, Dst dst = Dst::kSlot) {
  using namespace opcode_internal;
  const size_t number = kUnaries[static_cast<size_t>(op)];
  return static_cast<uint16_t>(kUnaryBase + (number * 2 + static_cast<size_t>(src)) * 2 + static_cast<size_t>(dst));
}
// A branch taken when the comparison gives `sense`.
constexpr uint16_t BranchCode(Op compare, Pair pair, bool sense) {
  using namespace opcode_internal;
  const size_t number = kCompares[static_cast<size_t>(compare)];
  return static_cast<uint16_t>(kBranchBase + (number * kBranchPairs + static_cast<size_t>(pair)) * 2 + (sense ? 0 : 1));
}
constexpr uint16_t LoadCode(Op op, Address address, Dst dst = Dst::kSlot) {
  using namespace opcode_internal;
  const size_t number = kLoads[static_cast<size_t>(op)];
  return static_cast<uint16_t>(kLoadBase + (number * kAddresses + static_cast<size_t>(address)) * 2 + static_cast<size_t>(dst));
}
constexpr uint16_t StoreCode(Op op, Address address, Src value) {
  using namespace opcode_internal;
  const size_t number = kStores[static_cast<size_t>(op)];
  return static_cast<uint16_t>(kStoreBase + (number * kAddresses + static_cast<size_t>(address)) * 3 + static_cast<size_t>(value));
}
constexpr bool HasStepBranch(Op compare) { return compare >= Op::kI32Eq && compare <= Op::kI32GeU; }
constexpr uint16_t StepBranchCode(Op compare, Src second) {
  const size_t number = static_cast<size_t>(compare) - static_cast<size_t>(Op::kI32Eq);
  return static_cast<uint16_t>(opcode_internal::kStepBase + number * 2 + (second == Src::kConst ? 1 : 0));
}
// Whether the instruction has a form that leaves the result in the accumulator only.
constexpr bool HasAccumulatorForm(uint16_t code) {
  using namespace opcode_internal;
  return code >= kBinaryBase && (code < kBranchBase || (code >= kLoadBase && code < kStoreBase));
}
constexpr uint16_t AccumulatorForm(uint16_t code) { return code | 1; }

// --- Sizes ----------------------------------------------------------------------------------------------------------

constexpr bool IsFloat(Operand type) { return type == Operand::kF32 || type == Operand::kF64; }
// Halfwords of an operand.
constexpr size_t SizeOf(Src src, Operand type) {
  switch (src) {
    case Src::kSlot: return 1;
    case Src::kAcc: return 0;
    case Src::kConst: return type == Operand::kF64 ? 4 : 2;
  }
  return 0;
}

// Whether a numeric instruction can trap.
bool TrapsOf(Op op);

// What an instruction consists of, for who walks over code: fields as in plain.def, and p, a slot read that is a pair's or
// an operand's. Empty for numbers that are no instruction.
struct Shape {
  std::array<char, 12> fields{};
  bool traps = false;
  bool exists = false;
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

// The halfword behind the instruction at `at`, of this shape. Beyond the code's end when the code breaks off in it.
uint64_t EndOf(std::span<const uint16_t> code, size_t at, const Shape& shape);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_OPCODE_H_
