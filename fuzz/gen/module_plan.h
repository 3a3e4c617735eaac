// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What a generated module declares: chosen before any body is written.
#ifndef FUZZ_GEN_MODULE_PLAN_H_
#define FUZZ_GEN_MODULE_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "sandbox/syntax/types.h"

namespace sandbox::fuzz {

struct FunctionType {
  std::vector<ValType> params;
  std::vector<ValType> results;
};

struct Swarm {
  bool floats = true;
  bool references = true;
  bool bulk = true;
  bool calls = true;
  bool control = true;
  bool memory = true;
  bool tail_calls = true;
  bool unreachable_code = true;
  bool recursion = false;
  bool traps = false;  // lets operands be what makes an instruction trap
};

struct ModulePlan {
  GeneratorOptions options;
  Swarm swarm;
  std::vector<FunctionType> types;
  std::vector<uint32_t> functions;  // type of each, imported ones first
  uint32_t imported_functions = 0;
  std::vector<Limits> memories;
  std::vector<TableType> tables;
  std::vector<GlobalType> globals;
  std::vector<uint32_t> declared;   // functions that ref.func may name
  uint32_t passive_data = 0;        // segments 0 .. passive_data-1
  uint32_t passive_elements = 0;    // of funcref
  uint32_t counter = kNoIndex;      // the global that counts down to the module's own limit
};

ModulePlan MakePlan(ByteSource& source, const GeneratorOptions& options);

// Any value type that the module may use.
ValType AnyType(ByteSource& source, const ModulePlan& plan);

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_MODULE_PLAN_H_
