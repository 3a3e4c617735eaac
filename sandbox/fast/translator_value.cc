// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Instructions that compute: variables, constants, numbers, references.

#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

void Translator::PushPlain(uint32_t producer) {
  Entry entry;
  entry.producer = producer;
  Push(entry);
}

// --- Variables ------------------------------------------------------------------------------------------------------

void Translator::GlobalGet(uint32_t index) {
  const uint32_t start = Begin(kGlobalGet);
  Put16(Home(height()));
  Put32(index);
  PushPlain(start);
}

void Translator::GlobalSet(uint32_t index) {
  if (!stack_.empty() && stack_.back().kind == Kind::kSlot && accumulators_[kInt].entry == height() - 1) {
    (void)Take(Operand::kI64);
    Begin(kGlobalSetAcc);
  } else {
    const uint16_t slot = TakeInSlot();
    Begin(kGlobalSet);
    Put16(slot);
  }
  Put32(index);
}

void Translator::SetLocal(uint32_t local, bool keeps) {
  if (stack_.empty()) {
    Fail();
    return;
  }
  if (std::exchange(returned_into_, kNoLocal) == local) {
    KeepReturned(local, keeps);
    return;
  }
  if (stack_.back().kind == Kind::kShifted) Settle();
  const Entry& top = stack_.back();
  if (top.kind == Kind::kLocal && top.local == local) {
    if (!keeps) DropTop();
    return;
  }
  const bool is_last = top.kind == Kind::kSlot && top.producer != kNone && top.producer == last_;
  if (is_last && local_heads_[local] == kNone && PinOf(local) == kPins) LetProduce(local);
  else CopyToLocal(local);
  if (keeps) PushLocal(local);
}

// The topmost operand is what a call has returned, which has written the local. Operands that are what the local was before
// are in slots of their own since the call.
void Translator::KeepReturned(uint32_t local, bool keeps) {
  for (Bankful& bank : accumulators_) {
    if (bank.entry == height() - 1) bank.local = local;
    else if (bank.local == local) bank.local = kNone;
  }
  DropTop();
  if (keeps) PushLocal(local);
}

// The last instruction, whose result is the topmost operand, writes the local itself.
void Translator::LetProduce(uint32_t local) {
  Patch16(last_ + 1, local);
  for (Bankful& bank : accumulators_) {
    if (bank.entry == height() - 1) bank.local = local;
    // What the accumulators know of the local is of the past.
    else if (bank.local == local) bank.local = kNone;
  }
  DropTop();
}

// Pops the topmost operand into the local.
void Translator::CopyToLocal(uint32_t local) {
  const uint32_t at = height() - 1;
  const Entry top = stack_[at];
  if (top.kind == Kind::kSum) {
    // It may be a sum of that very local.
    (void)Pop();
    if (local_heads_[local] != kNone) Preserve(local);
    const uint32_t sum = EmitSum(static_cast<uint16_t>(local), top.local, top.bits);
    for (Bankful& bank : accumulators_) {
      if (bank.local == local) bank.local = kNone;
    }
    SetAccumulator(kInt, kNone, local);
    if (PinOf(local) < kPins) AlsoPin(sum, PinOf(local));
    return;
  }
  if (PinOf(local) < kPins) {
    CopyToPin(local, PinOf(local));
    return;
  }
  if (local_heads_[local] != kNone) Preserve(local);
  const std::array<bool, 2> is_in = {accumulators_[kInt].entry == at, accumulators_[kFloat].entry == at};
  // What the accumulators know of the local is of the past.
  for (Bankful& bank : accumulators_) {
    if (bank.local == local) bank.local = kNone;
  }
  if (top.kind == Kind::kSlot && (is_in[kInt] || is_in[kFloat])) {
    (void)Take(is_in[kInt] ? Operand::kI64 : Operand::kF64);
    Begin(is_in[kInt] ? kCopyAcc : kCopyFloatAcc);
    Put16(local);
  } else if (top.kind == Kind::kConst) {
    (void)Pop();
    Begin(top.bits <= UINT32_MAX ? kConst32 : kConst64);
    Put16(local);
    if (top.bits <= UINT32_MAX) Put32(static_cast<uint32_t>(top.bits));
    else Put64(top.bits);
    return;
  } else {
    EmitCopy(static_cast<uint16_t>(local), TakeInSlot());
    return;
  }
  for (const Bank bank : {kInt, kFloat}) {
    if (is_in[bank]) accumulators_[bank].local = local;
  }
}

// --- References -----------------------------------------------------------------------------------------------------

void Translator::Reference(const Instruction& in) {
  Pc at = in.immediates;
  switch (in.op) {
    case Op::kRefNull: PushConst(kNullRef); return;
    case Op::kRefIsNull: Unary(Op::kI32Eqz); return;
    case Op::kRefFunc: {
      const uint32_t start = Begin(kRefFunc);
      Put16(Home(height()));
      Put32(at.U32());
      PushPlain(start);
      return;
    }
    case Op::kRefAsNonNull: {
      // It is looked at in its slot and stays there.
      const uint32_t top = height() - 1;
      if (stack_.empty()) {
        Fail();
        return;
      }
      Materialize(top);
      Begin(kRefAsNonNull);
      Put16(Home(top));
      return;
    }
    default: Fail();
  }
}

void Translator::Select() {
  Place condition;
  if (!stack_.empty() && stack_.back().kind == Kind::kConst) condition.slot = TakeInSlot();
  else condition = Take(Operand::kI32);
  const uint16_t second = TakeInSlot();
  const uint16_t first = TakeInSlot();
  const uint32_t start = Begin(condition.src == Src::kAcc ? kSelectAcc : kSelect);
  Put16(Home(height()));
  Put16(first);
  Put16(second);
  if (condition.src == Src::kSlot) Put16(condition.slot);
  PushPlain(start);
}

// --- Numbers --------------------------------------------------------------------------------------------------------

Op Translator::Mirrored(Op op) {
  switch (op) {
    case Op::kI32Add:
    case Op::kI32Mul:
    case Op::kI32And:
    case Op::kI32Or:
    case Op::kI32Xor:
    case Op::kI32Eq:
    case Op::kI32Ne:
    case Op::kI64Add:
    case Op::kI64Mul:
    case Op::kI64And:
    case Op::kI64Or:
    case Op::kI64Xor:
    case Op::kI64Eq:
    case Op::kI64Ne:
    case Op::kF32Eq:
    case Op::kF32Ne:
    case Op::kF64Eq:
    case Op::kF64Ne: return op;
    case Op::kF32Lt: return Op::kF32Gt;
    case Op::kF32Gt: return Op::kF32Lt;
    case Op::kF32Le: return Op::kF32Ge;
    case Op::kF32Ge: return Op::kF32Le;
    case Op::kF64Lt: return Op::kF64Gt;
    case Op::kF64Gt: return Op::kF64Lt;
    case Op::kF64Le: return Op::kF64Ge;
    case Op::kF64Ge: return Op::kF64Le;
    case Op::kI32LtS: return Op::kI32GtS;
    case Op::kI32LtU: return Op::kI32GtU;
    case Op::kI32GtS: return Op::kI32LtS;
    case Op::kI32GtU: return Op::kI32LtU;
    case Op::kI32LeS: return Op::kI32GeS;
    case Op::kI32LeU: return Op::kI32GeU;
    case Op::kI32GeS: return Op::kI32LeS;
    case Op::kI32GeU: return Op::kI32LeU;
    case Op::kI64LtS: return Op::kI64GtS;
    case Op::kI64LtU: return Op::kI64GtU;
    case Op::kI64GtS: return Op::kI64LtS;
    case Op::kI64GtU: return Op::kI64LtU;
    case Op::kI64LeS: return Op::kI64GeS;
    case Op::kI64LeU: return Op::kI64GeU;
    case Op::kI64GeS: return Op::kI64LeS;
    case Op::kI64GeU: return Op::kI64LeU;
    default: return kInvalidOp;
  }
}

void Translator::Unary(Op op) {
  if (op == Op::kI32Eqz || op == Op::kI64Eqz) {
    const bool is_32 = op == Op::kI32Eqz;
    PushConst(0);
    Binary(is_32 ? Op::kI32Eq : Op::kI64Eq);
    return;
  }
  const Signature signature = InfoOf(op).signature;
  Place operand;
  if (!stack_.empty() && stack_.back().kind == Kind::kConst) operand.slot = TakeInSlot();
  else operand = Take(signature.param(0));
  if (!HasRoom()) return;
  Line line = Open(UnaryCode(op, operand.src));
  line.Put16(Home(height()));
  line.Put(operand, signature.param(0));
  PushResult(Close(line), IsFloat(signature.result()) ? kFloat : kInt);
}

// Where the order is free, the operand that instructions want first comes first.
inline void Translator::Order(Op& op, Place& first, Place& second) {
  constexpr std::array<uint8_t, kSources> kRanks = {RankOf(Src::kSlot), RankOf(Src::kAcc), RankOf(Src::kConst),
                                                    RankOf(Src::kPin0), RankOf(Src::kPin1)};
  if (kRanks[static_cast<size_t>(first.src)] <= kRanks[static_cast<size_t>(second.src)]) return;
  const Op mirrored = Mirrored(op);
  if (mirrored == kInvalidOp) return;
  op = mirrored;
  std::swap(first, second);
}

SANDBOX_INLINE void Translator::EmitBinary(Op op, Place first, Place second) {
  if (!HasRoom()) return;
  Order(op, first, second);
  const uint16_t home = Home(height());
  Computed& computed = computed_.Next();
  computed.at = here();
  computed.op = op;
  computed.slot = home;
  computed.first = first;
  computed.second = second;
  computed.is_chain = false;
  if (head_ != kNone && !HasPins(op)) {
    first = WithoutPin(first);
    second = WithoutPin(second);
    Order(op, first, second);
  }
  const Signature signature = InfoOf(op).signature;
  Line line = Open(BinaryCode(op, PairAt(first.src, second.src)));
  line.Put16(home);
  line.Put(first, signature.param(0));
  line.Put(second, signature.param(0));
  const uint32_t start = Close(line);
  computed.end = here();
  PushResult(start, IsFloat(signature.result()) ? kFloat : kInt);
}

void Translator::Binary(Op op) {
  if (op == Op::kI32Add && TryPushSum()) return;
  if (op == Op::kI32Shl && TryPushShift()) return;
  const Operand type = InfoOf(op).signature.param(0);
  // Computed now, it would need the accumulator that the second operand may be in.
  if (height() >= 2 && WouldDisturbTop()) Materialize(height() - 2);
  Place second = TakePinned(type);
  // Two constants: the first goes into its slot.
  const bool is_first_const = !stack_.empty() && stack_.back().kind == Kind::kConst;
  if (is_first_const && second.src == Src::kConst) Materialize(height() - 1);
  const Place first = TakePinned(type);
  // Both are the same local: the slot has it, too.
  if (first.src == second.src && first.src != Src::kConst) second.src = Src::kSlot;
  if ((first.src == Src::kAcc) == (second.src == Src::kAcc) || !TryChain(op, first, second)) EmitBinary(op, first, second);
}

}  // namespace sandbox::fast
