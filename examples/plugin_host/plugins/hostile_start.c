// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Its start function, which runs when the module is instantiated, never ends.
#include "examples/plugin_host/plugins/host_api.h"

__attribute__((export_name("start"))) void start(void) {
  volatile uint32_t rounds = 0;
  for (;;) ++rounds;
}

PLUGIN_MAIN { return 0; }
