// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/bytes.h"

#include <array>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(BytesTest, LoadsLittleEndianAtAnyAlignment) {
  const std::array<uint8_t, 6> bytes = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06};
  EXPECT_EQ(LoadLittle<uint32_t>(bytes, 0), 0x04030201u);
  EXPECT_EQ(LoadLittle<uint32_t>(bytes, 1), 0x05040302u);
  EXPECT_EQ(LoadLittle<uint16_t>(bytes, 4), 0x0605u);
}

TEST(BytesTest, RefusesLoadsThatDoNotFit) {
  const std::array<uint8_t, 6> bytes = {};
  EXPECT_TRUE(LoadLittle<uint32_t>(bytes, 2).has_value());
  EXPECT_FALSE(LoadLittle<uint32_t>(bytes, 3).has_value());
  EXPECT_FALSE(LoadLittle<uint64_t>(bytes, 0).has_value());
  EXPECT_FALSE(LoadLittle<uint8_t>(bytes, 6).has_value());
  EXPECT_FALSE(LoadLittle<uint32_t>(bytes, ~uint64_t{0}).has_value());
  EXPECT_FALSE(LoadLittle<uint8_t>(ByteSpan(), 0).has_value());
}

TEST(BytesTest, StoresWhereTheyFitAndNowhereElse) {
  std::array<uint8_t, 4> bytes = {};
  EXPECT_TRUE(StoreLittle<uint16_t>(bytes, 2, 0xbeef));
  EXPECT_EQ(bytes, (std::array<uint8_t, 4>{0, 0, 0xef, 0xbe}));
  EXPECT_FALSE(StoreLittle<uint16_t>(bytes, 3, 0xffff));
  EXPECT_FALSE(StoreLittle<uint16_t>(bytes, ~uint64_t{0}, 0xffff));
  EXPECT_EQ(bytes, (std::array<uint8_t, 4>{0, 0, 0xef, 0xbe}));
}

TEST(BytesTest, SubSpanRefusesWhatIsOutside) {
  std::array<uint8_t, 8> bytes = {};
  const ByteSpan span(bytes);
  EXPECT_EQ(SubSpan(span, 3, 5)->size(), 5u);
  EXPECT_EQ(SubSpan(span, 8, 0)->size(), 0u);
  EXPECT_FALSE(SubSpan(span, 3, 6).has_value());
  EXPECT_FALSE(SubSpan(span, 9, 0).has_value());
  EXPECT_FALSE(SubSpan(span, 4, ~uint64_t{0}).has_value());
}

TEST(BytesTest, CopyIntoAllowsOverlap) {
  std::array<uint8_t, 5> bytes = {1, 2, 3, 4, 5};
  CopyInto(MutableByteSpan(bytes).subspan(1), ByteSpan(bytes).first(4));
  EXPECT_EQ(bytes, (std::array<uint8_t, 5>{1, 1, 2, 3, 4}));
  CopyInto(MutableByteSpan(bytes), ByteSpan());
}

TEST(BytesDeathTest, CopyIntoStopsWhenTheTargetIsShorter) {
  std::array<uint8_t, 5> bytes = {};
  EXPECT_DEATH(CopyInto(MutableByteSpan(bytes).first(2), ByteSpan(bytes)), "");
}

TEST(BytesTest, FillAndText) {
  std::array<uint8_t, 3> bytes = {};
  FillBytes(bytes, 0x61);
  EXPECT_EQ(AsText(bytes), "aaa");
  EXPECT_EQ(AsBytes("ab").size(), 2u);
  FillBytes(MutableByteSpan(), 1);
}

}  // namespace
}  // namespace sandbox
