// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the compiler's flags must act on: an array on the stack, a copy of unknown length into a known buffer.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "tests/harden/probe_handlers.h"

#ifdef PROBE_WX
asm(".section .probe_wx,\"awxR\",@progbits\n.quad 0\n.text");
#endif
#ifdef PROBE_TEXTREL
asm(".text\n.quad main");
#endif

int main(int argc, char** argv) {
  char word[16];
  std::size_t length = std::strlen(argv[0]);
  // Level 3 of fortification: the size is only known at run time.
  auto* copy = static_cast<char*>(std::malloc(length + static_cast<std::size_t>(argc)));
  if (copy == nullptr) return 1;
  std::memcpy(copy, argv[0], length + 1);
  std::snprintf(word, sizeof word, "%.3s", copy);
  std::free(copy);

  constexpr uint16_t kCode[] = {1, 5, 2, 3, static_cast<uint16_t>(-3), 0};
  int64_t result = sandbox::inplace::RunProbe(std::begin(kCode), 1);
  std::printf("%s %lld\n", word, static_cast<long long>(result));
  return result >= 1000 ? 0 : 1;
}
