// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/module/side_table.h"

#include <limits>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

using namespace side_table;  // NOLINT(google-build-using-namespace)

TEST(SideTableTest, NarrowEntriesRoundTrip) {
  for (const int32_t pc : {-16384, -1, 0, 1, 16383}) {
    for (const int32_t table : {-1024, -1, 0, 1, 1023}) {
      for (uint32_t drop : {0u, 1u, 15u}) {
        for (uint32_t keep : {0u, 1u}) {
          const SideTableEntry entry{pc, table, keep, drop};
          ASSERT_TRUE(FitsNarrow(entry));
          const uint32_t word = PackNarrow(entry);
          EXPECT_FALSE(IsWide(word));
          EXPECT_EQ(NarrowPcDelta(word), pc);
          EXPECT_EQ(NarrowTableDelta(word), table);
          EXPECT_EQ(NarrowKeep(word), keep);
          EXPECT_EQ(NarrowDrop(word), drop);
          EXPECT_EQ(NarrowShuffle(word), keep << 4 | drop);
        }
      }
    }
  }
}

TEST(SideTableTest, WhatIsTooLargeForNarrowIsNotNarrow) {
  const SideTableEntry none{};
  for (auto change : {+[](SideTableEntry& e) { e.pc_delta = 16384; }, +[](SideTableEntry& e) { e.pc_delta = -16385; },
                      +[](SideTableEntry& e) { e.table_delta = 1024; },
                      +[](SideTableEntry& e) { e.table_delta = -1025; }, +[](SideTableEntry& e) { e.keep = 2; },
                      +[](SideTableEntry& e) { e.drop = 16; }}) {
    SideTableEntry entry = none;
    change(entry);
    EXPECT_FALSE(FitsNarrow(entry));
  }
}

TEST(SideTableTest, WideEntriesRoundTripAtTheirLimits) {
  for (const int32_t pc : {-kMaxPcDelta, -1, 0, kMaxPcDelta}) {
    const SideTableEntry entry{pc, std::numeric_limits<int32_t>::min(), kMaxKeep, kMaxDrop};
    EXPECT_TRUE(IsWide(PackWideFirst(entry)));
    EXPECT_EQ(WordsOf(PackWideFirst(entry)), kWideWords);
    EXPECT_EQ(WidePcDelta(PackWideFirst(entry)), pc);
    EXPECT_EQ(WideKeep(PackWideThird(entry)), kMaxKeep);
    EXPECT_EQ(WideDrop(PackWideThird(entry)), kMaxDrop);
  }
}

}  // namespace
}  // namespace sandbox
