// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A fixed-point Fourier transform of 16-bit samples, there and back: products in 32 and 64 bits, strides, bit reversal.
#include "kernel.h"

enum { kLog = 9, kSize = 1 << kLog, kOne = 1 << 14 };

static int32_t re[kSize], im[kSize];
static int32_t cosines[kSize / 2], sines[kSize / 2];

static int32_t Multiply(int32_t a, int32_t b) { return (int32_t)(((int64_t)a * b + (kOne >> 1)) >> 14); }

// By turning a unit vector a small step at a time, in 2.30 bits.
static void MakeTables(void) {
  const int64_t step_cos = 1073660973, step_sin = 13176464;  // of 2 pi / 512, times 2^30
  int64_t c = 1 << 30, s = 0;
  for (int i = 0; i < kSize / 2; i++) {
    cosines[i] = (int32_t)(c >> 16);
    sines[i] = (int32_t)(s >> 16);
    const int64_t next = (c * step_cos - s * step_sin) >> 30;
    s = (s * step_cos + c * step_sin) >> 30;
    c = next;
  }
}

static uint32_t Reverse(uint32_t value) {
  uint32_t reversed = 0;
  for (int i = 0; i < kLog; i++, value >>= 1) reversed = reversed << 1 | (value & 1);
  return reversed;
}

static void Swap(int32_t *a, int32_t *b) {
  const int32_t was = *a;
  *a = *b;
  *b = was;
}

// Halves at each of the kLog stages, so that nothing overflows.
NOINLINE static void Transform(bool is_inverse) {
  for (uint32_t i = 0; i < kSize; i++) {
    const uint32_t other = Reverse(i);
    if (other > i) Swap(&re[i], &re[other]), Swap(&im[i], &im[other]);
  }
  for (uint32_t half = 1; half < kSize; half *= 2) {
    const uint32_t stride = kSize / 2 / half;
    for (uint32_t begin = 0; begin < kSize; begin += 2 * half) {
      for (uint32_t k = 0; k < half; k++) {
        const int32_t c = cosines[k * stride], s = is_inverse ? sines[k * stride] : -sines[k * stride];
        const uint32_t a = begin + k, b = a + half;
        const int32_t x = Multiply(re[b], c) - Multiply(im[b], s), y = Multiply(re[b], s) + Multiply(im[b], c);
        re[b] = (re[a] - x) >> 1, im[b] = (im[a] - y) >> 1;
        re[a] = (re[a] + x) >> 1, im[a] = (im[a] + y) >> 1;
      }
    }
  }
}

RUN {
  uint32_t sum = 0, seed = 808;
  MakeTables();
  for (uint32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < kSize; i++) re[i] = (int32_t)(NextRandom(&seed) % 65536) * 256 - (1 << 23), im[i] = 0;
    Transform(false);
    for (uint32_t i = kSize / 4; i < kSize * 3 / 4; i++) re[i] = im[i] = 0;  // the high half goes
    for (uint32_t i = 0; i < kSize; i++) re[i] *= 16, im[i] *= 16;
    Transform(true);
    for (uint32_t i = 0; i < kSize; i += 7) sum = Fold(sum, (uint32_t)re[i]);
  }
  return sum;
}
