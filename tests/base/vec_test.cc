// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/vec.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

std::vector<int> Contents(const Vec<int>& vec) { return {vec.begin(), vec.end()}; }

TEST(VecTest, PushAppendPopTruncate) {
  Budget budget(1 << 20);
  Vec<int> vec(budget);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(vec.Push(i).has_value());
  const int more[] = {5, 6};
  ASSERT_TRUE(vec.Append(more).has_value());
  EXPECT_EQ(Contents(vec), (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(vec.PopBack(), 6);
  vec.DropBack();
  vec.Truncate(2);
  EXPECT_EQ(Contents(vec), (std::vector<int>{0, 1}));
  EXPECT_EQ(vec.back(), 1);
}

TEST(VecTest, ResizeFillsAndShrinks) {
  Budget budget(1 << 20);
  Vec<int> vec(budget);
  ASSERT_TRUE(vec.Resize(3, 9).has_value());
  EXPECT_EQ(Contents(vec), (std::vector<int>{9, 9, 9}));
  ASSERT_TRUE(vec.Resize(1, 0).has_value());
  EXPECT_EQ(Contents(vec), (std::vector<int>{9}));
}

TEST(VecTest, GrowthIsGeometric) {
  Budget budget(1 << 24);
  Vec<int> vec(budget);
  size_t growths = 0;
  for (int i = 0; i < 100'000; ++i) {
    const size_t capacity = vec.capacity();
    ASSERT_TRUE(vec.Push(i).has_value());
    growths += vec.capacity() != capacity;
  }
  EXPECT_LT(growths, 40u);
}

TEST(VecTest, ReservedRoomTakesNoMemory) {
  Budget budget(1 << 20);
  Vec<int> vec(budget);
  EXPECT_FALSE(vec.PushIfRoom(1));
  ASSERT_TRUE(vec.ReserveMore(2).has_value());
  const uint64_t used = budget.used_bytes();
  EXPECT_TRUE(vec.PushIfRoom(1));
  vec.PushReserved(2);
  EXPECT_EQ(budget.used_bytes(), used);
  EXPECT_EQ(Contents(vec), (std::vector<int>{1, 2}));
}

TEST(VecTest, RefusedGrowthKeepsContents) {
  Budget budget(8 * sizeof(int));
  Vec<int> vec(budget);
  ASSERT_TRUE(vec.Reserve(4).has_value());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(vec.Push(i).has_value());
  EXPECT_EQ(vec.Push(4).error().code, ErrorCode::kBudgetExceeded);
  EXPECT_EQ(vec.Resize(5).error().code, ErrorCode::kBudgetExceeded);
  EXPECT_EQ(Contents(vec), (std::vector<int>{0, 1, 2, 3}));
}

TEST(VecTest, AbsurdSizesAreRefusedNotWrapped) {
  Budget budget(~uint64_t{0});
  Vec<uint64_t> vec(budget);
  EXPECT_FALSE(vec.Reserve(SIZE_MAX / 4).has_value());
  EXPECT_FALSE(vec.ReserveMore(SIZE_MAX).has_value());
  EXPECT_TRUE(vec.empty());
}

TEST(VecTest, MovesOwnershipAndGivesMemoryBack) {
  testing::FailingAllocator allocator;
  Budget budget(1 << 20, &allocator);
  {
    Vec<int> vec(budget);
    ASSERT_TRUE(vec.Push(1).has_value());
    Vec<int> moved(std::move(vec));
    EXPECT_EQ(Contents(moved), (std::vector<int>{1}));
    Vec<int> assigned(budget);
    ASSERT_TRUE(assigned.Push(2).has_value());
    assigned = std::move(moved);
    EXPECT_EQ(Contents(assigned), (std::vector<int>{1}));
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(VecTest, ElementsAreDestroyedOnce) {
  Budget budget(1 << 20);
  auto watched = std::make_shared<int>(0);
  {
    Vec<std::shared_ptr<int>> vec(budget);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(vec.Push(watched).has_value());
    EXPECT_EQ(watched.use_count(), 21);
    vec.Truncate(3);
    EXPECT_EQ(watched.use_count(), 4);
    vec.ShrinkToFit();
    EXPECT_EQ(vec.capacity(), 3u);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(VecDeathTest, IndexingIsCheckedInEveryBuild) {
  Budget budget(1 << 20);
  Vec<int> vec(budget);
  ASSERT_TRUE(vec.Push(1).has_value());
  ASSERT_TRUE(vec.Reserve(10).has_value());
  EXPECT_DEATH((void)vec[1], "");
  EXPECT_DEATH(vec.Truncate(2), "");
  vec.Clear();
  EXPECT_DEATH((void)vec.back(), "");
  EXPECT_DEATH(vec.DropBack(), "");
  vec.Reset();
  EXPECT_DEATH(vec.PushReserved(1), "");
}

}  // namespace
}  // namespace sandbox
