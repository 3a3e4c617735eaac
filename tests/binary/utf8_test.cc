// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/binary/utf8.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

bool IsUtf8(const std::string& text) { return sandbox::IsUtf8(AsBytes(text)); }

// What an encoder that knows nothing of exceptions makes of a code point.
std::string Encode(uint32_t code, int size) {
  if (size == 1) return {static_cast<char>(code)};
  std::string text;
  for (int i = 1; i < size; ++i, code >>= 6) text.insert(text.begin(), static_cast<char>(0x80 | (code & 0x3f)));
  text.insert(text.begin(), static_cast<char>(0xf00 >> size | code));
  return text;
}

int SizeOf(uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

TEST(Utf8Test, EveryCodePointButSurrogates) {
  for (uint32_t code = 0; code < 0x120000; ++code) {
    const bool is_valid = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
    ASSERT_EQ(IsUtf8(Encode(code, SizeOf(code))), is_valid) << std::hex << code;
  }
}

TEST(Utf8Test, NoOverlongForms) {
  for (const uint32_t code : {0u, 0x2fu, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xffffu}) {
    for (int size = SizeOf(code) + 1; size <= 4; ++size) EXPECT_FALSE(IsUtf8(Encode(code, size))) << code;
  }
}

TEST(Utf8Test, NoStrayOrMissingContinuations) {
  for (int byte = 0x80; byte < 0x100; ++byte) EXPECT_FALSE(IsUtf8(std::string(1, static_cast<char>(byte)))) << byte;
  EXPECT_FALSE(IsUtf8("\xe2\x82"));
  EXPECT_FALSE(IsUtf8("\xe2\x82z"));
  EXPECT_FALSE(IsUtf8("\xc3\xa9\xa9"));
  EXPECT_FALSE(IsUtf8("\xf8\x88\x80\x80\x80"));
}

TEST(Utf8Test, LongTextsAtEveryAlignment) {
  for (size_t ascii = 0; ascii < 20; ++ascii) {
    const std::string before(ascii, 'a');
    EXPECT_TRUE(IsUtf8(before));
    EXPECT_TRUE(IsUtf8(before + "\xf0\x9f\x98\x80" + before));
    EXPECT_FALSE(IsUtf8(before + "\xff" + before));
    EXPECT_FALSE(IsUtf8(before + "\xf0\x9f\x98"));
  }
}

}  // namespace
}  // namespace sandbox
