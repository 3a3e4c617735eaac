// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Checks of indirect calls, shared by all tiers (spec "exec-call_indirect", "exec-call_ref").
#ifndef SANDBOX_EXEC_OPS_CALL_H_
#define SANDBOX_EXEC_OPS_CALL_H_

#include <cstdint>

#include "sandbox/base/trap.h"
#include "sandbox/runtime/store_data.h"

namespace sandbox::ops {

// The function that call_indirect calls: traps for an index out of range (kUndefinedElement), a null
// (kUninitializedElement) and a function whose type does not match (kIndirectCallMismatch).
// `expected` is the store-wide type.
OrTrap<FuncAddr> IndirectCallee(const StoreData& store, const Table& table, uint64_t index, CanonIdx expected);

}  // namespace sandbox::ops

#endif  // SANDBOX_EXEC_OPS_CALL_H_
