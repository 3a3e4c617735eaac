// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Calls itself until the stack is full.
#include "examples/plugin_host/plugins/host_api.h"

static int32_t dive(volatile int32_t* depth) {
  *depth += 1;
  if (*depth < 0) return 0;  // after four thousand million calls
  return dive(depth) + *depth;
}

PLUGIN_MAIN {
  volatile int32_t depth = 0;
  return dive(&depth);
}
