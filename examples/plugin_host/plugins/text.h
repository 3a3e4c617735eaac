// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The little of a C library that the plugins need.
#ifndef EXAMPLES_PLUGIN_HOST_PLUGINS_TEXT_H_
#define EXAMPLES_PLUGIN_HOST_PLUGINS_TEXT_H_

#include "examples/plugin_host/plugins/host_api.h"

static inline size_t text_length(const char* text) {
  size_t length = 0;
  while (text[length] != 0) ++length;
  return length;
}

static inline void log_text(const char* text) { host_log(text, text_length(text)); }

static inline void write_text(const char* text) { host_write_output(text, text_length(text)); }

// Decimal digits of a number.
static inline void write_number(uint64_t number) {
  char digits[20];
  size_t start = sizeof digits;
  do {
    digits[--start] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  host_write_output(digits + start, sizeof digits - start);
}

#endif  // EXAMPLES_PLUGIN_HOST_PLUGINS_TEXT_H_
