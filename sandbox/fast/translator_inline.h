// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The small steps of translating that every instruction takes: inline, since there are so many of them.
#ifndef SANDBOX_FAST_TRANSLATOR_INLINE_H_
#define SANDBOX_FAST_TRANSLATOR_INLINE_H_

#include <algorithm>

#include "sandbox/fast/translator.h"

namespace sandbox::fast {

// What translating asks for again and again, as tables.
inline constexpr size_t kSources = 5;
inline constexpr auto kOperandSizes = [] {
  std::array<std::array<uint8_t, 2>, kSources> sizes{};
  for (size_t src = 0; src < kSources; ++src) {
    sizes[src] = {static_cast<uint8_t>(SizeOf(static_cast<Src>(src), Operand::kI32)),
                  static_cast<uint8_t>(SizeOf(static_cast<Src>(src), Operand::kF64))};
  }
  return sizes;
}();
inline constexpr auto kPairTable = [] {
  std::array<std::array<Pair, kSources>, kSources> pairs{};
  for (size_t first = 0; first < kSources; ++first) {
    for (size_t second = 0; second < kSources; ++second) {
      pairs[first][second] = PairOf(static_cast<Src>(first), static_cast<Src>(second));
    }
  }
  return pairs;
}();
inline constexpr auto kAddressTable = [] {
  std::array<std::array<Address, 2>, kSources> addresses{};
  for (size_t base = 0; base < kSources; ++base) {
    addresses[base] = {AddressOf(static_cast<Src>(base), false), AddressOf(static_cast<Src>(base), true)};
  }
  return addresses;
}();
inline Pair PairAt(Src first, Src second) { return kPairTable[static_cast<size_t>(first)][static_cast<size_t>(second)]; }
inline Address AddressAt(Src base, bool is_sum) { return kAddressTable[static_cast<size_t>(base)][is_sum ? 1 : 0]; }

inline uint32_t Translator::Begin(uint16_t opcode) {
  const uint32_t at = here();
  Put16(opcode);
  before_last_ = std::exchange(last_, at);
  return at;
}

inline void Translator::Put16(uint32_t value) {
  if (value > UINT16_MAX) Fail();
  if (end_ >= code_.size()) [[unlikely]] {
    if (!GrowCode(1)) return;
  }
  code_[end_++] = static_cast<uint16_t>(value);
}

inline void Translator::Put32(uint32_t value) {
  Put16(value & 0xffff);
  Put16(value >> 16);
}

inline void Translator::Put64(uint64_t value) {
  Put32(static_cast<uint32_t>(value));
  Put32(static_cast<uint32_t>(value >> 32));
}

// All that an operand can take is written; what it takes counts.
inline void Translator::Line::Put(const Place& place, Operand type) {
  const uint64_t bits = place.src == Src::kSlot ? place.slot : place.bits;
  const auto to = room_.subspan(size_).first<kMaxOperand>();
  to[0] = static_cast<uint16_t>(bits);
  to[1] = static_cast<uint16_t>(bits >> 16);
  to[2] = static_cast<uint16_t>(bits >> 32);
  to[3] = static_cast<uint16_t>(bits >> 48);
  size_ += kOperandSizes[static_cast<size_t>(place.src)][type == Operand::kF64 ? 1 : 0];
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

inline void Translator::Patch16(uint32_t at, uint32_t value) {
  if (value > UINT16_MAX || at >= here()) [[unlikely]] {
    Fail();
    return;
  }
  code_[at] = static_cast<uint16_t>(value);
}

inline void Translator::Patch32(uint32_t at, uint32_t value) {
  Patch16(at, value & 0xffff);
  Patch16(at + 1, value >> 16);
}

// The halfword gets the cost of the region that begins here.
inline void Translator::AwaitCost(uint32_t halfword) { (void)Append(pending_, Pending{halfword, cost_, false}); }

inline size_t Translator::PinOf(uint32_t local) const { return pins_[0] == local ? 0 : pins_[1] == local ? 1 : kPins; }

inline Translator::Place Translator::PlaceOf(uint32_t local) const {
  Src src = accumulators_[kInt].local == local ? Src::kAcc : Src::kSlot;
  if (pins_[1] == local) src = Src::kPin1;
  if (pins_[0] == local) src = Src::kPin0;
  return {src, static_cast<uint16_t>(local), 0};
}

// As many operands as the function may have find room (Start).
inline void Translator::Push(const Entry& entry) {
  if (!stack_.PushIfRoom(entry)) [[unlikely]] Fail();
}

inline void Translator::PushSlot() { Push(Entry{}); }

// The result of the instruction at `producer`, whose first field names its slot.
inline void Translator::PushResult(uint32_t producer, Bank bank) {
  Entry entry;
  entry.producer = producer;
  SetAccumulator(bank, height(), kNone);
  Push(entry);
}

inline void Translator::LinkLocal(Entry& entry, uint32_t index) {
  entry.is_linked = true;
  entry.local = index;
  entry.next = local_heads_[index];
  const uint32_t at = height();
  Push(entry);
  if (height() > at) local_heads_[index] = at;
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
  Push(entry);
}

// There is one.
inline void Translator::DropTop() {
  const Entry& top = stack_.back();
  // Entries of a local are linked from the top down, so this is the first of them.
  if (top.is_linked) local_heads_[top.local] = top.next;
  stack_.DropBack();
  flushed_ = std::min(flushed_, height());
  for (Bankful& bank : accumulators_) bank.entry = bank.entry == height() ? kNone : bank.entry;
}

inline Translator::Entry Translator::Pop() {
  // In code that is refused already the stack may be short.
  if (stack_.empty()) {
    Fail();
    return Entry{};
  }
  const Entry entry = stack_.back();
  DropTop();
  return entry;
}

inline bool FitsConstant(uint64_t bits, Operand type) {
  return type != Operand::kI64 || static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(bits))) == bits;
}

inline Translator::Place Translator::TakePinned(Operand type) {
  if (stack_.empty()) [[unlikely]] {
    Fail();
    return Place();
  }
  const Entry& top = stack_.back();
  // What follows of popping an entry that is in no slot: it is in no accumulator, and nothing above it is flushed.
  if (top.kind == Kind::kLocal) {
    const uint32_t local = top.local;
    local_heads_[local] = top.next;
    stack_.DropBack();
    if (!IsFloat(type)) return PlaceOf(local);
    return {accumulators_[kFloat].local == local ? Src::kAcc : Src::kSlot, static_cast<uint16_t>(local), 0};
  }
  if (top.kind == Kind::kConst && FitsConstant(top.bits, type)) {
    const uint64_t bits = top.bits;
    stack_.DropBack();
    return {Src::kConst, 0, bits};
  }
  return TakeComputed(IsFloat(type) ? kFloat : kInt);
}

inline bool Translator::IsTopFrom(const Computed& computed) const {
  return computed.at != kNone && computed.at == last_ && !stack_.empty() && stack_.back().kind == Kind::kSlot &&
         stack_.back().producer == last_;
}

inline void Translator::SetAccumulator(Bank bank, uint32_t entry, uint32_t local) { accumulators_[bank] = {entry, local}; }

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_TRANSLATOR_INLINE_H_
