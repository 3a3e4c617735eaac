// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Constant expressions (spec "Constant Expressions"), evaluated from the module's bytes after validation.
#ifndef SANDBOX_EXEC_CONST_EXPR_H_
#define SANDBOX_EXEC_CONST_EXPR_H_

#include "sandbox/base/error.h"
#include "sandbox/runtime/store_data.h"

namespace sandbox {

// The value of an expression in an instance whose imports, functions and earlier globals exist. The operand stack is
// charged to the store's budget: class memory is the only error.
[[nodiscard]] Result<Slot> EvaluateConstExpr(StoreData& store, const Instance& instance, const ConstExpr& expression);

}  // namespace sandbox

#endif  // SANDBOX_EXEC_CONST_EXPR_H_
