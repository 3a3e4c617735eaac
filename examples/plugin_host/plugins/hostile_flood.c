// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Never stops calling the host.
#include "examples/plugin_host/plugins/text.h"

PLUGIN_MAIN {
  for (;;) log_text("spam, spam, spam");
}
