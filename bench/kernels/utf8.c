// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Checks UTF-8 byte by byte, as the standard's table of well-formed sequences says, and adds up the code points.
#include "kernel.h"

enum { kSize = 8192 };

static uint8_t bytes[kSize];

static uint32_t Put(uint32_t at, uint32_t code) {
  if (code < 0x80) {
    bytes[at++] = (uint8_t)code;
  } else if (code < 0x800) {
    bytes[at++] = (uint8_t)(0xc0 | code >> 6);
    bytes[at++] = (uint8_t)(0x80 | (code & 63));
  } else if (code < 0x10000) {
    bytes[at++] = (uint8_t)(0xe0 | code >> 12);
    bytes[at++] = (uint8_t)(0x80 | (code >> 6 & 63));
    bytes[at++] = (uint8_t)(0x80 | (code & 63));
  } else {
    bytes[at++] = (uint8_t)(0xf0 | code >> 18);
    bytes[at++] = (uint8_t)(0x80 | (code >> 12 & 63));
    bytes[at++] = (uint8_t)(0x80 | (code >> 6 & 63));
    bytes[at++] = (uint8_t)(0x80 | (code & 63));
  }
  return at;
}

// Mostly ASCII, some of everything else.
static uint32_t MakeText(void) {
  uint32_t seed = 777, at = 0;
  while (at + 4 <= kSize) {
    const uint32_t kind = NextRandom(&seed) % 16, random = NextRandom(&seed);
    if (kind < 10) at = Put(at, 32 + random % 95);
    else if (kind < 13) at = Put(at, 0x80 + random % 0x780);
    else if (kind < 15) at = Put(at, 0x1000 + random % 0xc000);
    else at = Put(at, 0x10000 + random % 0x100000);
  }
  return at;
}

// The sum of the code points, and behind it where the first wrong sequence is.
NOINLINE static uint64_t Check(uint32_t size) {
  uint32_t sum = 0, at = 0;
  while (at < size) {
    const uint32_t first = bytes[at];
    if (first < 0x80) {
      sum += first;
      at++;
      continue;
    }
    uint32_t more, low = 0x80, high = 0xbf, code;
    if (first >= 0xc2 && first <= 0xdf) {
      more = 1, code = first & 31;
    } else if (first >= 0xe0 && first <= 0xef) {
      more = 2, code = first & 15;
      if (first == 0xe0) low = 0xa0;
      if (first == 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3, code = first & 7;
      if (first == 0xf0) low = 0x90;
      if (first == 0xf4) high = 0x8f;
    } else {
      break;
    }
    if (size - at <= more) break;
    uint32_t i = 1;
    for (; i <= more; i++) {
      const uint32_t next = bytes[at + i];
      if (next < low || next > high) return (uint64_t)sum << 32 | at;
      low = 0x80, high = 0xbf;
      code = code << 6 | (next & 63);
    }
    sum += code;
    at += i;
  }
  return (uint64_t)sum << 32 | at;
}

RUN {
  const uint32_t size = MakeText();
  uint32_t sum = 0, seed = 99;
  for (uint32_t round = 0; round < n; round++) {
    const uint32_t broken = size / 2 + NextRandom(&seed) % (size / 2);
    const uint8_t was = bytes[broken];
    if (round % 4 == 3) bytes[broken] = 0xff;
    const uint64_t result = Check(size);
    bytes[broken] = was;
    sum = Fold(Fold(sum, (uint32_t)(result >> 32)), (uint32_t)result);
  }
  return sum;
}
