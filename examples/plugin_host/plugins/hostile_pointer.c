// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Reads where no memory is.
#include "examples/plugin_host/plugins/host_api.h"

PLUGIN_MAIN {
  uint32_t sum = 0;
  // Up through the whole address space; the first step beyond the memory is the last.
  for (uint32_t address = 1024;; address = address * 2 + 1) {
    sum += *(volatile uint32_t*)(size_t)address;
    if (address > 0xc0000000u) return (int32_t)sum;
  }
}
