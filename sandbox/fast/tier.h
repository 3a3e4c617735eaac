// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The fast tier: runs functions that it has translated to register code, and the others (and pieces of those) in place.
#ifndef SANDBOX_FAST_TIER_H_
#define SANDBOX_FAST_TIER_H_

#include <cstdint>

#include "sandbox/exec/machine.h"
#include "sandbox/fast/instruction.h"
#include "sandbox/module/module_data.h"

namespace sandbox::fast {

// The tier for stores, with tail calls (needs kTailDispatch) or a loop.
TierTable TailTier();
TierTable LoopTier();

// Translates all functions of a module, which nobody runs yet. What cannot be translated will run in place.
// Errors: class memory. Charges: the module's budget.
[[nodiscard]] Result<void> TranslateModule(const ModuleData& module);

// --- What a TierTable consists of ---------------------------------------------------------------------------------------

// Runs until it has to stop, each frame in its tier.
Exit RunBoth(Machine& m, TierEntry fast, TierEntry in_place);
// The function as calls see it; null when there is no memory for the table, or somebody else is making it.
const FastFunction* FunctionOf(const ModuleData& module, uint32_t number);
uint32_t OffsetAfterCall(FramePos frame);

// --- For the handlers' slow paths -----------------------------------------------------------------------------------

// Translates a function, unless it is or cannot be. False: it runs in place, for now at least.
bool Translate(const ModuleData& module, uint32_t number);

// Makes the running frame one of the in-place tier, at that offset of the module.
void BecomeInPlace(Machine& m, uint32_t offset, uint32_t side_table, uint32_t height);
// The same at registers.code, where a region begins that costs registers.entry_cost.
void LeaveFast(Machine& m);

// The instruction of the module that an instruction of register code stands for, when that traps, and what of the region's
// cost lies behind it.
struct TrapSite {
  uint32_t offset = 0;
  uint32_t refund = 0;
};
TrapSite FindTrap(const BodyView& body, const CodeView& function, CodePos at);

// The dispatch forms: run from Machine::registers, the frame on top being of this tier.
Exit RunTail(Machine& m);
Exit RunLoop(Machine& m);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_TIER_H_
