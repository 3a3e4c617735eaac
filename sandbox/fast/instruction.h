// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Instructions of a validated body as the translator sees them: what each costs, where regions end, what can trap.
//
// The translator and those who later ask what a region cost (tier.cc) read the same body by the same function: that is
// what makes a refund exact.
#ifndef SANDBOX_FAST_INSTRUCTION_H_
#define SANDBOX_FAST_INSTRUCTION_H_

#include <cstdint>

#include "sandbox/exec/registers.h"
#include "sandbox/module/module_data.h"
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
  Pc at(uint32_t offset) const { return Pc::At(module.bytes, offset); }
  uint32_t offset_of(Pc pc) const { return pc.OffsetFrom(module.bytes); }
  uint32_t table_word(uint32_t index) const { return module.side_table[function.side_table + index]; }
};

// The instruction at pc, as far as its bytes say: op, immediates, next.
Instruction DecodeInstruction(Pc pc);
// The instruction at pc; table_index: the word of the function's side table that the next branch owns.
Instruction ReadInstruction(const BodyView& body, Pc pc, uint32_t table_index);

// A region that costs more than this is not translated, nor is a function that contains one: a cost fits a halfword, and who
// has to look at a region again does not look long.
inline constexpr uint32_t kMaxRegionCost = 4096;

// What is to be paid from `offset`, at which a region begins, to the region's end.
uint32_t CostToRegionEnd(const BodyView& body, uint32_t offset, uint32_t table_index);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_INSTRUCTION_H_
