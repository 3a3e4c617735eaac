// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What each engine says when a guest traps, and which traps of ours that can be: one table for all engines. An engine may
// be less exact than the test suite's wording; then several traps stand for one text.
#ifndef FUZZ_REFERENCE_TRAP_WORDS_H_
#define FUZZ_REFERENCE_TRAP_WORDS_H_

#include <string_view>

#include "fuzz/oracle/observation.h"

namespace sandbox::fuzz {

enum class WordsOf : uint8_t { kWabt, kV8 };

// Enters the trap that these words mean into the record. False: words that the table does not have.
[[nodiscard]] bool EnterTrap(WordsOf engine, std::string_view words, CallRecord& record);

}  // namespace sandbox::fuzz

#endif  // FUZZ_REFERENCE_TRAP_WORDS_H_
