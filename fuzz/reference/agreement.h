// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Whether this library and a reference agree: what the differential targets end with.
#ifndef FUZZ_REFERENCE_AGREEMENT_H_
#define FUZZ_REFERENCE_AGREEMENT_H_

#include <cstdint>
#include <span>
#include <string>

#include "fuzz/oracle/our_engine.h"
#include "fuzz/reference/engine.h"

namespace sandbox::fuzz {

// What came of a comparison. `difference` is "" unless both engines are sure and say different things.
struct Agreement {
  bool is_compared = false;
  std::string difference;
};

// Both accept the module, or both reject it; what known_differences.h lists is left out.
Agreement AgreeOnValidity(std::span<const uint8_t> module, Engine& reference);

// Both compute the same.
Agreement AgreeOnExecution(std::span<const uint8_t> module, const Observation& ours, Engine& reference,
                           const Invocations& invocations);

// Counts a comparison. At the end of the process the counts go to stderr: a fuzzer that compares nothing finds nothing.
void Count(Engine& reference, const Agreement& agreement);

}  // namespace sandbox::fuzz

#endif  // FUZZ_REFERENCE_AGREEMENT_H_
