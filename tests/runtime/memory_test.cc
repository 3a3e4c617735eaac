// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/memory.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

using ::sandbox::testing::FailingAllocator;

constexpr uint64_t kNoBudget = 1ull << 40;

MemoryType Pages(uint64_t min, std::optional<uint64_t> max = std::nullopt, bool is_64 = false) {
  return {{min, max, is_64}};
}

bool IsAll(MemView view, uint64_t begin, uint64_t end, uint8_t value) {
  const auto range = view.Range(begin, end - begin);
  return std::all_of(range.begin(), range.end(), [&](uint8_t byte) { return byte == value; });
}

class MemoryTest : public ::testing::Test {
 protected:
  FailingAllocator allocator_;
  Budget budget_{kNoBudget, &allocator_};
  ImplementationLimits limits_;
  uint64_t moved_ = 0;
};

TEST_F(MemoryTest, OwnedIsZeroedAndAligned) {
  Memory memory(budget_, Pages(2));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  EXPECT_EQ(memory.pages(), 2u);
  EXPECT_EQ(memory.view().size, 2 * kPageBytes);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.view().base) % 16, 0u);
  EXPECT_TRUE(IsAll(memory.view(), 0, 2 * kPageBytes, 0));
  EXPECT_EQ(budget_.used_bytes(), 2 * kPageBytes);
}

TEST_F(MemoryTest, EmptyMemoryAllocatesNothing) {
  Memory memory(budget_, Pages(0));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  EXPECT_EQ(memory.view().size, 0u);
  EXPECT_EQ(allocator_.allocations(), 0u);
  EXPECT_EQ(*memory.Grow(0, limits_, moved_), 0u);
  EXPECT_EQ(*memory.Grow(1, limits_, moved_), 0u);
  EXPECT_TRUE(IsAll(memory.view(), 0, kPageBytes, 0));
  EXPECT_EQ(moved_, 0u);
}

TEST_F(MemoryTest, DeclaredMinimumAtTheLimitAndOnePast) {
  limits_.memory_bytes = 3 * kPageBytes;
  Memory fits(budget_, Pages(3));
  EXPECT_TRUE(fits.AllocateOwned(limits_));
  Memory past(budget_, Pages(4));
  const auto refused = past.AllocateOwned(limits_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(refused.error().detail, static_cast<uint32_t>(LimitId::memory_bytes));
  EXPECT_EQ(past.view().size, 0u);
  limits_.memory_bytes = 3 * kPageBytes - 1;
  Memory byte_short(budget_, Pages(3));
  EXPECT_FALSE(byte_short.AllocateOwned(limits_));
}

TEST_F(MemoryTest, HugeMinimumIsRefusedWithoutOverflow) {
  limits_.memory_bytes = ~uint64_t{0};
  Memory memory(budget_, Pages(uint64_t{1} << 48, std::nullopt, true));
  const auto refused = memory.AllocateOwned(limits_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(ClassOf(refused.error().code), ErrorClass::kMemory);
  Memory wraps(budget_, Pages((uint64_t{1} << 48) + 1, std::nullopt, true));
  EXPECT_FALSE(wraps.AllocateOwned(limits_));
}

TEST_F(MemoryTest, BudgetRefusalIsOfClassMemory) {
  Budget small(kPageBytes, &allocator_);
  Memory memory(small, Pages(2));
  const auto refused = memory.AllocateOwned(limits_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBudgetExceeded);
}

TEST_F(MemoryTest, GrowKeepsBytesAndZeroesTheRest) {
  Memory memory(budget_, Pages(1));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  for (uint64_t pages = 1; pages < 40; ++pages) {
    FillBytes(memory.view().Range(0, pages * kPageBytes), 0x77);
    ASSERT_EQ(*memory.Grow(1, limits_, moved_), pages);
    EXPECT_TRUE(IsAll(memory.view(), 0, pages * kPageBytes, 0x77));
    EXPECT_TRUE(IsAll(memory.view(), pages * kPageBytes, (pages + 1) * kPageBytes, 0));
  }
  EXPECT_EQ(memory.pages(), 40u);
  EXPECT_EQ(memory.CurrentType().limits.min, 40u);
  // Geometric growth: fewer than four times the final size was moved.
  EXPECT_LT(moved_, 4 * 40 * kPageBytes);
  EXPECT_LT(allocator_.allocations(), 15u);
}

TEST_F(MemoryTest, TypeMaximumAtAndOnePast) {
  Memory memory(budget_, Pages(1, 3));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  EXPECT_TRUE(memory.GrowthIsInLimits(2, limits_));
  EXPECT_FALSE(memory.GrowthIsInLimits(3, limits_));
  EXPECT_FALSE(memory.Grow(3, limits_, moved_));
  EXPECT_FALSE(memory.Grow(~uint64_t{0}, limits_, moved_));
  EXPECT_EQ(memory.pages(), 1u);
  EXPECT_EQ(*memory.Grow(2, limits_, moved_), 1u);
  EXPECT_EQ(*memory.Grow(0, limits_, moved_), 3u);
  EXPECT_FALSE(memory.Grow(1, limits_, moved_));
}

TEST_F(MemoryTest, AddressableMaximumWithoutADeclaredOne) {
  limits_.memory_bytes = ~uint64_t{0};
  Memory memory(budget_, Pages(1));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  EXPECT_TRUE(memory.GrowthIsInLimits(65535, limits_));
  EXPECT_FALSE(memory.GrowthIsInLimits(65536, limits_));
  Memory wide(budget_, Pages(1, std::nullopt, true));
  ASSERT_TRUE(wide.AllocateOwned(limits_));
  EXPECT_TRUE(wide.GrowthIsInLimits((uint64_t{1} << 48) - 1, limits_));
  EXPECT_FALSE(wide.GrowthIsInLimits(uint64_t{1} << 48, limits_));
  // In the limits, but not to be had.
  const auto refused = wide.Grow((uint64_t{1} << 48) - 1, limits_, moved_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(ClassOf(refused.error().code), ErrorClass::kMemory);
  EXPECT_EQ(wide.pages(), 1u);
}

TEST_F(MemoryTest, MemoryBytesAtAndOnePast) {
  limits_.memory_bytes = 4 * kPageBytes;
  Memory memory(budget_, Pages(1));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  EXPECT_FALSE(memory.Grow(4, limits_, moved_));
  EXPECT_TRUE(memory.Grow(3, limits_, moved_));
  EXPECT_FALSE(memory.Grow(1, limits_, moved_));
  EXPECT_LE(budget_.used_bytes(), limits_.memory_bytes);
}

TEST_F(MemoryTest, MovedBytesAtAndOnePast) {
  limits_.moved_bytes = 3 * kPageBytes;
  moved_ = kPageBytes;
  Memory memory(budget_, Pages(2, 4));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  EXPECT_TRUE(memory.Grow(2, limits_, moved_));  // moves two pages: exactly the limit
  EXPECT_EQ(moved_, 3 * kPageBytes);

  moved_ = kPageBytes + 1;
  Memory past(budget_, Pages(2, 4));
  ASSERT_TRUE(past.AllocateOwned(limits_));
  const auto refused = past.Grow(1, limits_, moved_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, static_cast<uint32_t>(LimitId::moved_bytes));
  EXPECT_EQ(past.pages(), 2u);
  EXPECT_EQ(moved_, kPageBytes + 1);
}

TEST_F(MemoryTest, FallsBackToExactSizeWhenTheBudgetIsShort) {
  // 4 pages of old block and 5 of new one fit, but not 4 and 6.
  Budget small(9 * kPageBytes, &allocator_);
  Memory memory(small, Pages(4));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  ASSERT_TRUE(memory.Grow(1, limits_, moved_));
  EXPECT_EQ(small.used_bytes(), 5 * kPageBytes);
  const auto refused = memory.Grow(1, limits_, moved_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBudgetExceeded);
  EXPECT_EQ(memory.view().size, 5 * kPageBytes);
}

TEST_F(MemoryTest, RefusedAllocationChangesNothing) {
  Memory memory(budget_, Pages(1));
  ASSERT_TRUE(memory.AllocateOwned(limits_));
  FillBytes(memory.view().Range(0, kPageBytes), 1);
  allocator_.FailAt(0, true);
  const auto refused = memory.Grow(1, limits_, moved_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfMemory);
  EXPECT_EQ(memory.pages(), 1u);
  EXPECT_EQ(moved_, 0u);
  EXPECT_TRUE(IsAll(memory.view(), 0, kPageBytes, 1));
  allocator_.FailNever();
  EXPECT_TRUE(memory.Grow(1, limits_, moved_));
}

TEST_F(MemoryTest, SpanShorterThanThePages) {
  std::vector<uint8_t> bytes(5, 0xee);
  Memory memory(budget_, Pages(1));
  ASSERT_TRUE(memory.UseSpan(bytes, limits_));
  EXPECT_EQ(memory.pages(), 1u);
  EXPECT_EQ(memory.view().size, 5u);
  EXPECT_EQ(bytes, std::vector<uint8_t>(5, 0));
  EXPECT_EQ(budget_.used_bytes(), 0u);
  // More pages, no more bytes.
  EXPECT_EQ(*memory.Grow(2, limits_, moved_), 1u);
  EXPECT_EQ(memory.pages(), 3u);
  EXPECT_EQ(memory.view().size, 5u);
  EXPECT_EQ(memory.CurrentType().limits.min, 3u);
}

TEST_F(MemoryTest, SpanOfAnyAlignmentAndOfNothing) {
  std::vector<uint8_t> bytes(100, 0xee);
  Memory odd(budget_, Pages(1));
  ASSERT_TRUE(odd.UseSpan(std::span(bytes).subspan(3, 50), limits_));
  EXPECT_EQ(odd.view().size, 50u);
  EXPECT_EQ(bytes[2], 0xee);
  EXPECT_EQ(bytes[3], 0);
  EXPECT_EQ(bytes[52], 0);
  EXPECT_EQ(bytes[53], 0xee);
  Memory empty(budget_, Pages(1));
  ASSERT_TRUE(empty.UseSpan({}, limits_));
  EXPECT_EQ(empty.view().size, 0u);
  EXPECT_EQ(empty.pages(), 1u);
}

TEST_F(MemoryTest, SpanIsZeroedUpToTheDeclaredMaximum) {
  std::vector<uint8_t> bytes(4 * kPageBytes, 0xee);
  Memory memory(budget_, Pages(1, 3));
  ASSERT_TRUE(memory.UseSpan(bytes, limits_));
  EXPECT_EQ(memory.view().size, kPageBytes);
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0), static_cast<ptrdiff_t>(3 * kPageBytes));
  EXPECT_EQ(bytes[3 * kPageBytes], 0xee);
  EXPECT_EQ(*memory.Grow(2, limits_, moved_), 1u);
  EXPECT_EQ(memory.view().size, 3 * kPageBytes);
  EXPECT_FALSE(memory.Grow(1, limits_, moved_));
  EXPECT_EQ(memory.view().base, bytes.data());
}

TEST_F(MemoryTest, SpanLimitCountsAccessibleBytes) {
  limits_.memory_bytes = kPageBytes + 100;
  std::vector<uint8_t> fits(kPageBytes + 100);
  Memory huge(budget_, Pages(65536));
  EXPECT_TRUE(huge.UseSpan(fits, limits_)) << "4 GiB declared, 64 KiB and a bit there";
  std::vector<uint8_t> past(kPageBytes + 101);
  Memory refused(budget_, Pages(2));
  EXPECT_FALSE(refused.UseSpan(past, limits_));
  // By growth.
  Memory grows(budget_, Pages(1));
  ASSERT_TRUE(grows.UseSpan(past, limits_));
  EXPECT_FALSE(grows.GrowthIsInLimits(1, limits_));
  EXPECT_FALSE(grows.Grow(1, limits_, moved_));
  EXPECT_EQ(grows.view().size, kPageBytes);
  Memory grows_to_limit(budget_, Pages(1));
  ASSERT_TRUE(grows_to_limit.UseSpan(fits, limits_));
  EXPECT_TRUE(grows_to_limit.Grow(1, limits_, moved_));
  EXPECT_EQ(grows_to_limit.view().size, kPageBytes + 100);
}

}  // namespace
}  // namespace sandbox
