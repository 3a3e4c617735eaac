// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The instructions that are rare or long, as functions on a machine whose registers are in memory: both dispatch forms
// call them. On entry registers.pc is at the opcode and every operand is in its cell. A function charges the whole cost
// of its instruction before any effect; when it says kExit, Machine::exit tells why.
#ifndef SANDBOX_INPLACE_COLD_H_
#define SANDBOX_INPLACE_COLD_H_

#include "sandbox/exec/machine.h"

namespace sandbox::inplace {

// What validation proved about the state between two instructions, once more: `checked` builds ask at each dispatch.
// Stops the process when the instruction, operand, local or side-table pointer is not inside the running function's.
void CheckState(const Machine& machine, Pc pc, Sp sp, Locals locals, SideTablePos side_table);

// Branches whose entry is wide, whatever instruction takes them: the branch is taken.
Flow ColdBranch(Machine& machine);
// Calls that leave the instance, tail calls, and indirect calls whose check is not an equality.
Flow ColdCall(Machine& machine);
Flow ColdCallIndirect(Machine& machine);
Flow ColdCallRef(Machine& machine);
Flow ColdReturnCall(Machine& machine);
Flow ColdReturnCallIndirect(Machine& machine);
Flow ColdReturnCallRef(Machine& machine);
// Returns of several values.
Flow ColdReturn(Machine& machine);
// local.get, local.set and local.tee of a local whose number takes more than a byte.
Flow ColdLocal(Machine& machine);
// Loads and stores of a memory other than the first, or with an unusual encoding.
Flow ColdLoad(Machine& machine);
Flow ColdStore(Machine& machine);
Flow ColdMemorySize(Machine& machine);
Flow ColdMemoryGrow(Machine& machine);
Flow ColdTableGet(Machine& machine);
Flow ColdTableSet(Machine& machine);
// Everything behind the prefix 0xfc: bulk memory and table instructions, saturating truncations.
Flow ColdBulk(Machine& machine);

}  // namespace sandbox::inplace

#endif  // SANDBOX_INPLACE_COLD_H_
