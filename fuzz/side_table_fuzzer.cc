// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The side table that is derived is what a separate reading of the code says; verification accepts it and refuses every
// other one. The verifier of register code refuses branches into instructions.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/register_code.h"
#include "sandbox/base/budget.h"
#include "sandbox/module/module_data.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/valid/load.h"
#include "sandbox/valid/side_table_verify.h"
#include "tests/valid/side_table_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox;
  fuzz::ByteSource source({data, size});
  const uint32_t where = source.Below(1u << 20);
  const uint32_t flip = static_cast<uint32_t>(1 + source.Below(3));
  const bool is_record = source.OneIn(4);
  const std::vector<uint8_t> bytes = fuzz::GenerateModule(source, fuzz::GeneratorOptions::Everything());
  const ImplementationLimits limits;
  Budget budget(16u << 20);
  ModuleData module(budget);
  if (!LoadModule(bytes, limits, module)) fuzz::Report("the generator made an invalid module", bytes);
  const std::string problem = testing::CheckSideTable(module);
  if (!problem.empty()) fuzz::Report("side table: " + problem, bytes);
  if (!VerifySideTable(module, limits)) fuzz::Report("the table that was derived is refused", bytes);
  fuzz::CheckVerifier(module, where, bytes);
  if (is_record || module.side_table.empty()) {
    FunctionRecord& record = module.functions[where % module.functions.size()];
    switch (flip) {
      case 1: record.operand_slots -= record.operand_slots > 0 ? 1 : ~0u; break;
      case 2: ++record.side_table; break;
      default: ++record.call_cost;
    }
  } else {
    module.side_table[where % module.side_table.size()] ^= 1u << (where >> 3) % 32;
  }
  if (VerifySideTable(module, limits)) fuzz::Report("a corrupted side table is accepted", bytes);
  return 0;
}
