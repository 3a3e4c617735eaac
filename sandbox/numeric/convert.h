// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The meaning of the conversion instructions (spec "Conversions"): one pure function a row of the opcode table.
//
// A float is compared with the bounds of the integer type before it is cast: C++ leaves a cast out of range undefined.
#ifndef SANDBOX_NUMERIC_CONVERT_H_
#define SANDBOX_NUMERIC_CONVERT_H_

#include <bit>
#include <concepts>
#include <cstdint>
#include <expected>
#include <limits>
#include <type_traits>

#include "sandbox/base/build_config.h"
#include "sandbox/base/trap.h"

namespace sandbox::numeric {

constexpr uint32_t I32WrapI64(uint64_t a) { return static_cast<uint32_t>(a); }
constexpr uint64_t I64ExtendI32S(uint32_t a) { return static_cast<uint64_t>(static_cast<int32_t>(a)); }
constexpr uint64_t I64ExtendI32U(uint32_t a) { return a; }

#if SANDBOX_FLOATS

namespace convert_internal {

// 2^exponent, exactly.
template <std::floating_point From>
consteval From PowerOfTwo(int exponent) {
  From power = 1;
  for (int i = 0; i < exponent; ++i) power *= 2;
  return power;
}

// The first float above the range of To, whether or not To's maximum itself is a float.
template <std::integral To, std::floating_point From>
inline constexpr From kAbove = PowerOfTwo<From>(std::numeric_limits<To>::digits);

// Whether the part of a before the point is at most To's maximum; at least its minimum. False for NaN.
template <std::integral To, std::floating_point From>
constexpr bool NotAbove(From a) {
  return a < kAbove<To, From>;
}
template <std::integral To, std::floating_point From>
constexpr bool NotBelow(From a) {
  if constexpr (std::unsigned_integral<To>) {
    return a > From{-1};
  } else if constexpr (std::numeric_limits<From>::digits > std::numeric_limits<To>::digits) {
    return a > -kAbove<To, From> - 1;  // the minimum less one is a float, and so are fractions above it
  } else {
    return a >= -kAbove<To, From>;  // the minimum less one is no float: no fraction lies between
  }
}

template <std::integral To, std::floating_point From>
constexpr OrTrap<std::make_unsigned_t<To>> Trunc(From a) {
  if (!NotAbove<To>(a) || !NotBelow<To>(a)) [[unlikely]]
    return std::unexpected(a != a ? TrapCode::kInvalidConversion : TrapCode::kIntegerOverflow);
  return static_cast<std::make_unsigned_t<To>>(static_cast<To>(a));
}

template <std::integral To, std::floating_point From>
constexpr std::make_unsigned_t<To> TruncSat(From a) {
  To result = 0;
  if (!NotAbove<To>(a)) [[unlikely]] {
    result = a != a ? To{0} : std::numeric_limits<To>::max();
  } else if (!NotBelow<To>(a)) [[unlikely]] {
    result = std::numeric_limits<To>::min();
  } else {
    result = static_cast<To>(a);
  }
  return static_cast<std::make_unsigned_t<To>>(result);
}

}  // namespace convert_internal

constexpr OrTrap<uint32_t> I32TruncF32S(float a) { return convert_internal::Trunc<int32_t>(a); }
constexpr OrTrap<uint32_t> I32TruncF32U(float a) { return convert_internal::Trunc<uint32_t>(a); }
constexpr OrTrap<uint32_t> I32TruncF64S(double a) { return convert_internal::Trunc<int32_t>(a); }
constexpr OrTrap<uint32_t> I32TruncF64U(double a) { return convert_internal::Trunc<uint32_t>(a); }
constexpr OrTrap<uint64_t> I64TruncF32S(float a) { return convert_internal::Trunc<int64_t>(a); }
constexpr OrTrap<uint64_t> I64TruncF32U(float a) { return convert_internal::Trunc<uint64_t>(a); }
constexpr OrTrap<uint64_t> I64TruncF64S(double a) { return convert_internal::Trunc<int64_t>(a); }
constexpr OrTrap<uint64_t> I64TruncF64U(double a) { return convert_internal::Trunc<uint64_t>(a); }

constexpr uint32_t I32TruncSatF32S(float a) { return convert_internal::TruncSat<int32_t>(a); }
constexpr uint32_t I32TruncSatF32U(float a) { return convert_internal::TruncSat<uint32_t>(a); }
constexpr uint32_t I32TruncSatF64S(double a) { return convert_internal::TruncSat<int32_t>(a); }
constexpr uint32_t I32TruncSatF64U(double a) { return convert_internal::TruncSat<uint32_t>(a); }
constexpr uint64_t I64TruncSatF32S(float a) { return convert_internal::TruncSat<int64_t>(a); }
constexpr uint64_t I64TruncSatF32U(float a) { return convert_internal::TruncSat<uint64_t>(a); }
constexpr uint64_t I64TruncSatF64S(double a) { return convert_internal::TruncSat<int64_t>(a); }
constexpr uint64_t I64TruncSatF64U(double a) { return convert_internal::TruncSat<uint64_t>(a); }

constexpr float F32ConvertI32S(uint32_t a) { return static_cast<float>(static_cast<int32_t>(a)); }
constexpr float F32ConvertI32U(uint32_t a) { return static_cast<float>(a); }
constexpr float F32ConvertI64S(uint64_t a) { return static_cast<float>(static_cast<int64_t>(a)); }
constexpr float F32ConvertI64U(uint64_t a) { return static_cast<float>(a); }
constexpr double F64ConvertI32S(uint32_t a) { return static_cast<double>(static_cast<int32_t>(a)); }
constexpr double F64ConvertI32U(uint32_t a) { return static_cast<double>(a); }
constexpr double F64ConvertI64S(uint64_t a) { return static_cast<double>(static_cast<int64_t>(a)); }
constexpr double F64ConvertI64U(uint64_t a) { return static_cast<double>(a); }

// A NaN becomes quiet and keeps the upper bits of its payload: canonical stays canonical.
constexpr float F32DemoteF64(double a) { return static_cast<float>(a); }
constexpr double F64PromoteF32(float a) { return static_cast<double>(a); }

constexpr uint32_t I32ReinterpretF32(float a) { return std::bit_cast<uint32_t>(a); }
constexpr uint64_t I64ReinterpretF64(double a) { return std::bit_cast<uint64_t>(a); }
constexpr float F32ReinterpretI32(uint32_t a) { return std::bit_cast<float>(a); }
constexpr double F64ReinterpretI64(uint64_t a) { return std::bit_cast<double>(a); }

#endif  // SANDBOX_FLOATS

}  // namespace sandbox::numeric

#endif  // SANDBOX_NUMERIC_CONVERT_H_
