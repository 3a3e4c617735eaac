// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/instruction.h"

#include "sandbox/exec/fuel.h"
#include "sandbox/fast/traps.h"
#include "sandbox/inplace/handler_support.h"
#include "sandbox/module/side_table.h"

namespace sandbox::fast {
namespace {

void SkipImmediates(Instruction& in) {
  Pc& pc = in.next;
  switch (InfoOf(in.op).immediates) {
    case Immediate::kNone: return;
    case Immediate::kBlock: inplace::SkipBlockType(pc); return;
    case Immediate::kBrTable:
      for (uint64_t labels = uint64_t{pc.U32()} + 1; labels > 0; --labels) pc.SkipLeb();
      return;
    case Immediate::kSelect: inplace::SkipSelectTypes(pc); return;
    case Immediate::kMemarg: (void)inplace::ReadMemarg(pc); return;
    case Immediate::kTypeTable:
    case Immediate::kDataMemory:
    case Immediate::kElemTable:
    case Immediate::kTwoMemories:
    case Immediate::kTwoTables:
      pc.SkipLeb();
      pc.SkipLeb();
      return;
    case Immediate::kF32: pc.Skip(4); return;
    case Immediate::kF64: pc.Skip(8); return;
    default:
      // One number; a heap type is one too.
      pc.SkipLeb();
      return;
  }
}

void JudgeBranch(const BodyView& body, uint32_t table_index, Instruction& in) {
  const auto [words, keep] = BranchAt(body, table_index);
  in.table_words = words;
  in.rule = RegionRule::kEnds;
  switch (in.op) {
    // What values cost that a br_if carries if it is taken is paid in any case, and given back by who goes on behind it.
    case Op::kBr:
    case Op::kBrIf: in.cost += static_cast<uint32_t>(SlotsCost(keep)); return;
    case Op::kBrTable: {
      Pc at = in.immediates;
      in.table_words = (at.U32() + 1) * words;
      in.cost += static_cast<uint32_t>(SlotsCost(keep));
      return;
    }
    // What these cost depends on whether they are taken.
    case Op::kBrOnNull:
    case Op::kBrOnNonNull: in.rule = RegionRule::kCharges; return;
    default: return;  // if, else
  }
}

void JudgeControl(const BodyView& body, uint32_t table_index, Instruction& in) {
  switch (in.op) {
    case Op::kIf:
    case Op::kElse:
    case Op::kBr:
    case Op::kBrIf:
    case Op::kBrTable:
    case Op::kBrOnNull:
    case Op::kBrOnNonNull: JudgeBranch(body, table_index, in); return;
    case Op::kReturn:
      in.cost += static_cast<uint32_t>(SlotsCost(body.function.result_slots));
      in.rule = RegionRule::kEnds;
      return;
    case Op::kUnreachable:
      in.rule = RegionRule::kEnds;
      in.traps = true;
      return;
    case Op::kEnd:
      if (body.offset_of(in.next) == body.function.code_end) in.rule = RegionRule::kEnds;
      return;
    default: return;
  }
}

void JudgeCall(const BodyView& body, Instruction& in) {
  in.rule = RegionRule::kCharges;
  if (in.op != Op::kCall) return;
  Pc at = in.immediates;
  uint32_t cost = 0;
  if (!HasCallCost(body, at.U32(), cost)) return;
  in.cost += cost;
  in.rule = RegionRule::kEnds;
  in.traps = true;
}

// Memory accesses that have handlers of their own: memory 0, indexed by i32.
void JudgeAccess(const BodyView& body, Instruction& in) {
  Pc at = in.immediates;
  const inplace::Access access = inplace::ReadMemarg(at);
  const bool is_common = access.memory == 0 && body.has_plain_memory;
  in.traps = is_common;
  if (!is_common) in.rule = RegionRule::kCharges;
}

}  // namespace

namespace instruction_internal {
namespace {

consteval ReadStep StepOf(uint8_t byte) {
  const Op op = OpFromByte(byte);
  if (IsPrefix(byte) || op == kInvalidOp) return {};
  const OpInfo& info = InfoOf(op);
  bool is_judged = false;
  switch (info.family) {
    case Family::kParametric:
    case Family::kVariable:
    case Family::kConst:
    case Family::kNumeric:
    case Family::kLoad:
    case Family::kStore: break;
    case Family::kControl:
    case Family::kCall: is_judged = true; break;
    default: return {};
  }
  ReadStep step{.is_known = true, .is_judged = is_judged, .traps = TrapsOf(op)};
  switch (info.immediates) {
    case Immediate::kNone: return step;
    case Immediate::kF32: step.bytes = 4; return step;
    case Immediate::kF64: step.bytes = 8; return step;
    case Immediate::kLocal:
    case Immediate::kGlobal:
    case Immediate::kI32:
    case Immediate::kI64:
    case Immediate::kLabel:
    case Immediate::kFunc: step.has_number = true; return step;
    case Immediate::kBlock: step.has_number = step.is_block = true; return step;
    case Immediate::kMemarg: return {.is_known = true, .bytes = 1, .has_number = true, .is_access = true, .traps = true};
    default: return {};
  }
}

consteval std::array<ReadStep, 256> Steps() {
  std::array<ReadStep, 256> steps{};
  for (size_t byte = 0; byte < steps.size(); ++byte) steps[byte] = StepOf(static_cast<uint8_t>(byte));
  return steps;
}

}  // namespace

constexpr std::array<ReadStep, 256> kSteps = Steps();

namespace {

Instruction Decode(Pc pc) {
  Instruction in;
  const uint8_t byte = pc.Byte();
  pc.Skip(1);
  in.op = IsPrefix(byte) ? *OpFromEncoding(byte, pc.U32()) : OpFromByte(byte);
  in.immediates = in.next = pc;
  if (InfoOf(in.op).immediates != Immediate::kNone) SkipImmediates(in);
  return in;
}

}  // namespace

Skipped SkipOther(Pc pc) {
  const Instruction in = Decode(pc);
  return {in.op, in.next};
}

Instruction ReadOther(const BodyView& body, Pc pc, uint32_t table_index) {
  Instruction in = Decode(pc);
  switch (InfoOf(in.op).family) {
    case Family::kControl: JudgeControl(body, table_index, in); break;
    case Family::kCall: JudgeCall(body, in); break;
    case Family::kLoad:
    case Family::kStore: JudgeAccess(body, in); break;
    case Family::kNumeric: in.traps = TrapsOf(in.op); break;
    case Family::kTable:
    case Family::kMemory: in.rule = RegionRule::kCharges; break;
    case Family::kReference: in.traps = in.op == Op::kRefAsNonNull; break;
    case Family::kParametric:
    case Family::kVariable:
    case Family::kConst:
    case Family::kAggregate:
    case Family::kVector:
    case Family::kException: break;
  }
  return in;
}

}  // namespace instruction_internal

uint32_t CostToRegionEnd(const BodyView& body, uint32_t offset, uint32_t table_index) {
  uint32_t cost = 0;
  for (Pc pc = body.at(offset);;) {
    const Instruction in = ReadInstruction(body, pc, table_index);
    if (in.rule == RegionRule::kCharges) return cost;
    cost += in.cost;
    if (in.rule == RegionRule::kEnds) return cost;
    pc = in.next;
    table_index += in.table_words;
  }
}

}  // namespace sandbox::fast
