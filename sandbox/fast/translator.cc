// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/translator.h"

#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

Translator::Translator(const ModuleData& module, Budget& budget) noexcept
    : module_(module),
      planner_(budget),
      stack_(budget),
      local_heads_(budget),
      blocks_(budget),
      fixups_(budget),
      pending_(budget),
      loop_costs_(budget) {}

bool Translator::Translate(uint32_t number, FunctionCode& out) {
  const bool is_translated = Start(number, out) && Run() && is_ok_;
  // The lists of locals are empty again.
  is_ok_ = true;
  PopMany(height());
  return is_translated;
}

bool Translator::Start(uint32_t number, FunctionCode& out) {
  function_ = &module_.functions[number];
  out_ = &out;
  out.code.Clear();
  out.regions.Clear();
  out.checkpoints.Clear();
  out.loops.Clear();
  regions_ = RegionWriter();
  is_dead_ = false;
  dead_depth_ = 0;
  table_index_ = cost_ = flushed_ = 0;
  Seal();
  pins_ = {kNoLocal, kNoLocal};
  head_ = kNone;
  ForgetAccumulators();
  blocks_.Clear();
  fixups_.Clear();
  pending_.Clear();
  loop_costs_.Clear();
  const uint64_t locals = uint64_t{function_->param_slots} + function_->local_slots;
  if (locals + 1 + function_->operand_slots > UINT16_MAX) return false;
  first_operand_ = static_cast<uint32_t>(locals) + 1;
  if (locals > local_heads_.size() && !Ok(local_heads_.Resize(locals, kNone))) return false;
  if (!Ok(planner_.Start(locals))) return false;
  // A guess that is right for most.
  if (!Ok(out.code.Reserve(function_->code_end - function_->code_begin + size_t{4}))) return false;
  pc_ = start_ = Pc::At(module_.bytes, function_->code_begin);
  if (!Ok(blocks_.Push({.kind = BlockKind::kFunction, .results = function_->result_slots}))) return false;
  Put16(0);
  AwaitCost(0);
  StartRegion(true);
  return is_ok_;
}

bool Translator::Run() {
  const BodyView body{module_, *function_};
  while (is_ok_ && !blocks_.empty()) {
    start_ = pc_;
    const Instruction in = ReadInstruction(body, pc_, table_index_);
    pc_ = in.next;
    table_index_ += in.table_words;
    if (is_dead_) StepDead(in);
    else Step(in);
  }
  return is_ok_;
}

void Translator::StepDead(const Instruction& in) {
  switch (in.op) {
    case Op::kBlock:
    case Op::kLoop:
    case Op::kIf: ++dead_depth_; return;
    case Op::kElse:
      if (dead_depth_ == 0) Else();
      return;
    case Op::kEnd:
      if (dead_depth_ == 0) End();
      else --dead_depth_;
      return;
    default: return;
  }
}

void Translator::Step(const Instruction& in) {
  if (in.rule == RegionRule::kCharges) {
    EndRegion();
    Flush();
    const uint32_t table_index = table_index_ - in.table_words;
    StartRegionAt(start_, table_index, true);
    Charging(in);
    return;
  }
  // The function's own `end` is where its label lies: it pays when it has been placed.
  const bool is_last = in.op == Op::kEnd && blocks_.size() == 1;
  if (!is_last) cost_ += in.cost;
  switch (InfoOf(in.op).family) {
    case Family::kControl: Control(in); return;
    case Family::kCall: Call(in); return;
    case Family::kParametric:
      if (in.op == Op::kDrop) (void)Pop();
      else Select();
      return;
    case Family::kVariable: Variable(in); return;
    case Family::kLoad: Load(in); return;
    case Family::kStore: Store(in); return;
    case Family::kConst: Constant(in); return;
    case Family::kNumeric:
      if (InfoOf(in.op).signature.param_count() == 1) Unary(in.op);
      else Binary(in.op);
      return;
    case Family::kReference: Reference(in); return;
    case Family::kTable:
    case Family::kMemory:
    case Family::kAggregate:
    case Family::kVector:
    case Family::kException: break;
  }
  Fail();
}

}  // namespace sandbox::fast
