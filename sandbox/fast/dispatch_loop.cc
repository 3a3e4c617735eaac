// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Portable dispatch of register code: a loop that calls the handlers through a table.
#include "sandbox/fast/handler_table.h"
#include "sandbox/fast/tier.h"

namespace sandbox::fast {
namespace {

struct Form {
  using Entry = Step (*)(State&);
  template <typename Handler>
  static Step Call(State& s) {
    if constexpr (kBranches<Handler>) {
      const bool is_paid = Handler::IsTaken(s) ? TakeBranch(s) : PassBranch<Handler>(s);
      return is_paid ? Step::kNext : Step::kFuel;
    } else {
      return Handler::Run(s);
    }
  }
  template <typename Handler>
  static constexpr Entry kEntry = &Call<Handler>;
};

constexpr HandlerTable<Form>::Table kTable = HandlerTable<Form>::Make();

// Goes on as the machine says. False: the region there is not covered.
bool Resume(Machine& m, State& s) {
  const Registers& r = m.registers;
  if (r.fuel < r.entry_cost) {
    m.fuel_needed = r.entry_cost;
    return false;
  }
  s.pc = r.code;
  s.fp = r.locals;
  s.acc = r.has_accumulators ? r.accumulator : r.sp[0];
  s.facc = FloatAccOfBits(r.has_accumulators ? r.float_accumulator : s.acc);
  s.memory = r.memory;
  s.fuel = r.fuel - r.entry_cost;
  return true;
}

}  // namespace

Exit RunLoop(Machine& m) {
  State s{m, CodePos(), Locals(), 0, FloatAccOfBits(0), MemView(), 0};
  if (!Resume(m, s)) return Exit::kFuel;
  for (;;) {
    const Step step = kTable[s.pc.U16(0)](s);
    switch (step) {
      case Step::kNext: continue;
      case Step::kFuel:
        SpillState(m, s.pc, s.fp, s.memory, s.fuel);
        m.registers.has_accumulators = true;
        m.registers.accumulator = s.acc;
        m.registers.float_accumulator = BitsOf(s.facc);
        StopForFuel(m);
        return Exit::kFuel;
      case Step::kTrap:
        SpillState(m, s.pc, s.fp, s.memory, s.fuel);
        TrapInRegion(m);
        return Exit::kTrap;
      case Step::kResume:
        if (!Resume(m, s)) return Exit::kFuel;
        continue;
      case Step::kExit: return m.exit;
    }
  }
}

}  // namespace sandbox::fast
