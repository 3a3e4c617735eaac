// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The check of a side table that was not derived just now.
#ifndef SANDBOX_VALID_SIDE_TABLE_VERIFY_H_
#define SANDBOX_VALID_SIDE_TABLE_VERIFY_H_

#include "sandbox/base/error.h"
#include "sandbox/module/module_data.h"
#include "sandbox/syntax/limits.h"

namespace sandbox {

// Derives the function records and the side table of `module` once more, from its bytes, and compares.
//
// Errors:  those of LoadModule; kSideTableMismatch, its detail the number of the first defined function that differs.
// Charges: limits.load_bytes at most, given back before returning.
// Time:    linear in the module's bytes.
[[nodiscard]] Result<void> VerifySideTable(const ModuleData& module, const ImplementationLimits& limits);

}  // namespace sandbox

#endif  // SANDBOX_VALID_SIDE_TABLE_VERIFY_H_
