// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The fuzzer's bytes as a stream of choices: the same bytes make the same choices, and zeros follow their end, so that
// every input means something and a longer one refines a shorter one.
#ifndef FUZZ_GEN_BYTE_SOURCE_H_
#define FUZZ_GEN_BYTE_SOURCE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sandbox/syntax/types.h"

namespace sandbox::fuzz {

// What goes wrong with an operand beside `bits` in particular: the same again, the other sign, a neighbour, -0 or -1.
uint64_t RelatedBits(uint64_t bits, ValType type, uint32_t choice);

// Choices that take no bytes of the input: for where it has none left, or where each change of it is to choose anew.
std::array<uint8_t, 64> DrawChoices(uint64_t seed);

class ByteSource {
 public:
  explicit ByteSource(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool is_empty() const { return at_ >= bytes_.size(); }
  size_t left() const { return bytes_.size() - at_; }
  std::span<const uint8_t> rest() const { return bytes_.subspan(at_); }

  // The next bytes, at most so many, as a source of their own.
  ByteSource Take(size_t most) {
    const std::span<const uint8_t> taken = rest().first(std::min(most, left()));
    at_ += taken.size();
    return ByteSource(taken);
  }

  uint8_t Byte() { return is_empty() ? 0 : bytes_[at_++]; }
  uint64_t Word(size_t bytes) {
    uint64_t word = 0;
    for (size_t i = 0; i < bytes; ++i) word |= uint64_t{Byte()} << 8 * i;
    return word;
  }

  // A number below n. By remainder of a wide enough word: comparing one byte with a small range would hardly ever choose
  // what is rare.
  uint32_t Below(uint32_t n) { return n <= 1 ? 0 : static_cast<uint32_t>(Word(n <= 256 ? 1 : n <= 65536 ? 2 : 4) % n); }
  uint32_t Between(uint32_t low, uint32_t high) { return low + Below(high - low + 1); }
  // True once in n; false when there is nothing left to choose by.
  bool OneIn(uint32_t n) { return !is_empty() && Below(n) == 0; }

  template <typename Container>
  auto Pick(const Container& items) {
    return items[Below(static_cast<uint32_t>(items.size()))];
  }

  // A 64-bit number that is interesting more often than not: edges of the integer and floating-point formats.
  uint64_t Interesting();
  // The same for a type: floats get the edges of their own format, integers constants of every encoded length.
  uint64_t BitsOf(ValType type);

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_BYTE_SOURCE_H_
