// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What handlers share: decoding that skips, numeric shapes, the way in and out of registers.
#ifndef SANDBOX_INPLACE_HANDLER_SUPPORT_H_
#define SANDBOX_INPLACE_HANDLER_SUPPORT_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "sandbox/exec/machine.h"
#include "sandbox/exec/measure.h"
#include "sandbox/module/side_table.h"
#include "sandbox/numeric/bind.h"

namespace sandbox::inplace {

// Reference types that name their heap type take a prefix byte.
inline constexpr uint8_t kRefNullPrefix = 0x63;
inline constexpr uint8_t kRefPrefix = 0x64;

SANDBOX_INLINE void SkipValueType(Pc& pc) {
  const uint8_t first = pc.Byte();
  pc.Skip(1);
  if (first == kRefNullPrefix || first == kRefPrefix) [[unlikely]]
    pc.SkipLeb();
}

// A block type is a value type (or none) in one byte, a reference type with a prefix, or a type index.
SANDBOX_INLINE void SkipBlockType(Pc& pc) {
  const uint8_t first = pc.Byte();
  if (first == kRefNullPrefix || first == kRefPrefix) [[unlikely]]
    pc.Skip(1);
  pc.SkipLeb();
}

SANDBOX_INLINE void SkipSelectTypes(Pc& pc) {
  for (uint32_t count = pc.U32(); count > 0; --count) SkipValueType(pc);
}

// Where a load or store goes.
struct Access {
  MemIdx memory = 0;
  uint64_t offset = 0;
};

// The general form of a memarg: any length of number, bit 6 of the alignment announcing a memory index.
inline Access ReadMemarg(Pc& next) {
  constexpr uint32_t kHasMemoryIndex = 1u << 6;
  Access access;
  const uint32_t alignment = next.U32();
  if ((alignment & kHasMemoryIndex) != 0) access.memory = next.U32();
  access.offset = next.U64();
  return access;
}

SANDBOX_INLINE ptrdiff_t NeededSlots(const FunctionRecord& record) {
  return static_cast<ptrdiff_t>(record.local_slots) + 1 + static_cast<ptrdiff_t>(record.operand_slots);
}

template <typename T>
SANDBOX_INLINE T FromSlot(Slot slot) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(static_cast<uint32_t>(slot));
  } else {
    return std::bit_cast<T>(slot);
  }
}

template <typename Function>
struct FunctionShape;
template <typename R, typename A>
struct FunctionShape<R (*)(A)> {
  static constexpr ptrdiff_t kArity = 1;
  using First = A;
  using Second = A;
};
template <typename R, typename A, typename B>
struct FunctionShape<R (*)(A, B)> {
  static constexpr ptrdiff_t kArity = 2;
  using First = A;
  using Second = B;
};

// How the numeric function of a row meets the operand stack.
template <Op kOp>
struct NumericShape {
  using Bound = numeric::Binding<kOp>;
  using Function = std::remove_const_t<decltype(Bound::kFunction)>;
  using Shape = FunctionShape<Function>;
  static constexpr ptrdiff_t kArity = Shape::kArity;

  SANDBOX_INLINE static auto Apply(Sp sp, Slot tos) {
    if constexpr (kArity == 1) {
      return Bound::kFunction(FromSlot<typename Shape::First>(tos));
    } else {
      return Bound::kFunction(FromSlot<typename Shape::First>(sp[-1]), FromSlot<typename Shape::Second>(tos));
    }
  }
};

// Results of numeric functions alike, whether they can trap or not.
template <typename T>
constexpr bool IsTrap(const T&) {
  return false;
}
template <typename T>
SANDBOX_INLINE bool IsTrap(const OrTrap<T>& result) {
  return !result.has_value();
}
template <typename T>
constexpr TrapCode TrapOf(const T&) {
  return TrapCode::kUnreachable;
}
template <typename T>
SANDBOX_INLINE TrapCode TrapOf(const OrTrap<T>& result) {
  return result.error();
}
template <typename T>
constexpr T ValueOf(const T& result) {
  return result;
}
template <typename T>
SANDBOX_INLINE T ValueOf(const OrTrap<T>& result) {
  return *result;
}

}  // namespace sandbox::inplace

#endif  // SANDBOX_INPLACE_HANDLER_SUPPORT_H_
