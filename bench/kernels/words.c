// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Counts words: bytes of text are hashed and compared, and looked up in a table with open addressing.
#include "kernel.h"

enum { kTextSize = 16384, kBuckets = 1024, kWords = 400 };

typedef struct {
  uint32_t hash, begin, size, count;
} Bucket;

static char text[kTextSize];
static Bucket buckets[kBuckets];

static void MakeText(void) {
  uint32_t seed = 12345, at = 0;
  while (at + 12 < kTextSize) {
    // The same number of a word gives the same letters; low numbers are frequent.
    uint32_t word = NextRandom(&seed) % kWords * (NextRandom(&seed) % kWords) / kWords * 2654435761u | 1;
    uint32_t length = 2 + word % 9;
    for (uint32_t i = 0; i < length; i++) text[at++] = (char)('a' + NextRandom(&word) % 26);
    text[at++] = ' ';
  }
  while (at < kTextSize) text[at++] = ' ';
}

static bool IsEqual(const char *a, const char *b, uint32_t size) {
  for (uint32_t i = 0; i < size; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

NOINLINE static void Count(uint32_t begin, uint32_t size) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < size; i++) hash = (hash ^ (uint8_t)text[begin + i]) * 16777619u;
  for (uint32_t at = hash % kBuckets;; at = (at + 1) % kBuckets) {
    Bucket *bucket = &buckets[at];
    if (bucket->count == 0) {
      *bucket = (Bucket){hash, begin, size, 1};
      return;
    }
    if (bucket->hash == hash && bucket->size == size && IsEqual(text + bucket->begin, text + begin, size)) {
      bucket->count++;
      return;
    }
  }
}

RUN {
  MakeText();
  for (uint32_t i = 0; i < kBuckets; i++) buckets[i].count = 0;
  for (uint32_t round = 0; round < n; round++) {
    uint32_t begin = 0;
    for (uint32_t i = 0; i < kTextSize; i++) {
      if (text[i] != ' ') continue;
      if (i > begin) Count(begin, i - begin);
      begin = i + 1;
    }
  }
  uint32_t sum = 0;
  for (uint32_t i = 0; i < kBuckets; i++) {
    if (buckets[i].count != 0) sum = Fold(sum, buckets[i].hash ^ buckets[i].count);
  }
  return sum;
}
