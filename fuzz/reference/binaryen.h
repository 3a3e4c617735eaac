// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Binaryen's optimizer (version 108), in a process of its own: some of its passes end the program that they meet with.
#ifndef FUZZ_REFERENCE_BINARYEN_H_
#define FUZZ_REFERENCE_BINARYEN_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"

namespace sandbox::fuzz {

// What generated modules may have, so that Binaryen 108 reads most of them, and they end by themselves.
GeneratorOptions OptionsForBinaryen();

struct OptimizerPlan {
  uint8_t optimize_level = 2;  // 0 to 4
  uint8_t shrink_level = 0;    // 0 to 2
  std::vector<std::string> passes;  // none: those that the levels mean
};

// Out of the passes that must not change what a module computes.
OptimizerPlan ChoosePlan(ByteSource& source);
std::string TextOf(const OptimizerPlan& plan);

// The optimized module. Absent when Binaryen does not read it, or fails: never a finding against this library.
std::optional<std::vector<uint8_t>> Optimize(std::span<const uint8_t> module, const OptimizerPlan& plan);

}  // namespace sandbox::fuzz

#endif  // FUZZ_REFERENCE_BINARYEN_H_
