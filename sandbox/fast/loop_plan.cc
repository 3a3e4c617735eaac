// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/loop_plan.h"

#include <algorithm>

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
  SANDBOX_TRY(touched_.ReserveMore(locals));
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
  recent_[recent_end_++ % recent_.size()] = local;
  recent_count_ = std::min(recent_count_ + 1, recent_.size());
}

// The topmost operand goes: its local, if that is known.
inline uint32_t LoopPlanner::Recall() {
  if (recent_count_ == 0) return kNoLocal;
  --recent_count_;
  return recent_[--recent_end_ % recent_.size()];
}

// What there is to know of an instruction.
enum class Role : uint8_t {
  kOther,    // leaves the pins to others
  kUnknown,  // operands are not followed through it
  kControl,
  kCompute,
  kGet,
  kSet,
  kTee,
};
struct LoopPlanner::Effect {
  Role role = Role::kOther;
  uint8_t params = 0;
  uint8_t floats = 0;  // a bit for each of the params, the topmost one first
  bool has_result = false;
  bool is_result_float = false;
};

constexpr std::array<LoopPlanner::Effect, kOpCount> LoopPlanner::kEffects = [] {
  std::array<Effect, kOpCount> effects{};
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    Effect& effect = effects[i];
    switch (InfoOf(op).family) {
      case Family::kConst:
      case Family::kNumeric:
      case Family::kLoad:
      case Family::kStore: {
        const Signature signature = InfoOf(op).signature;
        effect.role = Role::kCompute;
        effect.params = static_cast<uint8_t>(signature.param_count());
        for (size_t param = 0; param < effect.params; ++param) {
          if (IsFloat(signature.param(param))) effect.floats |= static_cast<uint8_t>(1u << (effect.params - 1 - param));
        }
        effect.has_result = signature.result() != Operand::kNone;
        effect.is_result_float = IsFloat(signature.result());
        break;
      }
      case Family::kControl: effect.role = Role::kControl; break;
      case Family::kParametric:
      case Family::kVariable:
        effect.role = op == Op::kLocalGet   ? Role::kGet
                      : op == Op::kLocalSet ? Role::kSet
                      : op == Op::kLocalTee ? Role::kTee
                                            : Role::kUnknown;
        break;
      default: break;
    }
  }
  return effects;
}();

// An instruction takes its operands: those locals that it wants as floats are floats.
inline void LoopPlanner::Consume(const Effect& effect) {
  unsigned floats = effect.floats;
  for (unsigned params = effect.params; params > 0; --params, floats >>= 1) {
    const uint32_t local = Recall();
    if ((floats & 1) != 0 && local != kNoLocal) uses_[local].is_float = true;
  }
  is_last_float_ = effect.is_result_float;
  if (effect.has_result) Note(kNoLocal);
}

// Immediates: of an instruction without a prefix.
SANDBOX_INLINE void LoopPlanner::Count(const Effect& effect, Pc immediates) {
  switch (effect.role) {
    case Role::kGet: {
      const uint32_t local = immediates.U32();
      ++UsesOf(local).reads;
      Note(local);
      return;
    }
    case Role::kSet:
    case Role::kTee: {
      Uses& uses = UsesOf(immediates.U32());
      ++uses.writes;
      uses.is_float |= is_last_float_;
      if (effect.role == Role::kTee) ++uses.reads;
      else (void)Recall();
      return;
    }
    case Role::kCompute: Consume(effect); return;
    case Role::kControl: recent_count_ = 0; return;
    case Role::kUnknown: break;
    case Role::kOther: ++calls_; break;
  }
  recent_count_ = 0;
  is_last_float_ = false;
}

// --- A loop ---------------------------------------------------------------------------------------------------------

LoopPlan LoopPlanner::PlanOf(Pc pc) {
  ForgetUses();
  for (uint32_t depth = 0; calls_ <= kMaxCalls;) {
    const Pc at = pc;
    const Op op = SkipInstruction(pc);
    switch (op) {
      case Op::kLoop: return LoopPlan();  // not an innermost one
      case Op::kBlock:
      case Op::kIf: ++depth; break;
      case Op::kEnd:
        if (depth-- == 0) return Choose();
        break;
      default: Count(kEffects[static_cast<size_t>(op)], at + 1); break;
    }
  }
  return LoopPlan();
}

}  // namespace sandbox::fast
