// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/table.h"

#include "gtest/gtest.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

using ::sandbox::testing::FailingAllocator;

TableType Elements(uint64_t min, std::optional<uint64_t> max = std::nullopt, bool is_64 = false) {
  return {ValType::FuncRef(), {min, max, is_64}};
}

class TableTest : public ::testing::Test {
 protected:
  FailingAllocator allocator_;
  Budget budget_{1ull << 40, &allocator_};
  ImplementationLimits limits_;
  uint64_t moved_ = 0;
};

TEST_F(TableTest, MinimumAtTheLimitAndOnePast) {
  limits_.table_elements = 10;
  Table fits(budget_, Elements(10));
  ASSERT_TRUE(fits.Allocate(7, limits_));
  EXPECT_EQ(fits.size(), 10u);
  EXPECT_EQ(fits.elements()[9], 7u);
  Table past(budget_, Elements(11));
  const auto refused = past.Allocate(kNullRef, limits_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(refused.error().detail, static_cast<uint32_t>(LimitId::table_elements));
  Table wide(budget_, Elements(~uint64_t{0}, std::nullopt, true));
  EXPECT_FALSE(wide.Allocate(kNullRef, limits_));
}

TEST_F(TableTest, GrowFillsAndReportsThePreviousSize) {
  Table table(budget_, Elements(1, 100));
  ASSERT_TRUE(table.Allocate(1, limits_));
  for (Ref i = 1; i < 100; ++i) EXPECT_EQ(*table.Grow(1, i + 1, limits_, moved_), i);
  for (Ref i = 0; i < 100; ++i) EXPECT_EQ(table.elements()[i], i + 1);
  EXPECT_EQ(*table.Grow(0, 5, limits_, moved_), 100u);
  EXPECT_EQ(table.CurrentType().limits.min, 100u);
  EXPECT_EQ(table.CurrentType().limits.max, 100u);
  EXPECT_LT(moved_, 4 * 100 * sizeof(Ref)) << "growth is geometric";
}

TEST_F(TableTest, MaximaAtAndOnePast) {
  Table table(budget_, Elements(1, 3));
  ASSERT_TRUE(table.Allocate(0, limits_));
  EXPECT_FALSE(table.GrowthIsInLimits(3, limits_));
  EXPECT_FALSE(table.Grow(3, 0, limits_, moved_));
  EXPECT_FALSE(table.Grow(~uint64_t{0}, 0, limits_, moved_));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_TRUE(table.Grow(2, 0, limits_, moved_));
  EXPECT_FALSE(table.Grow(1, 0, limits_, moved_));

  limits_.table_elements = 5;
  Table limited(budget_, Elements(1));
  ASSERT_TRUE(limited.Allocate(0, limits_));
  EXPECT_TRUE(limited.GrowthIsInLimits(4, limits_));
  EXPECT_FALSE(limited.GrowthIsInLimits(5, limits_));
  EXPECT_TRUE(limited.Grow(4, 0, limits_, moved_));
  EXPECT_FALSE(limited.Grow(1, 0, limits_, moved_));
}

TEST_F(TableTest, MovedBytesAtAndOnePast) {
  Table table(budget_, Elements(8, 20));
  ASSERT_TRUE(table.Allocate(0, limits_));
  limits_.moved_bytes = 8 * sizeof(Ref) - 1;
  EXPECT_FALSE(table.Grow(1, 0, limits_, moved_));
  EXPECT_EQ(table.size(), 8u);
  limits_.moved_bytes = 8 * sizeof(Ref);
  EXPECT_TRUE(table.Grow(1, 0, limits_, moved_));
  EXPECT_EQ(moved_, 8 * sizeof(Ref));
}

TEST_F(TableTest, RefusedAllocationChangesNothing) {
  Table table(budget_, Elements(8));
  ASSERT_TRUE(table.Allocate(3, limits_));
  allocator_.FailAt(0);  // the generous attempt; the exact one succeeds
  EXPECT_TRUE(table.Grow(1, 4, limits_, moved_));
  EXPECT_TRUE(allocator_.has_failed());
  allocator_.FailAt(0, true);
  const uint64_t moved = moved_;
  const auto refused = table.Grow(100, 4, limits_, moved_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfMemory);
  EXPECT_EQ(table.size(), 9u);
  EXPECT_EQ(table.elements()[8], 4u);
  EXPECT_EQ(moved_, moved);
}

}  // namespace
}  // namespace sandbox
