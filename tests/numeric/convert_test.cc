// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The corners of the conversions, spelled out. bind_test.cc walks all of them against an oracle.

#include "sandbox/numeric/convert.h"

#include <bit>
#include <cstdint>
#include <expected>
#include <limits>

#include "gtest/gtest.h"
#include "sandbox/base/build_config.h"
#include "sandbox/base/trap.h"

namespace sandbox::numeric {
namespace {

TEST(ConvertTest, Integers) {
  EXPECT_EQ(I32WrapI64(0x1234'5678'9abc'def0), 0x9abc'def0u);
  EXPECT_EQ(I64ExtendI32S(0x8000'0000), 0xffff'ffff'8000'0000u);
  EXPECT_EQ(I64ExtendI32U(0x8000'0000), 0x8000'0000u);
}

#if SANDBOX_FLOATS

constexpr auto kOverflow = std::unexpected(TrapCode::kIntegerOverflow);
constexpr auto kInvalid = std::unexpected(TrapCode::kInvalidConversion);
constexpr float kNan32 = std::numeric_limits<float>::quiet_NaN();
constexpr double kNan64 = std::numeric_limits<double>::quiet_NaN();
constexpr float kInfinity32 = std::numeric_limits<float>::infinity();
constexpr double kInfinity64 = std::numeric_limits<double>::infinity();

// Hides an operand from the compiler.
template <typename T>
T Value(T value) {
  volatile T hidden = value;
  return hidden;
}

TEST(ConvertTest, TruncToI32AtItsBounds) {
  EXPECT_EQ(I32TruncF32S(Value(2147483520.0f)), 2147483520u);
  EXPECT_EQ(I32TruncF32S(Value(2147483648.0f)), kOverflow);
  EXPECT_EQ(I32TruncF32S(Value(-2147483648.0f)), 0x8000'0000u);
  EXPECT_EQ(I32TruncF32S(Value(-2147483904.0f)), kOverflow);
  EXPECT_EQ(I32TruncF32U(Value(4294967040.0f)), 4294967040u);
  EXPECT_EQ(I32TruncF32U(Value(4294967296.0f)), kOverflow);
  EXPECT_EQ(I32TruncF32U(Value(-0.99999994f)), 0u);
  EXPECT_EQ(I32TruncF32U(Value(-1.0f)), kOverflow);
  EXPECT_EQ(I32TruncF64S(Value(2147483647.9999998)), 0x7fff'ffffu);
  EXPECT_EQ(I32TruncF64S(Value(2147483648.0)), kOverflow);
  EXPECT_EQ(I32TruncF64S(Value(-2147483648.9999995)), 0x8000'0000u);
  EXPECT_EQ(I32TruncF64S(Value(-2147483649.0)), kOverflow);
  EXPECT_EQ(I32TruncF64U(Value(4294967295.9999995)), 0xffff'ffffu);
  EXPECT_EQ(I32TruncF64U(Value(4294967296.0)), kOverflow);
  EXPECT_EQ(I32TruncF64U(Value(-0.9999999999999999)), 0u);
  EXPECT_EQ(I32TruncF64U(Value(-1.0)), kOverflow);
}

TEST(ConvertTest, TruncToI64AtItsBounds) {
  EXPECT_EQ(I64TruncF32S(Value(0x1.fffffep62f)), 0x7fff'ff80'0000'0000u);
  EXPECT_EQ(I64TruncF32S(Value(0x1p63f)), kOverflow);
  EXPECT_EQ(I64TruncF32S(Value(-0x1p63f)), 0x8000'0000'0000'0000u);
  EXPECT_EQ(I64TruncF32S(Value(-0x1.000002p63f)), kOverflow);
  EXPECT_EQ(I64TruncF32U(Value(0x1.fffffep63f)), 0xffff'ff00'0000'0000u);
  EXPECT_EQ(I64TruncF32U(Value(0x1p64f)), kOverflow);
  EXPECT_EQ(I64TruncF64S(Value(0x1.fffffffffffffp62)), 0x7fff'ffff'ffff'fc00u);
  EXPECT_EQ(I64TruncF64S(Value(0x1p63)), kOverflow);
  EXPECT_EQ(I64TruncF64S(Value(-0x1p63)), 0x8000'0000'0000'0000u);
  EXPECT_EQ(I64TruncF64S(Value(-0x1.0000000000001p63)), kOverflow);
  EXPECT_EQ(I64TruncF64U(Value(0x1.fffffffffffffp63)), 0xffff'ffff'ffff'f800u);
  EXPECT_EQ(I64TruncF64U(Value(0x1p64)), kOverflow);
  EXPECT_EQ(I64TruncF64U(Value(-1.0)), kOverflow);
}

TEST(ConvertTest, TruncOfWhatIsNoNumber) {
  EXPECT_EQ(I32TruncF32S(Value(kNan32)), kInvalid);
  EXPECT_EQ(I32TruncF64U(Value(kNan64)), kInvalid);
  EXPECT_EQ(I64TruncF32U(Value(-kNan32)), kInvalid);
  EXPECT_EQ(I32TruncF32S(Value(kInfinity32)), kOverflow);
  EXPECT_EQ(I64TruncF64S(Value(-kInfinity64)), kOverflow);
}

TEST(ConvertTest, SaturatingTrunc) {
  EXPECT_EQ(I32TruncSatF32S(Value(kNan32)), 0u);
  EXPECT_EQ(I32TruncSatF32S(Value(kInfinity32)), 0x7fff'ffffu);
  EXPECT_EQ(I32TruncSatF32S(Value(-kInfinity32)), 0x8000'0000u);
  EXPECT_EQ(I32TruncSatF32U(Value(-5.0f)), 0u);
  EXPECT_EQ(I32TruncSatF32U(Value(4294967296.0f)), 0xffff'ffffu);
  EXPECT_EQ(I32TruncSatF64S(Value(-2147483648.9)), 0x8000'0000u);
  EXPECT_EQ(I32TruncSatF64S(Value(-2147483649.0)), 0x8000'0000u);
  EXPECT_EQ(I32TruncSatF64S(Value(-1.9)), 0xffff'ffffu);
  EXPECT_EQ(I64TruncSatF64S(Value(0x1p63)), 0x7fff'ffff'ffff'ffffu);
  EXPECT_EQ(I64TruncSatF64U(Value(0x1p64)), 0xffff'ffff'ffff'ffffu);
  EXPECT_EQ(I64TruncSatF64U(Value(0x1.fffffffffffffp63)), 0xffff'ffff'ffff'f800u);
  EXPECT_EQ(I64TruncSatF32U(Value(-kNan32)), 0u);
}

TEST(ConvertTest, IntegersAreRoundedOnceToFloats) {
  EXPECT_EQ(F32ConvertI32U(Value(0xffff'ffffu)), 4294967296.0f);
  EXPECT_EQ(F32ConvertI32S(Value(0xffff'ffffu)), -1.0f);
  EXPECT_EQ(F32ConvertI32S(Value(16777217u)), 16777216.0f);
  EXPECT_EQ(F32ConvertI32S(Value(16777219u)), 16777220.0f);
  // By way of a double this one would be rounded down twice.
  EXPECT_EQ(F32ConvertI64U(Value(uint64_t{0x8000'0080'0000'0001})), 0x1.000002p63f);
  EXPECT_EQ(F32ConvertI64S(Value(uint64_t{0x0020'0000'2000'0001})), 0x1.000002p53f);
  EXPECT_EQ(F64ConvertI64U(Value(uint64_t{0x8000'0000'0000'0400})), 0x1p63);
  EXPECT_EQ(F64ConvertI64U(Value(uint64_t{0x8000'0000'0000'0401})), 0x1.0000000000001p63);
  EXPECT_EQ(F64ConvertI64U(Value(~uint64_t{0})), 0x1p64);
  EXPECT_EQ(F64ConvertI64S(Value(~uint64_t{0})), -1.0);
}

TEST(ConvertTest, NansThroughDemoteAndPromote) {
  const auto promote = [](uint32_t bits) {
    return std::bit_cast<uint64_t>(F64PromoteF32(std::bit_cast<float>(Value(bits))));
  };
  const auto demote = [](uint64_t bits) {
    return std::bit_cast<uint32_t>(F32DemoteF64(std::bit_cast<double>(Value(bits))));
  };
  EXPECT_EQ(promote(0x7fc0'0000), 0x7ff8'0000'0000'0000u);
  EXPECT_EQ(promote(0xffc0'0000), 0xfff8'0000'0000'0000u);
  EXPECT_EQ(demote(0x7ff8'0000'0000'0000), 0x7fc0'0000u);
  EXPECT_EQ(demote(0xfff8'0000'0000'0000), 0xffc0'0000u);
  // Signalling ones become quiet, also when no bit of the payload survives.
  EXPECT_EQ(promote(0x7fa0'0000) & 0x7ff8'0000'0000'0000, 0x7ff8'0000'0000'0000u);
  EXPECT_EQ(demote(0x7ff0'0000'0000'0001) & 0x7fc0'0000, 0x7fc0'0000u);
}

TEST(ConvertTest, DemoteRounds) {
  EXPECT_EQ(F32DemoteF64(Value(0x1.fffffefffffffp127)), 0x1.fffffep127f);
  EXPECT_EQ(F32DemoteF64(Value(0x1.ffffffp127)), kInfinity32);
  EXPECT_EQ(F32DemoteF64(Value(0x1p-149)), 0x1p-149f);
  EXPECT_EQ(F32DemoteF64(Value(0x1p-150)), 0.0f);
  EXPECT_EQ(F32DemoteF64(Value(0x1.0000000000001p-150)), 0x1p-149f);
}

TEST(ConvertTest, ReinterpretKeepsEveryBit) {
  EXPECT_EQ(I32ReinterpretF32(F32ReinterpretI32(Value(0x7fa0'1234u))), 0x7fa0'1234u);
  EXPECT_EQ(I64ReinterpretF64(F64ReinterpretI64(Value(uint64_t{0xfff4'0000'0000'1234}))), 0xfff4'0000'0000'1234u);
  EXPECT_EQ(I32ReinterpretF32(Value(-0.0f)), 0x8000'0000u);
}

#endif  // SANDBOX_FLOATS

}  // namespace
}  // namespace sandbox::numeric
