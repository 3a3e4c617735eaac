// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/name_index.h"

#include <map>

#include "gtest/gtest.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

constexpr auto kAny = [](LinkRef) { return true; };

class NameIndexTest : public ::testing::Test {
 protected:
  void Insert(uint64_t hash, uint32_t number) {
    ASSERT_TRUE(index_.Reserve(1));
    index_.Insert(hash, {LinkKind::kInstance, number});
  }

  testing::FailingAllocator allocator_;
  Budget budget_{1 << 20, &allocator_};
  NameIndex index_{budget_};
};

TEST_F(NameIndexTest, EmptyFindsNothingAndErasesNothing) {
  EXPECT_FALSE(index_.Find(0, kAny));
  index_.Erase(0, {LinkKind::kInstance, 1});
  EXPECT_EQ(index_.size(), 0u);
}

TEST_F(NameIndexTest, EqualHashesAreToldApartByTheCaller) {
  for (uint32_t i = 0; i < 10; ++i) Insert(42, i);
  for (uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(index_.Find(42, [&](LinkRef link) { return link.number == i; })->number, i);
  }
  EXPECT_FALSE(index_.Find(42, [](LinkRef link) { return link.number == 10; }));
}

// Hashes that collide in the low bits, erased in many orders, against a map.
TEST_F(NameIndexTest, AgreesWithAMap) {
  std::map<uint64_t, uint32_t> expected;
  uint64_t random = 12345;
  for (uint32_t i = 0; i < 5000; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const uint64_t hash = (random >> 60) | (random >> 40 & 0x3f0);
    if ((random >> 33 & 1) != 0 && expected.contains(hash)) {
      index_.Erase(hash, {LinkKind::kInstance, expected[hash]});
      expected.erase(hash);
    } else if (!expected.contains(hash)) {
      Insert(hash, i);
      expected[hash] = i;
    }
    ASSERT_EQ(index_.size(), expected.size());
    if (i % 64 != 0) continue;
    for (uint64_t h = 0; h < 1024; ++h) {
      const auto found = index_.Find(h, kAny);
      ASSERT_EQ(found.has_value(), expected.contains(h)) << h;
      if (found) {
        ASSERT_EQ(found->number, expected[h]);
      }
    }
  }
}

TEST_F(NameIndexTest, ErasingWhatIsNotThereChangesNothing) {
  Insert(7, 1);
  index_.Erase(7, {LinkKind::kInstance, 2});
  index_.Erase(7, {LinkKind::kHostObject, 1});
  index_.Erase(8, {LinkKind::kInstance, 1});
  EXPECT_EQ(index_.size(), 1u);
  EXPECT_TRUE(index_.Find(7, kAny));
}

TEST_F(NameIndexTest, RefusedGrowthKeepsTheEntries) {
  for (uint32_t i = 0; i < 12; ++i) Insert(i * 16, i);
  allocator_.FailAt(0);
  EXPECT_FALSE(index_.Reserve(1));
  for (uint32_t i = 0; i < 12; ++i) EXPECT_EQ(index_.Find(i * 16, kAny)->number, i);
  EXPECT_TRUE(index_.Reserve(100));
  for (uint32_t i = 0; i < 12; ++i) EXPECT_EQ(index_.Find(i * 16, kAny)->number, i);
}

}  // namespace
}  // namespace sandbox
