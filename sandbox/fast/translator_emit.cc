// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Writing code, and the regions of it.

#include <algorithm>

#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

// Two copies in a row are one instruction.
void Translator::EmitCopy(uint16_t to, uint16_t from) {
  if (last_ != kNone && here() == last_ + 3 && CodeAt(last_) == kCopy) {
    Patch16(last_, kCopy2);
    Put16(to);
    Put16(from);
    return;
  }
  if (!HasRoom()) return;
  Line line = Open(kCopy);
  line.Put16(to);
  line.Put16(from);
  Close(line);
}

// A branch's target and cost, not known yet.
void Translator::PutTarget() {
  Put32(0);
  Put16(0);
}

uint64_t GrownCodeSize(uint64_t needed, uint64_t size) {
  if (needed > kMaxCodeSize) return 0;
  // In small steps within the capacity, which a larger function may have asked for.
  return std::min(std::max(needed, size + size / 8), kMaxCodeSize);
}

bool Translator::GrowCode(size_t more) {
  Vec<uint16_t>& code = out_->code;
  // What lies behind the end is room, whatever it holds: Translate cuts it off.
  const size_t size = static_cast<size_t>(GrownCodeSize(uint64_t{end_} + more, code.size()));
  if (size == 0) return Fail();
  if (!Ok(code.ReserveMore(size - code.size())) || !Ok(code.Resize(size))) return false;
  code_ = code.span();
  return true;
}

// --- Regions --------------------------------------------------------------------------------------------------------

// The code from here on can be arrived at.
void Translator::StartRegionAt(Pc pc, uint32_t table_index, bool is_enterable) {
  const Region region{here(), pc.OffsetFrom(module_.bytes), table_index, height(), is_enterable};
  (void)Ok(regions_.Add(*out_, region));
}

// Behind the instruction at hand, or before it, nothing more is paid for.
void Translator::EndRegion() {
  for (const Pending& pending : pending_) {
    const uint32_t cost = cost_ - pending.start;
    if (cost > kMaxRegionCost) Fail();
    if (pending.is_loop) loop_costs_[pending.at] = cost;
    else Patch16(pending.at, cost);
  }
  pending_.Clear();
}

void Translator::Aim(uint32_t instruction, uint32_t target, uint32_t cost, uint32_t depth) {
  Block& block = At(depth);
  if (block.kind != BlockKind::kLoop) {
    AimAhead(block.fixups, instruction, target, cost);
    return;
  }
  Patch32(target, block.code - instruction);
  // The region of the loop's beginning has ended: at this branch at the latest.
  Patch16(cost, loop_costs_[block.loop]);
}

void Translator::AimAhead(uint32_t& fixups, uint32_t instruction, uint32_t target, uint32_t cost) {
  if (!Append(fixups_, Fixup{instruction, target, cost, fixups})) return;
  fixups = static_cast<uint32_t>(fixups_.size() - 1);
}

void Translator::Land(uint32_t fixups) {
  for (uint32_t i = fixups; i != kNone;) {
    const Fixup& fixup = fixups_[i];
    Patch32(fixup.target, here() - fixup.instruction);
    AwaitCost(fixup.cost);
    i = fixup.next;
  }
}

void Translator::PlaceLabel(uint32_t fixups, uint32_t more_fixups) {
  Land(fixups);
  Land(more_fixups);
  StartRegion(true);
  ForgetAccumulators();
  Seal();
}

}  // namespace sandbox::fast
