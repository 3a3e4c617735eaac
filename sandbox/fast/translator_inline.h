// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The small steps of translating that every instruction takes: inline, since there are so many of them.
#ifndef SANDBOX_FAST_TRANSLATOR_INLINE_H_
#define SANDBOX_FAST_TRANSLATOR_INLINE_H_

#include "sandbox/fast/translator.h"

namespace sandbox::fast {

inline uint32_t Translator::Begin(uint16_t opcode) {
  const uint32_t at = here();
  Put16(opcode);
  last_ = at;
  return at;
}

inline void Translator::Put16(uint32_t value) {
  if (value > UINT16_MAX || !Ok(out_->code.Push(static_cast<uint16_t>(value)))) Fail();
}

inline void Translator::Put32(uint32_t value) {
  Put16(value & 0xffff);
  Put16(value >> 16);
}

inline void Translator::Put64(uint64_t value) {
  Put32(static_cast<uint32_t>(value));
  Put32(static_cast<uint32_t>(value >> 32));
}

inline void Translator::PutOperand(const Place& place, Operand type) {
  switch (place.src) {
    case Src::kSlot: Put16(place.slot); return;
    case Src::kAcc:
    case Src::kPin0:
    case Src::kPin1: return;
    case Src::kConst:
      if (type == Operand::kF64) Put64(place.bits);
      else Put32(static_cast<uint32_t>(place.bits));
      return;
  }
}

inline void Translator::PushSlot() { (void)Ok(stack_.Push(Entry{})); }

// The result of the instruction at `producer`, whose first field names its slot.
inline void Translator::PushResult(uint32_t producer, Bank bank) {
  Entry entry;
  entry.producer = producer;
  if (!Ok(stack_.Push(entry))) return;
  SetAccumulator(bank, height() - 1, kNone);
}

inline void Translator::LinkLocal(Entry& entry, uint32_t index) {
  entry.is_linked = true;
  entry.local = index;
  entry.next = local_heads_[index];
  if (!Ok(stack_.Push(entry))) return;
  local_heads_[index] = height() - 1;
}

inline void Translator::PushLocal(uint32_t index) {
  Entry entry;
  entry.kind = Kind::kLocal;
  LinkLocal(entry, index);
}

inline void Translator::PushConst(uint64_t bits) {
  Entry entry;
  entry.kind = Kind::kConst;
  entry.bits = bits;
  (void)Ok(stack_.Push(entry));
}

inline Translator::Entry Translator::Pop() {
  // In code that is refused already the stack may be short.
  if (stack_.empty()) {
    Fail();
    return Entry{};
  }
  const Entry entry = stack_.PopBack();
  // Entries of a local are linked from the top down, so this is the first of them.
  if (entry.is_linked) local_heads_[entry.local] = entry.next;
  if (flushed_ > height()) flushed_ = height();
  for (Bankful& bank : accumulators_) {
    if (bank.entry == height()) bank.entry = kNone;
  }
  return entry;
}

inline bool Translator::IsTopFrom(const Computed& computed) const {
  return computed.at != kNone && computed.at == last_ && !stack_.empty() && stack_.back().kind == Kind::kSlot &&
         stack_.back().producer == last_;
}

inline void Translator::NoteComputed(const Computed& computed) { computed_ = {computed, computed_[0]}; }

inline void Translator::SetAccumulator(Bank bank, uint32_t entry, uint32_t local) { accumulators_[bank] = {entry, local}; }

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_TRANSLATOR_INLINE_H_
