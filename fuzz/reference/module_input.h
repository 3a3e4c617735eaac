// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The input of targets that want modules which are valid or nearly so.
#ifndef FUZZ_REFERENCE_MODULE_INPUT_H_
#define FUZZ_REFERENCE_MODULE_INPUT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/gen/module_generator.h"

namespace sandbox::fuzz {

// A module out of the fuzzer's bytes: the bytes themselves when they begin as a module does (what a mutator that knows
// modules makes), else a generated module with some of its bytes changed, or with one
// rule broken.
std::vector<uint8_t> ModuleOf(std::span<const uint8_t> input, const GeneratorOptions& options);

}  // namespace sandbox::fuzz

#endif  // FUZZ_REFERENCE_MODULE_INPUT_H_
