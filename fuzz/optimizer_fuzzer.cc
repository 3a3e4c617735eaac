// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Binaryen's passes do not change what a module computes here. Which of several traps comes first is left to them.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/our_engine.h"
#include "fuzz/reference/binaryen.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox::fuzz;
  ByteSource source({data, size});
  RunOptions options;
  options.seed = source.Word(2);
  options.fuel = 10'000'000;  // the module ends by itself
  options.config.limits.store_bytes = 64u << 20;
  options.names_functions = false;  // they may be merged
  const OptimizerPlan plan = ChoosePlan(source);
  const std::vector<uint8_t> module = GenerateModule(source, OptionsForBinaryen());
  Observation before = Observe(module, options);
  // Binaryen takes modules for invalid whose segments do not fit.
  if (before.calls.empty() || before.calls[0].ending != Ending::kReturned) return 0;
  const std::optional<std::vector<uint8_t>> optimized = Optimize(module, plan);
  if (!optimized) return 0;
  for (CallRecord& call : before.calls) call.traps = ~uint32_t{0};
  const Observation after = Observe(*optimized, options);
  const std::string difference = Difference(before, after, false);
  if (!difference.empty()) Report("after " + TextOf(plan) + ": " + difference, module);
  return 0;
}
