// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Threaded dispatch of register code: each handler ends in a tail call of the next one, all state in registers.
#include "sandbox/base/build_config.h"
#include "sandbox/base/check.h"
#include "sandbox/fast/tier.h"

#if SANDBOX_TAIL_DISPATCH

#include <type_traits>

#include "sandbox/fast/handler_table.h"

namespace sandbox::fast {
namespace {

// In the order in which registers are handed out. The eighth is rcx, which variable shifts want for themselves.
#define STATE_PARAMS                                                                                       \
  Machine &m, TableArg table, CodePos pc, Locals fp, Slot acc, uint8_t *memory_base, uint64_t memory_size, \
      CodePos head, uint64_t fuel, Slot pin0, Slot pin1, FloatAcc facc
// What is in registers, as a State, and back.
#define STATE() \
  State { m, pc, fp, acc, facc, {memory_base, memory_size}, fuel, pin0, pin1, head }
#define STATE_ARGS(s) \
  s.m, table, s.pc, s.fp, s.acc, s.memory.base, s.memory.size, s.head, s.fuel, s.pin0, s.pin1, s.facc
#define HANDLER_CC __attribute__((preserve_none))

struct TailEntry;
using TailTable = TrustedArray<const TailEntry>;
// One register: with the length beside it (`checked` builds) there would be none left to jump with.
using TableArg = std::conditional_t<kChecked, const TailTable&, TailTable>;
struct TailEntry {
  HANDLER_CC Exit (*run)(STATE_PARAMS);
};

#define DISPATCH_TO(s, opcode)                                                      \
  do {                                                                              \
    COUNT_DISPATCH(fast, opcode);                                                   \
    [[clang::nomerge]] [[clang::musttail]] return table[opcode].run(STATE_ARGS(s)); \
  } while (false)
#define DISPATCH(s) DISPATCH_TO(s, s.pc.U16(0))

HANDLER_CC __attribute__((noinline)) Exit TailResume(STATE_PARAMS) {
  State s = STATE();
  if (!Resume(s)) return Exit::kFuel;
  DISPATCH(s);
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
  switch (step) {
    case Step::kNext:
      DISPATCH(s);
    case Step::kFuel:
      [[clang::musttail]] return TailLeaveForFuel(STATE_ARGS(s));
    case Step::kTrap:
      [[clang::musttail]] return TailLeaveForTrap(STATE_ARGS(s));
    case Step::kResume:
      [[clang::musttail]] return TailResume(STATE_ARGS(s));
    case Step::kExit:
      return m.exit;
  }
  __builtin_unreachable();
}

// Goes on where the handler says, or cannot pay for it.
template <typename Handler>
HANDLER_CC Exit TailKnown(STATE_PARAMS) {
  State s = STATE();
  uint16_t next = 0;
  const Step step = Handler::Run(s, next);
  if (step != Step::kNext) [[unlikely]]
    [[clang::musttail]] return TailLeaveForFuel(STATE_ARGS(s));
  SANDBOX_DCHECK(next == s.pc.U16(0));
  DISPATCH_TO(s, next);
}

template <typename Handler>
HANDLER_CC Exit TailBranch(STATE_PARAMS) {
  State s = STATE();
  const bool has_access = TryAccess<Handler>(s);
  if (!has_access) [[unlikely]]
    [[clang::musttail]] return TailLeaveForTrap(STATE_ARGS(s));
  if (Handler::IsTaken(s)) {
    const bool is_paid = TakeBranch<Handler>(s);
    if (!is_paid) [[unlikely]]
      [[clang::musttail]] return TailLeaveForFuel(STATE_ARGS(s));
    DISPATCH(s);
  }
  const bool is_paid = PassBranch<Handler>(s);
  if (!is_paid) [[unlikely]]
    [[clang::musttail]] return TailLeaveForFuel(STATE_ARGS(s));
  DISPATCH(s);
}

template <typename Handler>
constexpr TailEntry EntryOf() {
  if constexpr (kBranches<Handler>)
    return {&TailBranch<Handler>};
  else if constexpr (kKnowsNext<Handler>)
    return {&TailKnown<Handler>};
  else
    return {&Tail<Handler>};
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
