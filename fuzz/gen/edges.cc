// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Where checks are off by one: the end of a memory, and single instructions on the edges of their operands.
#include <algorithm>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {
namespace {

constexpr int64_t kReach = 8;  // bytes on either side of the edge

}  // namespace

void FunctionGenerator::MakeEnd(uint32_t memory, int64_t delta) {
  const bool is_64 = plan_.memories[memory].is_64;
  Emit(Op::kMemorySize, {memory});
  if (is_64) {
    EmitI64(16);
    Emit(Op::kI64Shl);
    EmitI64(delta);
    Emit(Op::kI64Add);
  } else {
    EmitI32(16);
    Emit(Op::kI32Shl);
    EmitI32(static_cast<int32_t>(delta));
    Emit(Op::kI32Add);
  }
  Push(plan_.memories[memory].index_type());
}

void FunctionGenerator::EdgeAccess() {
  if (plan_.memories.empty()) return Numeric();
  const uint32_t memory = source_.Below(static_cast<uint32_t>(plan_.memories.size()));
  const Limits& limits = plan_.memories[memory];
  const bool is_probe = plan_.probes[function_] != kInvalidOp;
  const bool may_trap = is_probe || (plan_.swarm.traps && source_.OneIn(2));
  if (limits.min == 0 && !may_trap) return Numeric();
  const Op op = is_probe ? plan_.probes[function_] : source_.Pick(AccessRows(plan_.swarm.floats));
  const OpInfo& info = InfoOf(op);
  if (source_.OneIn(3)) {
    MakeIndex(2, limits.is_64);
    Emit(Op::kMemoryGrow, {memory});
    Emit(Op::kDrop);
    Pop(1);
  }
  const int64_t width = int64_t{1} << info.access_log2;
  int64_t delta = static_cast<int64_t>(source_.Below(may_trap ? 2 * kReach + 1 : kReach + 1)) - kReach;
  constexpr uint32_t kOffsets[] = {0, 0, 1, 8, 63, 64, 127, 128, 4096, 65535};
  uint64_t offset = kOffsets[source_.Below(std::size(kOffsets))];
  uint64_t reached = offset;
  if (limits.is_64 && may_trap && plan_.options.wide_offsets && source_.OneIn(2)) {
    // Outside, but just inside for an engine that cuts the offset, or lets its sum with the address wrap.
    delta = std::min<int64_t>(delta, 0);
    // Five bytes of LEB128 hold 35 bits.
    const uint32_t form = source_.Below(4);
    offset = form == 0 ? source_.Word(8) : uint64_t{1} << (32 + source_.Below(form == 1 ? 32 : 3));
    constexpr uint64_t kCuts[] = {~uint64_t{0}, (uint64_t{1} << 32) - 1, (uint64_t{1} << 35) - 1};
    reached = offset & (form >= 2 && source_.OneIn(2) ? kCuts[1] : kCuts[source_.Below(std::size(kCuts))]);
  }
  MakeEnd(memory, static_cast<int64_t>(static_cast<uint64_t>(delta - width) - reached));
  if (info.family == Family::kStore) Make(TypeOf(info.signature.param(1), limits.index_type()));
  Emit(op);
  MemargAt(memory, info.access_log2, offset);
  Pop(info.signature.param_count());
  if (info.family == Family::kLoad) Push(TypeOf(info.signature.result(), limits.index_type()));
}

// Ranges that end at the edge, or that begin before zero, so that their end is a small number for those who let it wrap.
void FunctionGenerator::EdgeBulk() {
  if (plan_.memories.empty() || !plan_.swarm.bulk) return Numeric();
  const uint32_t memory = source_.Below(static_cast<uint32_t>(plan_.memories.size()));
  const Limits& limits = plan_.memories[memory];
  const bool may_trap = may_trap_ && !source_.OneIn(is_dense_probe_ ? 4 : 2);
  if (limits.min == 0) return Numeric();
  const auto index = [&](int64_t value) { limits.is_64 ? EmitI64(value) : EmitI32(static_cast<int32_t>(value)); };
  const int64_t length = source_.Below(40);
  const int64_t behind = may_trap ? static_cast<int64_t>(source_.Below(3)) : 0;
  const auto place = [&] {
    if (!may_trap || !source_.OneIn(2)) return MakeEnd(memory, behind - length);
    index(-1 - static_cast<int64_t>(source_.Below(1 + static_cast<uint32_t>(length))));
    Push(limits.index_type());
  };
  switch (source_.Below(3)) {
    case 0:
      place();
      EmitI32(source_.Byte());
      index(length);
      Emit(Op::kMemoryFill, {memory});
      break;
    case 1:
      place();
      index(source_.Below(64));
      index(length);
      Emit(Op::kMemoryCopy, {memory, memory});
      break;
    default:
      index(source_.Below(64));
      place();
      index(length);
      Emit(Op::kMemoryCopy, {memory, memory});
  }
  Pop(1);
}

// Operands that few instructions tell from others, and the few that do often get wrong. False: nothing of that kind.
bool FunctionGenerator::RareOperands(const OpInfo& info) {
  const ValType first = TypeOf(info.signature.param(0), ValType());
  const uint32_t count = info.signature.param_count();
  if (first == ValType::I64() && info.signature.result() == Operand::kF32 && source_.OneIn(4)) {
    // Halfway between two numbers of 24 bits, and so little more that 53 bits do not hold it.
    const uint32_t bit = source_.Between(54, 63);
    MakeConst(first, uint64_t{1} << bit | uint64_t{1} << (bit - 24) | 1);
    return true;
  }
  if (!first.is_float() || !source_.OneIn(4)) return false;
  const uint64_t nan = first == ValType::F32() ? 0x7fc00000 : 0x7ff8000000000000;
  const uint64_t one = first == ValType::F32() ? 0x3f800000 : 0x3ff0000000000000;
  // Zeros of one sign or of both; or a NaN, first or second.
  const bool are_zeros = source_.OneIn(2);
  const uint32_t which = source_.Below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t bits = are_zeros ? 0 : i == which ? nan : one;
    MakeConst(first, source_.OneIn(2) ? bits : RelatedBits(bits, first, 1));
  }
  return true;
}

void FunctionGenerator::ProbeOperands(const OpInfo& info) {
  if (RareOperands(info)) return;
  uint64_t first = 0;
  for (uint32_t i = 0; i < info.signature.param_count(); ++i) {
    const ValType type = TypeOf(info.signature.param(i), ValType());
    if (source_.OneIn(2)) {
      const bool is_related = plan_.swarm.dense_probes && i == 1 && source_.OneIn(3);
      const uint64_t bits = is_related ? RelatedBits(first, type, source_.Below(5)) : source_.BitsOf(type);
      if (i == 0) first = bits;
      MakeConst(type, bits);
    } else {
      Emit(Op::kLocalGet, {i});
      Push(type);
    }
  }
}

void FunctionGenerator::Probe(Op op) {
  labels_.push_back({{}, type_.results, 0, Op::kBlock, false});
  const OpInfo& info = InfoOf(op);
  switch (info.family) {
    // Another width of address, or no memory at all, makes another instruction of it.
    case Family::kLoad:
    case Family::kStore: EdgeAccess(); return EndBlock();
    case Family::kMemory: source_.OneIn(2) ? EdgeBulk() : MemoryOperation(); return EndBlock();
    case Family::kTable: TableOperation(); return EndBlock();
    default: break;
  }
  if (Divides(op) && source_.OneIn(3)) {
    const bool is_64 = info.signature.param(0) == Operand::kI64;
    MakeConst(is_64 ? ValType::I64() : ValType::I32(), static_cast<uint64_t>(is_64 ? INT64_MIN : INT32_MIN));
    MakeConst(is_64 ? ValType::I64() : ValType::I32(), ~uint64_t{0});
  } else {
    ProbeOperands(info);
  }
  Emit(op);
  Pop(info.signature.param_count());
  Push(TypeOf(info.signature.result(), ValType()));
  Canonicalize(op);
  EndBlock();
}

// References that are not null: made, kept in a local that has no default, asked, called, and lost again.
void FunctionGenerator::Reference() {
  const uint32_t function = source_.Pick(plan_.declared);
  switch (source_.Below(4)) {
    case 0:
      Emit(Op::kRefFunc, {function});
      Emit(Op::kLocalSet, {NonNullLocal()});
      Emit(Op::kLocalGet, {NonNullLocal()});
      break;
    case 1:
      code_.Begin(Op::kBlock, ValType::Ref(HeapType::kFunc, false));
      Emit(Op::kRefFunc, {function});
      code_.End();
      break;
    case 2:
      Emit(Op::kRefFunc, {function});
      Emit(Op::kRefAsNonNull);
      break;
    default:
      Emit(Op::kRefFunc, {function});
      Emit(Op::kLocalTee, {NonNullLocal()});
  }
  Emit(Op::kRefIsNull);
  Push(ValType::I32());
}

}  // namespace sandbox::fuzz
