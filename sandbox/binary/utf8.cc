// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/binary/utf8.h"

namespace sandbox {
namespace {

constexpr bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// The length of the well-formed character at the front, or 0. bytes is not empty.
size_t CharacterSize(ByteSpan bytes) {
  const uint8_t lead = bytes[0];
  if (lead < 0x80) return 1;
  const size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || bytes.size() < size) return 0;
  for (const uint8_t byte : bytes.subspan(1, size - 1)) {
    if (!IsContinuation(byte)) return 0;
  }
  // What is left are overlong forms (E0, F0), surrogates (ED) and what is beyond U+10FFFF (F4).
  const uint8_t second = bytes[1];
  if (lead == 0xe0 && second < 0xa0) return 0;
  if (lead == 0xed && second > 0x9f) return 0;
  if (lead == 0xf0 && second < 0x90) return 0;
  if (lead == 0xf4 && second > 0x8f) return 0;
  return size;
}

}  // namespace

bool IsUtf8(ByteSpan bytes) {
  while (!bytes.empty()) {
    // Names are ASCII nearly always.
    if (const auto word = LoadLittle<uint64_t>(bytes, 0); word && (*word & 0x8080808080808080) == 0) {
      bytes = bytes.subspan(sizeof(uint64_t));
      continue;
    }
    const size_t size = CharacterSize(bytes);
    if (size == 0) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

}  // namespace sandbox
