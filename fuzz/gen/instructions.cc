// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {
namespace {

// The rows of a family that this build has.
template <typename Predicate>
std::vector<Op> RowsWhere(Predicate predicate) {
  std::vector<Op> rows;
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (IsBuiltIn(op) && predicate(InfoOf(op))) rows.push_back(op);
  }
  return rows;
}

bool IsFloatRow(const OpInfo& info) {
  const auto is_float = [](Operand operand) { return operand == Operand::kF32 || operand == Operand::kF64; };
  return is_float(info.signature.result()) || is_float(info.signature.param(0)) || is_float(info.signature.param(1));
}

bool IsNumeric(const OpInfo& info) { return info.family == Family::kNumeric; }
bool IsAccess(const OpInfo& info) { return info.family == Family::kLoad || info.family == Family::kStore; }

}  // namespace

const std::vector<Op>& NumericRows(bool with_floats) {
  static const std::vector<Op> all = RowsWhere(IsNumeric);
  static const std::vector<Op> integers = RowsWhere([](const OpInfo& info) { return IsNumeric(info) && !IsFloatRow(info); });
  return with_floats ? all : integers;
}

const std::vector<Op>& AccessRows(bool with_floats) {
  static const std::vector<Op> all = RowsWhere(IsAccess);
  static const std::vector<Op> integers = RowsWhere([](const OpInfo& info) { return IsAccess(info) && !IsFloatRow(info); });
  return with_floats ? all : integers;
}

ValType TypeOf(Operand operand, ValType address) {
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

Types ParamsOf(const OpInfo& info, ValType address) {
  Types types;
  for (size_t i = 0; i < info.signature.param_count(); ++i) types.push_back(TypeOf(info.signature.param(i), address));
  return types;
}

bool Divides(Op op) {
  constexpr std::array kDivisions = {Op::kI32DivS, Op::kI32DivU, Op::kI32RemS, Op::kI32RemU,
                                     Op::kI64DivS, Op::kI64DivU, Op::kI64RemS, Op::kI64RemU};
  return std::find(kDivisions.begin(), kDivisions.end(), op) != kDivisions.end();
}

bool TruncatesWithTrap(Op op) {
  return (op >= Op::kI32TruncF32S && op <= Op::kI32TruncF64U) || (op >= Op::kI64TruncF32S && op <= Op::kI64TruncF64U);
}

void FunctionGenerator::Step() {
  switch (source_.Below(20)) {
    case 0:
    case 1:
    case 2: return Numeric();
    case 3:
    case 4: return Variable();
    case 5:
    case 6: return LoadOrStore();
    case 7: return MemoryOperation();
    case 8: return TableOperation();
    case 9: return ReferenceOperation();
    case 10: return Parametric();
    case 11: return CallSomething();
    case 12:
    case 13: return LocalArithmetic();
    case 14:
    case 15: return Shape();
    case 16: return source_.OneIn(3) ? EdgeBulk() : EdgeAccess();
    default: return Control();
  }
}

Op FunctionGenerator::AnyNumeric() {
  const Op op = source_.Pick(NumericRows(plan_.swarm.floats));
  if (!plan_.swarm.arithmetic) return source_.OneIn(2) ? Op::kI64Xor : Op::kI32Add;
  return TruncatesWithTrap(op) && !plan_.swarm.traps ? Op::kI32Add : op;
}

// An odd divisor is not zero.
void FunctionGenerator::GuardDivisor(Op op) {
  if (!Divides(op) || plan_.swarm.traps) return;
  if (InfoOf(op).signature.param(0) == Operand::kI64) {
    EmitI64(1);
    Emit(Op::kI64Or);
  } else {
    EmitI32(1);
    Emit(Op::kI32Or);
  }
}

void FunctionGenerator::Numeric() {
  const Op op = AnyNumeric();
  const OpInfo& info = InfoOf(op);
  Require(ParamsOf(info, ValType()));
  GuardDivisor(op);
  Emit(op);
  Pop(info.signature.param_count());
  Push(TypeOf(info.signature.result(), ValType()));
  Canonicalize(op);
}

void FunctionGenerator::MemargAt(uint32_t memory_index, uint8_t access_log2, uint64_t offset) {
  constexpr uint32_t kHasMemoryIndex = 0x40;
  const uint32_t align = source_.Below(access_log2 + 1u);
  // A memory index may be given for the first memory, too: only where several memories are allowed.
  if (memory_index != 0 || (plan_.options.multi_memory && source_.OneIn(32))) {
    code_.U(align | kHasMemoryIndex).U(memory_index);
  } else if (source_.OneIn(32)) {
    code_.Raw(testing::EncodePadded(align, 5));
  } else {
    code_.U(align);
  }
  if (plan_.swarm.odd_lebs && offset < 1u << 28 && source_.OneIn(3)) {
    code_.Raw(testing::EncodePadded(offset, 5));
  } else {
    code_.U(offset);
  }
}

void FunctionGenerator::Memarg(const Limits& memory, uint32_t memory_index, uint8_t access_log2) {
  uint64_t offset = source_.Below(64);
  if (source_.OneIn(8)) offset = source_.Word(2) % (memory.min * kPageBytes / 2 + 1);
  if (plan_.swarm.traps && source_.OneIn(8)) {
    offset = memory.is_64 && plan_.options.wide_offsets ? source_.Word(8) : source_.Word(4);
  }
  MemargAt(memory_index, access_log2, offset);
}

void FunctionGenerator::LoadOrStore() {
  if (plan_.memories.empty()) return Numeric();
  const uint32_t memory = source_.Below(static_cast<uint32_t>(plan_.memories.size()));
  const Limits& limits = plan_.memories[memory];
  if (limits.min == 0 && !plan_.swarm.traps) return Numeric();
  const Op op = source_.Pick(AccessRows(plan_.swarm.floats));
  const OpInfo& info = InfoOf(op);
  const uint64_t bytes = limits.min * kPageBytes;
  // At the very edge or well inside it, whatever the offset will be.
  MakeIndex(source_.OneIn(8) ? bytes : bytes / 2, limits.is_64);
  if (info.family == Family::kStore) Make(TypeOf(info.signature.param(1), limits.index_type()));
  Emit(op);
  Memarg(limits, memory, info.access_log2);
  Pop(info.signature.param_count());
  if (info.family == Family::kLoad) Push(TypeOf(info.signature.result(), limits.index_type()));
}

// By how much a memory or a table grows: by more than it may, which every engine refuses, or by little.
void FunctionGenerator::MakeGrowth(const Limits& limits) {
  if (!limits.max || !source_.OneIn(4)) return MakeIndex(3, limits.is_64);
  MakeConst(limits.index_type(), *limits.max + 1 + source_.Below(2));
}

void FunctionGenerator::MemoryOperation() {
  if (plan_.memories.empty()) return Numeric();
  const uint32_t memory = source_.Below(static_cast<uint32_t>(plan_.memories.size()));
  const Limits& limits = plan_.memories[memory];
  const ValType index = limits.index_type();
  const uint64_t half = limits.min * kPageBytes / 2;
  const uint32_t choice = source_.Below(plan_.swarm.bulk ? 6 : 2);
  switch (choice) {
    case 0:
      Emit(Op::kMemorySize, {memory});
      return Push(index);
    case 1:
      MakeGrowth(limits);
      Emit(Op::kMemoryGrow, {memory});
      return;
    case 2:
      MakeIndex(half, limits.is_64);
      Make(ValType::I32());
      MakeIndex(half, limits.is_64);
      Emit(Op::kMemoryFill, {memory});
      return Pop(3);
    case 3: {
      if (source_.OneIn(is_dense_probe_ ? 4 : 2)) return OverlappingCopy(memory);
      const uint32_t from = source_.Below(static_cast<uint32_t>(plan_.memories.size()));
      const Limits& source = plan_.memories[from];
      const uint64_t least = std::min(half, source.min * kPageBytes / 2);
      MakeIndex(half, limits.is_64);
      MakeIndex(source.min * kPageBytes / 2, source.is_64);
      MakeIndex(least, limits.is_64 && source.is_64);
      Emit(Op::kMemoryCopy, {memory, from});
      return Pop(3);
    }
    case 4:
      if (plan_.passive_data == 0) return Numeric();
      MakeIndex(half, limits.is_64);
      MakeIndex(4, false);
      MakeIndex(4, false);
      Emit(Op::kMemoryInit, {source_.Below(plan_.passive_data + (may_trap_ && plan_.has_active_data ? 1 : 0)), memory});
      return Pop(3);
    default:
      if (plan_.passive_data == 0 || !(is_dense_probe_ || source_.OneIn(4))) return Numeric();
      Emit(Op::kDataDrop, {source_.Below(plan_.passive_data)});
  }
}

// Both ranges are of one memory and have bytes in common, the one or the other first.
void FunctionGenerator::OverlappingCopy(uint32_t memory) {
  const Limits& limits = plan_.memories[memory];
  if (limits.min == 0) return Numeric();
  const ValType index = limits.index_type();
  const uint32_t base = source_.Below(4096);
  for (const uint32_t value : {base + source_.Below(40), base + source_.Below(40), source_.Below(100)}) {
    index == ValType::I64() ? EmitI64(value) : EmitI32(static_cast<int32_t>(value));
  }
  Emit(Op::kMemoryCopy, {memory, memory});
}

void FunctionGenerator::TableOperation() {
  const uint32_t table = source_.Below(static_cast<uint32_t>(plan_.tables.size()));
  const TableType& type = plan_.tables[table];
  const uint64_t half = type.limits.min / 2;
  const bool is_64 = type.limits.is_64;
  if (!plan_.options.reference_types || (half == 0 && !may_trap_)) return Numeric();
  switch (source_.Below(plan_.swarm.bulk ? 8 : 4)) {
    case 0:
      MakeIndex(type.limits.min, is_64);
      Emit(Op::kTableGet, {table});
      Pop(1);
      return Push(type.element);
    case 1:
      MakeIndex(type.limits.min, is_64);
      Make(type.element);
      Emit(Op::kTableSet, {table});
      return Pop(2);
    case 2:
      Emit(Op::kTableSize, {table});
      return Push(type.limits.index_type());
    case 3:
      Make(type.element);
      MakeGrowth(type.limits);
      Emit(Op::kTableGrow, {table});
      Pop(2);
      return Push(type.limits.index_type());
    case 4:
      MakeIndex(half, is_64);
      Make(type.element);
      MakeIndex(half, is_64);
      Emit(Op::kTableFill, {table});
      return Pop(3);
    case 5:
      return CopyTable(table);
    case 6:
      if (plan_.passive_elements == 0 || type.element != ValType::FuncRef()) return Numeric();
      MakeIndex(half, is_64);
      MakeIndex(2, false);
      MakeIndex(2, false);
      Emit(Op::kTableInit, {source_.Below(plan_.passive_elements), table});
      return Pop(3);
    default:
      if (plan_.passive_elements == 0 || !(is_dense_probe_ || source_.OneIn(4))) return Numeric();
      // One more than the passive ones: an active or the declarative one, dropped already.
      Emit(Op::kElemDrop, {source_.Below(plan_.passive_elements + 1)});
  }
}

// To a table from itself, or from another one of the same type.
void FunctionGenerator::CopyTable(uint32_t table) {
  const TableType& to = plan_.tables[table];
  uint32_t from = source_.Below(static_cast<uint32_t>(plan_.tables.size()));
  if (plan_.tables[from].element != to.element) from = table;
  const Limits& limits = plan_.tables[from].limits;
  const uint64_t half = to.limits.min / 2;
  const uint64_t other = limits.min / 2;
  MakeIndex(half, to.limits.is_64);
  MakeIndex(other, limits.is_64);
  MakeIndex(std::min(half, other), to.limits.is_64 && limits.is_64);
  Emit(Op::kTableCopy, {table, from});
  Pop(3);
}

void FunctionGenerator::ReferenceOperation() {
  if (!plan_.swarm.references) return Numeric();
  if (plan_.options.typed_references && source_.OneIn(3)) return Reference();
  ValType type = AnyType(source_, plan_);
  while (!type.is_ref() && !source_.is_empty()) type = AnyType(source_, plan_);
  if (!type.is_ref()) type = ValType::FuncRef();
  Require({type});
  if (source_.OneIn(3) && plan_.swarm.traps && plan_.options.typed_references) {
    // As an operand it is of the nullable type again through a block that says so.
    Emit(Op::kRefAsNonNull).Op(Op::kRefIsNull);
  } else {
    Emit(Op::kRefIsNull);
  }
  Pop(1);
  Push(ValType::I32());
}

void FunctionGenerator::Variable() {
  if (!plan_.swarm.variables) return Numeric();
  if (source_.OneIn(4) && !plan_.globals.empty()) {
    const uint32_t global = source_.Below(static_cast<uint32_t>(plan_.globals.size()));
    const GlobalType& type = plan_.globals[global];
    if (type.is_mutable && global != plan_.counter && source_.OneIn(2)) {
      Require({type.type});
      Emit(Op::kGlobalSet, {global});
      return Pop(1);
    }
    Emit(Op::kGlobalGet, {global});
    return Push(type.type);
  }
  if (locals_.empty()) return Numeric();
  const uint32_t local = source_.Below(static_cast<uint32_t>(locals_.size()));
  switch (source_.Below(3)) {
    case 0:
      Emit(Op::kLocalGet, {local});
      return Push(locals_[local]);
    case 1:
      Require({locals_[local]});
      Emit(Op::kLocalSet, {local});
      return Pop(1);
    default:
      Require({locals_[local]});
      Emit(Op::kLocalTee, {local});
  }
}

void FunctionGenerator::Parametric() {
  const bool has_operand = stack_.size() > labels_.back().base;
  if (source_.OneIn(4)) {
    source_.OneIn(256) ? LongJump() : void(Emit(Op::kNop));
  } else if (has_operand && source_.OneIn(3)) {
    Emit(Op::kDrop);
    Pop(1);
  } else {
    const ValType type = AnyType(source_, plan_);
    Require({type, type});
    Make(ValType::I32());
    if (type.is_ref() || (plan_.options.reference_types && source_.OneIn(4))) {
      Emit(Op::kSelectTyped).U(1).Raw(testing::EncodeType(type));
    } else {
      Emit(Op::kSelect);
    }
    Pop(2);
  }
}

// Over more bytes than a narrow entry of the side table tells; what else branches from here on has them between, too.
void FunctionGenerator::LongJump() {
  code_.Begin(Op::kBlock);
  Emit(Op::kBr, {0});
  for (uint32_t i = 16'000 + source_.Below(1000); i > 0; --i) code_.Op(Op::kNop);
  code_.End();
}

}  // namespace sandbox::fuzz
