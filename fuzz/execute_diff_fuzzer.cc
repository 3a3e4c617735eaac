// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Results, traps, memories, globals and tables are those of the reference.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/our_engine.h"
#include "fuzz/reference/agreement.h"
#include "fuzz/reference/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox::fuzz;
  Engine& reference = Reference();
  if (!reference.is_available()) {
    Count(reference, {});
    return 0;
  }
  ByteSource source({data, size});
  Invocations invocations;
  invocations.seed = source.Word(2);
  RunOptions options;
  options.seed = invocations.seed;
  options.rounds = invocations.rounds;
  options.fuel = 10'000'000;  // the module ends by itself
  options.config.limits.store_bytes = 64u << 20;
  const std::vector<uint8_t> module = GenerateModule(source, reference.options_to_run());
  const Agreement agreement = AgreeOnExecution(module, Observe(module, options), reference, invocations);
  Count(reference, agreement);
  if (!agreement.difference.empty()) Report(agreement.difference, module);
  return 0;
}
