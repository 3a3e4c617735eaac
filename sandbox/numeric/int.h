// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The meaning of the integer instructions (spec "Integer Operations"): one pure function a row of the opcode table.
//
// Integers are unsigned here, as bits are in the spec; an instruction with a signed reading converts inside. A
// comparison is 0 or 1. Whatever C++ leaves undefined (shifts by the width, signed overflow, division by zero) is
// defined or a trap here. Everything is meant to be inlined into a handler and to become the CPU's own instruction.
#ifndef SANDBOX_NUMERIC_INT_H_
#define SANDBOX_NUMERIC_INT_H_

#include <bit>
#include <concepts>
#include <cstdint>
#include <expected>
#include <limits>
#include <type_traits>

#include "sandbox/base/trap.h"

namespace sandbox::numeric {
namespace int_internal {

template <std::unsigned_integral T>
inline constexpr unsigned kShiftMask = std::numeric_limits<T>::digits - 1;

template <std::unsigned_integral T>
constexpr std::make_signed_t<T> Signed(T a) {
  return static_cast<std::make_signed_t<T>>(a);
}

template <std::unsigned_integral T>
constexpr OrTrap<T> DivS(T a, T b) {
  if (b == 0) [[unlikely]]
    return std::unexpected(TrapCode::kIntegerDivideByZero);
  // The one quotient that does not fit: the least number by -1.
  if (a == T{1} << kShiftMask<T> && b == static_cast<T>(-1)) [[unlikely]]
    return std::unexpected(TrapCode::kIntegerOverflow);
  return static_cast<T>(Signed(a) / Signed(b));
}

template <std::unsigned_integral T>
constexpr OrTrap<T> DivU(T a, T b) {
  if (b == 0) [[unlikely]]
    return std::unexpected(TrapCode::kIntegerDivideByZero);
  return a / b;
}

template <std::unsigned_integral T>
constexpr OrTrap<T> RemS(T a, T b) {
  if (b == 0) [[unlikely]]
    return std::unexpected(TrapCode::kIntegerDivideByZero);
  // Always 0, and for the least number the CPU's division would fault.
  if (b == static_cast<T>(-1)) [[unlikely]]
    return T{0};
  return static_cast<T>(Signed(a) % Signed(b));
}

template <std::unsigned_integral T>
constexpr OrTrap<T> RemU(T a, T b) {
  if (b == 0) [[unlikely]]
    return std::unexpected(TrapCode::kIntegerDivideByZero);
  return a % b;
}

template <std::unsigned_integral T>
constexpr T ShrS(T a, T b) {
  return static_cast<T>(Signed(a) >> (b & kShiftMask<T>));
}

}  // namespace int_internal

// i32.
constexpr uint32_t I32Eqz(uint32_t a) { return a == 0; }
constexpr uint32_t I32Eq(uint32_t a, uint32_t b) { return a == b; }
constexpr uint32_t I32Ne(uint32_t a, uint32_t b) { return a != b; }
constexpr uint32_t I32LtS(uint32_t a, uint32_t b) { return int_internal::Signed(a) < int_internal::Signed(b); }
constexpr uint32_t I32LtU(uint32_t a, uint32_t b) { return a < b; }
constexpr uint32_t I32GtS(uint32_t a, uint32_t b) { return int_internal::Signed(a) > int_internal::Signed(b); }
constexpr uint32_t I32GtU(uint32_t a, uint32_t b) { return a > b; }
constexpr uint32_t I32LeS(uint32_t a, uint32_t b) { return int_internal::Signed(a) <= int_internal::Signed(b); }
constexpr uint32_t I32LeU(uint32_t a, uint32_t b) { return a <= b; }
constexpr uint32_t I32GeS(uint32_t a, uint32_t b) { return int_internal::Signed(a) >= int_internal::Signed(b); }
constexpr uint32_t I32GeU(uint32_t a, uint32_t b) { return a >= b; }
constexpr uint32_t I32Clz(uint32_t a) { return static_cast<uint32_t>(std::countl_zero(a)); }
constexpr uint32_t I32Ctz(uint32_t a) { return static_cast<uint32_t>(std::countr_zero(a)); }
constexpr uint32_t I32Popcnt(uint32_t a) { return static_cast<uint32_t>(std::popcount(a)); }
constexpr uint32_t I32Add(uint32_t a, uint32_t b) { return a + b; }
constexpr uint32_t I32Sub(uint32_t a, uint32_t b) { return a - b; }
constexpr uint32_t I32Mul(uint32_t a, uint32_t b) { return a * b; }
constexpr OrTrap<uint32_t> I32DivS(uint32_t a, uint32_t b) { return int_internal::DivS(a, b); }
constexpr OrTrap<uint32_t> I32DivU(uint32_t a, uint32_t b) { return int_internal::DivU(a, b); }
constexpr OrTrap<uint32_t> I32RemS(uint32_t a, uint32_t b) { return int_internal::RemS(a, b); }
constexpr OrTrap<uint32_t> I32RemU(uint32_t a, uint32_t b) { return int_internal::RemU(a, b); }
constexpr uint32_t I32And(uint32_t a, uint32_t b) { return a & b; }
constexpr uint32_t I32Or(uint32_t a, uint32_t b) { return a | b; }
constexpr uint32_t I32Xor(uint32_t a, uint32_t b) { return a ^ b; }
constexpr uint32_t I32Shl(uint32_t a, uint32_t b) { return a << (b & 31); }
constexpr uint32_t I32ShrS(uint32_t a, uint32_t b) { return int_internal::ShrS(a, b); }
constexpr uint32_t I32ShrU(uint32_t a, uint32_t b) { return a >> (b & 31); }
constexpr uint32_t I32Rotl(uint32_t a, uint32_t b) { return std::rotl(a, static_cast<int>(b & 31)); }
constexpr uint32_t I32Rotr(uint32_t a, uint32_t b) { return std::rotr(a, static_cast<int>(b & 31)); }
constexpr uint32_t I32Extend8S(uint32_t a) { return static_cast<uint32_t>(static_cast<int8_t>(a)); }
constexpr uint32_t I32Extend16S(uint32_t a) { return static_cast<uint32_t>(static_cast<int16_t>(a)); }

// i64.
constexpr uint32_t I64Eqz(uint64_t a) { return a == 0; }
constexpr uint32_t I64Eq(uint64_t a, uint64_t b) { return a == b; }
constexpr uint32_t I64Ne(uint64_t a, uint64_t b) { return a != b; }
constexpr uint32_t I64LtS(uint64_t a, uint64_t b) { return int_internal::Signed(a) < int_internal::Signed(b); }
constexpr uint32_t I64LtU(uint64_t a, uint64_t b) { return a < b; }
constexpr uint32_t I64GtS(uint64_t a, uint64_t b) { return int_internal::Signed(a) > int_internal::Signed(b); }
constexpr uint32_t I64GtU(uint64_t a, uint64_t b) { return a > b; }
constexpr uint32_t I64LeS(uint64_t a, uint64_t b) { return int_internal::Signed(a) <= int_internal::Signed(b); }
constexpr uint32_t I64LeU(uint64_t a, uint64_t b) { return a <= b; }
constexpr uint32_t I64GeS(uint64_t a, uint64_t b) { return int_internal::Signed(a) >= int_internal::Signed(b); }
constexpr uint32_t I64GeU(uint64_t a, uint64_t b) { return a >= b; }
constexpr uint64_t I64Clz(uint64_t a) { return static_cast<uint64_t>(std::countl_zero(a)); }
constexpr uint64_t I64Ctz(uint64_t a) { return static_cast<uint64_t>(std::countr_zero(a)); }
constexpr uint64_t I64Popcnt(uint64_t a) { return static_cast<uint64_t>(std::popcount(a)); }
constexpr uint64_t I64Add(uint64_t a, uint64_t b) { return a + b; }
constexpr uint64_t I64Sub(uint64_t a, uint64_t b) { return a - b; }
constexpr uint64_t I64Mul(uint64_t a, uint64_t b) { return a * b; }
constexpr OrTrap<uint64_t> I64DivS(uint64_t a, uint64_t b) { return int_internal::DivS(a, b); }
constexpr OrTrap<uint64_t> I64DivU(uint64_t a, uint64_t b) { return int_internal::DivU(a, b); }
constexpr OrTrap<uint64_t> I64RemS(uint64_t a, uint64_t b) { return int_internal::RemS(a, b); }
constexpr OrTrap<uint64_t> I64RemU(uint64_t a, uint64_t b) { return int_internal::RemU(a, b); }
constexpr uint64_t I64And(uint64_t a, uint64_t b) { return a & b; }
constexpr uint64_t I64Or(uint64_t a, uint64_t b) { return a | b; }
constexpr uint64_t I64Xor(uint64_t a, uint64_t b) { return a ^ b; }
constexpr uint64_t I64Shl(uint64_t a, uint64_t b) { return a << (b & 63); }
constexpr uint64_t I64ShrS(uint64_t a, uint64_t b) { return int_internal::ShrS(a, b); }
constexpr uint64_t I64ShrU(uint64_t a, uint64_t b) { return a >> (b & 63); }
constexpr uint64_t I64Rotl(uint64_t a, uint64_t b) { return std::rotl(a, static_cast<int>(b & 63)); }
constexpr uint64_t I64Rotr(uint64_t a, uint64_t b) { return std::rotr(a, static_cast<int>(b & 63)); }
constexpr uint64_t I64Extend8S(uint64_t a) { return static_cast<uint64_t>(static_cast<int8_t>(a)); }
constexpr uint64_t I64Extend16S(uint64_t a) { return static_cast<uint64_t>(static_cast<int16_t>(a)); }
constexpr uint64_t I64Extend32S(uint64_t a) { return static_cast<uint64_t>(static_cast<int32_t>(a)); }

}  // namespace sandbox::numeric

#endif  // SANDBOX_NUMERIC_INT_H_
