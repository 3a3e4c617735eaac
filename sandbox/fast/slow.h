// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What handlers of register code do out of line: on a machine whose registers are in memory, registers.code at the
// instruction.
#ifndef SANDBOX_FAST_SLOW_H_
#define SANDBOX_FAST_SLOW_H_

#include <cstdint>

#include "sandbox/exec/machine.h"

namespace sandbox::fast {

// How a handler goes on.
enum class Step : uint8_t {
  kNext,    // with the instruction at pc
  kFuel,    // not at all: the region at pc is not covered
  kTrap,    // not at all: Machine::trap
  kResume,  // as the machine says
  kExit,    // not at all: Machine::exit
};

// What a function of this file said, for the compiler to see that nothing in registers is needed any more.
SANDBOX_INLINE Step OutOfLine(Step step) { return step == Step::kResume ? Step::kResume : Step::kExit; }

SANDBOX_INLINE void SpillState(Machine& m, CodePos pc, Locals fp, MemView memory, uint64_t fuel) {
  Registers& r = m.registers;
  r.code = pc;
  r.entry_cost = 0;
  r.has_accumulators = false;
  r.locals = fp;
  r.memory = memory;
  r.fuel = fuel;
}

// The instructions of the same names. Each is kResume or kExit.
Step CallIndirectSlowly(Machine& m);
Step CallImportSlowly(Machine& m);
Step ColdInstruction(Machine& m);
Step ColdReturnCall(Machine& m);
// The host function that the CallImport at pc has called has trapped.
Step TrapOfHost(Machine& m, CodePos pc, TrapCode code);
// A trap of an instruction that charges for itself, at that offset of the module.
Step TrapAt(Machine& m, uint32_t offset);

// What stands in the place of code.
Step ReturnElsewhere(Machine& m);
Step TranslateAndEnter(Machine& m);
Step EnterInPlace(Machine& m);
Step StepInPlace(Machine& m);

// registers.code is at an instruction that trapped in the middle of a region: finds out which of the module's it is and
// gives back what was paid for the rest.
void TrapInRegion(Machine& m);
// The region at registers.code costs Machine::fuel_needed, which is not there.
void StopForFuel(Machine& m);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_SLOW_H_
