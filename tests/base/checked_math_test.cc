// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/checked_math.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(CheckedMathTest, AddAndMulReportOverflow) {
  EXPECT_EQ(CheckedAdd<uint32_t>(0xffff'fffe, 1), 0xffff'ffffu);
  EXPECT_FALSE(CheckedAdd<uint32_t>(0xffff'ffff, 1).has_value());
  EXPECT_EQ(CheckedMul<uint32_t>(0xffff, 0x1'0001), 0xffff'ffffu);
  EXPECT_FALSE(CheckedMul<uint32_t>(0x1'0000, 0x1'0000).has_value());
  EXPECT_EQ(SaturatingAdd<uint8_t>(200, 100), 255);
  EXPECT_EQ(SaturatingMul<uint64_t>(uint64_t{1} << 63, 3), ~uint64_t{0});
}

TEST(CheckedMathTest, CeilDivDoesNotOverflow) {
  EXPECT_EQ(CeilDiv(0u, 8u), 0u);
  EXPECT_EQ(CeilDiv(8u, 8u), 1u);
  EXPECT_EQ(CeilDiv(9u, 8u), 2u);
  EXPECT_EQ(CeilDiv(0xffff'ffffu, 8u), 0x2000'0000u);
}

TEST(CheckedMathTest, RangeFitsComparesLengths) {
  EXPECT_TRUE(RangeFits(0u, 0u, 0u));
  EXPECT_TRUE(RangeFits(4u, 6u, 10u));
  EXPECT_FALSE(RangeFits(4u, 7u, 10u));
  EXPECT_FALSE(RangeFits(11u, 0u, 10u));
  EXPECT_FALSE(RangeFits(8u, ~0u, 10u));
}

}  // namespace
}  // namespace sandbox
