// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Every tier and dispatch form agrees, fuel to the unit included.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/our_engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox::fuzz;
  ByteSource source({data, size});
  RunOptions options;
  options.seed = source.Word(2);
  options.fuel = 8'000;
  // Which NaN an operation makes is open, and the compiler may choose otherwise in each dispatch form.
  GeneratorOptions generator = GeneratorOptions::Everything();
  generator.canonical_nans = true;
  const std::vector<uint8_t> module = GenerateModule(source, generator);
  options.config.dispatch = sandbox::Dispatch::kLoop;
  const Observation loop = Observe(module, options);
  if (!loop.is_valid) Report("the generator made an invalid module", module);
  options.config.dispatch = sandbox::Dispatch::kDefault;
  const std::string difference = Difference(loop, Observe(module, options), true);
  if (!difference.empty()) Report(difference, module);
  return 0;
}
