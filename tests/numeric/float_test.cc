// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The corners of the floating-point instructions, spelled out in bits. bind_test.cc walks all of them.

#include "sandbox/numeric/float.h"

#include "sandbox/base/build_config.h"

#if SANDBOX_FLOATS

#include <bit>
#include <cstdint>

#include "gtest/gtest.h"

namespace sandbox::numeric {
namespace {

constexpr uint32_t kSignalling32 = 0x7fa0'1234;
constexpr uint64_t kSignalling64 = 0x7ff4'0000'0000'1234;
constexpr uint32_t kInfinity32 = 0x7f80'0000;

// An operand that the compiler does not know, and whose bits it does not touch.
float F32(uint32_t bits) {
  volatile uint32_t hidden = bits;
  return std::bit_cast<float>(static_cast<uint32_t>(hidden));
}
double F64(uint64_t bits) {
  volatile uint64_t hidden = bits;
  return std::bit_cast<double>(static_cast<uint64_t>(hidden));
}
float Value(float value) { return F32(std::bit_cast<uint32_t>(value)); }
double Value(double value) { return F64(std::bit_cast<uint64_t>(value)); }
uint32_t Bits(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

constexpr uint32_t kQuiet32 = 0x0040'0000;
constexpr uint64_t kQuiet64 = 0x0008'0000'0000'0000;
bool IsQuietNan(float a) { return a != a && (Bits(a) & kQuiet32); }
bool IsQuietNan(double a) { return a != a && (Bits(a) & kQuiet64); }
bool IsCanonicalNan(float a) { return (Bits(a) & 0x7fff'ffff) == kCanonicalNan32; }
bool IsCanonicalNan(double a) { return (Bits(a) & 0x7fff'ffff'ffff'ffff) == kCanonicalNan64; }

TEST(FloatTest, BitOperationsKeepSignallingNans) {
  EXPECT_EQ(Bits(F32Neg(F32(kSignalling32))), kSignalling32 | 0x8000'0000);
  EXPECT_EQ(Bits(F32Neg(F32(kSignalling32 | 0x8000'0000))), kSignalling32);
  EXPECT_EQ(Bits(F32Abs(F32(kSignalling32 | 0x8000'0000))), kSignalling32);
  EXPECT_EQ(Bits(F32Copysign(F32(kSignalling32), Value(-1.0f))), kSignalling32 | 0x8000'0000);
  EXPECT_EQ(Bits(F32Copysign(Value(1.0f), F32(kSignalling32 | 0x8000'0000))), Bits(-1.0f));
  EXPECT_EQ(Bits(F64Neg(F64(kSignalling64))), kSignalling64 | uint64_t{1} << 63);
  EXPECT_EQ(Bits(F64Abs(F64(kSignalling64 | uint64_t{1} << 63))), kSignalling64);
  EXPECT_EQ(Bits(F64Copysign(F64(kSignalling64), Value(-0.0))), kSignalling64 | uint64_t{1} << 63);
}

TEST(FloatTest, EverythingElseMakesThemQuiet) {
  const float nan = F32(kSignalling32);
  for (float result : {F32Ceil(nan), F32Floor(nan), F32Trunc(nan), F32Nearest(nan), F32Sqrt(nan),
                       F32Add(nan, Value(1.0f)), F32Sub(Value(1.0f), nan), F32Mul(nan, nan), F32Div(nan, Value(0.0f)),
                       F32Min(nan, Value(1.0f)), F32Min(Value(1.0f), nan), F32Max(nan, F32(kInfinity32)),
                       F32Max(F32(kInfinity32 | 0x8000'0000), nan)}) {
    EXPECT_TRUE(IsQuietNan(result)) << std::hex << Bits(result);
  }
  const double nan64 = F64(kSignalling64);
  for (double result : {F64Ceil(nan64), F64Floor(nan64), F64Trunc(nan64), F64Nearest(nan64), F64Sqrt(nan64),
                        F64Add(nan64, Value(1.0)), F64Min(nan64, Value(1.0)), F64Max(Value(1.0), nan64)}) {
    EXPECT_TRUE(IsQuietNan(result)) << std::hex << Bits(result);
  }
}

TEST(FloatTest, CanonicalNansStayCanonical) {
  const float nan = F32(kCanonicalNan32);
  // An operand with many bits must not leak into the payload.
  const float other = F32(0x3f7f'ffff);
  EXPECT_TRUE(IsCanonicalNan(F32Min(nan, other)));
  EXPECT_TRUE(IsCanonicalNan(F32Min(other, nan)));
  EXPECT_TRUE(IsCanonicalNan(F32Max(nan, other)));
  EXPECT_TRUE(IsCanonicalNan(F32Max(other, nan)));
  EXPECT_TRUE(IsCanonicalNan(F32Add(nan, other)));
  EXPECT_TRUE(IsCanonicalNan(F32Sqrt(Value(-1.0f))));
  EXPECT_TRUE(IsCanonicalNan(F32Div(Value(0.0f), Value(0.0f))));
  EXPECT_TRUE(IsCanonicalNan(F64Min(F64(kCanonicalNan64), Value(-0.1))));
  EXPECT_TRUE(IsCanonicalNan(F64Max(Value(-0.1), F64(kCanonicalNan64))));
}

TEST(FloatTest, MinAndMaxKnowTheSignOfZero) {
  EXPECT_EQ(Bits(F32Min(Value(0.0f), Value(-0.0f))), Bits(-0.0f));
  EXPECT_EQ(Bits(F32Min(Value(-0.0f), Value(0.0f))), Bits(-0.0f));
  EXPECT_EQ(Bits(F32Max(Value(0.0f), Value(-0.0f))), Bits(0.0f));
  EXPECT_EQ(Bits(F32Max(Value(-0.0f), Value(0.0f))), Bits(0.0f));
  EXPECT_EQ(Bits(F32Max(Value(-0.0f), Value(-0.0f))), Bits(-0.0f));
  EXPECT_EQ(Bits(F64Min(Value(0.0), Value(-0.0))), Bits(-0.0));
  EXPECT_EQ(Bits(F64Max(Value(-0.0), Value(0.0))), Bits(0.0));
  EXPECT_EQ(F64Min(Value(-1.5), Value(2.0)), -1.5);
  EXPECT_EQ(F64Max(Value(-1.5), Value(2.0)), 2.0);
}

TEST(FloatTest, NearestBreaksTiesTowardsEven) {
  EXPECT_EQ(F32Nearest(Value(0.5f)), 0.0f);
  EXPECT_EQ(F32Nearest(Value(1.5f)), 2.0f);
  EXPECT_EQ(F32Nearest(Value(2.5f)), 2.0f);
  EXPECT_EQ(F32Nearest(Value(-3.5f)), -4.0f);
  EXPECT_EQ(F32Nearest(Value(8388609.0f)), 8388609.0f);
  EXPECT_EQ(F64Nearest(Value(0.49999999999999994)), 0.0);
  EXPECT_EQ(F64Nearest(Value(4503599627370495.5)), 4503599627370496.0);
  EXPECT_EQ(Bits(F32Nearest(Value(-0.5f))), Bits(-0.0f));
  EXPECT_EQ(Bits(F64Nearest(Value(-0.25))), Bits(-0.0));
}

TEST(FloatTest, RoundingKeepsTheSignOfZero) {
  EXPECT_EQ(Bits(F32Ceil(Value(-0.5f))), Bits(-0.0f));
  EXPECT_EQ(Bits(F32Trunc(Value(-0.5f))), Bits(-0.0f));
  EXPECT_EQ(Bits(F32Floor(Value(-0.0f))), Bits(-0.0f));
  EXPECT_EQ(F32Floor(Value(-0.5f)), -1.0f);
  EXPECT_EQ(Bits(F64Ceil(Value(-0.9))), Bits(-0.0));
  EXPECT_EQ(Bits(F64Sqrt(Value(-0.0))), Bits(-0.0));
}

TEST(FloatTest, ComparisonsWithNan) {
  const float nan = F32(kCanonicalNan32);
  EXPECT_EQ(F32Eq(nan, nan), 0u);
  EXPECT_EQ(F32Ne(nan, nan), 1u);
  EXPECT_EQ(F32Lt(nan, Value(1.0f)) + F32Gt(nan, Value(1.0f)) + F32Le(nan, nan) + F32Ge(nan, nan), 0u);
  EXPECT_EQ(F64Eq(Value(0.0), Value(-0.0)), 1u);
}

TEST(FloatTest, ResultsAreRoundedOnceAndNotFlushed) {
  EXPECT_EQ(Bits(F32Mul(F32(0x0080'0000), Value(0.5f))), 0x0040'0000u);
  EXPECT_EQ(Bits(F32Add(F32(1), F32(1))), 2u);
  EXPECT_EQ(Bits(F64Div(F64(0x0010'0000'0000'0000), Value(2.0))), 0x0008'0000'0000'0000u);
  // Not contracted: the product is rounded before the sum.
  const double a = Value(1.0 + 0x1p-52), b = Value(1.0 - 0x1p-52);
  EXPECT_EQ(F64Add(F64Mul(a, b), Value(-1.0)), 0.0);
}

TEST(FloatTest, CanonicalizeNan) {
  EXPECT_EQ(Bits(CanonicalizeNan(F32(0xffc0'0001))), kCanonicalNan32);
  EXPECT_EQ(Bits(CanonicalizeNan(F32(kSignalling32))), kCanonicalNan32);
  EXPECT_EQ(Bits(CanonicalizeNan(Value(-0.0f))), Bits(-0.0f));
  EXPECT_EQ(Bits(CanonicalizeNan(F32(kInfinity32))), kInfinity32);
  EXPECT_EQ(Bits(CanonicalizeNan(F64(kSignalling64))), kCanonicalNan64);
  EXPECT_EQ(CanonicalizeNan(Value(1.25)), 1.25);
}

}  // namespace
}  // namespace sandbox::numeric

#endif  // SANDBOX_FLOATS
