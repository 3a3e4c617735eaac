// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Everything that can be asked of a module, an error or a store without changing it; answers that contradict each other
// end the process.
#ifndef FUZZ_ORACLE_QUESTIONS_H_
#define FUZZ_ORACLE_QUESTIONS_H_

#include <span>
#include <string_view>

#include "sandbox/sandbox.h"

namespace sandbox::fuzz {

void AskModule(const Module& module);
// Text for people is one line of printable ASCII, cut off where the buffer ends.
void AskError(const Error& error);
void AskStore(const Store& store);
void AskValue(const Value& value);
void AskTrap(const TrapInfo& trap);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_QUESTIONS_H_
