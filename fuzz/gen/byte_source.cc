// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/byte_source.h"

#include <array>

namespace sandbox::fuzz {
namespace {

constexpr std::array<uint64_t, 34> kEdges = {
    0,
    1,
    2,
    7,
    8,
    31,
    32,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffffff,
    0x7f800000,          // f32: infinity, signalling NaN, least normal, 2^31, 1, -0
    0x7fa00000,
    0x00800000,
    0x4f000000,
    0x3f800000,
    0x7ff0000000000000,  // f64: infinity, signalling NaN, 1, 2^31, 2^63, 2^64
    0x7ff4000000000000,
    0x3ff0000000000000,
    0x41e0000000000000,
    0x43e0000000000000,
    0x43f0000000000000,
};

}  // namespace

uint64_t ByteSource::Interesting() {
  switch (Below(4)) {
    case 0: return Byte();
    case 1: return Word(8);
    default: return Pick(kEdges) + Below(3) - 1;
  }
}

}  // namespace sandbox::fuzz
