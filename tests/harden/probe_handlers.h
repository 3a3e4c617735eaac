// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef TESTS_HARDEN_PROBE_HANDLERS_H_
#define TESTS_HARDEN_PROBE_HANDLERS_H_

#include <cstdint>

namespace sandbox::inplace {

// Runs a few instructions of a made-up code, as the in-place tier runs WebAssembly. Returns the accumulator.
int64_t RunProbe(const uint16_t* code, int64_t accumulator);

}  // namespace sandbox::inplace

#endif  // TESTS_HARDEN_PROBE_HANDLERS_H_
