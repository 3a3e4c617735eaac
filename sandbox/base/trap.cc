// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/trap.h"

#include <array>
#include <cstddef>

namespace sandbox {
namespace {

constexpr auto kTexts = std::to_array<std::string_view>({
#define SANDBOX_TRAP(name, text) text,
#include "sandbox/base/trap.def"
#undef SANDBOX_TRAP
});

}  // namespace

std::string_view TextOf(TrapCode code) { return kTexts[static_cast<size_t>(code)]; }

}  // namespace sandbox
