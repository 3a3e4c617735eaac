// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Points of the Mandelbrot set, in doubles: short dependent chains of multiplications and additions.
#include "kernel.h"

enum { kSide = 48, kMaxSteps = 100 };

NOINLINE static uint32_t StepsAt(double cx, double cy) {
  double x = 0, y = 0;
  uint32_t steps = 0;
  for (; steps < kMaxSteps; steps++) {
    const double xx = x * x, yy = y * y;
    if (xx + yy > 4) break;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return steps;
}

RUN {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    const double side = 3.0 / (1 + round * 0.125);
    for (uint32_t row = 0; row < kSide; row++) {
      for (uint32_t column = 0; column < kSide; column++) {
        sum = Fold(sum, StepsAt(-0.75 + (column / (double)kSide - 0.5) * side, 0.1 + (row / (double)kSide - 0.5) * side));
      }
    }
  }
  return sum;
}
