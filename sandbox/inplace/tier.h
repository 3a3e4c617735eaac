// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The in-place tier: runs the module's own bytes with the side table. Two dispatch forms of the same handlers.
#ifndef SANDBOX_INPLACE_TIER_H_
#define SANDBOX_INPLACE_TIER_H_

#include "sandbox/exec/machine.h"

namespace sandbox::inplace {

// Runs from machine.registers until the tier has to stop; registers are then written back, the topmost operand in its
// home cell.
// Each handler jumps to the next: needs kTailDispatch.
Exit RunTail(Machine& machine);
// One loop around a switch: any compiler.
Exit RunLoop(Machine& machine);

}  // namespace sandbox::inplace

#endif  // SANDBOX_INPLACE_TIER_H_
