// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Keeps a counter in the host's key-value store and tells the time.
#include "examples/plugin_host/plugins/text.h"

static const char kKey[] = "visits";

PLUGIN_MAIN {
  uint32_t visits = 0;
  if (host_kv_get(kKey, sizeof kKey - 1, &visits, sizeof visits) != (int32_t)sizeof visits) visits = 0;
  ++visits;
  if (host_kv_set(kKey, sizeof kKey - 1, &visits, sizeof visits) != 0) return 1;
  const int64_t before = host_clock();
  const int64_t after = host_clock();
  write_text("visit ");
  write_number(visits);
  write_text(after > before ? ", time goes on\n" : ", time stands still\n");
  return 0;
}
