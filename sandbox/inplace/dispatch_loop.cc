// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Portable dispatch: the handlers as cases of one switch in a loop.
#include "sandbox/inplace/cold.h"
#include "sandbox/inplace/handler_support.h"
#include "sandbox/inplace/tier.h"

namespace sandbox::inplace {
namespace {

enum ByteCode : uint8_t {
#define BYTE_ROW(name, code) kCode##name = code,
#include "sandbox/inplace/byte_rows.inc"
#undef BYTE_ROW
};

}  // namespace

#define SAVE()                                                       \
  do {                                                               \
    sp[0] = tos;                                                     \
    m.registers.SaveInPlace(pc, sp, locals, st, memory_view, fuel);  \
  } while (false)
#define LOAD_REGISTERS()                   \
  do {                                     \
    pc = m.registers.pc;                   \
    sp = m.registers.sp;                   \
    locals = m.registers.locals;           \
    tos = sp[0];                           \
    st = m.registers.side_table;           \
    memory_view = m.registers.memory;          \
    fuel = m.registers.fuel;               \
  } while (false)

#define HANDLER(name) case kCode##name:
#define NEXT() goto next
#define CHARGE(units)                              \
  do {                                             \
    if (!SANDBOX_METERING) break;                  \
    const uint64_t charged_units = (units);        \
    if (fuel < charged_units) [[unlikely]] {       \
      SAVE();                                      \
      m.fuel_needed = charged_units;               \
      return Exit::kFuel;                          \
    }                                              \
    fuel -= charged_units;                         \
  } while (false)
#define TRAP(code)            \
  do {                        \
    m.trap = code;            \
    SAVE();                   \
    return Exit::kTrap;       \
  } while (false)
#define COLD(function)                                    \
  do {                                                    \
    SAVE();                                               \
    if (function(m) == Flow::kExit) return m.exit;        \
    LOAD_REGISTERS();                                     \
    goto next;                                            \
  } while (false)

Exit RunLoop(Machine& m) {
  Pc pc;
  Sp sp = m.registers.sp;
  Locals locals;
  Slot tos = 0;
  SideTablePos st;
  MemView memory_view;
  uint64_t fuel = 0;
  LOAD_REGISTERS();
  for (;;) {
  next:
    if constexpr (kChecked) CheckState(m, pc, sp, locals, st);
    COUNT_DISPATCH(in_place, pc.Byte());
    switch (pc.Byte()) {
#include "sandbox/inplace/handlers.inc"
      case kBulkPrefix:
        COLD(ColdBulk);
      case kExitOpcode:
        SAVE();
        return Exit::kDone;
      case kSwitchOpcode:
        SAVE();
        return m.ReturnIntoFast();
      default:
        // Validated code holds no such byte.
        SANDBOX_CHECK(false);
    }
  }
}

}  // namespace sandbox::inplace
