// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Hands the host pointers and lengths that are not its own to give.
#include "examples/plugin_host/plugins/host_api.h"

PLUGIN_MAIN {
  char* const outside = (char*)(size_t)0xfffffff0u;
  // The call must not touch anything: no byte of this range exists, or only its first ones do.
  host_write_output(outside, 0x7fffffff);
  return 0;
}
