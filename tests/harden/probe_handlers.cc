// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Four handlers in the form of the in-place tier's, to test the inspector on. Each PROBE_ macro takes away one property.

#include "tests/harden/probe_handlers.h"

namespace sandbox::inplace {
namespace {

#define PROBE_ARGS const uint16_t *pc, int64_t acc, const void *table
#define PROBE_CC [[clang::preserve_none]]

using Handler = int64_t (*)(PROBE_ARGS) PROBE_CC;

#define PROBE_DISPATCH \
  [[clang::nomerge]] [[clang::musttail]] return static_cast<const Handler*>(table)[*pc](pc, acc, table)

PROBE_CC int64_t Op_Add(PROBE_ARGS) {
  acc += pc[1];
  pc += 2;
  PROBE_DISPATCH;
}

#ifdef PROBE_ESCAPE
// Its address escapes: the canary is checked on the hot path.
[[gnu::noinline]] void Double(int64_t* value) {
  asm volatile("" : : "r"(value) : "memory");
  *value *= 2;
}
#endif

PROBE_CC int64_t Op_Double(PROBE_ARGS) {
#ifdef PROBE_ESCAPE
  int64_t value = acc;
  Double(&value);
  acc = value;
#else
  acc *= 2;
#endif
  ++pc;
  PROBE_DISPATCH;
}

PROBE_CC int64_t Op_BrIf(PROBE_ARGS) {
#ifdef PROBE_ONE_JUMP
  pc = acc < 1000 ? pc + static_cast<int16_t>(pc[1]) : pc + 2;
  PROBE_DISPATCH;
#else
  if (acc < 1000) {
    pc += static_cast<int16_t>(pc[1]);
    PROBE_DISPATCH;
  }
  pc += 2;
  PROBE_DISPATCH;
#endif
}

// The only one that returns: on the way out, not on the hot path.
PROBE_CC int64_t End(const uint16_t*, int64_t acc, const void*) { return acc; }

#ifdef PROBE_MUTABLE_TABLE
Handler kHandlers[] = {End, Op_Add, Op_Double, Op_BrIf};
#else
constexpr Handler kHandlers[] = {End, Op_Add, Op_Double, Op_BrIf};
#endif

}  // namespace

int64_t RunProbe(const uint16_t* code, int64_t accumulator) {
  const void* table = kHandlers;
  // Opaque, so that the table is not read at compile time.
  asm volatile("" : "+r"(table) : : "memory");
  return static_cast<const Handler*>(table)[*code](code, accumulator, table);
}

}  // namespace sandbox::inplace
