// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Locals of an innermost loop that registers hold, too.
//
// A pin holds what the slot of its local holds: who writes the one writes the other. So everything that knows nothing of pins
// may read slots; pins are loaded where a loop is entered, and again behind whatever leaves them to others (calls above all).

#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

void Translator::EnterLoop(uint32_t head) {
  const uint32_t at = Begin(kEnterLoop);
  Put16(pins_[0]);
  Put16(pins_[1] == kNoLocal ? pins_[0] : pins_[1]);
  Put32(head == kNone ? here() + 2 - at : head - at);
  Seal();
}

void Translator::ReenterLoop(bool is_enterable) {
  StartRegion(is_enterable);
  if (head_ != kNone) EnterLoop(head_);
}

void Translator::PlanLoop(Block& block) {
  if constexpr (!kFastPins) return;
  const LoopPlan plan = planner_.PlanOf(pc_);
  if (!plan.has_pins()) return;
  block.has_pins = true;
  pins_ = plan.locals;
  EnterLoop(kNone);
  head_ = here();
}

void Translator::LeaveLoop(const Block& block) {
  const uint32_t second = pins_[1] == kNoLocal ? pins_[0] : pins_[1];
  (void)Ok(out_->loops.Push({block.code, here(), static_cast<uint16_t>(pins_[0]), static_cast<uint16_t>(second)}));
  pins_ = {kNoLocal, kNoLocal};
  head_ = kNone;
  // What these say of pins is of the past.
  Seal();
}

void Translator::AlsoPin(uint32_t producer, size_t pin) {
  Patch16(producer, PinForm(CodeAt(producer), pin));
  // The accumulator is left as it was; who had been in it is not known any more.
  accumulators_[kInt] = Bankful();
}

void Translator::CopyToPin(uint32_t local, size_t pin) {
  const uint32_t at = height() - 1;
  const bool has_copies = local_heads_[local] != kNone;
  if (has_copies) Preserve(local);
  const Entry top = stack_[at];
  for (Bankful& bank : accumulators_) {
    if (bank.local == local) bank.local = kNone;
  }
  const bool is_in_acc = accumulators_[kInt].entry == at;
  const bool is_last = top.kind == Kind::kSlot && top.producer != kNone && top.producer == last_;
  if (is_last && !has_copies && HasPinForm(CodeAt(last_), !is_in_acc)) {
    Patch16(top.producer + 1, local);
    (void)Pop();
    AlsoPin(top.producer, pin);
  } else if (top.kind == Kind::kSlot && is_in_acc) {
    (void)Take(Operand::kI64);
    Begin(static_cast<uint16_t>(kPinAcc0 + pin));
    Put16(local);
    accumulators_[kInt].local = local;
  } else if (top.kind == Kind::kConst && top.bits <= UINT32_MAX) {
    (void)Pop();
    Begin(static_cast<uint16_t>(kPinConst0 + pin));
    Put16(local);
    Put32(static_cast<uint32_t>(top.bits));
  } else {
    const uint16_t slot = TakeInSlot();
    Begin(static_cast<uint16_t>(kPinSlot0 + pin));
    Put16(local);
    Put16(slot);
  }
}

}  // namespace sandbox::fast
