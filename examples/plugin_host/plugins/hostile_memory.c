// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Takes all the memory that it can get, and writes to each page. What it got goes to the output, in pages.
#include "examples/plugin_host/plugins/text.h"

enum { kPage = 65536 };

PLUGIN_MAIN {
  uint64_t pages = 0;
  for (size_t step = 4096; step != 0;) {
    const size_t before = __builtin_wasm_memory_grow(0, step);
    if (before == (size_t)-1) {
      step /= 2;
      continue;
    }
    for (size_t i = 0; i < step; ++i) *(volatile uint8_t*)((before + i) * kPage) = 1;
    pages += step;
  }
  write_number(pages);
  write_text(" pages taken\n");
  return 0;
}
