// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Operands that are computed: trees of instructions, so that results meet each other, locals and constants in every
// order, and addresses as compilers make them.
#include <algorithm>
#include <array>
#include <map>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {
namespace {

// What loops consist of.
constexpr std::array kCommon32 = {Op::kI32Add, Op::kI32Sub, Op::kI32Mul,  Op::kI32And, Op::kI32Or,
                                  Op::kI32Xor, Op::kI32Shl, Op::kI32ShrS, Op::kI32ShrU};
constexpr std::array kCommon64 = {Op::kI64Add, Op::kI64Sub, Op::kI64Mul,  Op::kI64And, Op::kI64Or,
                                  Op::kI64Xor, Op::kI64Shl, Op::kI64ShrS, Op::kI64ShrU};
constexpr std::array kCompares = {Op::kI32Eq,  Op::kI32Ne,  Op::kI32LtS, Op::kI32LtU, Op::kI32GtS, Op::kI32GtU,
                                  Op::kI32LeS, Op::kI32LeU, Op::kI32GeS, Op::kI32GeU, Op::kI64Eq,  Op::kI64Ne,  Op::kI64LtS,
                                  Op::kI64LtU, Op::kI64GtS, Op::kI64GtU, Op::kI64LeS, Op::kI64LeU, Op::kI64GeS, Op::kI64GeU};
// What a tier may compute at once with what uses the result.
constexpr std::array kByConstant = {Op::kI32Shl, Op::kI32ShrU, Op::kI32And, Op::kI32Rotl, Op::kI32ShrS, Op::kI32Mul};
constexpr std::array kTerms32 = {Op::kI32Add, Op::kI32Sub, Op::kI32Mul, Op::kI32And, Op::kI32Or, Op::kI32Xor};
constexpr std::array kTermsF32 = {Op::kF32Add, Op::kF32Sub, Op::kF32Mul};
constexpr std::array kTermsF64 = {Op::kF64Add, Op::kF64Sub, Op::kF64Mul};
constexpr std::array kTogether = {Op::kI32Add, Op::kI32Add, Op::kI32And, Op::kI32Or, Op::kI32Xor, Op::kI32Mul};
constexpr uint32_t kSmall = 1024;  // addresses and offsets of hot accesses stay in the first page

// Those that show more of a NaN than that it is one.
bool ShowsBits(Op op) {
  switch (op) {
    case Op::kF32Copysign:
    case Op::kF64Copysign:
    case Op::kI32ReinterpretF32:
    case Op::kI64ReinterpretF64: return true;
    default: return false;
  }
}

// Those that pass a NaN on, its sign changed at most.
bool KeepsNan(Op op) {
  return op == Op::kF32Neg || op == Op::kF64Neg || op == Op::kF32Abs || op == Op::kF64Abs;
}

// The numeric instructions with this result.
const std::vector<Op>& RowsOf(ValType type, bool with_floats) {
  static std::map<std::pair<int, bool>, std::vector<Op>> rows;
  std::vector<Op>& found = rows[{static_cast<int>(type.kind()), with_floats}];
  if (!found.empty()) return found;
  for (Op op : NumericRows(with_floats)) {
    if (TypeOf(InfoOf(op).signature.result(), ValType()) == type && !TruncatesWithTrap(op)) found.push_back(op);
  }
  return found;
}

}  // namespace

bool FunctionGenerator::IsKept(uint32_t local) const {
  return std::ranges::any_of(hot_, [=](const Hot& hot) { return hot.is_kept && hot.local == local; });
}

// More often than not, one of those that the loop uses much.
std::optional<uint32_t> FunctionGenerator::HotLocal(ValType type, bool is_written) {
  if (hot_.empty() || source_.OneIn(3)) return std::nullopt;
  const uint32_t count = static_cast<uint32_t>(hot_.size());
  const uint32_t start = source_.Below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const Hot& hot = hot_[(start + i) % count];
    if (hot.type == type && !(is_written && hot.is_kept)) return hot.local;
  }
  return std::nullopt;
}

bool FunctionGenerator::HasPlainMemory() const {
  return plan_.has_page() && !plan_.memories[0].is_64;
}

Op FunctionGenerator::OpFor(ValType type) {
  if (type == ValType::I32() && !source_.OneIn(3)) return source_.Pick(kCommon32);
  if (type == ValType::I64() && !source_.OneIn(3)) return source_.Pick(kCommon64);
  return source_.Pick(RowsOf(type, plan_.swarm.floats));
}

Op FunctionGenerator::AnyCondition() {
  if (!source_.OneIn(hot_.empty() ? 2 : 3)) return source_.Pick(kCompares);
  return source_.Pick(RowsOf(ValType::I32(), plan_.swarm.floats));
}

// Pushes an operand: a local, a constant, something loaded, or an instruction on operands.
void FunctionGenerator::Tree(ValType type, uint32_t depth, bool is_exact) {
  if (type.is_ref()) return Make(type);
  if (depth == 0 || source_.is_empty() || source_.OneIn(3)) {
    if (source_.OneIn(6) && HasPlainMemory() && LoadHot(type)) return;
    if (source_.OneIn(4) || !GetLocal(type)) MakeConst(type);
    return;
  }
  if (type != ValType::I64() && source_.OneIn(3)) return Chained(type, is_exact);
  const Op op = OpFor(type);
  const OpInfo& info = InfoOf(op);
  for (ValType operand : ParamsOf(info, ValType())) {
    Tree(operand, depth - 1, ShowsBits(op) || (is_exact && KeepsNan(op)));
  }
  GuardDivisor(op);
  Emit(op);
  Pop(info.signature.param_count());
  Push(type);
  // On the way, a NaN is a NaN.
  if (is_exact) Canonicalize(op);
}

void FunctionGenerator::ChainLeaf(ValType type) {
  if (source_.OneIn(4)) return Tree(type, 1, false);
  if (source_.OneIn(6) || !GetLocal(type)) MakeConst(type);
}

Op FunctionGenerator::TermOp(ValType type) {
  return type == ValType::F32() ? source_.Pick(kTermsF32) : type == ValType::F64() ? source_.Pick(kTermsF64) : source_.Pick(kTerms32);
}

// What two instructions compute, of the first of which only the second one sees the result.
void FunctionGenerator::Chained(ValType type, bool is_exact) {
  const bool is_i32 = type == ValType::I32();
  const bool is_first = source_.OneIn(3);
  if (is_first) source_.OneIn(2) ? Tree(type, 1, false) : ChainLeaf(type);
  if (source_.OneIn(2) || !HasPlainMemory() || !LoadHot(type)) {
    ChainLeaf(type);
    const bool is_by_constant = is_i32 && source_.OneIn(2);
    is_by_constant ? EmitI32(static_cast<int32_t>(source_.Below(33))) : ChainLeaf(type);
    Emit(is_by_constant ? source_.Pick(kByConstant) : TermOp(type));
    Pop(is_by_constant ? 0 : 1);
  }
  Op op = TermOp(type);
  if (!is_first && is_i32 && source_.OneIn(3)) {
    MakeConst(type);
    if (source_.OneIn(2)) op = source_.Pick(kByConstant);
  } else if (!is_first) {
    ChainLeaf(type);
  }
  Emit(op);
  Pop(1);
  if (is_exact) Canonicalize(op);
}

// An i32 for a branch right behind it that a tier may take into that branch: computed, loaded, kept in a local or stepped on by
// another one, with a copy before it or not, and compared.
void FunctionGenerator::JoinedCondition() {
  constexpr std::array kLoads = {Op::kI32Load,   Op::kI32Load,   Op::kI32Load,   Op::kI32Load8U,
                                 Op::kI32Load8U, Op::kI32Load8S, Op::kI32Load8S, Op::kI32Load16U};
  constexpr std::array kTested = {Op::kI32And, Op::kI32And, Op::kI32Add, Op::kI32Sub, Op::kI32Xor};
  const auto push_number = [&](int32_t number) {
    EmitI32(number);
    Push(ValType::I32());
  };
  const std::optional<uint32_t> kept = SomeLocal(ValType::I32());
  const std::optional<uint32_t> copied = SomeLocal(ValType::I32());
  if (copied && source_.OneIn(3)) {
    if (source_.OneIn(2) || !GetLocal(ValType::I32())) MakeConst(ValType::I32());
    Emit(Op::kLocalSet, {*copied});
    Pop(1);
  }
  const uint32_t form = source_.OneIn(6) ? 1 : source_.Below(5);
  const bool is_load = form % 4 == 0 && HasPlainMemory();
  if (is_load) {
    // Most such addresses are a local, or what was just computed.
    source_.OneIn(3) ? HotAddress() : source_.OneIn(2) ? JoinedAddress() : PlainAddress();
    const Op load = source_.Pick(kLoads);
    Emit(load);
    HotMemarg(load);
  } else if (form == 1 && kept) {
    // What steps on is either operand.
    const bool is_second = source_.OneIn(2);
    const auto push_step = [&] {
      source_.OneIn(2) ? push_number(static_cast<int32_t>(source_.Below(8)) - 4) : ChainLeaf(ValType::I32());
    };
    if (is_second) push_step();
    Emit(Op::kLocalGet, {*kept});
    Push(ValType::I32());
    if (!is_second) push_step();
    Emit(Op::kI32Add);
    Pop(1);
  } else if (form == 2) {
    ChainLeaf(ValType::I32());
    source_.OneIn(2) ? push_number(static_cast<int32_t>(source_.Below(16))) : ChainLeaf(ValType::I32());
    Emit(source_.Pick(kTested));
    Pop(1);
  } else {
    ChainLeaf(ValType::I32());
  }
  if (kept && (form == 1 || source_.OneIn(is_load ? 2 : 3))) {
    Emit(Op::kLocalTee, {*kept});
    // Another one is compared.
    if (source_.OneIn(5)) {
      Emit(Op::kDrop);
      Pop(1);
      ChainLeaf(ValType::I32());
    }
  }
  if (source_.OneIn(4)) return;
  // The end of a list or of a text: what was loaded is equal to a number, or not.
  const bool is_end = is_load && source_.OneIn(2);
  is_end || source_.OneIn(2) ? push_number(static_cast<int32_t>(source_.Below(40)) - 8) : ChainLeaf(ValType::I32());
  Emit(static_cast<Op>(static_cast<uint32_t>(Op::kI32Eq) + source_.Below(is_end ? 2 : 10)));
  Pop(1);
}

// Pushes an i32 below kSmall: a local of that kind if there is one.
void FunctionGenerator::SmallNumber() {
  std::vector<uint32_t> small;
  for (const Hot& hot : hot_) {
    if (hot.is_small) small.push_back(hot.local);
  }
  if (small.empty()) {
    EmitI32(static_cast<int32_t>(source_.Below(kSmall)));
  } else {
    Emit(Op::kLocalGet, {source_.Pick(small)});
  }
  Push(ValType::I32());
}

void FunctionGenerator::SmallTree() {
  Tree(ValType::I32(), 2);
  if (source_.OneIn(3)) {
    // A field of it.
    EmitI32(static_cast<int32_t>(source_.Below(34)));
    Emit(source_.OneIn(4) ? Op::kI32ShrS : Op::kI32ShrU);
  }
  EmitI32(static_cast<int32_t>(kSmall - 1 - source_.Below(3)));
  Emit(Op::kI32And);
}

// Pushes an address that needs no instruction of its own: a local, mostly, or its sum with a constant.
void FunctionGenerator::PlainAddress() {
  SmallNumber();
  if (!source_.OneIn(3)) return;
  EmitI32(static_cast<int32_t>(source_.Below(kSmall)));
  Emit(Op::kI32Add);
}

// Pushes a small number that is computed, and neither a sum nor masked: those a load may compute itself.
void FunctionGenerator::JoinedAddress() {
  SmallNumber();
  SmallNumber();
  Emit(source_.OneIn(2) ? Op::kI32Xor : Op::kI32Or);
  Pop(1);
}

// Pushes the address of a byte or of an element, mostly within the first page.
void FunctionGenerator::HotAddress() {
  const uint32_t form = source_.Below(10);
  if (form == 0) {
    EmitI32(static_cast<int32_t>(source_.Below(kSmall)));
    return Push(ValType::I32());
  }
  form <= 6 ? SmallNumber() : SmallTree();
  // As it is, or two numbers together, which a tier may compute at once with what follows.
  const bool is_plain = form <= 2;
  if (!is_plain && source_.OneIn(3)) {
    SmallNumber();
    Emit(source_.Pick(kTogether));
    Pop(1);
  }
  const uint32_t more = is_plain ? 0 : source_.Below(4);
  if (more == 1) {
    EmitI32(static_cast<int32_t>(source_.Below(4)));
    Emit(Op::kI32Shl);
  } else if (more == 2) {
    source_.OneIn(3) ? SmallTree() : SmallNumber();
    Emit(Op::kI32Add);
    Pop(1);
  }
  if (source_.OneIn(3)) {
    // Some far away, or just before: that sum wraps.
    const bool is_far = may_trap_ && source_.OneIn(8);
    const bool is_before = !is_far && source_.OneIn(8);
    EmitI32(static_cast<int32_t>(is_far      ? static_cast<uint32_t>(source_.Interesting())
                                 : is_before ? ~source_.Below(4)
                                             : source_.Below(kSmall)));
    Emit(Op::kI32Add);
  }
}

// An offset within the first page; where traps are wanted, sometimes one that leads out of the memory.
void FunctionGenerator::HotMemarg(Op op) {
  const bool is_far = may_trap_ && source_.OneIn(8);
  const uint64_t offset = is_far              ? static_cast<uint32_t>(source_.Interesting())
                          : source_.OneIn(2) ? 0
                                              : source_.Below(kSmall);
  MemargAt(0, InfoOf(op).access_log2, offset);
}

bool FunctionGenerator::LoadHot(ValType type) {
  std::vector<Op> loads;
  for (Op op : AccessRows(plan_.swarm.floats)) {
    const OpInfo& info = InfoOf(op);
    if (info.family == Family::kLoad && TypeOf(info.signature.result(), ValType()) == type) loads.push_back(op);
  }
  if (loads.empty()) return false;
  const Op op = source_.Pick(loads);
  source_.OneIn(3) ? PlainAddress() : HotAddress();
  Emit(op);
  HotMemarg(op);
  Pop(1);
  Push(type);
  return true;
}

// From memory into a local, or back.
void FunctionGenerator::HotAccess() {
  if (!HasPlainMemory()) return LocalArithmetic();
  Op op = source_.Pick(AccessRows(plan_.swarm.floats));
  if (InfoOf(op).family == Family::kLoad && source_.OneIn(3)) op = source_.OneIn(2) ? Op::kI32Store : Op::kI64Store8;
  const OpInfo& info = InfoOf(op);
  if (info.family == Family::kLoad) {
    LoadHot(TypeOf(info.signature.result(), ValType::I32()));
    return Keep();
  }
  HotAddress();
  Tree(TypeOf(info.signature.param(1), ValType::I32()), source_.OneIn(2) ? 0 : 2);
  Emit(op);
  HotMemarg(op);
  Pop(2);
}

// An integer that is stored as soon as one instruction has computed it.
void FunctionGenerator::StoreComputed() {
  constexpr std::array kComputed = {Op::kI32Add, Op::kI32Add, Op::kI32Sub,  Op::kI32Mul,
                                    Op::kI32And, Op::kI32Or,  Op::kI32Xor, Op::kI32ShrU};
  constexpr std::array kStores = {Op::kI32Store, Op::kI32Store, Op::kI32Store8, Op::kI32Store8, Op::kI32Store16};
  if (!HasPlainMemory()) return LocalArithmetic();
  source_.OneIn(3) ? HotAddress() : PlainAddress();
  ChainLeaf(ValType::I32());
  source_.OneIn(2) ? MakeConst(ValType::I32()) : ChainLeaf(ValType::I32());
  Emit(source_.Pick(kComputed));
  const Op store = source_.Pick(kStores);
  Emit(store);
  HotMemarg(store);
  Pop(3);
}

// A number becomes a local and is stored right away, at an address that is computed meanwhile.
void FunctionGenerator::StoreKept() {
  if (!HasPlainMemory()) return LocalArithmetic();
  Op op = source_.Pick(AccessRows(plan_.swarm.floats));
  if (InfoOf(op).family == Family::kLoad) {
    op = !plan_.swarm.floats ? Op::kI64Store : source_.OneIn(2) ? Op::kF64Store : Op::kF32Store;
  }
  const ValType type = TypeOf(InfoOf(op).signature.param(1), ValType::I32());
  const std::optional<uint32_t> local = SomeLocal(type);
  if (!local) return HotAccess();
  Tree(type, 2);
  Emit(Op::kLocalSet, {*local});
  HotAddress();
  Emit(Op::kLocalGet, {*local});
  Emit(op);
  HotMemarg(op);
  Pop(2);
}

// Floats that are stored as soon as they are computed: of integers, so that none is a NaN.
void FunctionGenerator::StoreFinite() {
  const bool is_f32 = source_.OneIn(2);
  const ValType type = is_f32 ? ValType::F32() : ValType::F64();
  const std::optional<uint32_t> local = SomeLocal(type);
  if (!plan_.swarm.floats || !HasPlainMemory() || !local) return HotAccess();
  const auto convert = [&] { Emit(is_f32 ? Op::kF32ConvertI32S : Op::kF64ConvertI32S); };
  Tree(ValType::I32(), 1);
  convert();
  Emit(Op::kLocalSet, {*local});
  Pop(1);
  if (source_.OneIn(2)) {
    // A register that held the local's value holds this.
    Tree(ValType::I32(), 0);
    convert();
    Emit(Op::kDrop);
    Pop(1);
  }
  source_.OneIn(2) ? PlainAddress() : HotAddress();
  for (uint32_t i = 0; i < 2; ++i) {
    const uint32_t form = source_.Below(6);
    if (form == 0) {
      MakeConst(type, is_f32 ? 0x40490fdb : 0xbff921fb54442d18);
    } else if (form == 1) {
      Tree(ValType::I32(), 0);
      convert();
      stack_.back() = type;
    } else {
      Emit(Op::kLocalGet, {*local});
      Push(type);
    }
  }
  Emit(TermOp(type));
  Emit(is_f32 ? Op::kF32Store : Op::kF64Store);
  HotMemarg(is_f32 ? Op::kF32Store : Op::kF64Store);
  Pop(3);
}

// The topmost operand, into a local of its type.
void FunctionGenerator::Keep() {
  const ValType type = stack_.back();
  Pop(1);
  const std::optional<uint32_t> local = SomeLocal(type);
  if (!local) {
    Emit(Op::kDrop);
  } else if (source_.OneIn(4)) {
    Emit(Op::kLocalTee, {*local});
    Emit(Op::kDrop);
  } else {
    Emit(Op::kLocalSet, {*local});
  }
}

}  // namespace sandbox::fuzz
