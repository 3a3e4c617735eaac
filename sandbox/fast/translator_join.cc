// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Joins: a branch, a jump or a return does the work of the instruction before it as well.

#include "sandbox/fast/joins.h"
#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

Translator::Line Translator::OpenBranch(uint16_t code) {
  EndRegion();
  Line line = Open(code);
  line.PutTarget();
  line.Put16(0);
  return line;
}

Translator::Branch Translator::CloseBranch(const Line& line) {
  const uint32_t at = Close(line);
  return {at, at + 1, at + 3, at + 4};
}

uint32_t Translator::EmitJump(bool is_back) {
  const Move move = LastMove();
  const uint16_t joined = move.at == kNone ? kNoJoin : MoveJumpCode(move.code, is_back);
  if (joined != kNoJoin) end_ = move.at;
  if (!HasRoom()) return here();
  Line line = Open(joined != kNoJoin ? joined : uint16_t{is_back ? kJumpBack : kJump});
  line.PutTarget();
  if (joined != kNoJoin) PutFields(line, move);
  return Close(line);
}

bool Translator::TryJoin(Condition condition, bool is_back, Branch& branch) {
  if constexpr (!kFastJoins) return false;
  if (InfoOf(condition.op).signature.param(0) != Operand::kI32) return false;
  if (!TryToTest(condition.op, condition.second.src, condition.second.bits) || !HasRoom()) return false;
  // What is joined must be the last thing that happens.
  if (flushed_ == height() && (JoinLoad(condition, is_back, branch) || JoinComputed(condition, is_back, branch) ||
                               JoinStep(condition, is_back, branch))) {
    return true;
  }
  Flush();
  return HasRoom() && JoinMove(condition, is_back, branch);
}

bool Translator::JoinComputed(const Condition& condition, bool is_back, Branch& branch) {
  const Computed inner = computed_[0];
  const bool is_compared = condition.first.src == Src::kAcc && inner.at != kNone && inner.end == here();
  if (!is_compared || inner.is_chain || !IsAccumulatorForm(CodeAt(inner.at))) return false;
  const Inner computed{inner.op, PairAt(inner.first.src, inner.second.src)};
  const uint16_t code = TestBranchCode(computed, {condition.op, condition.second.src}, is_back);
  if (code == kNoJoin) return false;
  Retract(inner.at, kInt);
  Line line = OpenBranch(code);
  line.Put(inner.first, Operand::kI32);
  line.Put(inner.second, Operand::kI32);
  line.Put(condition.second, Operand::kI32);
  branch = CloseBranch(line);
  return true;
}

// Where the value stays that was loaded and is compared: in the accumulator only, or in a local, too.
Dst Translator::KeptIn(const Condition& condition) const {
  if (IsAccumulatorForm(CodeAt(load_.at)) || condition.first.src == Src::kSlot) return Dst::kAcc;
  return condition.first.src == Src::kPin0 ? Dst::kPin0 : condition.first.src == Src::kPin1 ? Dst::kPin1 : Dst::kSlot;
}

bool Translator::JoinLoad(const Condition& condition, bool is_back, Branch& branch) {
  const LastLoad load = load_;
  if (load.at == kNone || load.end != here()) return false;
  const Dst kept = KeptIn(condition);
  const uint16_t local = CodeAt(load.at + 1);
  uint16_t code = kNoJoin;
  if (kept != Dst::kAcc) {
    const bool is_in_local = local < first_operand_ && condition.first.slot == local && condition.second.src == Src::kConst;
    const bool is_kept = CodeAt(load.at) == LoadCode(load.op, AddressAt(load.base.src, load.is_sum), kept);
    if (is_in_local && is_kept) code = KeptBranchCode(load.op, load.base.src, kept, condition.op, is_back);
  } else if (condition.first.src == Src::kAcc) {
    code = LoadBranchCode(load.op, load.base.src, {condition.op, condition.second.src}, is_back);
  }
  if (code == kNoJoin) return false;
  Retract(load.at, kInt);
  if (kept == Dst::kSlot) SetAccumulator(kInt, kNone, local);
  Line line = OpenBranch(code);
  if (kept != Dst::kAcc) line.Put16(local);
  line.Put(load.base, Operand::kI32);
  line.Put32(load.sum);
  line.Put32(load.offset);
  line.Put(condition.second, Operand::kI32);
  branch = CloseBranch(line);
  return true;
}

// A pinned local steps on by another operand and is compared.
bool Translator::JoinStep(const Condition& condition, bool is_back, Branch& branch) {
  const Computed step = computed_[0];
  const Src pin = condition.first.src;
  if (!IsPin(pin) || step.at == kNone || step.end != here() || step.is_chain || step.op != Op::kI32Add) return false;
  const Dst dst = pin == Src::kPin0 ? Dst::kPin0 : Dst::kPin1;
  if (CodeAt(step.at) != BinaryCode(step.op, PairAt(step.first.src, step.second.src), dst)) return false;
  if (step.first.src != pin && step.second.src != pin) return false;
  const Place by = step.first.src == pin ? step.second : step.first;
  const uint16_t code = VarStepBranchCode(pin, by.src, {condition.op, condition.second.src}, is_back);
  if (code == kNoJoin) return false;
  const uint16_t local = CodeAt(step.at + 1);
  Retract(step.at, kInt);
  Line line = OpenBranch(code);
  line.Put16(local);
  line.Put(by, Operand::kI32);
  line.Put(condition.second, Operand::kI32);
  branch = CloseBranch(line);
  return true;
}

// --- Copies ---------------------------------------------------------------------------------------------------------

Translator::Move Translator::LastMove() const {
  Move move;
  if constexpr (!kFastJoins) return move;
  const uint32_t at = last_ != kNone ? last_ : exposed_;
  if (at == kNone) return move;
  move.code = CodeAt(at);
  switch (move.code) {
    case kCopy:
    case kPinSlot0:
    case kPinSlot1: move.count = 2; break;
    case kConst32: move.count = 3; break;
    case kCopyAcc:
    case kPinAcc0:
    case kPinAcc1: move.count = 1; break;
    case kAddConst: move.count = 4; break;
    default: return move;
  }
  if (at + 1 + move.count != here()) return move;
  for (uint32_t i = 0; i < move.count; ++i) move.fields[i] = CodeAt(at + 1 + i);
  move.at = at;
  return move;
}

void Translator::PutFields(Line& line, const Move& move) {
  for (uint32_t i = 0; i < move.count; ++i) line.Put16(move.fields[i]);
}

bool Translator::JoinMove(const Condition& condition, bool is_back, Branch& branch) {
  const Move move = LastMove();
  if (move.at == kNone || condition.second.src != Src::kConst) return false;
  const uint16_t code = MoveBranchCode(move.code, condition.first.src, condition.op, is_back);
  if (code == kNoJoin) return false;
  end_ = move.at;
  Line line = OpenBranch(code);
  PutFields(line, move);
  line.Put(condition.first, Operand::kI32);
  line.Put(condition.second, Operand::kI32);
  branch = CloseBranch(line);
  return true;
}

// --- Returns --------------------------------------------------------------------------------------------------------

bool Translator::TryReturnOf() {
  if constexpr (!kFastJoins) return false;
  if (stack_.back().kind == Kind::kShifted) Settle();
  const Entry& top = stack_.back();
  Inner inner{Op::kI32Add, Pair::kSlotConst};
  Place first;
  Place second{.src = Src::kConst, .slot = 0, .bits = top.bits};
  if (top.kind == Kind::kSum) {
    first = PlaceOf(top.local);
    inner.pair = PairAt(first.src, second.src);
    if (ReturnCode(inner) == kNoJoin) return false;
    (void)Pop();
  } else {
    const Computed computed = computed_[0];
    if (!IsTopFrom(computed) || computed.is_chain) return false;
    inner = {computed.op, PairAt(computed.first.src, computed.second.src)};
    if (ReturnCode(inner) == kNoJoin) return false;
    first = computed.first;
    second = computed.second;
    TakeBack(computed.at, kInt);
  }
  Begin(ReturnCode(inner));
  PutOperand(first, Operand::kI32);
  PutOperand(second, Operand::kI32);
  return true;
}

}  // namespace sandbox::fast
