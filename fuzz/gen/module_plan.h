// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What a generated module declares: chosen before any body is written.
#ifndef FUZZ_GEN_MODULE_PLAN_H_
#define FUZZ_GEN_MODULE_PLAN_H_

#include <cstdint>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "sandbox/syntax/types.h"

namespace sandbox::fuzz {

struct FunctionType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  // How it is written (rich_types). An open type can have subtypes; `super` is one of the same shape.
  bool is_open = false;
  bool is_grouped = false;  // in a recursion group of its own
  uint32_t super = kNoIndex;
};

// Groups that a module uses or not. Off once in four, each by itself; the last ones are on in a few modules only.
struct Swarm {
  bool floats = true;
  bool references = true;
  bool bulk = true;
  bool calls = true;
  bool control = true;
  bool memory = true;
  bool tail_calls = true;
  bool unreachable_code = true;
  bool shapes = true;     // loops, branches and operands as compilers and register allocators meet them
  bool arithmetic = true;
  bool probes = true;     // functions of one instruction
  bool variables = true;
  bool tight = false;     // tight loops above all
  bool recursion = false;
  bool traps = false;      // lets operands be what makes an instruction trap
  bool odd_lebs = false;
  bool big_frames = false;
  bool forwarders = false;    // functions of few slots that tail-call another one
  bool dense_probes = false;  // little but functions of one instruction, on the edges of their operands
};

struct ModulePlan {
  GeneratorOptions options;
  Swarm swarm;
  std::vector<FunctionType> types;  // the first ones of the type section
  std::vector<uint32_t> functions;  // type of each, imported ones first
  std::vector<Op> probes;           // for each function: the one instruction that it consists of, or kInvalidOp
  uint32_t forwards_to = kNoIndex;  // whom the function of a return_call alone calls
  uint32_t imported_functions = 0;
  std::vector<Limits> memories;
  std::vector<TableType> tables;
  std::vector<GlobalType> globals;
  uint32_t listed_functions = 0;    // the first ones of the imported: out of options.imports
  uint32_t imported_memories = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_globals = 0;
  std::vector<uint32_t> tags;       // type of each
  uint32_t imported_tags = 0;
  std::vector<uint32_t> declared;   // functions that ref.func may name
  uint32_t passive_data = 0;        // segments 0 .. passive_data-1
  bool has_active_data = false;     // segment passive_data; instantiation has dropped it
  uint32_t passive_elements = 0;    // of funcref
  uint64_t dress_seed = 0;          // chooses what dress.cc does
  uint32_t counter = kNoIndex;      // the global that counts down to the module's own limit

  // Whether memory 0 has a page from the start.
  bool has_page() const { return !memories.empty() && memories[0].min > 0; }
};

ModulePlan MakePlan(ByteSource& source, const GeneratorOptions& options);

// Any value type that the module may use.
ValType AnyType(ByteSource& source, const ModulePlan& plan);

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_MODULE_PLAN_H_
