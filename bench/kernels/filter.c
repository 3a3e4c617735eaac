// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Filters an image: a sharpening 3 by 3 kernel with clamping over the channels of pixels, then a look-up curve.
#include "kernel.h"

enum { kSide = 64, kChannels = 4, kRow = kSide * kChannels };

static uint8_t image[kSide * kRow], filtered[kSide * kRow], curve[256];
static const int weights[9] = {-1, -2, -1, -2, 28, -2, -1, -2, -1};

static uint8_t Clamp(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

NOINLINE static void Filter(const uint8_t *from, uint8_t *to) {
  for (int y = 1; y < kSide - 1; y++) {
    for (int x = 1; x < kSide - 1; x++) {
      for (int channel = 0; channel < 3; channel++) {
        const int at = y * kRow + x * kChannels + channel;
        int sum = 8;
        for (int dy = -1; dy <= 1; dy++) {
          const uint8_t *const row = from + at + dy * kRow;
          const int *const weight = weights + (dy + 1) * 3;
          sum += row[-kChannels] * weight[0] + row[0] * weight[1] + row[kChannels] * weight[2];
        }
        to[at] = Clamp(sum >> 4);
      }
    }
  }
}

NOINLINE static void Blend(uint8_t *to, const uint8_t *other) {
  for (int i = 0; i < kSide * kRow; i += kChannels) {
    const int alpha = to[i + 3];
    for (int channel = 0; channel < 3; channel++) {
      const int mixed = to[i + channel] * (255 - alpha) + other[i + channel] * alpha;
      to[i + channel] = curve[(mixed + 128) * 257 >> 16];
    }
  }
}

RUN {
  uint32_t seed = 1729, sum = 0;
  for (int i = 0; i < 256; i++) curve[i] = (uint8_t)((i * i / 255 + i) / 2);
  for (int i = 0; i < kSide * kRow; i++) {
    image[i] = (uint8_t)((i / kRow * 3 + i % kRow) + NextRandom(&seed) % 32);
    filtered[i] = 0;
  }
  for (uint32_t round = 0; round < n; round++) {
    Filter(image, filtered);
    Blend(image, filtered);
    for (int i = 0; i < kSide; i++) image[NextRandom(&seed) % (kSide * kRow)] ^= (uint8_t)round;
    for (int i = 0; i < kSide * kRow; i += 127) sum = Fold(sum, image[i]);
  }
  return sum;
}
