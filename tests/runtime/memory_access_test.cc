// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/memory_access.h"

#include <array>
#include <limits>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

class MemoryAccessTest : public ::testing::Test {
 protected:
  bool Resolves(uint64_t address, uint64_t offset, uint64_t width) {
    uint64_t effective = 0;
    if (!view_.Resolve(address, offset, width, effective)) return false;
    EXPECT_EQ(effective, address + offset);
    return true;
  }

  std::array<uint8_t, 20> bytes_{};
  MemView view_{bytes_.data(), 16};
};

TEST_F(MemoryAccessTest, EveryWidthAtTheLastPlaceAndOnePast) {
  for (uint64_t width : {1, 2, 4, 8, 16}) {
    EXPECT_TRUE(Resolves(16 - width, 0, width)) << width;
    EXPECT_TRUE(Resolves(0, 16 - width, width)) << width;
    EXPECT_FALSE(Resolves(17 - width, 0, width)) << width;
    EXPECT_FALSE(Resolves(0, 17 - width, width)) << width;
    EXPECT_FALSE(Resolves(16 - width, 1, width)) << width;
  }
}

TEST_F(MemoryAccessTest, SumsThatWrapAreOutside) {
  for (uint64_t width : {1, 2, 4, 8, 16}) {
    EXPECT_FALSE(Resolves(kMax, 1, width));
    EXPECT_FALSE(Resolves(1, kMax, width));
    EXPECT_FALSE(Resolves(kMax, kMax, width));
    EXPECT_FALSE(Resolves(kMax, 0, width));
    EXPECT_FALSE(Resolves(0, kMax - width + 1, width));
    EXPECT_FALSE(Resolves(kMax - 7, 8, width)) << "wraps to 0";
    EXPECT_FALSE(Resolves(0xffff'ffff, 0xffff'ffff, width));
  }
}

TEST_F(MemoryAccessTest, RangesOfBulkOperations) {
  EXPECT_TRUE(view_.Contains(0, 16));
  EXPECT_TRUE(view_.Contains(16, 0));
  EXPECT_FALSE(view_.Contains(17, 0));
  EXPECT_FALSE(view_.Contains(0, 17));
  EXPECT_FALSE(view_.Contains(1, kMax));
  EXPECT_FALSE(view_.Contains(kMax, 1));
  EXPECT_EQ(view_.Range(4, 12).data(), bytes_.data() + 4);
  EXPECT_EQ(view_.Range(16, 0).size(), 0u);
}

TEST_F(MemoryAccessTest, UnalignedLittleEndian) {
  view_.Store<uint32_t>(1, 0x04030201);
  EXPECT_EQ(bytes_[1], 1);
  EXPECT_EQ(bytes_[4], 4);
  EXPECT_EQ(view_.Load<uint16_t>(2), 0x0302);
  EXPECT_EQ(view_.Load<uint64_t>(0), 0x0403020100u);
}

TEST_F(MemoryAccessTest, NothingIsInsideAnEmptyView) {
  view_ = MemView{};
  EXPECT_FALSE(Resolves(0, 0, 1));
  EXPECT_TRUE(view_.Contains(0, 0));
  EXPECT_FALSE(view_.Contains(0, 1));
}

}  // namespace
}  // namespace sandbox
