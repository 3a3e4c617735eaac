// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Hashes blocks of bytes in four 64-bit lanes, as fast hashes of large inputs do: multiplications and rotations of i64.
#include "kernel.h"

enum { kSize = 16384 };

static uint64_t words[kSize / 8];

static uint64_t Rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

static const uint64_t kA = 0xd6e8feb86659fd93u, kB = 0xa0761d6478bd642fu, kC = 0x8ebc6af09c88c6e3u;

static uint64_t Mix(uint64_t lane, uint64_t word) { return Rotate(lane + word * kA, 29) * kB; }

NOINLINE static uint64_t Hash(uint32_t begin, uint32_t size, uint64_t seed) {
  uint64_t a = seed + kA, b = seed ^ kB, c = seed - kC, d = ~seed;
  uint32_t at = begin;
  for (; size >= 4; size -= 4, at += 4) {
    a = Mix(a, words[at]);
    b = Mix(b, words[at + 1]);
    c = Mix(c, words[at + 2]);
    d = Mix(d, words[at + 3]);
  }
  uint64_t hash = Rotate(a, 1) + Rotate(b, 7) + Rotate(c, 12) + Rotate(d, 18);
  for (; size > 0; size--, at++) hash = Mix(hash, words[at]);
  const uint8_t *const last = (const uint8_t *)&words[at - 1];
  for (int i = 0; i < 7; i++) hash = Rotate(hash ^ last[i] * kC, 11) * kA;
  hash = (hash ^ hash >> 33) * kB;
  return hash ^ hash >> 29;
}

RUN {
  uint32_t seed = 1618, sum = 0;
  for (uint32_t i = 0; i < kSize / 8; i++) words[i] = (uint64_t)NextRandom(&seed) << 32 | NextRandom(&seed);
  for (uint32_t round = 0; round < n; round++) {
    const uint32_t begin = NextRandom(&seed) % 64;
    const uint64_t hash = Hash(begin, kSize / 8 - 64 + NextRandom(&seed) % (64 - begin), round);
    words[round % (kSize / 8)] ^= hash;
    sum = Fold(Fold(sum, (uint32_t)hash), (uint32_t)(hash >> 32));
  }
  return sum;
}
