// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Traps: the guest did something that the specification answers by aborting the computation.
#ifndef SANDBOX_BASE_TRAP_H_
#define SANDBOX_BASE_TRAP_H_

#include <cstdint>
#include <expected>
#include <string_view>

namespace sandbox {

enum class TrapCode : uint8_t {
#define SANDBOX_TRAP(name, text) name,
#include "sandbox/base/trap.def"
#undef SANDBOX_TRAP
};

// The text of the official test suite (a literal: the lifetime of the program).
std::string_view TextOf(TrapCode code);

// The result of an operation that may trap.
template <typename T>
using OrTrap = std::expected<T, TrapCode>;

inline std::unexpected<TrapCode> Trap(TrapCode code) { return std::unexpected(code); }

}  // namespace sandbox

#endif  // SANDBOX_BASE_TRAP_H_
