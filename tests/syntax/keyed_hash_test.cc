// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/keyed_hash.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

uint64_t HashOf(uint64_t key, std::string_view text) {
  KeyedHash hash(key);
  hash.AddBytes(AsBytes(text));
  return hash.Finish();
}

TEST(KeyedHashTest, DependsOnKeyContentAndLength) {
  EXPECT_EQ(HashOf(1, "memory"), HashOf(1, "memory"));
  EXPECT_NE(HashOf(1, "memory"), HashOf(2, "memory"));
  EXPECT_NE(HashOf(1, "memory"), HashOf(1, "memorz"));
  std::set<uint64_t> hashes;
  std::string text;
  for (int i = 0; i < 40; ++i, text += '\0') hashes.insert(HashOf(1, text));
  EXPECT_EQ(hashes.size(), 40u) << "zeros at the end count";
}

TEST(KeyedHashTest, LowBitsSpread) {
  std::set<uint64_t> buckets;
  for (uint64_t i = 0; i < 256; ++i) {
    KeyedHash hash(7);
    hash.Add(i << 40);
    buckets.insert(hash.Finish() & 255);
  }
  // 256 balls into 256 bins leave about 162 occupied.
  EXPECT_GT(buckets.size(), 130u);
}

}  // namespace
}  // namespace sandbox
