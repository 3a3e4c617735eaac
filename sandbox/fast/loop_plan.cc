// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/loop_plan.h"

namespace sandbox::fast {
namespace {

// What it costs to load the pins anew behind a call, in reads of a pin.
constexpr uint32_t kReadsPerCall = 4;
constexpr uint32_t kMinReads = 3;
// Who has more calls than this, or whatever else leaves the pins to others, is not looked through to its end.
constexpr uint32_t kMaxCalls = 8;

}  // namespace

Result<void> LoopPlanner::Start(uint64_t locals) {
  ForgetUses();
  SANDBOX_TRY(touched_.Reserve(locals));
  if (locals > uses_.size()) return uses_.Resize(locals, Uses());
  return {};
}

void LoopPlanner::ForgetUses() {
  for (const uint32_t local : touched_) uses_[local] = Uses();
  touched_.Clear();
  calls_ = 0;
  recent_count_ = 0;
  is_last_float_ = false;
}

LoopPlan LoopPlanner::Choose() const {
  LoopPlan plan;
  std::array<uint32_t, kPins> scores = {};
  for (const uint32_t local : touched_) {
    const Uses& uses = uses_[local];
    if (uses.is_float || uses.reads == 0) continue;
    // What is written in the loop goes round with it: the next time round waits for it.
    const uint32_t score = uses.reads + (uses.writes > 0 ? 2 : 0);
    if (score > scores[0]) {
      plan.locals = {local, plan.locals[0]};
      scores = {score, scores[0]};
    } else if (score > scores[1]) {
      plan.locals[1] = local;
      scores[1] = score;
    }
  }
  uint32_t reads = 0;
  for (const uint32_t local : plan.locals) {
    if (local != kNoLocal) reads += uses_[local].reads;
  }
  return reads >= kMinReads + kReadsPerCall * calls_ ? plan : LoopPlan();
}

// --- Counting -------------------------------------------------------------------------------------------------------

inline LoopPlanner::Uses& LoopPlanner::UsesOf(uint32_t local) {
  Uses& uses = uses_[local];
  if (uses.reads == 0 && uses.writes == 0) touched_.PushReserved(local);
  return uses;
}

inline void LoopPlanner::Note(uint32_t local) {
  if (recent_count_ == recent_.size()) {
    for (size_t i = 1; i < recent_.size(); ++i) recent_[i - 1] = recent_[i];
    --recent_count_;
  }
  recent_[recent_count_++] = local;
}

// An instruction takes its operands: those locals that it wants as floats are floats.
inline void LoopPlanner::Consume(Op op) {
  const Signature signature = InfoOf(op).signature;
  for (size_t i = signature.param_count(); i > 0; --i) {
    if (recent_count_ == 0) break;
    const uint32_t local = recent_[--recent_count_];
    if (local != kNoLocal && IsFloat(signature.param(i - 1))) uses_[local].is_float = true;
  }
  is_last_float_ = IsFloat(signature.result());
  if (signature.result() != Operand::kNone) Note(kNoLocal);
}

inline void LoopPlanner::Count(const Instruction& in) {
  Pc at = in.immediates;
  switch (in.op) {
    case Op::kLocalGet: {
      const uint32_t local = at.U32();
      ++UsesOf(local).reads;
      Note(local);
      return;
    }
    case Op::kLocalSet:
    case Op::kLocalTee: {
      const uint32_t local = at.U32();
      Uses& uses = UsesOf(local);
      ++uses.writes;
      uses.is_float |= is_last_float_;
      if (in.op == Op::kLocalTee) ++uses.reads;
      else if (recent_count_ > 0) --recent_count_;
      return;
    }
    default: break;
  }
  switch (InfoOf(in.op).family) {
    case Family::kConst:
    case Family::kNumeric:
    case Family::kLoad:
    case Family::kStore: Consume(in.op); return;
    case Family::kControl: recent_count_ = 0; return;
    case Family::kParametric:
    case Family::kVariable: recent_count_ = 0; break;
    default: recent_count_ = 0; ++calls_; break;
  }
  is_last_float_ = false;
}

// --- A loop ---------------------------------------------------------------------------------------------------------

LoopPlan LoopPlanner::PlanOf(Pc pc) {
  ForgetUses();
  for (uint32_t depth = 0; calls_ <= kMaxCalls;) {
    const Instruction in = DecodeInstruction(pc);
    pc = in.next;
    switch (in.op) {
      case Op::kLoop: return LoopPlan();  // not an innermost one
      case Op::kBlock:
      case Op::kIf: ++depth; break;
      case Op::kEnd:
        if (depth-- == 0) return Choose();
        break;
      default: Count(in); break;
    }
  }
  return LoopPlan();
}

}  // namespace sandbox::fast
