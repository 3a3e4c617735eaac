// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/packed.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <span>
#include <vector>

namespace sandbox {
namespace {

struct Pair {
  uint32_t first;
  uint16_t second;
  bool operator==(const Pair&) const = default;
};
using Three = Packed<Pair, uint16_t, uint8_t>;

template <typename T>
std::vector<T> Copy(std::span<const T> span) {
  return {span.begin(), span.end()};
}

TEST(Packed, HoldsCopiesOfAllArraysWhateverTheirSizes) {
  for (const size_t pairs : {0, 1, 3}) {
    for (const size_t halfwords : {0, 1, 2, 5}) {
      for (const size_t bytes : {0, 1, 7}) {
        Budget budget(1 << 20);
        std::vector<Pair> first(pairs);
        for (size_t i = 0; i < pairs; ++i) first[i] = {static_cast<uint32_t>(i + 1), static_cast<uint16_t>(i + 100)};
        std::vector<uint16_t> second(halfwords);
        std::iota(second.begin(), second.end(), 1000);
        std::vector<uint8_t> third(bytes);
        std::iota(third.begin(), third.end(), 7);
        const auto made = Three::Make(budget, first, second, third);
        ASSERT_TRUE(made);
        EXPECT_EQ(Copy((*made)->Get<0>()), first);
        EXPECT_EQ(Copy((*made)->Get<1>()), second);
        EXPECT_EQ(Copy((*made)->Get<2>()), third);
        EXPECT_EQ(budget.used_bytes(), 3 * sizeof(uint32_t) + pairs * sizeof(Pair) + 2 * halfwords + bytes);
        Three::Delete(budget, *made);
        EXPECT_EQ(budget.used_bytes(), 0u);
      }
    }
  }
}

TEST(Packed, IsRefusedBeyondTheBudgetAndLeavesNothing) {
  const std::vector<uint16_t> halfwords(10);
  const std::vector<uint8_t> bytes(3);
  constexpr uint64_t kNeeded = 3 * sizeof(uint32_t) + 2 * 10 + 3;
  Budget enough(kNeeded);
  const auto made = Three::Make(enough, {}, halfwords, bytes);
  ASSERT_TRUE(made);
  Three::Delete(enough, *made);
  Budget short_by_one(kNeeded - 1);
  const auto refused = Three::Make(short_by_one, {}, halfwords, bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBudgetExceeded);
  EXPECT_EQ(short_by_one.used_bytes(), 0u);
}

TEST(Packed, DeletesNothing) {
  Budget budget(1);
  Three::Delete(budget, nullptr);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace sandbox
