// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Operands between the instruction that makes them and the one that uses them.

#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

// i32.add of a local and a constant waits for who uses it: often that is an access to memory, or a local.
bool Translator::TryPushSum() {
  if (height() < 2) return false;
  const Entry& second = stack_[height() - 1];
  const Entry& first = stack_[height() - 2];
  const bool is_second_const = second.kind == Kind::kConst;
  const Entry& constant = is_second_const ? second : first;
  const Entry& other = is_second_const ? first : second;
  if (constant.kind != Kind::kConst || (other.kind != Kind::kLocal && !IsLazy(other.kind))) return false;
  Entry entry;
  entry.kind = other.kind == Kind::kShifted ? Kind::kShifted : Kind::kSum;
  entry.shift = other.shift;
  entry.bits = static_cast<uint32_t>(constant.bits + (IsLazy(other.kind) ? other.bits : 0));
  const uint32_t local = other.local;
  PopMany(2);
  LinkLocal(entry, local);
  return true;
}

// So does i32.shl of a local by a constant, which most often is the place of an element.
bool Translator::TryPushShift() {
  if (!kFastJoins || height() < 2) return false;
  const Entry by = stack_[height() - 1];
  const Entry shifted = stack_[height() - 2];
  if (by.kind != Kind::kConst || shifted.kind != Kind::kLocal) return false;
  PopMany(2);
  Entry entry;
  entry.kind = Kind::kShifted;
  entry.shift = by.bits & 31;
  LinkLocal(entry, shifted.local);
  return true;
}

void Translator::Settle() {
  Entry& top = stack_.back();
  if (!IsLazy(top.kind)) return;
  const uint32_t at = height() - 1;
  top.producer = top.kind == Kind::kSum ? EmitSum(Home(at), top.local, top.bits) : EmitShifted(Home(at), top);
  top.kind = Kind::kSlot;
  // It is the first in the list of its local.
  local_heads_[top.local] = top.next;
  top.is_linked = false;
  SetAccumulator(kInt, at, kNone);
}

bool Translator::WouldDisturbTop() const {
  const Entry& top = stack_.back();
  if (!IsLazy(stack_[height() - 2].kind) || top.kind == Kind::kConst) return false;
  if (top.kind == Kind::kLocal) return PlaceOf(top.local).src == Src::kAcc;
  return IsLazy(top.kind) || accumulators_[kInt].entry == height() - 1;
}

void Translator::Retract(uint32_t begin, Bank bank) {
  end_ = begin;
  accumulators_[bank] = Bankful();
  // Other code will stand at the same place.
  exposed_ = last_ == begin ? before_last_ : kNone;
  last_ = before_last_ = kNone;
  if (load_.at >= begin) load_.at = kNone;
  while (computed_[0].at >= begin && computed_[0].at != kNone) computed_.Retract();
}

void Translator::TakeBack(uint32_t begin, Bank bank) {
  Retract(begin, bank);
  (void)Pop();
}

void Translator::PopMany(uint32_t count) {
  if (count > height()) {
    Fail();
    return;
  }
  for (; count > 0; --count) DropTop();
}

void Translator::ForgetAccumulators() {
  for (Bankful& bank : accumulators_) bank = Bankful();
}

// TakePinned of what is in its slot, or is put there now.
Translator::Place Translator::TakeComputed(Bank bank) {
  const uint32_t at = height() - 1;
  Entry& top = stack_[at];
  if (top.kind == Kind::kConst) Materialize(at);
  Settle();
  Place place;
  place.slot = Home(at);
  if (accumulators_[bank].entry == at) {
    place.src = Src::kAcc;
    // Nobody else will ask for it: the slot need not be written.
    if (top.producer != kNone) Patch16(top.producer, AccumulatorForm(CodeAt(top.producer)));
  }
  DropTop();
  return place;
}

uint16_t Translator::TakeInSlot() {
  if (stack_.empty()) {
    Fail();
    return 0;
  }
  const uint32_t at = height() - 1;
  if (stack_[at].kind == Kind::kConst || IsLazy(stack_[at].kind)) Materialize(at);
  const uint16_t slot = stack_[at].kind == Kind::kLocal ? static_cast<uint16_t>(stack_[at].local) : Home(at);
  (void)Pop();
  return slot;
}

// Emits what puts the entry into its slot. Copies leave the accumulators as they are.
void Translator::Materialize(uint32_t at) {
  Entry& entry = stack_[at];
  entry.producer = kNone;
  switch (entry.kind) {
    case Kind::kSlot: return;
    case Kind::kLocal:
      EmitCopy(Home(at), static_cast<uint16_t>(entry.local));
      break;
    case Kind::kSum:
      Begin(kAddConst);
      Put16(Home(at));
      Put16(entry.local);
      Put32(static_cast<uint32_t>(entry.bits));
      break;
    case Kind::kShifted:
      Begin(kShiftConst);
      Put16(Home(at));
      Put16(entry.local);
      Put16(entry.shift);
      Put32(static_cast<uint32_t>(entry.bits));
      break;
    case Kind::kConst:
      if (entry.bits <= UINT32_MAX) {
        Begin(kConst32);
        Put16(Home(at));
        Put32(static_cast<uint32_t>(entry.bits));
      } else {
        Begin(kConst64);
        Put16(Home(at));
        Put64(entry.bits);
      }
      break;
  }
  // It stays in the list of its local until it is popped, or preserved.
  entry.kind = Kind::kSlot;
}

void Translator::Flush() {
  for (uint32_t at = flushed_; at < height() && is_ok_; ++at) {
    if (stack_[at].kind == Kind::kSlot) stack_[at].producer = kNone;
    else Materialize(at);
  }
  flushed_ = height();
}

void Translator::Preserve(uint32_t local) {
  for (uint32_t at = local_heads_[local]; at != kNone && is_ok_; at = stack_[at].next) {
    if (stack_[at].kind == Kind::kLocal || IsLazy(stack_[at].kind)) Materialize(at);
    stack_[at].is_linked = false;
  }
  local_heads_[local] = kNone;
}

}  // namespace sandbox::fast
