// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What handler files leave out or add when they are compiled to be measured (//bench:driver_unmetered and
// :driver_dispatches), and only then: the library is never built so.
#ifndef SANDBOX_EXEC_MEASURE_H_
#define SANDBOX_EXEC_MEASURE_H_

// Off: handlers charge no fuel, so that nothing stops them but their own end.
#ifndef SANDBOX_METERING
#define SANDBOX_METERING 1
#endif

// On: each dispatch is counted by its opcode, in a program of one thread.
#ifndef SANDBOX_COUNT_DISPATCHES
#define SANDBOX_COUNT_DISPATCHES 0
#endif

#if SANDBOX_COUNT_DISPATCHES

#include <array>
#include <cstdint>

namespace sandbox {

struct DispatchCounts {
  std::array<uint64_t, 1 << 8> in_place{};
  std::array<uint64_t, 1 << 16> fast{};
};
inline constinit DispatchCounts dispatch_counts;

}  // namespace sandbox

#define COUNT_DISPATCH(tier, opcode) static_cast<void>(++dispatch_counts.tier[opcode])

#else

#define COUNT_DISPATCH(tier, opcode) static_cast<void>(0)

#endif

#endif  // SANDBOX_EXEC_MEASURE_H_
