// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Writing code, and the regions of it.

#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {

// Two copies in a row are one instruction.
void Translator::EmitCopy(uint16_t to, uint16_t from) {
  if (last_ != kNone && here() == last_ + 3 && CodeAt(last_) == kCopy) Patch16(last_, kCopy2);
  else Begin(kCopy);
  Put16(to);
  Put16(from);
}

// A branch's target, not known yet.
void Translator::PutTarget() {
  Put32(0);
  Put16(0);
}

bool Translator::GrowCode(size_t more) {
  Vec<uint16_t>& code = out_->code;
  // What lies behind the end is room: Translate cuts it off.
  if (code.size() - end_ < more && (!Ok(code.ReserveMore(more)) || !Ok(code.Resize(code.capacity())))) return false;
  code_ = code.span();
  return true;
}

void Translator::Patch16(uint32_t at, uint32_t value) {
  if (value > UINT16_MAX || at >= here()) {
    Fail();
    return;
  }
  code_[at] = static_cast<uint16_t>(value);
}

void Translator::Patch32(uint32_t at, uint32_t value) {
  Patch16(at, value & 0xffff);
  Patch16(at + 1, value >> 16);
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

// The halfword gets the cost of the region that begins here.
void Translator::AwaitCost(uint32_t halfword) { (void)Ok(pending_.Push({halfword, cost_, false})); }

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
  if (!Ok(fixups_.Push({instruction, target, cost, fixups}))) return;
  fixups = static_cast<uint32_t>(fixups_.size() - 1);
}

void Translator::Land(uint32_t fixups) {
  for (uint32_t i = fixups; i != kNone; i = fixups_[i].next) {
    Patch32(fixups_[i].target, here() - fixups_[i].instruction);
    AwaitCost(fixups_[i].cost);
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
