// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Constant expressions (spec "valid-constant").
#ifndef SANDBOX_VALID_CONST_EXPR_VALIDATOR_H_
#define SANDBOX_VALID_CONST_EXPR_VALIDATOR_H_

#include "sandbox/base/vec.h"
#include "sandbox/binary/cursor.h"
#include "sandbox/module/module_data.h"
#include "sandbox/syntax/opcode.h"
#include "sandbox/valid/validation_context.h"

namespace sandbox {

class ConstExprValidator {
 public:
  ConstExprValidator(ValidationContext& context, Budget& budget) : context_(context), operands_(budget) {}

  // Reads the expression at the cursor up to its `end` and checks that it makes one value of a type. It sees the globals
  // that the module has by now, and declares the functions that it names.
  [[nodiscard]] bool Validate(Cursor& cursor, ValType type, ConstExpr& expr);

 private:
  bool Instruction(Cursor& cursor, Op op);
  bool ReadOp(Cursor& cursor, Op& op);
  bool GlobalGet(Cursor& cursor);
  bool RefNull(Cursor& cursor);
  bool RefFunc(Cursor& cursor);
  bool Arithmetic(ValType type);
  bool Push(ValType type);
  bool Fail(ErrorCode code) { return context_.sink.Fail(code, start_); }

  ValidationContext& context_;
  Vec<ValType> operands_;
  size_t start_ = 0;  // of the instruction at hand
};

}  // namespace sandbox

#endif  // SANDBOX_VALID_CONST_EXPR_VALIDATOR_H_
