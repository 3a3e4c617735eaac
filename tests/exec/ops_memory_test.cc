// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/ops_memory.h"

#include "gtest/gtest.h"
#include "sandbox/exec/fuel.h"
#include "tests/exec/hand_made_module.h"

namespace sandbox {
namespace {

constexpr uint64_t kEnd = kPageBytes;
constexpr uint64_t kMax = ~uint64_t{0};

class OpsMemoryTest : public ::testing::Test {
 protected:
  OpsMemoryTest() : store_(ImplementationLimits(), budget_), instance_(budget_) {
    module_.PassiveData("abcdef");
    module_.Finish();
    instance_.module = &module_.data;
    EXPECT_TRUE(instance_.dropped_data.Resize(1, 0));
    AddMemory({{1, 10, false}});
    AddMemory({{1, 10, true}});
    // The same object under another index, as when it is imported twice.
    EXPECT_TRUE(instance_.memories.Push(instance_.memories[0]));
  }
  ~OpsMemoryTest() override {
    store_.Drop(instance_.memories[0]);
    store_.Drop(instance_.memories[1]);
  }

  void AddMemory(MemoryType type) { EXPECT_TRUE(instance_.memories.Push(*store_.NewMemory(type, std::nullopt))); }
  uint8_t At(MemIdx memory, uint64_t address) { return instance_.memories[memory]->object.view().Load<uint8_t>(address); }
  std::string_view TextAt(MemIdx memory, uint64_t address, uint64_t length) {
    return AsText(instance_.memories[memory]->object.view().Range(address, length));
  }
  void Write(MemIdx memory, uint64_t address, std::string_view text) {
    CopyInto(instance_.memories[memory]->object.view().Range(address, text.size()), AsBytes(text));
  }

  Budget budget_{1 << 30};
  StoreData store_;
  testing::HandMadeModule module_;
  Instance instance_;
};

TEST_F(OpsMemoryTest, GrowAnswersInTheIndexType) {
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 0, 2), 1u);
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 0, 8), 0xffff'ffffu);
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 0, 7), 3u);
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 2, 0), 10u);
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 1, 10), kMax);
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 1, kMax), kMax);
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 1, 9), 1u);
}

TEST_F(OpsMemoryTest, GrowthThatALimitRefusesCostsNothing) {
  EXPECT_EQ(ops::MemoryGrowCost(store_, instance_, 0, 0), 0u);
  EXPECT_EQ(ops::MemoryGrowCost(store_, instance_, 0, 9), 9 * kPageBytes / 64);
  EXPECT_EQ(ops::MemoryGrowCost(store_, instance_, 0, 10), 0u);
  EXPECT_EQ(ops::MemoryGrowCost(store_, instance_, 1, kMax), 0u);
}

TEST_F(OpsMemoryTest, GrowCountsMovedBytes) {
  store_.limits.moved_bytes = kPageBytes;
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 0, 1), 1u);
  EXPECT_EQ(store_.moved_bytes, kPageBytes);
  EXPECT_EQ(ops::MemoryGrow(store_, instance_, 0, 1), 0xffff'ffffu);
}

TEST_F(OpsMemoryTest, FillToTheEndAndOnePast) {
  EXPECT_TRUE(ops::MemoryFill(instance_, 0, kEnd - 4, 0x1234, 4));
  EXPECT_EQ(At(0, kEnd - 5), 0);
  EXPECT_EQ(At(0, kEnd - 4), 0x34);
  EXPECT_EQ(At(0, kEnd - 1), 0x34);
  EXPECT_EQ(ops::MemoryFill(instance_, 0, kEnd - 4, 1, 5).error(), TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(At(0, kEnd - 4), 0x34) << "nothing was written";
  EXPECT_TRUE(ops::MemoryFill(instance_, 0, kEnd, 1, 0));
  EXPECT_FALSE(ops::MemoryFill(instance_, 0, kEnd + 1, 1, 0));
  EXPECT_FALSE(ops::MemoryFill(instance_, 1, kMax, 1, 2));
  EXPECT_FALSE(ops::MemoryFill(instance_, 1, 1, 1, kMax));
}

TEST_F(OpsMemoryTest, CopyOverlapsInBothDirections) {
  Write(0, 0, "0123456789");
  EXPECT_TRUE(ops::MemoryCopy(instance_, 0, 0, 2, 0, 8));
  EXPECT_EQ(TextAt(0, 0, 10), "0101234567");
  EXPECT_TRUE(ops::MemoryCopy(instance_, 0, 2, 0, 2, 8)) << "one memory under two indices";
  EXPECT_EQ(TextAt(0, 0, 10), "0123456767");
}

TEST_F(OpsMemoryTest, CopyBetweenMemories) {
  Write(0, 100, "text");
  EXPECT_TRUE(ops::MemoryCopy(instance_, 1, 0, kEnd - 4, 100, 4));
  EXPECT_EQ(TextAt(1, kEnd - 4, 4), "text");
  EXPECT_FALSE(ops::MemoryCopy(instance_, 1, 0, kEnd - 3, 100, 4));
  EXPECT_FALSE(ops::MemoryCopy(instance_, 0, 1, 100, kEnd - 3, 4));
  EXPECT_FALSE(ops::MemoryCopy(instance_, 1, 1, kMax - 1, 0, 4));
  EXPECT_TRUE(ops::MemoryCopy(instance_, 1, 0, kEnd, kEnd, 0));
  EXPECT_FALSE(ops::MemoryCopy(instance_, 1, 0, kEnd + 1, 0, 0));
  EXPECT_FALSE(ops::MemoryCopy(instance_, 1, 0, 0, kEnd + 1, 0));
}

TEST_F(OpsMemoryTest, InitFromASegmentUntilItIsDropped) {
  EXPECT_TRUE(ops::MemoryInit(instance_, 0, 0, kEnd - 3, 3, 3));
  EXPECT_EQ(TextAt(0, kEnd - 3, 3), "def");
  EXPECT_EQ(ops::MemoryInit(instance_, 0, 0, 0, 3, 4).error(), TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(At(0, 0), 0);
  EXPECT_FALSE(ops::MemoryInit(instance_, 0, 0, 0, ~0u, 2));
  EXPECT_FALSE(ops::MemoryInit(instance_, 0, 0, kEnd - 2, 3, 3));
  EXPECT_TRUE(ops::MemoryInit(instance_, 0, 0, kEnd, 6, 0));
  EXPECT_FALSE(ops::MemoryInit(instance_, 0, 0, 0, 7, 0));
  ops::DataDrop(instance_, 0);
  EXPECT_TRUE(ops::MemoryInit(instance_, 0, 0, 0, 0, 0));
  EXPECT_FALSE(ops::MemoryInit(instance_, 0, 0, 0, 0, 1));
  EXPECT_FALSE(ops::MemoryInit(instance_, 0, 0, 0, 1, 0));
  ops::DataDrop(instance_, 0);
}

}  // namespace
}  // namespace sandbox
