// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Instructions whose types are those of their signature, among them loads and stores; memories and tables (spec
// "Numeric", "Memory" and "Table Instructions").

#include "sandbox/valid/function_validator.h"

namespace sandbox {
namespace {

// A memory access says which memory by a bit in its alignment.
constexpr uint32_t kHasMemoryIndex = 1u << 6;

constexpr ValType TypeOf(Operand operand, ValType address) {
  switch (operand) {
    case Operand::kI32: return ValType::I32();
    case Operand::kI64: return ValType::I64();
    case Operand::kF32: return ValType::F32();
    case Operand::kF64: return ValType::F64();
    case Operand::kV128: return ValType::V128();
    case Operand::kAddress: return address;
    case Operand::kNone: break;
  }
  return ValType();
}

// The type of a length that must fit both index types.
ValType NarrowerIndex(const Limits& a, const Limits& b) {
  return a.is_64 && b.is_64 ? ValType::I64() : ValType::I32();
}

}  // namespace

bool FunctionValidator::SignatureRule(Op op) {
  ValType address;
  if (!ReadImmediates(op, address)) return false;
  const Signature signature = InfoOf(op).signature;
  for (size_t i = signature.param_count(); i > 0; --i) {
    if (!Pop(TypeOf(signature.param(i - 1), address))) return false;
  }
  return signature.result() == Operand::kNone || Push(TypeOf(signature.result(), address));
}

// The immediates of an instruction that has a signature. address: the index type of the memory that they name.
bool FunctionValidator::ReadImmediates(Op op, ValType& address) {
  int32_t ignored_s32 = 0;
  int64_t ignored_s64 = 0;
  const ElementSegment* ignored_segment = nullptr;
  switch (InfoOf(op).immediates) {
    case Immediate::kNone: return true;
    case Immediate::kI32: return cursor_.ReadS32(ignored_s32);
    case Immediate::kI64: return cursor_.ReadS64(ignored_s64);
    case Immediate::kF32: return cursor_.Skip(4);
    case Immediate::kF64: return cursor_.Skip(8);
    case Immediate::kMemarg: return ReadMemarg(InfoOf(op).access_log2, address);
    case Immediate::kMemory: return ReadMemory(address);
    case Immediate::kData: return ReadData();
    case Immediate::kDataMemory: return ReadData() && ReadMemory(address);
    case Immediate::kElem: return ReadElement(ignored_segment);
    default: return sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
  }
}

bool FunctionValidator::ReadMemarg(unsigned access_log2, ValType& address) {
  uint32_t flags = 0;
  MemIdx memory = 0;
  uint64_t offset = 0;
  if (!cursor_.ReadU32(flags)) return false;
  if (flags >= 2 * kHasMemoryIndex) return Fail(ErrorCode::kBadMemarg);
  if ((flags & kHasMemoryIndex) != 0 && !cursor_.ReadU32(memory)) return false;
  if (!cursor_.ReadU64(offset)) return false;
  if (memory >= module_.memories.size()) return Fail(ErrorCode::kUnknownMemory);
  const Limits& limits = module_.memories[memory].limits;
  if ((flags & (kHasMemoryIndex - 1)) > access_log2) return Fail(ErrorCode::kBadAlignment);
  if (!limits.is_64 && offset > UINT32_MAX) return Fail(ErrorCode::kOffsetTooLarge);
  address = limits.index_type();
  return true;
}

bool FunctionValidator::ReadMemory(ValType& address) {
  MemIdx memory = 0;
  if (!cursor_.ReadU32(memory)) return false;
  if (memory >= module_.memories.size()) return Fail(ErrorCode::kUnknownMemory);
  address = module_.memories[memory].limits.index_type();
  return true;
}

bool FunctionValidator::ReadTable(const TableType*& table) {
  TableIdx index = 0;
  if (!cursor_.ReadU32(index)) return false;
  if (index >= module_.tables.size()) return Fail(ErrorCode::kUnknownTable);
  table = &module_.tables[index].type;
  return true;
}

bool FunctionValidator::ReadData() {
  DataIdx index = 0;
  if (!cursor_.ReadU32(index)) return false;
  if (!context_.data_count) return Fail(ErrorCode::kDataCountRequired);
  return index < *context_.data_count || Fail(ErrorCode::kUnknownDataSegment);
}

bool FunctionValidator::ReadElement(const ElementSegment*& segment) {
  ElemIdx index = 0;
  if (!cursor_.ReadU32(index)) return false;
  if (index >= module_.elements.size()) return Fail(ErrorCode::kUnknownElementSegment);
  segment = &module_.elements[index];
  return true;
}

bool FunctionValidator::TableRule(Op op) {
  const TableType* table = nullptr;
  switch (op) {
    case Op::kMemoryCopy: return MemoryCopy();
    case Op::kTableInit: return TableInit();
    case Op::kTableCopy: return TableCopy();
    case Op::kTableGet: return ReadTable(table) && Pop(table->limits.index_type()) && Push(table->element);
    case Op::kTableSet: return ReadTable(table) && Pop(table->element) && Pop(table->limits.index_type());
    case Op::kTableSize: return ReadTable(table) && Push(table->limits.index_type());
    case Op::kTableGrow:
      return ReadTable(table) && Pop(table->limits.index_type()) && Pop(table->element) &&
             Push(table->limits.index_type());
    case Op::kTableFill:
      return ReadTable(table) && Pop(table->limits.index_type()) && Pop(table->element) &&
             Pop(table->limits.index_type());
    default: return sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
  }
}

bool FunctionValidator::MemoryCopy() {
  ValType target;
  ValType source;
  if (!ReadMemory(target) || !ReadMemory(source)) return false;
  const bool is_64 = target == ValType::I64() && source == ValType::I64();
  return Pop(is_64 ? ValType::I64() : ValType::I32()) && Pop(source) && Pop(target);
}

bool FunctionValidator::TableInit() {
  const TableType* table = nullptr;
  const ElementSegment* segment = nullptr;
  if (!ReadElement(segment) || !ReadTable(table)) return false;
  if (!Matches(segment->type, table->element)) return Fail(ErrorCode::kTypeMismatch);
  return Pop(ValType::I32()) && Pop(ValType::I32()) && Pop(table->limits.index_type());
}

bool FunctionValidator::TableCopy() {
  const TableType* target = nullptr;
  const TableType* source = nullptr;
  if (!ReadTable(target) || !ReadTable(source)) return false;
  if (!Matches(source->element, target->element)) return Fail(ErrorCode::kTypeMismatch);
  return Pop(NarrowerIndex(target->limits, source->limits)) && Pop(source->limits.index_type()) &&
         Pop(target->limits.index_type());
}

}  // namespace sandbox
