// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Sorts records by a comparison that is a function pointer: heap sort and insertion sort of the same code in three orders.
#include "kernel.h"

enum { kRecords = 1024 };

typedef struct {
  uint32_t key;
  int32_t weight;
  uint8_t name[8];
} Record;
typedef int (*Compare)(const Record *a, const Record *b);

static Record records[kRecords];

static int ByKey(const Record *a, const Record *b) { return a->key < b->key ? -1 : a->key > b->key; }
static int ByWeight(const Record *a, const Record *b) {
  return a->weight != b->weight ? (a->weight < b->weight ? 1 : -1) : ByKey(a, b);
}
static int ByName(const Record *a, const Record *b) {
  for (int i = 0; i < 8; i++) {
    if (a->name[i] != b->name[i]) return a->name[i] < b->name[i] ? -1 : 1;
  }
  return ByKey(a, b);
}
static Compare volatile const compares[] = {ByKey, ByWeight, ByName};

NOINLINE static void Sink(uint32_t at, uint32_t size, Compare compare) {
  const Record record = records[at];
  for (;;) {
    uint32_t child = at * 2 + 1;
    if (child >= size) break;
    if (child + 1 < size && compare(&records[child], &records[child + 1]) < 0) child++;
    if (compare(&record, &records[child]) >= 0) break;
    records[at] = records[child];
    at = child;
  }
  records[at] = record;
}

NOINLINE static void HeapSort(Compare compare) {
  for (uint32_t i = kRecords / 2; i-- > 0;) Sink(i, kRecords, compare);
  for (uint32_t size = kRecords - 1; size > 0; size--) {
    const Record largest = records[0];
    records[0] = records[size];
    records[size] = largest;
    Sink(0, size, compare);
  }
}

// Of what is nearly sorted.
NOINLINE static void InsertionSort(Compare compare) {
  for (uint32_t i = 1; i < kRecords; i++) {
    const Record record = records[i];
    uint32_t at = i;
    for (; at > 0 && compare(&record, &records[at - 1]) < 0; at--) records[at] = records[at - 1];
    records[at] = record;
  }
}

RUN {
  uint32_t seed = 2024, sum = 0;
  for (uint32_t i = 0; i < kRecords; i++) {
    records[i].key = NextRandom(&seed);
    records[i].weight = (int32_t)(NextRandom(&seed) % 200) - 100;
    for (int k = 0; k < 8; k++) records[i].name[k] = (uint8_t)('a' + NextRandom(&seed) % 3);
  }
  for (uint32_t round = 0; round < n; round++) {
    for (int order = 0; order < 3; order++) {
      HeapSort(compares[order]);
      for (int i = 0; i < 16; i++) records[NextRandom(&seed) % kRecords].key ^= NextRandom(&seed) & 0xffff;
      InsertionSort(compares[order]);
      for (uint32_t i = 0; i < kRecords; i += 37) sum = Fold(sum, records[i].key);
    }
  }
  return sum;
}
