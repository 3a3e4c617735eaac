// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/inplace/cold.h"

#include "sandbox/exec/ops_call.h"
#include "sandbox/exec/ops_memory.h"
#include "sandbox/exec/ops_table.h"
#include "sandbox/inplace/handler_support.h"
#include "sandbox/module/side_table.h"

namespace sandbox::inplace {
namespace {

// Takes fuel, or makes the exit that pauses before the instruction.
bool Charge(Machine& m, uint64_t units) {
  if (m.registers.fuel < units) {
    m.fuel_needed = units;
    m.exit = Exit::kFuel;
    return false;
  }
  m.registers.fuel -= units;
  return true;
}

Op OpAt(Pc pc) { return *OpFromEncoding(0, pc.Byte()); }

// Raises what an operation returned, if it is a trap.
Flow FlowOf(Machine& m, const OrTrap<void>& result) { return result ? Flow::kNext : m.Raise(result.error()); }

// The instruction traps; it cost 1.
Flow TrapFor(Machine& m, TrapCode code) { return Charge(m, 1) ? m.Raise(code) : Flow::kExit; }

// --- Branches -------------------------------------------------------------------------------------------------------

SideTableEntry EntryAt(SideTablePos at) {
  const uint32_t first = at[0];
  if (side_table::IsWide(first)) {
    return {side_table::WidePcDelta(first), static_cast<int32_t>(at[1]), side_table::WideKeep(at[2]),
            side_table::WideDrop(at[2])};
  }
  return {side_table::NarrowPcDelta(first), side_table::NarrowTableDelta(first), side_table::NarrowKeep(first),
          side_table::NarrowDrop(first)};
}

// Operands that the branch instruction itself takes off the stack when it branches.
uint32_t OwnOperands(Op op) {
  switch (op) {
    case Op::kIf:
    case Op::kBrIf:
    case Op::kBrTable:
    case Op::kBrOnNull: return 1;
    default: return 0;
  }
}

// --- Calls ----------------------------------------------------------------------------------------------------------

// Charges for the call and makes it. next: where the caller goes on. popped: operands of the instruction itself.
Flow ChargeAndCall(Machine& m, FuncAddr function, Pc next, ptrdiff_t popped) {
  if (!Charge(m, m.CallCost(function))) return Flow::kExit;
  const Pc at = m.registers.pc;
  m.registers.sp.Move(-popped);
  m.registers.pc = next;
  const Flow flow = m.Call(function);
  if (flow == Flow::kExit && m.exit == Exit::kTrap && !m.is_trap_behind_call) m.registers.pc = at;
  return flow;
}

Flow ChargeAndReturnCall(Machine& m, FuncAddr function, ptrdiff_t popped) {
  if (!Charge(m, m.CallCost(function))) return Flow::kExit;
  m.registers.sp.Move(-popped);
  return m.ReturnCall(function);
}

// The callee of call_indirect and return_call_indirect; steps over the immediates.
OrTrap<FuncAddr> ReadIndirectCallee(Machine& m, Pc& next) {
  next.Skip(1);
  const CanonIdx expected = m.store_types[m.type_index[next.U32()]];
  const Table& table = m.tables[next.U32()]->object;
  return ops::IndirectCallee(m.store, table, m.registers.sp[0], expected);
}

FuncAddr ReadDirectCallee(Machine& m, Pc& next) {
  next.Skip(1);
  return m.instance->AddressOf(next.U32());
}

// --- Memory ---------------------------------------------------------------------------------------------------------

MemView ViewOf(const Machine& m, MemIdx memory) { return m.instance->memories[memory]->object.view(); }

template <typename Stored, typename Result>
bool LoadSlot(MemView view, uint64_t address, uint64_t offset, Slot& slot) {
  uint64_t effective = 0;
  if (!view.Resolve(address, offset, sizeof(Stored), effective)) return false;
  slot = static_cast<Result>(view.Load<Stored>(effective));
  return true;
}

template <typename Stored>
bool StoreSlot(MemView view, uint64_t address, uint64_t offset, Slot value) {
  uint64_t effective = 0;
  if (!view.Resolve(address, offset, sizeof(Stored), effective)) return false;
  view.Store<Stored>(effective, static_cast<Stored>(value));
  return true;
}

#define SANDBOX_STORE_ROW(name, Stored)
#define SANDBOX_LOAD_ROW(name, Stored, Result) \
  case Op::k##name: return LoadSlot<Stored, Result>(view, address, offset, slot);
bool LoadAny(Op op, MemView view, uint64_t address, uint64_t offset, Slot& slot) {
  switch (op) {
#include "sandbox/inplace/access.def"
    default: break;
  }
  SANDBOX_CHECK(false);
}
#undef SANDBOX_STORE_ROW
#undef SANDBOX_LOAD_ROW

#define SANDBOX_LOAD_ROW(name, Stored, Result)
#define SANDBOX_STORE_ROW(name, Stored) \
  case Op::k##name: return StoreSlot<Stored>(view, address, offset, value);
bool StoreAny(Op op, MemView view, uint64_t address, uint64_t offset, Slot value) {
  switch (op) {
#include "sandbox/inplace/access.def"
    default: break;
  }
  SANDBOX_CHECK(false);
}
#undef SANDBOX_STORE_ROW
#undef SANDBOX_LOAD_ROW

// --- Behind the prefix 0xfc -------------------------------------------------------------------------------------------

// One function an instruction. next is behind the code and, when they return, behind the immediates.
Flow MemoryInit(Machine& m, Pc& next) {
  const DataIdx segment = next.U32();
  const MemIdx memory = next.U32();
  const Sp top = m.registers.sp;
  const uint32_t length = static_cast<uint32_t>(top[0]);
  if (!Charge(m, 1 + BytesCost(length))) return Flow::kExit;
  m.registers.sp.Move(-3);
  return FlowOf(m, ops::MemoryInit(*m.instance, memory, segment, top[-2], static_cast<uint32_t>(top[-1]), length));
}

Flow DataDrop(Machine& m, Pc& next) {
  const DataIdx segment = next.U32();
  if (!Charge(m, 1)) return Flow::kExit;
  ops::DataDrop(*m.instance, segment);
  return Flow::kNext;
}

Flow MemoryCopy(Machine& m, Pc& next) {
  const MemIdx to = next.U32();
  const MemIdx from = next.U32();
  const Sp top = m.registers.sp;
  if (!Charge(m, SaturatingAdd(uint64_t{1}, BytesCost(top[0])))) return Flow::kExit;
  m.registers.sp.Move(-3);
  return FlowOf(m, ops::MemoryCopy(*m.instance, to, from, top[-2], top[-1], top[0]));
}

Flow MemoryFill(Machine& m, Pc& next) {
  const MemIdx memory = next.U32();
  const Sp top = m.registers.sp;
  if (!Charge(m, SaturatingAdd(uint64_t{1}, BytesCost(top[0])))) return Flow::kExit;
  m.registers.sp.Move(-3);
  return FlowOf(m, ops::MemoryFill(*m.instance, memory, top[-2], static_cast<uint32_t>(top[-1]), top[0]));
}

Flow TableInit(Machine& m, Pc& next) {
  const ElemIdx segment = next.U32();
  const TableIdx table = next.U32();
  const Sp top = m.registers.sp;
  const uint32_t length = static_cast<uint32_t>(top[0]);
  if (!Charge(m, 1 + ElementsCost(length))) return Flow::kExit;
  m.registers.sp.Move(-3);
  return FlowOf(m, ops::TableInit(*m.instance, table, segment, top[-2], static_cast<uint32_t>(top[-1]), length));
}

Flow ElemDrop(Machine& m, Pc& next) {
  const ElemIdx segment = next.U32();
  if (!Charge(m, 1)) return Flow::kExit;
  ops::ElemDrop(*m.instance, segment);
  return Flow::kNext;
}

Flow TableCopy(Machine& m, Pc& next) {
  const TableIdx to = next.U32();
  const TableIdx from = next.U32();
  const Sp top = m.registers.sp;
  if (!Charge(m, SaturatingAdd(uint64_t{1}, ElementsCost(top[0])))) return Flow::kExit;
  m.registers.sp.Move(-3);
  return FlowOf(m, ops::TableCopy(*m.instance, to, from, top[-2], top[-1], top[0]));
}

Flow TableGrow(Machine& m, Pc& next) {
  const TableIdx table = next.U32();
  const Sp top = m.registers.sp;
  if (!Charge(m, 1 + ops::TableGrowCost(m.store, *m.instance, table, top[0]))) return Flow::kExit;
  m.registers.sp.Move(-1);
  top[-1] = ops::TableGrow(m.store, *m.instance, table, static_cast<Ref>(top[-1]), top[0]);
  return Flow::kNext;
}

Flow TableSize(Machine& m, Pc& next) {
  const TableIdx table = next.U32();
  if (!Charge(m, 1)) return Flow::kExit;
  m.registers.sp.Move(1);
  m.registers.sp[0] = m.tables[table]->object.size();
  return Flow::kNext;
}

Flow TableFill(Machine& m, Pc& next) {
  const TableIdx table = next.U32();
  const Sp top = m.registers.sp;
  if (!Charge(m, SaturatingAdd(uint64_t{1}, ElementsCost(top[0])))) return Flow::kExit;
  m.registers.sp.Move(-3);
  return FlowOf(m, ops::TableFill(*m.instance, table, top[-2], static_cast<Ref>(top[-1]), top[0]));
}

template <Op kOp>
[[maybe_unused]] Flow Numeric(Machine& m) {
  using Shape = NumericShape<kOp>;
  if (!Charge(m, 1)) return Flow::kExit;
  Sp& sp = m.registers.sp;
  const auto result = Shape::Apply(sp, sp[0]);
  if (IsTrap(result)) return m.Raise(TrapOf(result));
  sp.Move(1 - Shape::kArity);
  sp[0] = SlotOf(ValueOf(result));
  return Flow::kNext;
}

Flow Bulk(Machine& m, uint32_t code, Pc& next) {
  switch (*OpFromEncoding(kBulkPrefix, code)) {
#define NUMERIC_PREFIXED_ROW(name, code) \
  case Op::k##name: return Numeric<Op::k##name>(m);
#include "sandbox/inplace/numeric_rows.inc"
#undef NUMERIC_PREFIXED_ROW
    case Op::kMemoryInit: return MemoryInit(m, next);
    case Op::kDataDrop: return DataDrop(m, next);
    case Op::kMemoryCopy: return MemoryCopy(m, next);
    case Op::kMemoryFill: return MemoryFill(m, next);
    case Op::kTableInit: return TableInit(m, next);
    case Op::kElemDrop: return ElemDrop(m, next);
    case Op::kTableCopy: return TableCopy(m, next);
    case Op::kTableGrow: return TableGrow(m, next);
    case Op::kTableSize: return TableSize(m, next);
    case Op::kTableFill: return TableFill(m, next);
    default: break;
  }
  SANDBOX_CHECK(false);
}

}  // namespace

void CheckState(const Machine& m, Pc pc, Sp sp, Locals locals, SideTablePos side_table) {
  if (m.tier.has_fast() && m.frame->fast != nullptr) {
    SANDBOX_CHECK(pc.Byte() == kSwitchOpcode);
    return;
  }
  const FunctionRecord* function = m.frame->function;
  if (function == nullptr) {
    SANDBOX_CHECK(pc.Byte() == kExitOpcode);
    return;
  }
  const ModuleData& module = *m.frame->instance->module;
  const uint32_t offset = pc.OffsetFrom(module.bytes);
  SANDBOX_CHECK(m.frame->instance == m.instance && m.end == m.frame->end && locals == m.frame->locals);
  SANDBOX_CHECK(offset >= function->code_begin && offset < function->code_end);
  const ptrdiff_t operands = sp - locals - function->param_slots - static_cast<ptrdiff_t>(function->local_slots);
  SANDBOX_CHECK(operands >= 0 && operands <= static_cast<ptrdiff_t>(function->operand_slots));
  const size_t word = side_table.IndexIn(module.side_table.span());
  SANDBOX_CHECK(word >= function->side_table && word <= module.side_table.size());
}

Flow ColdBranch(Machine& m) {
  Registers& r = m.registers;
  const Op op = OpAt(r.pc);
  SideTablePos at = r.side_table;
  if (op == Op::kBrTable) {
    Pc immediates = r.pc + 1;
    const uint32_t labels = immediates.U32();
    const uint32_t index = static_cast<uint32_t>(r.sp[0]);
    at.Move(static_cast<ptrdiff_t>(index < labels ? index : labels) * side_table::WordsOf(at[0]));
  }
  const SideTableEntry entry = EntryAt(at);
  if (!Charge(m, 1 + SlotsCost(entry.keep))) return Flow::kExit;
  const Sp top = r.sp + -static_cast<ptrdiff_t>(OwnOperands(op));
  const Sp kept = top + (1 - static_cast<ptrdiff_t>(entry.keep));
  const ptrdiff_t drop = static_cast<ptrdiff_t>(entry.drop);
  MoveSlotsDown(kept + -drop, kept, entry.keep);
  r.sp = top + -drop;
  r.pc.Skip(entry.pc_delta);
  at.Move(entry.table_delta);
  r.side_table = at;
  return Flow::kNext;
}

Flow ColdCall(Machine& m) {
  Pc next = m.registers.pc;
  const FuncAddr callee = ReadDirectCallee(m, next);
  return ChargeAndCall(m, callee, next, 0);
}

Flow ColdCallIndirect(Machine& m) {
  Pc next = m.registers.pc;
  const OrTrap<FuncAddr> callee = ReadIndirectCallee(m, next);
  return callee ? ChargeAndCall(m, *callee, next, 1) : TrapFor(m, callee.error());
}

Flow ColdCallRef(Machine& m) {
  Pc next = m.registers.pc + 1;
  next.SkipLeb();
  const Ref callee = static_cast<Ref>(m.registers.sp[0]);
  if (callee == kNullRef) return TrapFor(m, TrapCode::kNullFunction);
  return ChargeAndCall(m, AddressOfRef(callee), next, 1);
}

Flow ColdReturnCall(Machine& m) {
  Pc next = m.registers.pc;
  return ChargeAndReturnCall(m, ReadDirectCallee(m, next), 0);
}

Flow ColdReturnCallIndirect(Machine& m) {
  Pc next = m.registers.pc;
  const OrTrap<FuncAddr> callee = ReadIndirectCallee(m, next);
  return callee ? ChargeAndReturnCall(m, *callee, 1) : TrapFor(m, callee.error());
}

Flow ColdReturnCallRef(Machine& m) {
  const Ref callee = static_cast<Ref>(m.registers.sp[0]);
  if (callee == kNullRef) return TrapFor(m, TrapCode::kNullFunction);
  return ChargeAndReturnCall(m, AddressOfRef(callee), 1);
}

Flow ColdReturn(Machine& m) {
  Registers& r = m.registers;
  const uint32_t results = m.frame->function->result_slots;
  const uint64_t carried = OpAt(r.pc) == Op::kReturn ? SlotsCost(results) : 0;
  if (!Charge(m, 1 + carried)) return Flow::kExit;
  MoveSlotsDown(r.locals, r.sp + (1 - static_cast<ptrdiff_t>(results)), results);
  r.sp = r.locals + (static_cast<ptrdiff_t>(results) - 1);
  m.frame = m.frame + -1;
  m.end = m.frame->end;
  r.pc = m.frame->pc;
  r.side_table = m.frame->side_table;
  r.locals = m.frame->locals;
  if (m.frame->instance != m.instance) m.SwitchInstance(m.frame->instance);
  return Flow::kNext;
}

Flow ColdLocal(Machine& m) {
  if (!Charge(m, 1)) return Flow::kExit;
  Registers& r = m.registers;
  const Op op = OpAt(r.pc);
  r.pc.Skip(1);
  Slot& local = r.locals[r.pc.U32()];
  if (op == Op::kLocalGet) {
    r.sp.Move(1);
    r.sp[0] = local;
  } else {
    local = r.sp[0];
    if (op == Op::kLocalSet) r.sp.Move(-1);
  }
  return Flow::kNext;
}

Flow ColdLoad(Machine& m) {
  if (!Charge(m, 1)) return Flow::kExit;
  Registers& r = m.registers;
  Pc next = r.pc + 1;
  const Access access = ReadMemarg(next);
  if (!LoadAny(OpAt(r.pc), ViewOf(m, access.memory), r.sp[0], access.offset, r.sp[0])) {
    return m.Raise(TrapCode::kOutOfBoundsMemory);
  }
  r.pc = next;
  return Flow::kNext;
}

Flow ColdStore(Machine& m) {
  if (!Charge(m, 1)) return Flow::kExit;
  Registers& r = m.registers;
  Pc next = r.pc + 1;
  const Access access = ReadMemarg(next);
  if (!StoreAny(OpAt(r.pc), ViewOf(m, access.memory), r.sp[-1], access.offset, r.sp[0])) {
    return m.Raise(TrapCode::kOutOfBoundsMemory);
  }
  r.sp.Move(-2);
  r.pc = next;
  return Flow::kNext;
}

Flow ColdMemorySize(Machine& m) {
  if (!Charge(m, 1)) return Flow::kExit;
  Registers& r = m.registers;
  r.pc.Skip(1);
  const MemIdx memory = r.pc.U32();
  r.sp.Move(1);
  r.sp[0] = m.instance->memories[memory]->object.pages();
  return Flow::kNext;
}

Flow ColdMemoryGrow(Machine& m) {
  Registers& r = m.registers;
  Pc next = r.pc + 1;
  const MemIdx memory = next.U32();
  const uint64_t delta = r.sp[0];
  if (!Charge(m, SaturatingAdd(uint64_t{1}, ops::MemoryGrowCost(m.store, *m.instance, memory, delta)))) {
    return Flow::kExit;
  }
  r.sp[0] = ops::MemoryGrow(m.store, *m.instance, memory, delta);
  r.pc = next;
  m.RefreshMemory();
  return Flow::kNext;
}

Flow ColdTableGet(Machine& m) {
  if (!Charge(m, 1)) return Flow::kExit;
  Registers& r = m.registers;
  Pc next = r.pc + 1;
  const TableIdx table = next.U32();
  const OrTrap<Ref> value = ops::TableGet(*m.instance, table, r.sp[0]);
  if (!value) return m.Raise(value.error());
  r.sp[0] = *value;
  r.pc = next;
  return Flow::kNext;
}

Flow ColdTableSet(Machine& m) {
  if (!Charge(m, 1)) return Flow::kExit;
  Registers& r = m.registers;
  Pc next = r.pc + 1;
  const TableIdx table = next.U32();
  const OrTrap<void> done = ops::TableSet(*m.instance, table, r.sp[-1], static_cast<Ref>(r.sp[0]));
  if (!done) return m.Raise(done.error());
  r.sp.Move(-2);
  r.pc = next;
  return Flow::kNext;
}

Flow ColdBulk(Machine& m) {
  Pc next = m.registers.pc + 1;
  const uint32_t code = next.U32();
  const Flow flow = Bulk(m, code, next);
  if (flow == Flow::kNext) m.registers.pc = next;
  return flow;
}

}  // namespace sandbox::inplace
