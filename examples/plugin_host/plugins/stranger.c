// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Wants more than this host offers.
#include "examples/plugin_host/plugins/host_api.h"

HOST_IMPORT(open_file) int32_t host_open_file(const char* path);

PLUGIN_MAIN { return host_open_file("/etc/passwd"); }
