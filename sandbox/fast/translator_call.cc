// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Calls, and what charges for itself.

#include <algorithm>

#include "sandbox/exec/fuel.h"
#include "sandbox/fast/cold_codes.h"
#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

// The local that the next instruction puts the only result of a call into, whose first parameter lies at `home`. Who returns
// writes it, so that nothing is left to do for that instruction but to be paid for. Pins are written by nobody else.
void Translator::ExpectResult(std::span<const ValType> results, uint32_t home) {
  returned_into_ = kNoLocal;
  const Op next = OpFromByte(pc_.Byte());
  if (results.size() != 1 || (next != Op::kLocalSet && next != Op::kLocalTee)) return;
  Pc at = pc_ + 1;
  const uint32_t local = at.U32();
  if (PinOf(local) == kPins && home - local <= uint32_t{INT16_MAX}) returned_into_ = local;
}

void Translator::PushCallResults(std::span<const ValType> results) {
  ForgetAccumulators();
  for (size_t i = 0; i < results.size(); ++i) PushSlot();
  flushed_ = height();
  Seal();
  if (results.size() != 1) return;
  const ValKind kind = results[0].kind();
  SetAccumulator(kind == ValKind::kF32 || kind == ValKind::kF64 ? kFloat : kInt, height() - 1, kNone);
}

// What every call ends with: where the result is wanted, and the cost of what goes on behind it. In place, the local that is
// returned into is set by an instruction that still is to come: who gets there in place must not enter.
void Translator::GoOnBehindCall(uint32_t home) {
  Put16(returned_into_ == kNoLocal ? 0 : static_cast<uint16_t>(returned_into_ - home));
  const uint32_t cost = here();
  Put16(0);
  AwaitCost(cost);
  ReenterLoop(returned_into_ == kNoLocal);
}

// A defined function, whose cost is known.
void Translator::Call(uint32_t number) {
  const FuncTypeView type = module_.types.FuncType(module_.functions[number].type);
  const uint32_t params = static_cast<uint32_t>(type.params.size());
  Flush();
  EndRegion();
  Begin(kCall);
  Put32(number);
  const uint32_t home = Home(height() - params);
  Put16(home);
  ExpectResult(type.results, home);
  PopMany(params);
  PushCallResults(type.results);
  GoOnBehindCall(home);
}

// --- Charging for themselves ----------------------------------------------------------------------------------------

void Translator::StepInPlace(const Instruction& in) {
  Pc at = in.immediates;
  At(at.U32()).is_reached_in_place = true;
  // Where that is in the module: it may be executed often.
  Begin(kStepInPlace);
  Put32(start_.OffsetFrom(module_.bytes));
  Put32(table_index_ - in.table_words);
  Put16(height());
  // Behind it: br_on_null leaves the reference where it is, the others take the topmost operand.
  if (in.op != Op::kBrOnNull) (void)Pop();
  flushed_ = height();
  ForgetAccumulators();
  Seal();
  Put16(0);  // a cost, for who goes on here: nobody, but code behind instructions like this has one
  AwaitCost(here() - 1);
  ReenterLoop();
}

void Translator::Cold(uint32_t function, uint32_t pops, uint32_t pushes, Plain opcode) {
  Begin(opcode);
  Put16(function);
  Put32(start_.OffsetFrom(module_.bytes));
  Put16(TopSlot());
  PopMany(pops);
  ForgetAccumulators();
  for (; pushes > 0; --pushes) PushSlot();
  flushed_ = height();
  Seal();
  GoOnBehindCall(0);
}

void Translator::ColdReturnCall(uint32_t function) {
  Begin(kColdReturnCall);
  Put16(function);
  Put32(start_.OffsetFrom(module_.bytes));
  Put16(TopSlot());
  Die();
}

// The type of the function that an instruction calls; index: the first immediate.
FuncTypeView Translator::TypeOfCallee(const Instruction& in, uint32_t& index) const {
  Pc at = in.immediates;
  index = at.U32();
  const bool is_direct = in.op == Op::kCall || in.op == Op::kReturnCall;
  return module_.types.FuncType(is_direct ? module_.FunctionType(index) : module_.type_index[index]);
}

void Translator::CallIndirect(const Instruction& in, FuncTypeView type, uint32_t type_index) {
  Pc at = in.immediates;
  (void)at.U32();
  const uint32_t table = at.U32();
  const uint32_t params = static_cast<uint32_t>(type.params.size());
  Begin(accumulators_[kInt].entry == height() - 1 ? kCallIndirectAcc : kCallIndirect);
  Put32(module_.type_index[type_index]);
  Put16(table);
  Put32(start_.OffsetFrom(module_.bytes));
  Put16(TopSlot());
  const uint32_t home = Home(height() - params - 1);
  ExpectResult(type.results, home);
  PopMany(params + 1);
  PushCallResults(type.results);
  GoOnBehindCall(home);
}

void Translator::CallImport(FuncTypeView type, uint32_t index) {
  const uint32_t params = static_cast<uint32_t>(type.params.size());
  const uint32_t results = static_cast<uint32_t>(type.results.size());
  Begin(kCallImport);
  Put32(index);
  Put32(start_.OffsetFrom(module_.bytes));
  Put16(TopSlot());
  // For a host function, whose cost is known: the cells that it is called on, their number, the cost, the last result.
  const uint32_t home = Home(height() - params);
  Put16(home);
  Put16(std::max(params, results));
  Put16(static_cast<uint32_t>(1 + SlotsCost(params)));
  ExpectResult(type.results, home);
  PopMany(params);
  PushCallResults(type.results);
  Put16(TopSlot());
  GoOnBehindCall(home);
}

void Translator::ColdAll(const Instruction& in) {
  switch (in.op) {
    case Op::kMemorySize: Cold(cold::kMemorySize, 0, 1); return;
    case Op::kMemoryGrow: Cold(cold::kMemoryGrow, 1, 1); return;
    case Op::kTableGet: Cold(cold::kTableGet, 1, 1); return;
    case Op::kTableSet: Cold(cold::kTableSet, 2, 0); return;
    case Op::kDataDrop:
    case Op::kElemDrop: Cold(cold::kBulk, 0, 0); return;
    case Op::kTableSize: Cold(cold::kBulk, 0, 1); return;
    case Op::kTableGrow: Cold(cold::kBulk, 2, 1); return;
    case Op::kMemoryCopy: {
      Pc at = in.immediates;
      const bool is_common = (at.U32() | at.U32()) == 0;
      Cold(cold::kBulk, 3, 0, is_common ? kMemoryCopy : kCold);
      return;
    }
    case Op::kMemoryFill: {
      Pc at = in.immediates;
      Cold(cold::kBulk, 3, 0, at.U32() == 0 ? kMemoryFill : kCold);
      return;
    }
    case Op::kMemoryInit:
    case Op::kTableInit:
    case Op::kTableCopy:
    case Op::kTableFill: Cold(cold::kBulk, 3, 0); return;
    default: Fail();
  }
}

void Translator::Charging(const Instruction& in) {
  uint32_t index = 0;
  switch (in.op) {
    case Op::kBrOnNull:
    case Op::kBrOnNonNull: StepInPlace(in); return;
    case Op::kCall: {
      const FuncTypeView type = TypeOfCallee(in, index);
      if (index < module_.imported_functions.size()) CallImport(type, index);
      else Cold(cold::kCall, static_cast<uint32_t>(type.params.size()), static_cast<uint32_t>(type.results.size()));
      return;
    }
    case Op::kCallIndirect: {
      const FuncTypeView type = TypeOfCallee(in, index);
      CallIndirect(in, type, index);
      return;
    }
    case Op::kCallRef: {
      const FuncTypeView type = TypeOfCallee(in, index);
      Cold(cold::kCallRef, static_cast<uint32_t>(type.params.size()) + 1, static_cast<uint32_t>(type.results.size()));
      return;
    }
    case Op::kReturnCall: ColdReturnCall(cold::kReturnCall); return;
    case Op::kReturnCallIndirect: ColdReturnCall(cold::kReturnCallIndirect); return;
    case Op::kReturnCallRef: ColdReturnCall(cold::kReturnCallRef); return;
    default: break;
  }
  switch (InfoOf(in.op).family) {
    case Family::kLoad: Cold(cold::kLoad, 1, 1); return;
    case Family::kStore: Cold(cold::kStore, 2, 0); return;
    default: ColdAll(in); return;
  }
}

}  // namespace sandbox::fast
