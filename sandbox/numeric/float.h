// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The meaning of the floating-point instructions (spec "Floating-Point Operations"): one pure function a row of the
// opcode table. They count on the IEEE default environment, which FpEnvironmentScope sets.
//
// NaN policy, the one place:
//   - abs, neg and copysign are operations on bits: they keep every payload and do not quiet a signalling NaN. So do
//     moves; a float that is passed or returned here stays in a vector register or in memory (never in the x87 stack).
//   - Every other instruction with a NaN operand returns that operand made quiet, as the CPU does. This is one of the
//     results that the spec allows, and canonical whenever all NaN operands are.
//   - Which of two NaNs wins, and the sign of a NaN made from numbers (0/0), is the CPU's choice. An embedder who
//     needs the same bits on every machine has CanonicalizeNan applied to results.
#ifndef SANDBOX_NUMERIC_FLOAT_H_
#define SANDBOX_NUMERIC_FLOAT_H_

#include "sandbox/base/build_config.h"

#if SANDBOX_FLOATS

#include <bit>
#include <cfloat>
#include <concepts>
#include <cstdint>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sandbox::numeric {

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);
static_assert(FLT_EVAL_METHOD == 0, "intermediate results must have the precision of their type");
#if defined(__FAST_MATH__) || defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "fast-math options change what a guest computes"
#endif

inline constexpr uint32_t kCanonicalNan32 = 0x7fc0'0000;
inline constexpr uint64_t kCanonicalNan64 = 0x7ff8'0000'0000'0000;

// The positive canonical NaN instead of any NaN; every other value as it is.
constexpr float CanonicalizeNan(float a) { return a != a ? std::bit_cast<float>(kCanonicalNan32) : a; }
constexpr double CanonicalizeNan(double a) { return a != a ? std::bit_cast<double>(kCanonicalNan64) : a; }

namespace float_internal {

inline constexpr uint32_t kSign32 = 0x8000'0000;
inline constexpr uint64_t kSign64 = 0x8000'0000'0000'0000;

constexpr uint32_t Bits(float a) { return std::bit_cast<uint32_t>(a); }
constexpr uint64_t Bits(double a) { return std::bit_cast<uint64_t>(a); }

template <std::floating_point T>
constexpr T Min(T a, T b) {
  // The sum of a NaN and anything is that NaN, quiet.
  if (__builtin_isunordered(a, b)) [[unlikely]]
    return a + b;
  // Each of the two is one minss. They differ only when the operands are equal, so in the sign of zero: -0 is less.
  const T from_a = a < b ? a : b;
  const T from_b = b < a ? b : a;
  return std::bit_cast<T>(Bits(from_a) | Bits(from_b));
}

template <std::floating_point T>
constexpr T Max(T a, T b) {
  if (__builtin_isunordered(a, b)) [[unlikely]]
    return a + b;
  const T from_a = a > b ? a : b;
  const T from_b = b > a ? b : a;
  return std::bit_cast<T>(Bits(from_a) & Bits(from_b));
}

// __builtin_sqrt would call the library for a negative operand, to set errno.
inline float Sqrt(float a) {
#if defined(__x86_64__)
  return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(a)));
#elif defined(__clang__)
  return __builtin_elementwise_sqrt(a);
#else
  return __builtin_sqrtf(a);
#endif
}

inline double Sqrt(double a) {
#if defined(__x86_64__)
  const __m128d operand = _mm_set_sd(a);
  return _mm_cvtsd_f64(_mm_sqrt_sd(operand, operand));
#elif defined(__clang__)
  return __builtin_elementwise_sqrt(a);
#else
  return __builtin_sqrt(a);
#endif
}

// What comes before a rounding: makes a NaN quiet where the compiler's own sequence returns large operands and NaNs as
// they are. An instruction of the CPU needs no help.
template <std::floating_point T>
inline T Quieted(T a) {
#if !defined(__SSE4_1__) && !defined(__aarch64__)
  if (a != a) [[unlikely]]
    return a + a;
#endif
  return a;
}

}  // namespace float_internal

// f32.
constexpr uint32_t F32Eq(float a, float b) { return a == b; }
constexpr uint32_t F32Ne(float a, float b) { return a != b; }
constexpr uint32_t F32Lt(float a, float b) { return a < b; }
constexpr uint32_t F32Gt(float a, float b) { return a > b; }
constexpr uint32_t F32Le(float a, float b) { return a <= b; }
constexpr uint32_t F32Ge(float a, float b) { return a >= b; }
constexpr float F32Abs(float a) {
  return std::bit_cast<float>(float_internal::Bits(a) & ~float_internal::kSign32);
}
constexpr float F32Neg(float a) {
  return std::bit_cast<float>(float_internal::Bits(a) ^ float_internal::kSign32);
}
constexpr float F32Copysign(float a, float b) {
  return std::bit_cast<float>((float_internal::Bits(a) & ~float_internal::kSign32) |
                              (float_internal::Bits(b) & float_internal::kSign32));
}
inline float F32Ceil(float a) { return __builtin_ceilf(float_internal::Quieted(a)); }
inline float F32Floor(float a) { return __builtin_floorf(float_internal::Quieted(a)); }
inline float F32Trunc(float a) { return __builtin_truncf(float_internal::Quieted(a)); }
// Ties go to even because that is the rounding mode of the environment.
inline float F32Nearest(float a) { return __builtin_nearbyintf(float_internal::Quieted(a)); }
inline float F32Sqrt(float a) { return float_internal::Sqrt(a); }
constexpr float F32Add(float a, float b) { return a + b; }
constexpr float F32Sub(float a, float b) { return a - b; }
constexpr float F32Mul(float a, float b) { return a * b; }
constexpr float F32Div(float a, float b) { return a / b; }
constexpr float F32Min(float a, float b) { return float_internal::Min(a, b); }
constexpr float F32Max(float a, float b) { return float_internal::Max(a, b); }

// f64.
constexpr uint32_t F64Eq(double a, double b) { return a == b; }
constexpr uint32_t F64Ne(double a, double b) { return a != b; }
constexpr uint32_t F64Lt(double a, double b) { return a < b; }
constexpr uint32_t F64Gt(double a, double b) { return a > b; }
constexpr uint32_t F64Le(double a, double b) { return a <= b; }
constexpr uint32_t F64Ge(double a, double b) { return a >= b; }
constexpr double F64Abs(double a) {
  return std::bit_cast<double>(float_internal::Bits(a) & ~float_internal::kSign64);
}
constexpr double F64Neg(double a) {
  return std::bit_cast<double>(float_internal::Bits(a) ^ float_internal::kSign64);
}
constexpr double F64Copysign(double a, double b) {
  return std::bit_cast<double>((float_internal::Bits(a) & ~float_internal::kSign64) |
                               (float_internal::Bits(b) & float_internal::kSign64));
}
inline double F64Ceil(double a) { return __builtin_ceil(float_internal::Quieted(a)); }
inline double F64Floor(double a) { return __builtin_floor(float_internal::Quieted(a)); }
inline double F64Trunc(double a) { return __builtin_trunc(float_internal::Quieted(a)); }
inline double F64Nearest(double a) { return __builtin_nearbyint(float_internal::Quieted(a)); }
inline double F64Sqrt(double a) { return float_internal::Sqrt(a); }
constexpr double F64Add(double a, double b) { return a + b; }
constexpr double F64Sub(double a, double b) { return a - b; }
constexpr double F64Mul(double a, double b) { return a * b; }
constexpr double F64Div(double a, double b) { return a / b; }
constexpr double F64Min(double a, double b) { return float_internal::Min(a, b); }
constexpr double F64Max(double a, double b) { return float_internal::Max(a, b); }

}  // namespace sandbox::numeric

#endif  // SANDBOX_FLOATS

#endif  // SANDBOX_NUMERIC_FLOAT_H_
