// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Accesses to memory 0, and what becomes part of them: how the address is computed.

#include "sandbox/fast/translator.h"
#include "sandbox/inplace/handler_support.h"

namespace sandbox::fast {

bool Translator::IsTopFrom(uint32_t producer) const {
  return producer != kNone && producer == last_ && !stack_.empty() && stack_.back().kind == Kind::kSlot &&
         stack_.back().producer == last_;
}

// The topmost operand is made by code from `begin` on, which goes: the access does it.
void Translator::TakeBack(uint32_t begin) {
  out_->code.Truncate(begin);
  ForgetAccumulators();
  (void)Pop();
  last_ = sum_.at = add_.at = shift_.at = kNone;
}

Translator::Where Translator::TakeAddress(bool may_be_indexed) {
  Where where;
  if (!stack_.empty() && stack_.back().kind == Kind::kSum) {
    const Entry top = Pop();
    where.first = PlaceOf(top.local);
    where.sum = static_cast<uint32_t>(top.bits);
    where.address = AddressOf(where.first.src, true);
  } else if (kFastIndices && may_be_indexed && TryTakeIndex(where)) {
  } else if (IsTopFrom(sum_.at)) {
    where.first = sum_.base;
    where.sum = sum_.bits;
    where.address = AddressOf(where.first.src, true);
    TakeBack(sum_.at);
  } else {
    where.first = TakePinned(Operand::kI32);
    where.address = AddressOf(where.first.src, false);
  }
  return where;
}

// An addition of two operands, or a shift (and an addition of a constant to that).
bool Translator::TryTakeIndex(Where& where) {
  where.is_indexed = true;
  if (IsTopFrom(add_.at)) {
    where.first = add_.first;
    where.second = add_.second;
    where.index = IndexOf(where.first.src, where.second.src);
    TakeBack(add_.at);
    return true;
  }
  const bool is_sum = IsTopFrom(sum_.at) && sum_.base.src == Src::kAcc && shift_.end == sum_.at && shift_.at < sum_.at &&
                      out_->code[shift_.at] == BinaryCode(Op::kI32Shl, PairOf(shift_.base.src, Src::kConst), Dst::kAcc);
  if (is_sum || IsTopFrom(shift_.at)) {
    where.first = shift_.base;
    where.shift = shift_.bits;
    where.sum = is_sum ? sum_.bits : 0;
    where.index = ShiftedIndex(where.first.src);
    TakeBack(shift_.at);
    return true;
  }
  where.is_indexed = false;
  return false;
}

void Translator::PutAddress(const Where& where) {
  PutOperand(where.first, Operand::kI32);
  if (where.is_indexed && !IsShifted(where.index)) PutOperand(where.second, Operand::kI32);
  if (where.is_indexed && IsShifted(where.index)) Put16(where.shift);
  if (where.is_indexed ? IsShifted(where.index) : IsSum(where.address)) Put32(where.sum);
}

uint32_t Translator::EmitSum(uint16_t slot, uint32_t local, uint64_t bits) {
  const Place base = PlaceOf(local);
  const uint32_t start = Begin(BinaryCode(Op::kI32Add, PairOf(base.src, Src::kConst)));
  Put16(slot);
  PutOperand(base, Operand::kI32);
  Put32(static_cast<uint32_t>(bits));
  sum_ = {start, here(), slot, base, static_cast<uint32_t>(bits)};
  return start;
}

void Translator::Load(const Instruction& in) {
  Pc at = in.immediates;
  const inplace::Access access = inplace::ReadMemarg(at);
  const Where where = TakeAddress(true);
  const uint32_t start = Begin(where.is_indexed ? IndexedLoadCode(in.op, where.index) : LoadCode(in.op, where.address));
  Put16(Home(height()));
  PutAddress(where);
  Put32(static_cast<uint32_t>(access.offset));
  PushResult(start, IsFloat(InfoOf(in.op).signature.result()) ? kFloat : kInt);
}

void Translator::Store(const Instruction& in) {
  Pc at = in.immediates;
  const inplace::Access access = inplace::ReadMemarg(at);
  const Operand type = InfoOf(in.op).signature.param(1);
  Place value = TakePinned(type);
  const bool is_in_acc = value.src == Src::kAcc && !IsFloat(type);
  const Where where = TakeAddress(!is_in_acc);
  if (where.is_indexed) {
    value = WithoutPin(value);
    Begin(IndexedStoreCode(in.op, where.index, value.src));
  } else {
    // Both are the same local: the slot has it, too.
    if (is_in_acc && BaseOf(where.address) == Src::kAcc) value.src = Src::kSlot;
    Begin(StoreCode(in.op, where.address, value.src));
  }
  PutAddress(where);
  Put32(static_cast<uint32_t>(access.offset));
  PutOperand(value, type);
}

}  // namespace sandbox::fast
