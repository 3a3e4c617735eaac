// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Never ends.
#include "examples/plugin_host/plugins/host_api.h"

PLUGIN_MAIN {
  volatile uint32_t rounds = 0;
  for (;;) ++rounds;
}
