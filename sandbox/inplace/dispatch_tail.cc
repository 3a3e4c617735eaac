// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Threaded dispatch: each handler ends in a tail call of the next one, and the machine's state stays in registers
// (preserve_none passes a dozen arguments in them).
#include "sandbox/base/build_config.h"
#include "sandbox/inplace/tier.h"

#if SANDBOX_TAIL_DISPATCH

#include <array>

#include "sandbox/inplace/cold.h"
#include "sandbox/inplace/handler_support.h"

namespace sandbox::inplace {

// The state in registers, in the order that suits preserve_none on x86-64 best. `table` is the handler table: with its
// address in a register a dispatch needs no address computation.
#define STATE_PARAMS                                                                                           \
  [[maybe_unused]] Machine &m, [[maybe_unused]] HandlerTable table, [[maybe_unused]] Pc pc, [[maybe_unused]] Sp sp, \
      [[maybe_unused]] Locals locals, [[maybe_unused]] Slot tos, [[maybe_unused]] SideTablePos st,             \
      [[maybe_unused]] uint8_t *memory_base, [[maybe_unused]] uint64_t memory_size, [[maybe_unused]] uint64_t fuel
#define STATE_ARGS m, table, pc, sp, locals, tos, st, memory_base, memory_size, fuel
#define HANDLER_CC __attribute__((preserve_none))

struct HandlerEntry;
using HandlerTable = TrustedArray<const HandlerEntry>;
using HandlerFunction = HANDLER_CC Exit (*)(STATE_PARAMS);
struct HandlerEntry {
  HandlerFunction run;
};

namespace {

SANDBOX_INLINE void Save(Machine& m, Pc pc, Sp sp, Locals locals, Slot tos, SideTablePos st, MemView memory,
                         uint64_t fuel) {
  sp[0] = tos;
  m.registers.SaveInPlace(pc, sp, locals, st, memory, fuel);
}

// nomerge: two dispatches of one handler stay two jumps, each with a history of its own.
#define DISPATCH()                                                              \
  do {                                                                          \
    if constexpr (kChecked) CheckState(m, pc, sp, locals, st);                  \
    COUNT_DISPATCH(in_place, pc.Byte());                                        \
    [[clang::nomerge]] [[clang::musttail]] return table[pc.Byte()].run(STATE_ARGS); \
  } while (false)
#define JUMP(handler) [[clang::musttail]] return handler(STATE_ARGS)
#define memory_view (MemView{memory_base, memory_size})

// --- Ways out -------------------------------------------------------------------------------------------------------

// The instruction at pc costs 1, which was not there: fuel has wrapped.
HANDLER_CC __attribute__((cold, noinline)) Exit Leave_FuelOne(STATE_PARAMS) {
  Save(m, pc, sp, locals, tos, st, memory_view, fuel + 1);
  m.fuel_needed = 1;
  return Exit::kFuel;
}
// It costs tos; the topmost operand is in its cell.
HANDLER_CC __attribute__((cold, noinline)) Exit Leave_Fuel(STATE_PARAMS) {
  m.fuel_needed = tos;
  tos = sp[0];
  Save(m, pc, sp, locals, tos, st, memory_view, fuel);
  return Exit::kFuel;
}
// The trap's code is in tos.
HANDLER_CC __attribute__((cold, noinline)) Exit Leave_Trap(STATE_PARAMS) {
  m.trap = static_cast<TrapCode>(tos);
  m.registers.SaveInPlace(pc, sp, locals, st, memory_view, fuel);
  return Exit::kTrap;
}

template <Flow (*kFunction)(Machine&)>
HANDLER_CC __attribute__((noinline)) Exit Cold(STATE_PARAMS) {
  Save(m, pc, sp, locals, tos, st, memory_view, fuel);
  if (kFunction(m) == Flow::kExit) return m.exit;
  const Registers& r = m.registers;
  pc = r.pc;
  sp = r.sp;
  locals = r.locals;
  tos = sp[0];
  st = r.side_table;
  memory_base = r.memory.base;
  memory_size = r.memory.size;
  fuel = r.fuel;
  DISPATCH();
}

// --- Handlers -------------------------------------------------------------------------------------------------------

#define HANDLER(name) HANDLER_CC Exit Op_##name(STATE_PARAMS)
#define NEXT() DISPATCH()
#define CHARGE(units)                                                                    \
  do {                                                                                   \
    if (!SANDBOX_METERING) break;                                                        \
    if (__builtin_constant_p(units) && (units) == 1) {                                   \
      if (__builtin_sub_overflow(fuel, uint64_t{1}, &fuel)) [[unlikely]]                 \
        JUMP(Leave_FuelOne);                                                             \
    } else {                                                                             \
      const uint64_t charged_units = (units);                                            \
      if (fuel < charged_units) [[unlikely]] {                                           \
        sp[0] = tos;                                                                     \
        tos = charged_units;                                                             \
        JUMP(Leave_Fuel);                                                                \
      }                                                                                  \
      fuel -= charged_units;                                                             \
    }                                                                                    \
  } while (false)
#define TRAP(code)                       \
  do {                                   \
    tos = static_cast<Slot>(code);       \
    JUMP(Leave_Trap);                    \
  } while (false)
#define COLD(function) JUMP(Cold<&function>)

#include "sandbox/inplace/handlers.inc"

HANDLER(PrefixBulk) { COLD(ColdBulk); }

// The bottom frame of a run: what the guest returned lies on its operand stack.
HANDLER(Exit) {
  Save(m, pc, sp, locals, tos, st, memory_view, fuel);
  return Exit::kDone;
}

// A frame of the fast tier was returned into.
HANDLER(Switch) {
  Save(m, pc, sp, locals, tos, st, memory_view, fuel);
  return m.ReturnIntoFast();
}

// Validated code holds no such byte.
HANDLER(Invalid) {
  SANDBOX_CHECK(false);
  return Exit::kTrap;
}

constexpr std::array<HandlerEntry, 256> MakeHandlers() {
  std::array<HandlerEntry, 256> handlers;
  handlers.fill({&Op_Invalid});
#define BYTE_ROW(name, code) handlers[code] = {&Op_##name};
#include "sandbox/inplace/byte_rows.inc"
#undef BYTE_ROW
  handlers[kBulkPrefix] = {&Op_PrefixBulk};
  handlers[kExitOpcode] = {&Op_Exit};
  handlers[kSwitchOpcode] = {&Op_Switch};
  return handlers;
}

// Constant, so in .data.rel.ro: not writable once the program runs. All 256 entries, so that any byte stays inside.
constexpr std::array<HandlerEntry, 256> kHandlers = MakeHandlers();

}  // namespace

Exit RunTail(Machine& m) {
  const HandlerTable table{std::span<const HandlerEntry>(kHandlers)};
  Registers& r = m.registers;
  return table[r.pc.Byte()].run(m, table, r.pc, r.sp, r.locals, r.sp[0], r.side_table, r.memory.base, r.memory.size,
                                r.fuel);
}

#undef memory_view

}  // namespace sandbox::inplace

#else

namespace sandbox::inplace {

// Not in this build (Config refuses it): the loop is the same engine.
Exit RunTail(Machine& machine) { return RunLoop(machine); }

}  // namespace sandbox::inplace

#endif
