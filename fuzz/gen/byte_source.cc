// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/byte_source.h"

#include <array>
#include <random>

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

// Zeros, least and greatest, subnormals, halves, and what lies next to the edges of the integer types.
constexpr std::array<uint32_t, 34> kF32Edges = {
    0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000, 0xbf7fffff,
    0x00000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
    0x7fa00000, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000,
    0xdf000000, 0xdf000001, 0x5f7fffff, 0x5f800000, 0x4b000001, 0x4a800001, 0x33800000,
};

constexpr std::array<uint64_t, 42> kF64Edges = {
    0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x3fe0000000000000,
    0xbfe0000000000000, 0x3ff8000000000000, 0x4004000000000000, 0xbfefffffffffffff, 0x0000000000000001,
    0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000,
    0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff4000000000000, 0x41dfffffffc00000,
    0x41e0000000000000, 0x41dfffffffffffff, 0xc1e0000000000000, 0xc1e0000000200000, 0xc1e00000001fffff,
    0x41efffffffe00000, 0x41f0000000000000, 0x41efffffffffffff, 0x43dfffffffffffff, 0x43e0000000000000,
    0xc3e0000000000000, 0xc3e0000000000001, 0x43efffffffffffff, 0x43f0000000000000, 0x4330000000000001,
    0x4320000000000001, 0x3ca0000000000000, 0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
    0x3690000000000000, 0x36a0000000000000,
};

}  // namespace

uint64_t RelatedBits(uint64_t bits, ValType type, uint32_t choice) {
  if (type.is_ref()) return bits;
  const bool is_wide = type == ValType::I64() || type == ValType::F64();
  const uint64_t sign = is_wide ? uint64_t{1} << 63 : uint64_t{1} << 31;
  const std::array<uint64_t, 5> related = {bits, bits ^ sign, bits + 1, bits - 1, type.is_float() ? sign : ~uint64_t{0}};
  return related[choice % related.size()] & (is_wide ? ~uint64_t{0} : 0xffffffff);
}

std::array<uint8_t, 64> DrawChoices(uint64_t seed) {
  std::array<uint8_t, 64> choices;
  std::minstd_rand random(static_cast<uint32_t>(seed));
  for (uint8_t& choice : choices) choice = static_cast<uint8_t>(random() >> 8);
  return choices;
}

uint64_t ByteSource::BitsOf(ValType type) {
  switch (type.kind()) {
    case ValKind::kF32: return OneIn(3) ? Word(4) : Pick(kF32Edges);
    case ValKind::kF64: return OneIn(3) ? Word(8) : Pick(kF64Edges);
    default: break;
  }
  if (!OneIn(3)) return Interesting();
  const uint32_t bits = Between(1, 64);
  const uint64_t number = Word((bits + 7) / 8);
  return OneIn(2) ? ~number : number;
}

uint64_t ByteSource::Interesting() {
  switch (Below(4)) {
    case 0: return Byte();
    case 1: return Word(8);
    default: return Pick(kEdges) + Below(3) - 1;
  }
}

}  // namespace sandbox::fuzz
