// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The corners of the integer instructions, spelled out. bind_test.cc walks all of them against an oracle.

#include "sandbox/numeric/int.h"

#include <cstdint>
#include <expected>

#include "gtest/gtest.h"
#include "sandbox/base/trap.h"

namespace sandbox::numeric {
namespace {

constexpr uint32_t kMin32 = 0x8000'0000;
constexpr uint32_t kMinusOne32 = 0xffff'ffff;
constexpr uint64_t kMin64 = 0x8000'0000'0000'0000;
constexpr uint64_t kMinusOne64 = ~uint64_t{0};
constexpr auto kByZero = std::unexpected(TrapCode::kIntegerDivideByZero);
constexpr auto kOverflow = std::unexpected(TrapCode::kIntegerOverflow);

TEST(IntTest, DivisionByZeroTraps) {
  EXPECT_EQ(I32DivS(1, 0), kByZero);
  EXPECT_EQ(I32DivU(1, 0), kByZero);
  EXPECT_EQ(I32RemS(1, 0), kByZero);
  EXPECT_EQ(I32RemU(1, 0), kByZero);
  EXPECT_EQ(I64DivS(1, 0), kByZero);
  EXPECT_EQ(I64DivU(1, 0), kByZero);
  EXPECT_EQ(I64RemS(1, 0), kByZero);
  EXPECT_EQ(I64RemU(1, 0), kByZero);
  EXPECT_EQ(I32DivS(kMin32, 0), kByZero);
  EXPECT_EQ(I64DivS(kMin64, 0), kByZero);
}

TEST(IntTest, LeastNumberByMinusOne) {
  EXPECT_EQ(I32DivS(kMin32, kMinusOne32), kOverflow);
  EXPECT_EQ(I64DivS(kMin64, kMinusOne64), kOverflow);
  EXPECT_EQ(I32RemS(kMin32, kMinusOne32), 0u);
  EXPECT_EQ(I64RemS(kMin64, kMinusOne64), 0u);
  EXPECT_EQ(I32DivU(kMin32, kMinusOne32), 0u);
  EXPECT_EQ(I32RemU(kMin32, kMinusOne32), kMin32);
  EXPECT_EQ(I32DivS(kMin32 + 1, kMinusOne32), 0x7fff'ffffu);
}

TEST(IntTest, SignedDivisionGoesTowardsZero) {
  EXPECT_EQ(I32DivS(static_cast<uint32_t>(-7), 2), static_cast<uint32_t>(-3));
  EXPECT_EQ(I32DivS(7, static_cast<uint32_t>(-2)), static_cast<uint32_t>(-3));
  EXPECT_EQ(I32RemS(static_cast<uint32_t>(-7), 2), kMinusOne32);
  EXPECT_EQ(I32RemS(7, static_cast<uint32_t>(-2)), 1u);
  EXPECT_EQ(I64RemS(static_cast<uint64_t>(-7), 4), static_cast<uint64_t>(-3));
}

TEST(IntTest, ShiftsTakeTheirDistanceModuloTheWidth) {
  EXPECT_EQ(I32Shl(1, 32), 1u);
  EXPECT_EQ(I32Shl(1, 33), 2u);
  EXPECT_EQ(I32Shl(1, kMinusOne32), kMin32);
  EXPECT_EQ(I32ShrS(kMin32, 32), kMin32);
  EXPECT_EQ(I32ShrS(kMin32, 31), kMinusOne32);
  EXPECT_EQ(I32ShrU(kMin32, 31), 1u);
  EXPECT_EQ(I32ShrU(kMin32, 63), 1u);
  EXPECT_EQ(I64Shl(1, 64), 1u);
  EXPECT_EQ(I64Shl(1, 127), kMin64);
  EXPECT_EQ(I64ShrS(kMin64, 63), kMinusOne64);
  EXPECT_EQ(I64ShrU(kMin64, 64), kMin64);
}

TEST(IntTest, Rotations) {
  EXPECT_EQ(I32Rotl(0xabcd'9876, 1), 0x579b'30edu);
  EXPECT_EQ(I32Rotl(0x1234'5678, 0), 0x1234'5678u);
  EXPECT_EQ(I32Rotl(0x1234'5678, 32), 0x1234'5678u);
  EXPECT_EQ(I32Rotl(0x1234'5678, 36), 0x2345'6781u);
  EXPECT_EQ(I32Rotr(1, 1), kMin32);
  EXPECT_EQ(I32Rotr(0x1234'5678, kMinusOne32), 0x2468'acf0u);
  EXPECT_EQ(I64Rotl(0x0123'4567'89ab'cdef, 4), 0x1234'5678'9abc'def0u);
  EXPECT_EQ(I64Rotr(1, 65), kMin64);
}

TEST(IntTest, CountsOfZero) {
  EXPECT_EQ(I32Clz(0), 32u);
  EXPECT_EQ(I32Ctz(0), 32u);
  EXPECT_EQ(I32Popcnt(0), 0u);
  EXPECT_EQ(I64Clz(0), 64u);
  EXPECT_EQ(I64Ctz(0), 64u);
  EXPECT_EQ(I64Popcnt(0), 0u);
  EXPECT_EQ(I32Clz(1), 31u);
  EXPECT_EQ(I32Ctz(kMin32), 31u);
  EXPECT_EQ(I64Popcnt(kMinusOne64), 64u);
}

TEST(IntTest, SignExtension) {
  EXPECT_EQ(I32Extend8S(0x7f), 0x7fu);
  EXPECT_EQ(I32Extend8S(0x1234'5680), 0xffff'ff80u);
  EXPECT_EQ(I32Extend16S(0x1234'8000), 0xffff'8000u);
  EXPECT_EQ(I32Extend16S(0x1234'7fff), 0x7fffu);
  EXPECT_EQ(I64Extend8S(0x80), 0xffff'ffff'ffff'ff80u);
  EXPECT_EQ(I64Extend16S(0x8000), 0xffff'ffff'ffff'8000u);
  EXPECT_EQ(I64Extend32S(0x1234'5678'8000'0000), 0xffff'ffff'8000'0000u);
}

TEST(IntTest, SignedAndUnsignedComparisonsDiffer) {
  EXPECT_EQ(I32LtS(kMinusOne32, 0), 1u);
  EXPECT_EQ(I32LtU(kMinusOne32, 0), 0u);
  EXPECT_EQ(I32GeS(kMin32, 0), 0u);
  EXPECT_EQ(I32GeU(kMin32, 0), 1u);
  EXPECT_EQ(I64GtS(kMin64, 0), 0u);
  EXPECT_EQ(I64GtU(kMin64, 0), 1u);
  EXPECT_EQ(I64LeS(kMin64, kMin64), 1u);
  EXPECT_EQ(I64Eqz(uint64_t{1} << 32), 0u);
}

// Usable in constant expressions.
static_assert(I32Add(0xffff'ffff, 2) == 1);
static_assert(I64Mul(kMin64, 2) == 0);
static_assert(!I32DivS(kMin32, kMinusOne32));

}  // namespace
}  // namespace sandbox::numeric
