// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Constant expressions (spec "Constant Expressions"), evaluated from the module's bytes after validation.
#ifndef SANDBOX_EXEC_CONST_EXPR_H_
#define SANDBOX_EXEC_CONST_EXPR_H_

#include "sandbox/exec/registers.h"
#include "sandbox/runtime/instance.h"

namespace sandbox {

// Evaluates the expression at pc, in an instance whose imports, functions and earlier globals exist, and moves pc behind
// its `end`. instance.operands, the operand stack, is at least as long as the expression has instructions.
// Nothing can fail: constant instructions do not trap.
Slot EvaluateConstExpr(Instance& instance, Pc& pc);

// The same for an expression of the instance's module.
Slot EvaluateConstExpr(Instance& instance, const ConstExpr& expression);

// Evaluates the items of an element segment into `items`, which has room for all.
void EvaluateElements(Instance& instance, const ElementSegment& segment, std::span<Ref> items);

}  // namespace sandbox

#endif  // SANDBOX_EXEC_CONST_EXPR_H_
