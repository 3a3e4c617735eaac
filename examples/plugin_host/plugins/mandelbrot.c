// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Draws: an hour of arithmetic for a slow machine, no input.
#include "examples/plugin_host/plugins/text.h"

enum { kWidth = 64, kHeight = 24, kSteps = 200 };

PLUGIN_MAIN {
  static const char kShades[] = " .:-=+*#%@";
  for (int y = 0; y < kHeight; ++y) {
    char line[kWidth + 1];
    for (int x = 0; x < kWidth; ++x) {
      const double cr = 3.0 * x / kWidth - 2.2;
      const double ci = 2.4 * y / kHeight - 1.2;
      double zr = 0, zi = 0;
      int step = 0;
      while (step < kSteps && zr * zr + zi * zi < 4) {
        const double r = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = r;
        ++step;
      }
      line[x] = kShades[step == kSteps ? 9 : step % 9];
    }
    line[kWidth] = '\n';
    if (host_write_output(line, sizeof line) != 0) return 1;
  }
  return 0;
}
