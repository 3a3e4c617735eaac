// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What executing costs. Fuel is defined on validated WebAssembly and is the same in every tier:
//   - each executed instruction costs 1, the trapping one included. `block`, `loop`, `if`, `else`, `end` and `nop` are
//     instructions like all others: they cost 1 when control reaches them. A branch goes to the instruction after its
//     target's `end` (or after `loop`), which is then not executed; a branch to the label of the function body executes
//     the body's final `end`. `return` does not.
//   - a taken branch and `return` add ceil(slots carried / 8); for `return` these are the function's results.
//   - a call adds ceil(slots of parameters / 8), and ceil(slots of locals / 8) when the callee is a guest function.
//   - memory.fill, memory.copy, memory.init and memory.grow add ceil(bytes / 64); table.fill, table.copy, table.init
//     and table.grow add ceil(elements / 8). A growth that the declared maximum, memory_bytes or table_elements refuses
//     adds nothing; one that moved_bytes, the budget or the allocator refuses has been paid for.
//   - instantiation: each constant expression costs its instructions (those of element segments of every mode too);
//     each active segment 1 and what its memory.init or table.init would add; each memory and table what its minimum
//     size would add as a growth, whether its bytes exist or not (they are made, within the limits, when the module is
//     linked, and paid for first thing after).
// A slot is 8 bytes: one value, except that v128 takes two. Costs are charged before the effect. What is not covered
// pauses the run before the instruction and reports the whole cost of it.
#ifndef SANDBOX_EXEC_FUEL_H_
#define SANDBOX_EXEC_FUEL_H_

#include <cstdint>

#include "sandbox/base/checked_math.h"

namespace sandbox {

// Units for values that are moved or zeroed, in slots.
constexpr uint64_t SlotsCost(uint64_t slots) { return CeilDiv(slots, uint64_t{8}); }
// Units for bytes that are moved, filled or made.
constexpr uint64_t BytesCost(uint64_t bytes) { return CeilDiv(bytes, uint64_t{64}); }
// Units for table elements that are moved, filled or made.
constexpr uint64_t ElementsCost(uint64_t elements) { return CeilDiv(elements, uint64_t{8}); }

// Fuel is handed to a tier in slices of this many units. Between two slices the engine looks at the interrupt: a run
// stops at most this many units (plus one bulk operation or call) after an interrupt was requested. Few where fuzzing, whose
// runs are short: what a tier keeps between two slices is then seen.
#if defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
inline constexpr uint64_t kFuelSlice = 101;
#else
inline constexpr uint64_t kFuelSlice = 1u << 16;
#endif

// A tank that never runs dry.
inline constexpr uint64_t kUnlimitedFuel = ~uint64_t{0};

}  // namespace sandbox

#endif  // SANDBOX_EXEC_FUEL_H_
