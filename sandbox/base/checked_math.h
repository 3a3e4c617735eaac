// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Integer arithmetic that reports overflow instead of wrapping.
#ifndef SANDBOX_BASE_CHECKED_MATH_H_
#define SANDBOX_BASE_CHECKED_MATH_H_

#include <concepts>
#include <limits>
#include <optional>
#include <type_traits>

namespace sandbox {

template <std::unsigned_integral T>
constexpr std::optional<T> CheckedAdd(T a, T b) {
  T sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <std::unsigned_integral T>
constexpr std::optional<T> CheckedMul(T a, T b) {
  T product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// a + b, or the largest value when the sum does not fit.
template <std::unsigned_integral T>
constexpr T SaturatingAdd(T a, T b) {
  return CheckedAdd(a, b).value_or(std::numeric_limits<T>::max());
}

template <std::unsigned_integral T>
constexpr T SaturatingMul(T a, T b) {
  return CheckedMul(a, b).value_or(std::numeric_limits<T>::max());
}

// ceil(a / b) without the overflow of (a + b - 1) / b. b is not zero.
template <std::unsigned_integral T>
constexpr T CeilDiv(T a, std::type_identity_t<T> b) {
  return a / b + (a % b != 0);
}

// True when [offset, offset + length) lies inside [0, size). Never computes the sum.
constexpr bool RangeFits(auto offset, auto length, auto size) {
  static_assert(std::unsigned_integral<decltype(offset)> && std::unsigned_integral<decltype(length)> &&
                std::unsigned_integral<decltype(size)>);
  return offset <= size && length <= size - offset;
}

}  // namespace sandbox

#endif  // SANDBOX_BASE_CHECKED_MATH_H_
