// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Which numeric instructions can trap.
#ifndef SANDBOX_FAST_TRAPS_H_
#define SANDBOX_FAST_TRAPS_H_

#include <array>
#include <cstddef>

#include "sandbox/numeric/bind.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::fast {
namespace traps_internal {

consteval std::array<bool, kOpCount> Traps() {
  std::array<bool, kOpCount> traps{};
#define NUMERIC_ROW(name) traps[static_cast<size_t>(Op::k##name)] = numeric::Binding<Op::k##name>::kTraps;
#define NUMERIC_PREFIXED_ROW(name, code) NUMERIC_ROW(name)
#include "sandbox/inplace/numeric_rows.inc"
#undef NUMERIC_ROW
#undef NUMERIC_PREFIXED_ROW
  return traps;
}
inline constexpr std::array<bool, kOpCount> kTraps = Traps();

}  // namespace traps_internal

// False of all other instructions, and of those that this build has not.
constexpr bool TrapsOf(Op op) { return traps_internal::kTraps[static_cast<size_t>(op)]; }

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_TRAPS_H_
