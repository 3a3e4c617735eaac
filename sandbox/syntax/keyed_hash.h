// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A hash with a key, for tables whose keys a guest chooses: without knowing the key it cannot choose collisions.
#ifndef SANDBOX_SYNTAX_KEYED_HASH_H_
#define SANDBOX_SYNTAX_KEYED_HASH_H_

#include <bit>
#include <cstdint>

#include "sandbox/base/bytes.h"

namespace sandbox {

// SipHash with one round a word and three at the end, over 64-bit words. Deterministic for one key.
class KeyedHash {
 public:
  explicit constexpr KeyedHash(uint64_t key)
      : v0_(0x736f6d6570736575 ^ key),
        v1_(0x646f72616e646f6d ^ std::rotl(key, 32)),
        v2_(0x6c7967656e657261 ^ key),
        v3_(0x7465646279746573 ^ std::rotl(key, 32)) {}

  constexpr void Add(uint64_t word) {
    v3_ ^= word;
    Round();
    v0_ ^= word;
  }

  // The bytes and their number.
  void AddBytes(ByteSpan bytes) {
    Add(bytes.size());
    while (const auto word = LoadLittle<uint64_t>(bytes, 0)) {
      Add(*word);
      bytes = bytes.subspan(sizeof(uint64_t));
    }
    uint64_t rest = 0;
    for (uint8_t byte : bytes) rest = rest << 8 | byte;
    if (!bytes.empty()) Add(rest);
  }

  // Nothing is added afterwards.
  constexpr uint64_t Finish() {
    v2_ ^= 0xff;
    for (int i = 0; i < 3; ++i) Round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  constexpr void Round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  uint64_t v0_, v1_, v2_, v3_;
};

// A key from where an object lies: differs from run to run where the system randomizes addresses. It reaches no guest.
template <typename T>
uint64_t KeyFromAddress(const T* object) {
  return std::bit_cast<uintptr_t>(object) * 0x9e3779b97f4a7c15u;
}

}  // namespace sandbox

#endif  // SANDBOX_SYNTAX_KEYED_HASH_H_
