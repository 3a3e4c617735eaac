// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/budget.h"

#include "gtest/gtest.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

TEST(BudgetTest, GrantsUpToTheLimitAndNotOneByteMore) {
  Budget budget(100);
  ASSERT_TRUE(budget.Charge(60).has_value());
  ASSERT_TRUE(budget.Charge(40).has_value());
  EXPECT_EQ(budget.Charge(1).error().code, ErrorCode::kBudgetExceeded);
  EXPECT_EQ(budget.used_bytes(), 100u);
  budget.Release(100);
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_EQ(budget.peak_bytes(), 100u);
}

TEST(BudgetTest, HugeChargesDoNotWrap) {
  Budget budget(100);
  ASSERT_TRUE(budget.Charge(50).has_value());
  EXPECT_FALSE(budget.Charge(~uint64_t{0}).has_value());
  EXPECT_FALSE(budget.Charge(~uint64_t{0} - 49).has_value());
  EXPECT_EQ(budget.used_bytes(), 50u);
  budget.Release(50);
}

TEST(BudgetTest, AllocatesAlignedAndCounted) {
  Budget budget(1000);
  auto block = budget.Allocate(100, 64);
  ASSERT_TRUE(block.has_value());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(*block) % 64, 0u);
  EXPECT_EQ(budget.used_bytes(), 100u);
  budget.Free(*block, 100, 64);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(BudgetTest, RefusalOfTheAllocatorChangesNothing) {
  testing::FailingAllocator allocator;
  allocator.FailAt(0);
  Budget budget(1000, &allocator);
  EXPECT_EQ(budget.Allocate(10, 8).error().code, ErrorCode::kOutOfMemory);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(BudgetTest, NewConstructsAndDeleteDestroys) {
  struct Object {
    explicit Object(int& count) : alive(count) { ++alive; }
    ~Object() { --alive; }
    int& alive;
  };
  int alive = 0;
  Budget budget(1000);
  auto object = budget.New<Object>(alive);
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(alive, 1);
  budget.Delete(*object);
  budget.Delete<Object>(nullptr);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace sandbox
