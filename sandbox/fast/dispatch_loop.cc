// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Portable dispatch of register code: a loop that calls the handlers through a table.
#include "sandbox/base/check.h"
#include "sandbox/fast/handler_table.h"
#include "sandbox/fast/tier.h"

namespace sandbox::fast {
namespace {

struct Form {
  using Entry = Step (*)(State&);
  template <typename Handler>
  static Step Call(State& s) {
    if constexpr (kBranches<Handler>) {
      if (!TryAccess<Handler>(s)) [[unlikely]] return Step::kTrap;
      const bool is_paid = Handler::IsTaken(s) ? TakeBranch<Handler>(s) : PassBranch<Handler>(s);
      return is_paid ? Step::kNext : Step::kFuel;
    } else if constexpr (kKnowsNext<Handler>) {
      uint16_t next = 0;
      const Step step = Handler::Run(s, next);
      SANDBOX_DCHECK(step != Step::kNext || next == s.pc.U16(0));
      return step;
    } else {
      return Handler::Run(s);
    }
  }
  template <typename Handler>
  static constexpr Entry kEntry = &Call<Handler>;
};

constexpr HandlerTable<Form>::Table kTable = HandlerTable<Form>::Make();

}  // namespace

Exit RunLoop(Machine& m) {
  State s{m, CodePos(), Locals(), 0, FloatAccOfBits(0), MemView(), 0, 0, 0, CodePos()};
  if (!Resume(s)) return Exit::kFuel;
  for (;;) {
    COUNT_DISPATCH(fast, s.pc.U16(0));
    const Step step = kTable[s.pc.U16(0)](s);
    switch (step) {
      case Step::kNext: continue;
      case Step::kFuel: return LeaveForFuel(s);
      case Step::kTrap: return LeaveForTrap(s);
      case Step::kResume:
        if (!Resume(s)) return Exit::kFuel;
        continue;
      case Step::kExit: return m.exit;
    }
  }
}

}  // namespace sandbox::fast
