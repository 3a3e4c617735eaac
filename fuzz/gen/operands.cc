// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {

bool FunctionGenerator::TopIs(const Types& types) const {
  const size_t base = labels_.back().base;
  return stack_.size() - base >= types.size() &&
         std::equal(types.begin(), types.end(), stack_.end() - static_cast<ptrdiff_t>(types.size()));
}

void FunctionGenerator::Require(const Types& types) {
  if (TopIs(types) && !source_.OneIn(4)) return;
  for (ValType type : types) Make(type);
}

bool FunctionGenerator::GetLocal(ValType type) {
  if (const std::optional<uint32_t> hot = HotLocal(type, false)) {
    Emit(Op::kLocalGet, {*hot});
    Push(type);
    return true;
  }
  if (locals_.empty()) return false;
  const uint32_t start = source_.Below(static_cast<uint32_t>(locals_.size()));
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    const uint32_t local = (start + i) % static_cast<uint32_t>(locals_.size());
    if (locals_[local] != type) continue;
    Emit(Op::kLocalGet, {local});
    Push(type);
    return true;
  }
  return false;
}

std::optional<uint32_t> FunctionGenerator::SomeLocal(ValType type) {
  if (const std::optional<uint32_t> hot = HotLocal(type, true)) return hot;
  if (locals_.empty()) return std::nullopt;
  const uint32_t start = source_.Below(static_cast<uint32_t>(locals_.size()));
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    const uint32_t local = (start + i) % static_cast<uint32_t>(locals_.size());
    if (locals_[local] == type && !IsKept(local)) return local;
  }
  return std::nullopt;
}

void FunctionGenerator::Consume() {
  const ValType type = stack_.back();
  Pop(1);
  const uint32_t choice = source_.Below(4);
  if (choice < 2) {
    for (uint32_t i = 0; i < plan_.globals.size(); ++i) {
      if (plan_.globals[i].type != type || !plan_.globals[i].is_mutable || i == plan_.counter) continue;
      Emit(Op::kGlobalSet, {i});
      return;
    }
  }
  const std::optional<uint32_t> local = choice == 3 ? std::nullopt : SomeLocal(type);
  if (local) {
    Emit(Op::kLocalSet, {*local});
  } else {
    Emit(Op::kDrop);
  }
}

testing::Code& FunctionGenerator::Emit(Op op, std::initializer_list<uint64_t> immediates) {
  if (!plan_.swarm.odd_lebs || !source_.OneIn(3)) return code_.Op(op, immediates);
  const auto padded = [&](uint64_t value) {
    return testing::EncodePadded(value, std::max<size_t>(testing::EncodeU(value).size(), source_.Between(1, 5)));
  };
  const OpInfo& info = InfoOf(op);
  if (info.prefix != 0) {
    code_.Byte(info.prefix).Raw(padded(info.code));
  } else {
    code_.Byte(static_cast<uint8_t>(info.code));
  }
  for (uint64_t immediate : immediates) code_.Raw(padded(immediate));
  return code_;
}

void FunctionGenerator::EmitInteger(int64_t value, size_t most_bytes) {
  testing::Bytes number = testing::EncodeS(value);
  if (plan_.swarm.odd_lebs && source_.OneIn(3)) {
    const uint32_t length = source_.Between(1, static_cast<uint32_t>(most_bytes));
    while (number.size() < length) {
      number.back() |= 0x80;
      number.push_back(value < 0 ? 0x7f : 0x00);
    }
  }
  code_.Op(most_bytes == 5 ? Op::kI32Const : Op::kI64Const).Raw(number);
}

void FunctionGenerator::EmitNull(HeapType heap) {
  Emit(Op::kRefNull);
  if (heap.is_abstract()) {
    code_.Byte(heap == HeapType::kExtern ? 0x6f : 0x70);
  } else {
    code_.S(heap.index());
  }
}

bool FunctionGenerator::GetGlobal(ValType type) {
  for (uint32_t i = 0; i < plan_.globals.size(); ++i) {
    if (plan_.globals[i].type != type || source_.OneIn(3)) continue;
    Emit(Op::kGlobalGet, {i});
    Push(type);
    return true;
  }
  return false;
}

void FunctionGenerator::Make(ValType type) {
  const uint32_t choice = source_.Below(8);
  if (choice < 4 && GetLocal(type)) return;
  if (choice == 4 && GetGlobal(type)) return;
  if (type.is_ref()) {
    MakeRef(type);
  } else {
    MakeConst(type);
  }
}

void FunctionGenerator::MakeConst(ValType type, uint64_t bits) {
  switch (type.kind()) {
    case ValKind::kI32: EmitI32(static_cast<int32_t>(bits)); break;
    case ValKind::kI64: EmitI64(static_cast<int64_t>(bits)); break;
    case ValKind::kF32:
      Emit(Op::kF32Const);
      for (int i = 0; i < 4; ++i) code_.Byte(static_cast<uint8_t>(bits >> 8 * i));
      break;
    default:
      Emit(Op::kF64Const);
      for (int i = 0; i < 8; ++i) code_.Byte(static_cast<uint8_t>(bits >> 8 * i));
  }
  Push(type);
}

namespace {

// Whether the specification leaves open which NaN this makes: of the others the result's bits are fixed.
bool IsNanOpen(Op op) {
  switch (op) {
    case Op::kF32Abs:
    case Op::kF32Neg:
    case Op::kF32Copysign:
    case Op::kF64Abs:
    case Op::kF64Neg:
    case Op::kF64Copysign:
    case Op::kF32ReinterpretI32:
    case Op::kF64ReinterpretI64: return false;
    default: break;
  }
  const Operand from = InfoOf(op).signature.param(0);
  return from == Operand::kF32 || from == Operand::kF64;
}

}  // namespace

void FunctionGenerator::Canonicalize(Op op) {
  const ValType type = TypeOf(InfoOf(op).signature.result(), ValType());
  const bool is_f32 = type == ValType::F32();
  if (!plan_.options.canonical_nans || !(is_f32 || type == ValType::F64()) || !IsNanOpen(op)) return;
  const uint32_t scratch = static_cast<uint32_t>(locals_.size()) + (is_f32 ? 0 : 1);
  code_.LocalSet(scratch).LocalGet(scratch);
  if (is_f32) {
    Emit(Op::kF32Const).Raw({0, 0, 0xc0, 0x7f});
  } else {
    Emit(Op::kF64Const).Raw({0, 0, 0, 0, 0, 0, 0xf8, 0x7f});
  }
  code_.LocalGet(scratch).LocalGet(scratch).Op(is_f32 ? Op::kF32Eq : Op::kF64Eq).Op(Op::kSelect);
}

uint32_t FunctionGenerator::DeclaredFunction(uint32_t type, uint32_t but) {
  const uint32_t count = static_cast<uint32_t>(plan_.declared.size());
  const uint32_t start = source_.Below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t function = plan_.declared[(start + i) % count];
    if (function != but && (type == kNoIndex || plan_.functions[function] == type)) return function;
  }
  return kNoIndex;
}

void FunctionGenerator::MakeRef(ValType type) {
  const HeapType heap = type.heap();
  Push(type);
  if (heap != HeapType::kExtern && (!type.is_nullable() || source_.Below(4) != 0)) {
    const uint32_t function = DeclaredFunction(heap.is_abstract() ? kNoIndex : heap.index());
    if (function != kNoIndex) {
      Emit(Op::kRefFunc, {function});
      return;
    }
  }
  // Never for a type without null: those are made of any function.
  EmitNull(heap);
}

void FunctionGenerator::MakeIndex(uint64_t size, bool is_64) {
  const ValType type = is_64 ? ValType::I64() : ValType::I32();
  // Edges of the size are where checks go wrong; outside them something inside, so that the run goes on.
  if (plan_.swarm.traps && source_.OneIn(3)) {
    Make(type);
    return;
  }
  uint64_t index = size == 0 ? 0 : source_.Word(4) % size;
  if (size > 8 && source_.OneIn(4)) index = size - 1 - source_.Below(8);
  if (is_dense_probe_ && source_.OneIn(3)) index = size + source_.Below(3) - std::min<uint64_t>(size, 1);
  if (is_64) {
    EmitI64(static_cast<int64_t>(index));
  } else {
    EmitI32(static_cast<int32_t>(static_cast<uint32_t>(index)));
  }
  Push(type);
}

}  // namespace sandbox::fuzz
