// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A module is accepted here if and only if the reference accepts it.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/oracle/observation.h"
#include "fuzz/reference/agreement.h"
#include "fuzz/reference/engine.h"
#include "fuzz/reference/module_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox::fuzz;
  Engine& reference = Reference();
  if (!reference.is_available()) {
    Count(reference, {});
    return 0;
  }
  const std::vector<uint8_t> module = ModuleOf({data, size}, reference.options_to_judge());
  const Agreement agreement = AgreeOnValidity(module, reference);
  Count(reference, agreement);
  if (!agreement.difference.empty()) Report(agreement.difference, module);
  return 0;
}
