// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Lays out text: a small printf with widths and bases through variable arguments, then lines are broken and justified.
#include "kernel.h"

#include <stdarg.h>

enum { kSize = 16384, kWidth = 60 };

static char text[kSize], lines[2 * kSize];
static uint32_t text_size;

static void Put(char c) {
  if (text_size < kSize) text[text_size++] = c;
}

static void PutPadded(const char *s, uint32_t size, uint32_t width, char pad) {
  for (; width > size; width--) Put(pad);
  for (uint32_t i = 0; i < size; i++) Put(s[i]);
}

static void PutNumber(uint64_t value, bool is_negative, uint32_t base, uint32_t width, char pad) {
  char digits[24];
  uint32_t at = sizeof digits;
  do digits[--at] = "0123456789abcdef"[value % base];
  while ((value /= base) != 0);
  if (is_negative) digits[--at] = '-';
  PutPadded(digits + at, sizeof digits - at, width, pad);
}

NOINLINE static void Print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  for (; *format; format++) {
    if (*format != '%') {
      Put(*format);
      continue;
    }
    char pad = ' ';
    uint32_t width = 0;
    if (*++format == '0') pad = '0', format++;
    for (; *format >= '0' && *format <= '9'; format++) width = width * 10 + (uint32_t)(*format - '0');
    switch (*format) {
      case 'd': {
        const int64_t value = va_arg(arguments, int64_t);
        PutNumber(value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10, width, pad);
        break;
      }
      case 'x': PutNumber(va_arg(arguments, uint64_t), false, 16, width, pad); break;
      case 's': {
        const char *const s = va_arg(arguments, const char *);
        uint32_t size = 0;
        while (s[size]) size++;
        PutPadded(s, size, width, pad);
        break;
      }
      default: Put(*format);
    }
  }
  va_end(arguments);
}

// Breaks between words so that no line is wider than kWidth, and widens the gaps to fill it.
NOINLINE static uint32_t Justify(void) {
  uint32_t to = 0, begin = 0;
  while (begin < text_size) {
    uint32_t end = begin, gaps = 0, end_gaps = 0;
    for (uint32_t i = begin; i < text_size && i - begin <= kWidth; i++) {
      if (text[i] == ' ') end = i, end_gaps = gaps++;
    }
    if (end == begin) end = begin + kWidth < text_size ? begin + kWidth : text_size, end_gaps = 0;
    uint32_t spare = end - begin < kWidth ? kWidth - (end - begin) : 0;
    for (uint32_t i = begin; i < end; i++) {
      lines[to++] = text[i];
      if (text[i] != ' ' || end_gaps == 0) continue;
      for (uint32_t more = spare / end_gaps; more > 0; more--, spare--) lines[to++] = ' ';
      end_gaps--;
    }
    lines[to++] = '\n';
    begin = end;
    while (begin < text_size && text[begin] == ' ') begin++;
  }
  return to;
}

RUN {
  static const char *const kinds[] = {"error", "warning", "note", "information"};
  uint32_t seed = 90210, sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    text_size = 0;
    while (text_size < 1500) {
      const uint32_t kind = NextRandom(&seed) % 4, line = NextRandom(&seed) % 5000;
      const int64_t value = (int64_t)((uint64_t)NextRandom(&seed) << 20) - ((int64_t)1 << 51);
      Print("%s in line %5d of module %08x: value is %d, %s%% of %x units ", kinds[kind], (int64_t)line,
            (uint64_t)NextRandom(&seed), value, kinds[3 - kind], (uint64_t)value);
    }
    const uint32_t size = Justify();
    for (uint32_t i = 0; i < size; i += 5) sum = Fold(sum, (uint8_t)lines[i]);
    sum = Fold(sum, size);
  }
  return sum;
}
