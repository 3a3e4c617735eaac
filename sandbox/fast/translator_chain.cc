// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Chains: an instruction that takes what the one before it has computed, does its work as well.

#include "sandbox/fast/chains.h"
#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

// The instruction at `at`, which is the last one, names its result nowhere.
bool Translator::IsOnlyForNext(uint32_t at) const {
  return at != kNone && at == last_ && IsAccumulatorForm(CodeAt(at));
}

bool Translator::TryChain(Op op, Place first, Place second) {
  if constexpr (!kFastChains) return false;
  if ((first.src == Src::kAcc) == (second.src == Src::kAcc) || !IsOnlyForNext(last_)) return false;
  const bool is_first = second.src == Src::kAcc && Mirrored(op) != op;
  const Place other = first.src == Src::kAcc ? second : first;
  // What is in a pin is not read from its slot instead: it is there because the loop waits for it.
  const Outer outer{op, other.src, is_first};
  if (load_.at == last_) return ChainLoad(outer, other);
  return computed_[0].at == last_ && !computed_[0].is_chain && ChainComputed(outer, other);
}

// The operand, in its slot, is the result of the instruction before the last one, which could leave it in the accumulator: the last
// one does not want that for itself.
bool Translator::IsStillInAccumulator(const Place& operand, const Computed& last) const {
  if (operand.src != Src::kSlot || operand.slot < first_operand_ || before_last_ == kNone) return false;
  if (last.first.src == Src::kAcc || last.second.src == Src::kAcc) return false;
  const uint16_t code = CodeAt(before_last_);
  return CodeAt(before_last_ + 1) == operand.slot && !IsAccumulatorForm(code) && IsAccumulatorForm(AccumulatorForm(code));
}

bool Translator::ChainComputed(const Outer& outer, Place other) {
  Computed inner = computed_[0];
  const Inner wanted{inner.op, PairOf(inner.first.src, inner.second.src)};
  uint16_t code = kNoChain;
  if (const uint32_t before = before_last_; IsStillInAccumulator(other, inner)) {
    code = ChainCode(wanted, {outer.op, Src::kAcc, outer.is_first});
    if (code != kNoChain) {
      Patch16(before, AccumulatorForm(CodeAt(before)));
      other.src = Src::kAcc;
    }
  }
  if (code == kNoChain) code = ChainCode(wanted, outer);
  if (code == kNoChain) return false;
  const Operand type = InfoOf(outer.op).signature.param(0);
  Retract(inner.at, IsFloat(type) ? kFloat : kInt);
  const uint32_t start = Begin(code);
  Put16(Home(height()));
  PutOperand(inner.first, type);
  PutOperand(inner.second, type);
  PutOperand(other, type);
  inner.at = start;
  inner.end = here();
  // An access to memory may do all of it (an element of a table at a constant place).
  const Place inner_result{.src = Src::kAcc};
  computed_.Next() = inner;
  computed_.Next() = {start, here(), outer.op, Home(height()), inner_result, other, true};
  PushResult(start, IsFloat(type) ? kFloat : kInt);
  return true;
}

bool Translator::ChainLoad(Outer outer, Place other) {
  const Operand type = InfoOf(outer.op).signature.param(0);
  const Bank bank = IsFloat(type) ? kFloat : kInt;
  // The load leaves the accumulator to what has been computed before it.
  const Computed before = computed_[0];
  const bool is_in_acc = before.at != kNone && before.end == load_.at && other.src == Src::kSlot &&
                         other.slot == before.slot && other.slot >= first_operand_ &&
                         CodeAt(before.at + 1) == other.slot && IsFloat(InfoOf(before.op).signature.result()) &&
                         !IsAccumulatorForm(CodeAt(before.at));
  if (is_in_acc) outer.other = Src::kAcc;
  const LastLoad load = load_;
  const uint16_t code = LoadChainCode(load.op, load.base.src, outer);
  if (code == kNoChain) return false;
  Retract(load.at, bank);
  if (is_in_acc) {
    Patch16(before.at, AccumulatorForm(CodeAt(before.at)));
    other.src = Src::kAcc;
  }
  const uint32_t start = Begin(code);
  Put16(Home(height()));
  PutOperand(load.base, Operand::kI32);
  Put32(load.sum);
  Put32(load.offset);
  PutOperand(other, type);
  PushResult(start, bank);
  return true;
}

bool Translator::TryStoreChain(Op store, uint32_t offset) {
  if constexpr (!kFastChains) return false;
  const Computed inner = computed_[0];
  if (!IsTopFrom(inner) || inner.is_chain || height() < 2) return false;
  const Kind address = stack_[height() - 2].kind;
  if (address == Kind::kConst || address == Kind::kShifted) return false;
  const Inner wanted{inner.op, PairOf(inner.first.src, inner.second.src)};
  if (StoreChainCode(wanted, store, Src::kSlot) == kNoChain) return false;
  const Operand type = InfoOf(inner.op).signature.param(0);
  TakeBack(inner.at, IsFloat(type) ? kFloat : kInt);
  const Where where = TakeAddress(false);
  Begin(StoreChainCode(wanted, store, where.first.src));
  PutOperand(where.first, Operand::kI32);
  Put32(where.sum);
  Put32(offset);
  PutOperand(inner.first, type);
  PutOperand(inner.second, type);
  return true;
}

}  // namespace sandbox::fast
