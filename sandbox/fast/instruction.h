// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Instructions of a validated body as the translator sees them: what each costs, where regions end, what can trap.
//
// The translator and those who later ask what a region cost (tier.cc) read the same body by the same function: that is
// what makes a refund exact.
#ifndef SANDBOX_FAST_INSTRUCTION_H_
#define SANDBOX_FAST_INSTRUCTION_H_

#include <array>
#include <cstdint>

#include "sandbox/exec/registers.h"
#include "sandbox/module/module_data.h"
#include "sandbox/module/side_table.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::fast {

enum class RegionRule : uint8_t {
  kInside,   // goes on
  kEnds,     // the region ends behind it
  kCharges,  // the region ends before it: it charges for itself
};

struct Instruction {
  Op op = kInvalidOp;
  Pc immediates;  // behind the opcode
  Pc next;        // behind the immediates
  uint32_t cost = 1;
  RegionRule rule = RegionRule::kInside;
  bool traps = false;        // in the middle of a region
  uint32_t table_words = 0;  // of the side table, which it owns
};

// What is needed to read a body, besides its bytes.
struct BodyView {
  const ModuleData& module;
  const FunctionRecord& function;
  // Whether memory 0, if there is one, is indexed by i32: accesses have handlers of their own.
  bool has_plain_memory = module.memories.empty() || !module.memories[0].limits.is_64;
  Pc at(uint32_t offset) const { return Pc::At(module.bytes, offset); }
  uint32_t offset_of(Pc pc) const { return pc.OffsetFrom(module.bytes); }
  uint32_t table_word(uint32_t index) const { return module.side_table[function.side_table + index]; }
  // Whether the access to memory whose immediates are there has a handler of its own: memory 0, indexed by i32.
  SANDBOX_INLINE bool IsPlainAccess(Pc immediates) const;
};

namespace instruction_internal {

// What there is to know of an instruction by its first byte.
struct ReadStep {
  bool is_known = false;    // nothing, otherwise: the functions below
  uint8_t bytes = 0;        // of immediates, that always are as many
  bool has_number = false;  // and one number in LEB128
  bool is_block = false;    // the number is a block type: one without a prefix
  bool is_judged = false;   // what it costs, or where it leads, is to be looked at
  bool is_access = false;   // the one byte is an alignment: without bits that say more
  bool traps = false;
  uint8_t unused = 0;  // a power of two in size
};
extern const std::array<ReadStep, 256> kSteps;
inline constexpr uint8_t kPlainAlignments = 0x40;
inline constexpr uint8_t kFirstRefPrefix = 0x63;  // of types that name their heap type: this one and the next

// A call that costs more, because of its locals, charges for itself.
inline constexpr uint32_t kMaxCallCost = 1024;

Instruction ReadOther(const BodyView& body, Pc pc, uint32_t table_index);

// An instruction, and where the next one is.
struct Skipped {
  Op op = kInvalidOp;
  Pc next;
};
Skipped SkipOther(Pc pc);

// Whether the step says where the next instruction is.
SANDBOX_INLINE bool CanSkip(const ReadStep& step, Pc pc) {
  if (!step.is_known || (step.is_access && pc.Byte(1) >= kPlainAlignments)) return false;
  return !step.is_block || static_cast<uint8_t>(pc.Byte(1) - kFirstRefPrefix) > 1;
}
SANDBOX_INLINE Pc NextOf(const ReadStep& step, Pc pc) {
  pc.Skip(ptrdiff_t{1} + step.bytes);
  if (step.has_number) pc.SkipLeb();
  return pc;
}

}  // namespace instruction_internal

// The instruction at pc as far as its bytes say, and the one behind it. The common ones are read without asking for their
// family, since who translates spends a good part of its time here.
SANDBOX_INLINE Op SkipInstruction(Pc& pc) {
  using namespace instruction_internal;
  const uint8_t byte = pc.Byte();
  const ReadStep& step = kSteps[byte];
  if (CanSkip(step, pc)) [[likely]] {
    pc = NextOf(step, pc);
    return OpFromByte(byte);
  }
  const Skipped skipped = SkipOther(pc);
  pc = skipped.next;
  return skipped.op;
}

// The instruction at pc; table_index: the word of the function's side table that the next branch owns.
SANDBOX_INLINE Instruction ReadInstruction(const BodyView& body, Pc pc, uint32_t table_index) {
  using namespace instruction_internal;
  const uint8_t byte = pc.Byte();
  const ReadStep& step = kSteps[byte];
  const bool is_simple = !step.is_judged && CanSkip(step, pc) && (!step.is_access || body.has_plain_memory);
  if (!is_simple) return ReadOther(body, pc, table_index);
  Instruction in;
  in.op = OpFromByte(byte);
  in.immediates = pc + 1;
  in.next = NextOf(step, pc);
  in.traps = step.traps;
  return in;
}

SANDBOX_INLINE bool BodyView::IsPlainAccess(Pc immediates) const {
  return immediates.Byte() < instruction_internal::kPlainAlignments && has_plain_memory;
}

// What the side table says of a branch: how many words the entry has, and how many values it carries.
struct BranchWords {
  uint32_t words = 0;
  uint32_t keep = 0;
};
SANDBOX_INLINE BranchWords BranchAt(const BodyView& body, uint32_t table_index) {
  const uint32_t first = body.table_word(table_index);
  if (!side_table::IsWide(first)) return {side_table::kNarrowWords, side_table::NarrowKeep(first)};
  return {side_table::kWideWords, side_table::WideKeep(body.table_word(table_index + 2))};
}

// What a call of the function costs, besides one unit. False: it charges for itself.
SANDBOX_INLINE bool HasCallCost(const BodyView& body, uint32_t function, uint32_t& cost) {
  const size_t imported = body.module.imported_functions.size();
  if (function < imported) return false;
  cost = body.module.functions[function - imported].call_cost;
  return cost <= instruction_internal::kMaxCallCost;
}

// A region that costs more than this is not translated, nor is a function that contains one: a cost fits a halfword, and who
// has to look at a region again does not look long.
inline constexpr uint32_t kMaxRegionCost = 4096;

// What is to be paid from `offset`, at which a region begins, to the region's end.
uint32_t CostToRegionEnd(const BodyView& body, uint32_t offset, uint32_t table_index);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_INSTRUCTION_H_
