// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Threaded dispatch of register code: each handler ends in a tail call of the next one, all state in registers.
#include "sandbox/base/build_config.h"
#include "sandbox/fast/tier.h"

#if SANDBOX_TAIL_DISPATCH

#include <type_traits>

#include "sandbox/fast/handler_table.h"

namespace sandbox::fast {
namespace {

// In the order in which registers are handed out. The eighth is rcx, which variable shifts want for themselves.
#define STATE_PARAMS                                                                                                  \
  Machine &m, TableArg table, CodePos pc, Locals fp, Slot acc, uint8_t *memory_base, uint64_t memory_size, CodePos head, \
      uint64_t fuel, Slot pin0, Slot pin1, FloatAcc facc
#define STATE_ARGS m, table, pc, fp, acc, memory_base, memory_size, head, fuel, pin0, pin1, facc
#define HANDLER_CC __attribute__((preserve_none))

struct TailEntry;
using TailTable = TrustedArray<const TailEntry>;
// One register: with the length beside it (`checked` builds) there would be none left to jump with.
using TableArg = std::conditional_t<kChecked, const TailTable&, TailTable>;
struct TailEntry {
  HANDLER_CC Exit (*run)(STATE_PARAMS);
};

#define DISPATCH()                                                                       \
  do {                                                                                   \
    COUNT_DISPATCH(fast, pc.U16(0));                                                     \
    [[clang::nomerge]] [[clang::musttail]] return table[pc.U16(0)].run(STATE_ARGS);      \
  } while (false)

// What is in registers, as a State.
#define STATE() State{m, pc, fp, acc, facc, {memory_base, memory_size}, fuel, pin0, pin1, head}

HANDLER_CC __attribute__((noinline)) Exit TailResume(STATE_PARAMS) {
  State s = STATE();
  if (!Resume(s)) return Exit::kFuel;
  pc = s.pc;
  fp = s.fp;
  acc = s.acc;
  facc = s.facc;
  memory_base = s.memory.base;
  memory_size = s.memory.size;
  fuel = s.fuel;
  pin0 = s.pin0;
  pin1 = s.pin1;
  head = s.head;
  DISPATCH();
}

HANDLER_CC __attribute__((cold, noinline)) Exit TailLeaveForFuel(STATE_PARAMS) {
  (void)table;
  return LeaveForFuel(STATE());
}

HANDLER_CC __attribute__((cold, noinline)) Exit TailLeaveForTrap(STATE_PARAMS) {
  (void)table;
  return LeaveForTrap(STATE());
}

template <typename Handler>
HANDLER_CC Exit Tail(STATE_PARAMS) {
  State s = STATE();
  const Step step = Handler::Run(s);
  pc = s.pc;
  fp = s.fp;
  acc = s.acc;
  facc = s.facc;
  memory_base = s.memory.base;
  memory_size = s.memory.size;
  fuel = s.fuel;
  pin0 = s.pin0;
  pin1 = s.pin1;
  head = s.head;
  switch (step) {
    case Step::kNext: DISPATCH();
    case Step::kFuel: [[clang::musttail]] return TailLeaveForFuel(STATE_ARGS);
    case Step::kTrap: [[clang::musttail]] return TailLeaveForTrap(STATE_ARGS);
    case Step::kResume: [[clang::musttail]] return TailResume(STATE_ARGS);
    case Step::kExit: return m.exit;
  }
  __builtin_unreachable();
}

template <typename Handler>
HANDLER_CC Exit TailBranch(STATE_PARAMS) {
  State s = STATE();
  if (Handler::IsTaken(s)) {
    const bool is_paid = TakeBranch<Handler>(s);
    pc = s.pc;
    acc = s.acc;
    fuel = s.fuel;
    pin0 = s.pin0;
    pin1 = s.pin1;
    if (!is_paid) [[unlikely]]
      [[clang::musttail]] return TailLeaveForFuel(STATE_ARGS);
    DISPATCH();
  }
  const bool is_paid = PassBranch<Handler>(s);
  pc = s.pc;
  acc = s.acc;
  fuel = s.fuel;
  pin0 = s.pin0;
  pin1 = s.pin1;
  if (!is_paid) [[unlikely]]
    [[clang::musttail]] return TailLeaveForFuel(STATE_ARGS);
  DISPATCH();
}

template <typename Handler>
constexpr TailEntry EntryOf() {
  if constexpr (kBranches<Handler>) return {&TailBranch<Handler>};
  else return {&Tail<Handler>};
}

struct Form {
  using Entry = TailEntry;
  template <typename Handler>
  static constexpr Entry kEntry = EntryOf<Handler>();
};

constexpr HandlerTable<Form>::Table kTable = HandlerTable<Form>::Make();

}  // namespace

Exit RunTail(Machine& m) {
  const TailTable table{std::span<const TailEntry>(kTable)};
  return TailResume(m, table, CodePos(), Locals(), 0, nullptr, 0, CodePos(), 0, 0, 0, FloatAccOfBits(0));
}

}  // namespace sandbox::fast

#else

namespace sandbox::fast {

Exit RunTail(Machine& machine) { return RunLoop(machine); }

}  // namespace sandbox::fast

#endif
