// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Matches regular expressions: compiled to instructions of a small machine, whose threads run in step over the text.
#include "kernel.h"

enum { kMaxCode = 64, kTextSize = 4096 };
enum { kChar, kAny, kRange, kSplit, kMatch };

typedef struct {
  uint8_t op, low, high;
  uint16_t next, other;
} Instruction;
typedef struct {
  uint32_t size;
  uint16_t at[kMaxCode];
} Threads;

static Instruction code[kMaxCode];
static uint32_t code_size, generation, seen[kMaxCode];
static Threads lists[2];
static char text[kTextSize];

static uint32_t Emit(uint8_t op, uint8_t low, uint8_t high) {
  code[code_size] = (Instruction){op, low, high, (uint16_t)(code_size + 1), 0};
  return code_size++;
}

// Letters, '.', a-z in brackets, each with *, + or ? behind it.
static void Compile(const char *p) {
  code_size = 0;
  while (*p) {
    // In front of each atom; most of them only go on.
    const uint32_t split = Emit(kSplit, 0, 0);
    if (*p == '[') {
      Emit(kRange, (uint8_t)p[1], (uint8_t)p[3]);
      p += 5;
    } else {
      Emit(*p == '.' ? kAny : kChar, (uint8_t)*p, 0);
      p++;
    }
    code[split].other = code[split].next;
    const char repeat = *p;
    if (repeat == '*' || repeat == '+') {
      const uint32_t again = Emit(kSplit, 0, 0);
      code[again].other = (uint16_t)(split + 1);
    }
    if (repeat == '*' || repeat == '?') code[split].other = (uint16_t)code_size;
    if (repeat == '*' || repeat == '+' || repeat == '?') p++;
  }
  Emit(kMatch, 0, 0);
}

static void AddThread(Threads *threads, uint32_t at) {
  if (seen[at] == generation) return;
  seen[at] = generation;
  const Instruction *const i = &code[at];
  if (i->op == kSplit) {
    AddThread(threads, i->next);
    if (i->other != i->next) AddThread(threads, i->other);
  } else {
    threads->at[threads->size++] = (uint16_t)at;
  }
}

// How many prefixes from `begin` on match.
NOINLINE static uint32_t CountMatches(uint32_t begin) {
  Threads *now = &lists[0], *later = &lists[1];
  uint32_t matches = 0;
  now->size = 0;
  generation++;
  AddThread(now, 0);
  for (uint32_t at = begin; now->size > 0; at++) {
    const uint8_t c = at < kTextSize ? (uint8_t)text[at] : 0;
    later->size = 0;
    generation++;
    for (uint32_t t = 0; t < now->size; t++) {
      const Instruction *const i = &code[now->at[t]];
      bool goes_on = false;
      switch (i->op) {
        case kChar: goes_on = c == i->low; break;
        case kAny: goes_on = c != 0 && c != '\n'; break;
        case kRange: goes_on = c >= i->low && c <= i->high; break;
        case kMatch: matches++; break;
        default: break;
      }
      if (goes_on) AddThread(later, i->next);
    }
    Threads *const was = now;
    now = later;
    later = was;
  }
  return matches;
}

RUN {
  static const char *const patterns[] = {"[a-c]+d", "ab*c?a", "a.?b.?c", "[a-b]*[b-d]+a[a-d]?"};
  uint32_t seed = 6502, sum = 0;
  for (uint32_t i = 0; i < kTextSize; i++) text[i] = NextRandom(&seed) % 12 == 0 ? '\n' : (char)('a' + NextRandom(&seed) % 5);
  generation = 0;
  for (uint32_t i = 0; i < kMaxCode; i++) seen[i] = 0;
  for (uint32_t round = 0; round < n; round++) {
    Compile(patterns[round % 4]);
    for (uint32_t begin = 0; begin < kTextSize; begin++) sum = Fold(sum, CountMatches(begin));
  }
  return sum;
}
