// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Calls, locals, globals, drop and select, references (spec "Control", "Parametric", "Variable" and "Reference
// Instructions").

#include "sandbox/binary/type_reader.h"
#include "sandbox/valid/function_validator.h"

namespace sandbox {

bool FunctionValidator::CallRule(Op op) {
  switch (op) {
    case Op::kCall: return CallFunction(false);
    case Op::kReturnCall: return CallFunction(true);
    case Op::kCallIndirect: return CallIndirect(false);
    case Op::kReturnCallIndirect: return CallIndirect(true);
    case Op::kCallRef: return CallRef(false);
    case Op::kReturnCallRef: return CallRef(true);
    default: return sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
  }
}

bool FunctionValidator::VariableRule(Op op) {
  ValType ignored;
  switch (op) {
    case Op::kLocalGet: return LocalGet();
    case Op::kLocalSet: return LocalSet(false);
    case Op::kLocalTee: return LocalSet(true);
    case Op::kGlobalGet: return Global(false);
    case Op::kGlobalSet: return Global(true);
    case Op::kDrop: return PopAny(ignored);
    case Op::kSelect: return Select();
    case Op::kSelectTyped: return SelectTyped();
    default: return sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
  }
}

bool FunctionValidator::ReferenceRule(Op op) {
  HeapType heap = HeapType::kBottom;
  switch (op) {
    case Op::kRefNull: return RefNull();
    case Op::kRefFunc: return RefFunc();
    case Op::kRefIsNull: return PopRef(heap) && Push(ValType::I32());
    case Op::kRefAsNonNull: return PopRef(heap) && Push(ValType::Ref(heap, false));
    default: return sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
  }
}

bool FunctionValidator::Call(CanonIdx type, bool is_tail_call) {
  const FuncTypeView callee = module_.types.FuncType(type);
  if (!PopAll(callee.params)) return false;
  if (!is_tail_call) return PushAll(callee.results);
  if (!AreResults(callee.results)) return false;
  MarkUnreachable();
  return true;
}

// What a tail call returns is what the function returns.
bool FunctionValidator::AreResults(std::span<const ValType> types) {
  if (types.size() != type_.results.size()) return Fail(ErrorCode::kTypeMismatch);
  for (size_t i = 0; i < types.size(); ++i) {
    if (!Matches(types[i], type_.results[i])) return Fail(ErrorCode::kTypeMismatch);
  }
  return true;
}

bool FunctionValidator::CallFunction(bool is_tail_call) {
  FuncIdx function = 0;
  if (!cursor_.ReadU32(function)) return false;
  if (function >= module_.function_count()) return Fail(ErrorCode::kUnknownFunction);
  return Call(module_.FunctionType(function), is_tail_call);
}

bool FunctionValidator::CallIndirect(bool is_tail_call) {
  TypeIdx index = 0;
  CanonIdx type = 0;
  const TableType* table = nullptr;
  if (!cursor_.ReadU32(index) || !ReadTable(table) || !context_.FunctionTypeOf(index, start_, type)) return false;
  if (!Matches(table->element, ValType::FuncRef())) return Fail(ErrorCode::kTypeMismatch);
  return Pop(table->limits.index_type()) && Call(type, is_tail_call);
}

bool FunctionValidator::CallRef(bool is_tail_call) {
  TypeIdx index = 0;
  CanonIdx type = 0;
  if (!cursor_.ReadU32(index) || !context_.FunctionTypeOf(index, start_, type)) return false;
  return Pop(ValType::Ref(HeapType::Defined(type), true)) && Call(type, is_tail_call);
}

bool FunctionValidator::LocalGet() {
  uint32_t index = 0;
  ValType type;
  if (!cursor_.ReadU32(index) || !TypeOfLocal(index, type)) return false;
  if (!type.is_defaultable() && !IsInitialized(index)) return Fail(ErrorCode::kUninitializedLocal);
  return Push(type);
}

bool FunctionValidator::LocalSet(bool keeps_operand) {
  uint32_t index = 0;
  ValType type;
  if (!cursor_.ReadU32(index) || !TypeOfLocal(index, type) || !Pop(type)) return false;
  if (!type.is_defaultable() && !IsInitialized(index)) {
    initialized_[index] = function_number_;
    if (!Ok(newly_initialized_.Push(index))) return false;
  }
  return !keeps_operand || Push(type);
}

bool FunctionValidator::Global(bool is_set) {
  GlobalIdx index = 0;
  if (!cursor_.ReadU32(index)) return false;
  if (index >= module_.globals.size()) return Fail(ErrorCode::kUnknownGlobal);
  const GlobalType& global = module_.globals[index].type;
  if (!is_set) return Push(global.type);
  if (!global.is_mutable) return Fail(ErrorCode::kImmutableGlobal);
  return Pop(global.type);
}

bool FunctionValidator::Select() {
  ValType first;
  ValType second;
  if (!Pop(ValType::I32()) || !PopAny(second) || !PopAny(first)) return false;
  if (first.is_ref() || second.is_ref()) return Fail(ErrorCode::kTypeMismatch);
  const bool first_is_known = first != ValType();
  if (first_is_known && second != ValType() && first != second) return Fail(ErrorCode::kTypeMismatch);
  return Push(first_is_known ? first : second);
}

bool FunctionValidator::SelectTyped() {
  uint32_t count = 0;
  ValType type;
  if (!cursor_.ReadCount(count)) return false;
  if (count != 1) return Fail(ErrorCode::kBadResultArity);
  const size_t type_start = cursor_.position();
  if (!ReadValueType(cursor_, type) || !context_.Resolve(type, type_start)) return false;
  return Pop(ValType::I32()) && Pop(type) && Pop(type) && Push(type);
}

bool FunctionValidator::RefNull() {
  const size_t type_start = cursor_.position();
  HeapType heap = HeapType::kBottom;
  if (!ReadHeapType(cursor_, heap) || !context_.Resolve(heap, type_start)) return false;
  return Push(ValType::Ref(heap, true));
}

bool FunctionValidator::RefFunc() {
  FuncIdx function = 0;
  if (!cursor_.ReadU32(function)) return false;
  if (function >= module_.function_count()) return Fail(ErrorCode::kUnknownFunction);
  if (!context_.declared.Contains(function)) return Fail(ErrorCode::kUndeclaredReference);
  return Push(ValType::Ref(HeapType::Defined(module_.FunctionType(function)), false));
}

}  // namespace sandbox
