// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Unpacks a byte-oriented LZ77 format: runs of literals, then copies from what was unpacked, which may overlap.
// A token: high four bits, how many literals follow; low four, how long the copy is (3 more than that), from two bytes back.
#include "kernel.h"

enum { kPlainSize = 32768, kPackedSize = 65536, kHashes = 4096, kMinCopy = 3, kMaxCopy = 18 };

static uint8_t plain[kPlainSize], packed[kPackedSize], unpacked[kPlainSize];
static uint32_t heads[kHashes];

static void MakePlain(void) {
  uint32_t seed = 31337, at = 0;
  while (at < kPlainSize) {
    if (at > 64 && NextRandom(&seed) % 3 != 0) {
      const uint32_t back = 1 + NextRandom(&seed) % (at < 4096 ? at : 4096);
      for (uint32_t i = 4 + NextRandom(&seed) % 28; i > 0 && at < kPlainSize; i--, at++) plain[at] = plain[at - back];
    } else {
      for (uint32_t i = 1 + NextRandom(&seed) % 7; i > 0 && at < kPlainSize; i--) plain[at++] = (uint8_t)NextRandom(&seed);
    }
  }
}

static uint32_t HashAt(uint32_t at) {
  return (plain[at] | (uint32_t)plain[at + 1] << 8 | (uint32_t)plain[at + 2] << 16) * 2654435761u >> 20;
}

static uint32_t PutToken(uint32_t to, uint32_t literals, uint32_t from, uint32_t copied, uint32_t back) {
  packed[to++] = (uint8_t)(literals << 4 | (copied >= kMinCopy ? copied - kMinCopy : 0));
  for (uint32_t i = 0; i < literals; i++) packed[to++] = plain[from + i];
  packed[to++] = (uint8_t)back;
  packed[to++] = (uint8_t)(back >> 8);
  return to;
}

static uint32_t Pack(void) {
  uint32_t to = 0, literals = 0, at = 0;
  for (uint32_t i = 0; i < kHashes; i++) heads[i] = ~0u;
  while (at < kPlainSize) {
    uint32_t size = 0, from = ~0u;
    if (at + kMinCopy <= kPlainSize) {
      const uint32_t hash = HashAt(at);
      from = heads[hash];
      heads[hash] = at;
      if (from != ~0u && at - from < 65536) {
        while (size < kMaxCopy && at + size < kPlainSize && plain[from + size] == plain[at + size]) size++;
      }
    }
    if (size >= kMinCopy) {
      to = PutToken(to, literals, at - literals, size, at - from);
      literals = 0;
      at += size;
    } else {
      at++;
      if (++literals == 15) {
        to = PutToken(to, literals, at - literals, 0, 0);
        literals = 0;
      }
    }
  }
  return literals > 0 ? PutToken(to, literals, at - literals, 0, 0) : to;
}

NOINLINE static uint32_t Unpack(uint32_t size) {
  uint32_t at = 0, to = 0;
  while (at < size) {
    const uint32_t token = packed[at++];
    for (uint32_t i = token >> 4; i > 0; i--) unpacked[to++] = packed[at++];
    const uint32_t back = packed[at] | (uint32_t)packed[at + 1] << 8;
    at += 2;
    if (back == 0) continue;
    for (uint32_t i = (token & 15) + kMinCopy; i > 0; i--, to++) unpacked[to] = unpacked[to - back];
  }
  return to;
}

RUN {
  MakePlain();
  const uint32_t size = Pack();
  uint32_t sum = size;
  for (uint32_t round = 0; round < n; round++) {
    unpacked[round % kPlainSize] ^= 0x55;
    const uint32_t unpacked_size = Unpack(size);
    if (unpacked_size != kPlainSize) return 0;
    for (uint32_t i = 0; i < kPlainSize; i += 61) {
      if (unpacked[i] != plain[i]) return 0;
      sum = Fold(sum, unpacked[i]);
    }
  }
  return sum;
}
