// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/const_expr_validator.h"

#include "sandbox/binary/type_reader.h"

namespace sandbox {

bool ConstExprValidator::Validate(Cursor& cursor, ValType type, ConstExpr& expr) {
  operands_.Clear();
  expr.code.begin = static_cast<uint32_t>(cursor.position());
  expr.instructions = 0;
  for (;;) {
    Op op = Op::kEnd;
    start_ = cursor.position();
    if (++expr.instructions > context_.limits.constant_instructions) {
      return context_.sink.FailLimit(LimitId::constant_instructions, start_);
    }
    if (!ReadOp(cursor, op)) return false;
    if (op == Op::kEnd) break;
    if (!Instruction(cursor, op)) return false;
  }
  expr.code.size = static_cast<uint32_t>(cursor.position()) - expr.code.begin;
  if (operands_.size() != 1 || !context_.module.types.Matches(operands_[0], type)) {
    return Fail(ErrorCode::kTypeMismatch);
  }
  return true;
}

bool ConstExprValidator::ReadOp(Cursor& cursor, Op& op) {
  uint8_t byte = 0;
  if (!cursor.ReadByte(byte)) return false;
  op = OpFromByte(byte);
  if (IsPrefix(byte)) {
    uint32_t code = 0;
    if (!cursor.ReadU32(code)) return false;
    op = OpFromEncoding(byte, code).value_or(kInvalidOp);
  }
  if (op == kInvalidOp) return Fail(ErrorCode::kIllegalOpcode);
  return IsBuiltIn(op) || context_.sink.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
}

bool ConstExprValidator::Instruction(Cursor& cursor, Op op) {
  int32_t ignored_s32 = 0;
  int64_t ignored_s64 = 0;
  switch (op) {
    case Op::kI32Const: return cursor.ReadS32(ignored_s32) && Push(ValType::I32());
    case Op::kI64Const: return cursor.ReadS64(ignored_s64) && Push(ValType::I64());
    case Op::kF32Const: return cursor.Skip(4) && Push(ValType::F32());
    case Op::kF64Const: return cursor.Skip(8) && Push(ValType::F64());
    case Op::kI32Add:
    case Op::kI32Sub:
    case Op::kI32Mul: return Arithmetic(ValType::I32());
    case Op::kI64Add:
    case Op::kI64Sub:
    case Op::kI64Mul: return Arithmetic(ValType::I64());
    case Op::kGlobalGet: return GlobalGet(cursor);
    case Op::kRefNull: return RefNull(cursor);
    case Op::kRefFunc: return RefFunc(cursor);
    default: return Fail(ErrorCode::kConstantRequired);
  }
}

bool ConstExprValidator::Arithmetic(ValType type) {
  const size_t size = operands_.size();
  if (size < 2 || operands_[size - 1] != type || operands_[size - 2] != type) return Fail(ErrorCode::kTypeMismatch);
  operands_.Truncate(size - 1);
  return true;
}

bool ConstExprValidator::GlobalGet(Cursor& cursor) {
  GlobalIdx index = 0;
  if (!cursor.ReadU32(index)) return false;
  if (index >= context_.module.globals.size()) return Fail(ErrorCode::kUnknownGlobal);
  const GlobalType& global = context_.module.globals[index].type;
  if (global.is_mutable) return Fail(ErrorCode::kConstantRequired);
  return Push(global.type);
}

bool ConstExprValidator::RefNull(Cursor& cursor) {
  const size_t type_start = cursor.position();
  HeapType heap = HeapType::kBottom;
  if (!ReadHeapType(cursor, heap) || !context_.Resolve(heap, type_start)) return false;
  return Push(ValType::Ref(heap, true));
}

bool ConstExprValidator::RefFunc(Cursor& cursor) {
  FuncIdx function = 0;
  if (!cursor.ReadU32(function)) return false;
  if (function >= context_.module.function_count()) return Fail(ErrorCode::kUnknownFunction);
  context_.declared.Add(function);
  return Push(ValType::Ref(HeapType::Defined(context_.module.FunctionType(function)), false));
}

bool ConstExprValidator::Push(ValType type) {
  if (operands_.size() >= context_.limits.operand_stack) {
    return context_.sink.FailLimit(LimitId::operand_stack, start_);
  }
  return context_.Ok(operands_.Push(type), start_);
}

}  // namespace sandbox
