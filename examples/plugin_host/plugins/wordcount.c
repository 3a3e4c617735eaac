// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Counts lines, words and bytes of the input, and finds its most frequent words.
#include "examples/plugin_host/plugins/text.h"

enum { kBuckets = 4096, kMaxWord = 32, kTop = 3, kChunk = 1024 };

struct word {
  char text[kMaxWord];
  uint32_t length;
  uint32_t count;
};

static struct word words[kBuckets];

static int is_letter(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80; }

static int is_same(const struct word* word, const char* text, uint32_t length) {
  if (word->length != length) return 0;
  for (uint32_t i = 0; i < length; ++i) {
    if (word->text[i] != text[i]) return 0;
  }
  return 1;
}

// Open addressing. A full table forgets new words.
static void count_word(const char* text, uint32_t length) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < length; ++i) hash = (hash ^ (uint8_t)text[i]) * 16777619u;
  for (uint32_t probe = 0; probe < kBuckets; ++probe) {
    struct word* word = &words[(hash + probe) % kBuckets];
    if (word->count != 0 && !is_same(word, text, length)) continue;
    if (word->count == 0) {
      for (uint32_t i = 0; i < length; ++i) word->text[i] = text[i];
      word->length = length;
    }
    ++word->count;
    return;
  }
}

// The most frequent word; of several the first in the table. It is not found again.
static int write_top_word(void) {
  struct word* best = &words[0];
  for (uint32_t i = 1; i < kBuckets; ++i) {
    if (words[i].count > best->count) best = &words[i];
  }
  if (best->count == 0) return 0;
  host_write_output(best->text, best->length);
  write_text(": ");
  write_number(best->count);
  write_text("\n");
  best->count = 0;
  return 1;
}

PLUGIN_MAIN {
  static uint8_t chunk[kChunk];
  char word[kMaxWord];
  uint32_t length = 0;
  uint64_t lines = 0, word_count = 0, bytes = 0;
  for (;;) {
    const int32_t got = host_read_input((size_t)bytes, chunk, sizeof chunk);
    if (got <= 0) break;
    bytes += (uint64_t)got;
    for (int32_t i = 0; i < got; ++i) {
      const uint8_t c = chunk[i];
      if (c == '\n') ++lines;
      if (is_letter(c)) {
        if (length == 0) ++word_count;
        if (length < kMaxWord) word[length++] = (char)(c < 0x80 ? c | 0x20 : c);
      } else if (length != 0) {
        count_word(word, length);
        length = 0;
      }
    }
  }
  if (length != 0) count_word(word, length);
  write_number(lines);
  write_text(" lines, ");
  write_number(word_count);
  write_text(" words, ");
  write_number(bytes);
  write_text(" bytes\n");
  for (int i = 0; i < kTop && write_top_word(); ++i) {
  }
  log_text("counted");
  return 0;
}
