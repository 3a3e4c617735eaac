// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {

using testing::Code;

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
  if (locals_.empty()) return false;
  const uint32_t start = source_.Below(static_cast<uint32_t>(locals_.size()));
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    const uint32_t local = (start + i) % static_cast<uint32_t>(locals_.size());
    if (locals_[local] != type) continue;
    code_.LocalGet(local);
    Push(type);
    return true;
  }
  return false;
}

bool FunctionGenerator::GetGlobal(ValType type) {
  for (uint32_t i = 0; i < plan_.globals.size(); ++i) {
    if (plan_.globals[i].type != type || source_.OneIn(3)) continue;
    code_.Op(Op::kGlobalGet, {i});
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

void FunctionGenerator::MakeConst(ValType type) {
  const uint64_t bits = source_.Interesting();
  switch (type.kind()) {
    case ValKind::kI32: code_.I32Const(static_cast<int32_t>(bits)); break;
    case ValKind::kI64: code_.I64Const(static_cast<int64_t>(bits)); break;
    case ValKind::kF32:
      code_.Op(Op::kF32Const);
      for (int i = 0; i < 4; ++i) code_.Byte(static_cast<uint8_t>(bits >> 8 * i));
      break;
    default:
      code_.Op(Op::kF64Const);
      for (int i = 0; i < 8; ++i) code_.Byte(static_cast<uint8_t>(bits >> 8 * i));
  }
  Push(type);
}

void FunctionGenerator::Canonicalize(ValType type) {
  const bool is_f32 = type == ValType::F32();
  if (!plan_.options.canonical_nans || !(is_f32 || type == ValType::F64())) return;
  const uint32_t scratch = static_cast<uint32_t>(locals_.size()) + (is_f32 ? 0 : 1);
  code_.LocalSet(scratch).LocalGet(scratch);
  if (is_f32) {
    code_.Op(Op::kF32Const).Raw({0, 0, 0xc0, 0x7f});
  } else {
    code_.Op(Op::kF64Const).Raw({0, 0, 0, 0, 0, 0, 0xf8, 0x7f});
  }
  code_.LocalGet(scratch).LocalGet(scratch).Op(is_f32 ? Op::kF32Eq : Op::kF64Eq).Op(Op::kSelect);
}

void FunctionGenerator::MakeRef(ValType type) {
  const HeapType heap = type.heap();
  Push(type);
  if (heap != HeapType::kExtern && source_.Below(4) != 0) {
    const uint32_t start = source_.Below(static_cast<uint32_t>(plan_.declared.size()));
    for (uint32_t i = 0; i < plan_.declared.size(); ++i) {
      const uint32_t function = plan_.declared[(start + i) % plan_.declared.size()];
      if (!heap.is_abstract() && plan_.functions[function] != heap.index()) continue;
      code_.Op(Op::kRefFunc, {function});
      return;
    }
  }
  code_.Op(Op::kRefNull);
  if (heap.is_abstract()) {
    code_.Byte(heap == HeapType::kExtern ? 0x6f : 0x70);
  } else {
    code_.S(heap.index());
  }
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
  if (is_64) {
    code_.I64Const(static_cast<int64_t>(index));
  } else {
    code_.I32Const(static_cast<int32_t>(static_cast<uint32_t>(index)));
  }
  Push(type);
}

}  // namespace sandbox::fuzz
