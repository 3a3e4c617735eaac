// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Decoding and validation in one forward pass (spec "Binary Format", "Validation", "Validation Algorithm").
#ifndef SANDBOX_VALID_LOAD_H_
#define SANDBOX_VALID_LOAD_H_

#include "sandbox/base/budget.h"
#include "sandbox/base/bytes.h"
#include "sandbox/base/error.h"
#include "sandbox/module/module_data.h"
#include "sandbox/syntax/limits.h"

namespace sandbox {

// Fills `module`, which is fresh, from `bytes`, which outlive it.
//
// Errors:  malformed, invalid, unsupported, limit (each with the byte offset and the rule); memory. The module is then
//          only good for destruction.
// Charges: module's budget, within limits.load_bytes as the caller made it.
// Time:    linear in the number of bytes. No recursion.
[[nodiscard]] Result<void> LoadModule(ByteSpan bytes, const ImplementationLimits& limits, ModuleData& module);

}  // namespace sandbox

#endif  // SANDBOX_VALID_LOAD_H_
