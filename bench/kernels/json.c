// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Reads JSON: a tokenizer by character classes, numbers, escapes, and a stack of what is open.
#include "kernel.h"

enum { kSize = 16384, kMaxDepth = 64 };

static char text[kSize];
static uint32_t length, a_name;

static void PutText(const char *s) {
  while (*s) text[length++] = *s++;
}

static void PutNumber(uint32_t value) {
  char digits[10];
  uint32_t count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  while (count > 0) text[length++] = digits[--count];
}

static void MakeText(void) {
  uint32_t seed = 4242;
  length = 0;
  PutText("{\"items\": [");
  while (length < kSize - 300) {
    PutText("\n  {\"id\": ");
    PutNumber(NextRandom(&seed) % 100000);
    PutText(", \"name\": \"");
    a_name = length;
    PutText("plugin \\\"");
    PutNumber(NextRandom(&seed) % 1000);
    PutText("\\\" of \\u00e9t\\u00e9\", \"size\": -");
    PutNumber(NextRandom(&seed) % 1000);
    PutText(".");
    PutNumber(NextRandom(&seed) % 1000);
    PutText("e-3, \"tags\": [true, false, null, [1, 22, 333]]},");
  }
  PutText(" {}], \"end\": null}");
}

typedef struct {
  uint32_t at, sum;
  bool is_bad;
} Reader;

NOINLINE static void ReadString(Reader *r) {
  uint32_t hash = 17, at = r->at + 1;
  for (;; at++) {
    if (at >= length) {
      r->is_bad = true;
      return;
    }
    uint32_t c = (uint8_t)text[at];
    if (c == '"') break;
    if (c == '\\') {
      c = (uint8_t)text[++at];
      if (c == 'u') {
        c = 0;
        for (int i = 0; i < 4; i++) {
          const uint32_t digit = (uint8_t)text[++at];
          c = c << 4 | (digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
        }
      }
    }
    hash = hash * 33 + c;
  }
  r->at = at + 1;
  r->sum = Fold(r->sum, hash);
}

static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

NOINLINE static void ReadNumber(Reader *r) {
  uint32_t at = r->at, scale = 0;
  int64_t value = 0;
  const bool is_negative = text[at] == '-';
  if (is_negative) at++;
  for (; IsDigit(text[at]); at++) value = value * 10 + (text[at] - '0');
  if (text[at] == '.') {
    for (at++; IsDigit(text[at]); at++, scale++) value = value * 10 + (text[at] - '0');
  }
  if ((text[at] | 32) == 'e') {
    at++;
    if (text[at] == '-' || text[at] == '+') at++;
    for (; IsDigit(text[at]); at++) scale = scale * 10 + (uint32_t)(text[at] - '0');
  }
  if (is_negative) value = -value;
  r->at = at;
  r->sum = Fold(r->sum, (uint32_t)value ^ (uint32_t)(value >> 32) ^ scale);
}

static void ReadWord(Reader *r) {
  while (text[r->at] >= 'a' && text[r->at] <= 'z') r->sum = Fold(r->sum, (uint8_t)text[r->at++]);
}

NOINLINE static uint32_t ReadAll(void) {
  Reader r = {0, 0, false};
  char open[kMaxDepth];
  uint32_t depth = 0;
  while (r.at < length && !r.is_bad) {
    const char c = text[r.at];
    switch (c) {
      case ' ': case '\n': case '\t': case '\r': r.at++; break;
      case ',': case ':': r.sum += (uint32_t)c; r.at++; break;
      case '{': case '[':
        if (depth == kMaxDepth) return 0;
        open[depth++] = c;
        r.at++;
        break;
      case '}': case ']':
        if (depth == 0 || (c == '}') != (open[--depth] == '{')) return 0;
        r.sum = Fold(r.sum, depth);
        r.at++;
        break;
      case '"': ReadString(&r); break;
      case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        ReadNumber(&r);
        break;
      case 't': case 'f': case 'n': ReadWord(&r); break;
      default: return 0;
    }
  }
  return depth == 0 && !r.is_bad ? r.sum : 0;
}

RUN {
  MakeText();
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    sum = Fold(sum, ReadAll());
    text[a_name + round % 6] ^= 1;  // another letter next time
  }
  return sum;
}
