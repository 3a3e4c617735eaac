// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Accesses to memory 0, and what becomes part of them: how the address is computed.

#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

Translator::Where Translator::TakeAddress(bool may_be_indexed) {
  Where where;
  if (!stack_.empty() && stack_.back().kind == Kind::kSum) {
    const Entry top = Pop();
    where.first = PlaceOf(top.local);
    where.sum = static_cast<uint32_t>(top.bits);
    where.address = AddressAt(where.first.src, true);
  } else if (!stack_.empty() && stack_.back().kind == Kind::kShifted) {
    const Entry top = Pop();
    where.first = PlaceOf(top.local);
    where.shift = top.shift;
    where.sum = static_cast<uint32_t>(top.bits);
    where.is_indexed = true;
    where.index = ShiftedIndex(where.first.src);
  } else if (kFastIndices && may_be_indexed && TryTakeIndex(where)) {
  } else if (const Computed& sum = computed_[0]; IsTopFrom(sum) && sum.IsSum() && !sum.is_chain) {
    where.first = sum.first;
    where.sum = static_cast<uint32_t>(sum.second.bits);
    where.address = AddressAt(where.first.src, true);
    TakeBack(sum.at, kInt);
  } else {
    where.first = TakePinned(Operand::kI32);
    where.address = AddressAt(where.first.src, false);
  }
  return where;
}

// The last two instructions add a constant to an operand that is shifted left.
bool Translator::IsShiftedSum() const {
  const Computed& sum = computed_[0];
  const Computed& shift = computed_[1];
  if (!sum.IsSum() || sum.first.src != Src::kAcc || !shift.IsShift() || shift.is_chain) return false;
  return sum.is_chain || (shift.end == sum.at && IsAccumulatorForm(CodeAt(shift.at)));
}

// An addition of two operands, or a shift (and an addition of a constant to that).
bool Translator::TryTakeIndex(Where& where) {
  const Computed& last = computed_[0];
  if (!IsTopFrom(last) || (last.is_chain && !IsShiftedSum())) return false;
  if (last.op == Op::kI32Add && !last.IsSum()) {
    where.first = last.first;
    where.second = last.second;
    where.index = IndexOf(where.first.src, where.second.src);
  } else if (last.IsShift() || IsShiftedSum()) {
    const Computed& shift = last.IsShift() ? last : computed_[1];
    where.first = shift.first;
    where.shift = static_cast<uint32_t>(shift.second.bits) & 31;
    where.sum = last.IsShift() ? 0 : static_cast<uint32_t>(last.second.bits);
    where.index = ShiftedIndex(where.first.src);
  } else {
    return false;
  }
  where.is_indexed = true;
  TakeBack(IsShiftedSum() ? computed_[1].at : last.at, kInt);
  return true;
}

void Translator::PutAddress(Line& line, const Where& where) {
  line.Put(where.first, Operand::kI32);
  if (!where.is_indexed) {
    if (IsSum(where.address)) line.Put32(where.sum);
  } else if (IsShifted(where.index)) {
    line.Put16(static_cast<uint16_t>(where.shift));
    line.Put32(where.sum);
  } else {
    line.Put(where.second, Operand::kI32);
  }
}

uint32_t Translator::EmitSum(uint16_t slot, uint32_t local, uint64_t bits) {
  const Place base = PlaceOf(local);
  const uint32_t start = Begin(BinaryCode(Op::kI32Add, PairAt(base.src, Src::kConst)));
  Put16(slot);
  PutOperand(base, Operand::kI32);
  Put32(static_cast<uint32_t>(bits));
  computed_.Next() = {start, here(), Op::kI32Add, slot, base, {.src = Src::kConst, .slot = 0, .bits = bits}};
  return start;
}

uint32_t Translator::EmitShifted(uint16_t slot, const Entry& shifted) {
  const Place base = PlaceOf(shifted.local);
  const Place by{.src = Src::kConst, .slot = 0, .bits = shifted.shift};
  const Place sum{.src = Src::kConst, .slot = 0, .bits = shifted.bits};
  const Pair pair = PairAt(base.src, Src::kConst);
  const bool is_sum = shifted.bits != 0;
  const uint32_t start =
      Begin(is_sum ? ChainCode({Op::kI32Shl, pair}, {Op::kI32Add, Src::kConst}) : BinaryCode(Op::kI32Shl, pair));
  Put16(slot);
  PutOperand(base, Operand::kI32);
  PutOperand(by, Operand::kI32);
  if (is_sum) PutOperand(sum, Operand::kI32);
  computed_.Next() = {start, here(), Op::kI32Shl, slot, base, by};
  if (is_sum) computed_.Next() = {start, here(), Op::kI32Add, slot, {.src = Src::kAcc}, sum, true};
  return start;
}

// What the address is made of was masked just before: it is an element of a table that is loaded. False where there is no
// instruction for that, and nothing has happened.
bool Translator::TryLoadFromTable(Op load, Where where, uint32_t offset) {
  if constexpr (!kFastChains) return false;
  if (where.first.src != Src::kAcc || (where.is_indexed && !IsShifted(where.index))) return false;
  Computed last = computed_[0];
  if (last.at == kNone || last.end != here() || !IsAccumulatorForm(CodeAt(last.at))) return false;
  const uint32_t begin = last.at;
  const Computed& inner = computed_[1];
  if (last.is_chain && last.IsSum() && !where.is_indexed && where.sum == 0) {
    where.sum = static_cast<uint32_t>(last.second.bits);
    last = inner;
  }
  if (last.op != Op::kI32And || last.second.src != Src::kConst) return false;
  const bool is_field = last.is_chain && inner.op == Op::kI32ShrU && inner.second.src == Src::kConst;
  if (last.is_chain && !is_field) return false;
  const Place number = is_field ? inner.first : last.first;
  const uint32_t right = is_field ? inner.second.bits & 31 : 0;
  const uint64_t mask = last.second.bits & (UINT32_MAX >> right);
  // An element is as wide as what is loaded; else all shifts together are one rotation, and the mask is shifted, too.
  const bool is_rotated = right != 0 || where.shift != InfoOf(load).access_log2;
  const uint16_t code = TableLoadCode(load, number.src, is_rotated);
  // The address of the last element, and what is added to it, must be what they are without wrapping.
  const uint64_t last_element = mask << where.shift;
  const uint64_t place = uint64_t{where.sum} + offset;
  const bool may_wrap = last_element + where.sum > UINT32_MAX || place > UINT32_MAX;
  if (code == kNoChain || may_wrap || !HasRoom()) return false;
  Retract(begin, kInt);
  Line line = Open(code);
  line.Put16(Home(height()));
  line.Put(number, Operand::kI32);
  if (is_rotated) line.Put16(static_cast<uint16_t>((where.shift - right) & 31));
  line.Put32(static_cast<uint32_t>(is_rotated ? last_element : mask));
  line.Put32(static_cast<uint32_t>(place));
  PushResult(Close(line), kInt);
  return true;
}

void Translator::Load(Op op, uint32_t offset) {
  const Where where = TakeAddress(true);
  if (TryLoadFromTable(op, where, offset) || !HasRoom()) return;
  Line line = Open(where.is_indexed ? IndexedLoadCode(op, where.index) : LoadCode(op, where.address));
  line.Put16(Home(height()));
  PutAddress(line, where);
  line.Put32(offset);
  const uint32_t start = Close(line);
  if (!where.is_indexed) load_ = {start, here(), op, where.first, IsSum(where.address), where.sum, offset};
  PushResult(start, IsFloat(InfoOf(op).signature.result()) ? kFloat : kInt);
}

void Translator::Store(Op op, uint32_t offset) {
  const Operand type = InfoOf(op).signature.param(1);
  if (TryStoreChain(op, offset)) return;
  Place value = TakePinned(type);
  const bool is_in_acc = value.src == Src::kAcc && !IsFloat(type);
  const Where where = TakeAddress(!is_in_acc);
  if (!HasRoom()) return;
  if (where.is_indexed) value = WithoutPin(value);
  // Both are the same local: the slot has it, too.
  if (is_in_acc && where.first.src == Src::kAcc) value.src = Src::kSlot;
  Line line = Open(where.is_indexed ? IndexedStoreCode(op, where.index, value.src) : StoreCode(op, where.address, value.src));
  PutAddress(line, where);
  line.Put32(offset);
  line.Put(value, type);
  Close(line);
}

}  // namespace sandbox::fast
