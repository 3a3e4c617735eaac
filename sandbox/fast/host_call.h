// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Calls of imported functions from register code. A host function that runs at once is called from the handler itself: what
// register code keeps in registers stays there, and memory has only what such a function can observe or change. That is
// the fuel, the frames, where free cells of the value stack begin (for runs that it begins), and who calls.
#ifndef SANDBOX_FAST_HOST_CALL_H_
#define SANDBOX_FAST_HOST_CALL_H_

#include <cstdint>

#include "sandbox/exec/machine.h"
#include "sandbox/fast/handlers.h"
#include "sandbox/fast/slow.h"

namespace sandbox::fast {

struct CallImport {
  static constexpr ptrdiff_t kLength = 12;

  SANDBOX_INLINE static Step Run(State& s) {
    Machine& m = s.m;
    const FuncAddr address = TrustedArray<const FuncAddr>(m.instance->imported_functions.span())[s.pc.U32(1)];
    const Function callee = TrustedArray<const Function>(m.store.functions.span())[address];
    if (!callee.is_host()) [[unlikely]]
      return Slowly(s);
    const HostFunction& host = TrustedArray<const HostFunction>(m.store.host_functions.span())[callee.host_number()];
    const uint64_t cost = s.pc.U16(8);
    if (s.fuel < cost) [[unlikely]]
      return Slowly(s);
    if (host.thunk == nullptr) return Wait(s, callee.host_number(), s.fuel - cost);
    // In a loop the next instruction loads the pins again: they need not outlive the call.
    s.pin0 = s.pin1 = 0;
    s.head = CodePos();
    Registers& r = m.registers;
    r.fuel = s.fuel - cost;
    r.sp = s.fp + s.pc.U16(5);
    if (const OrTrap<void> result = m.RunHost(host, (s.fp + s.pc.U16(6)).Range(s.pc.U16(7))); !result) [[unlikely]]
      return OutOfLine(TrapOfHost(m, s.pc, result.error()));
    s.memory = *m.memory;
    s.fuel = r.fuel;
    const Locals last = s.fp + s.pc.U16(9);
    s.acc = last[0];
    last[s.pc.S16(10)] = s.acc;
    s.facc = FloatAccOfBits(s.acc);
    s.pc.Skip(kLength);
    return Pay(s, s.pc.U16(-1), Step::kNext);
  }

 private:
  // The run pauses here, and goes on behind the call. Where in the module that is, is asked only when the answer is a trap
  // (StoreState::AnswerWithTrap); the memory is fetched again in any case (Machine::Drive).
  SANDBOX_INLINE static Step Wait(State& s, uint32_t host_function, uint64_t fuel) {
    Machine& m = s.m;
    const CodePos next = s.pc + kLength;
    m.frame->return_code = next;
    m.ContinueBehindCall(next);
    m.registers.fuel = fuel;
    m.registers.locals = s.fp;
    m.registers.sp = s.fp + s.pc.U16(5);
    (void)m.WaitForHost(host_function, s.fp + s.pc.U16(6));
    return Step::kExit;
  }
  SANDBOX_INLINE static Step Slowly(State& s) {
    SpillState(s.m, s.pc, s.fp, s.memory, s.fuel);
    return OutOfLine(CallImportSlowly(s.m));
  }
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_HOST_CALL_H_
