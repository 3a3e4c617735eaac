// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What sandbox.h promises of things that generated modules do not have or no other oracle looks at: small scenes, each with
// a module of its own.
#ifndef FUZZ_ORACLE_PROMISES_H_
#define FUZZ_ORACLE_PROMISES_H_

#include <cstdint>
#include <span>

namespace sandbox::fuzz {

// Plays one of the scenes; which, and with what values, depends on all of the input. Reports what was not kept.
void CheckPromise(std::span<const uint8_t> input);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_PROMISES_H_
