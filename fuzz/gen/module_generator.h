// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Valid modules out of the fuzzer's bytes: every instruction that the build has, all sections, imports from a host
// module, several memories and tables. Which groups a module uses is chosen first (swarm testing), so that rare
// combinations come up.
#ifndef FUZZ_GEN_MODULE_GENERATOR_H_
#define FUZZ_GEN_MODULE_GENERATOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "sandbox/syntax/opcode.h"
#include "sandbox/syntax/types.h"

namespace sandbox::fuzz {

// What a module may import by name, with exactly these types (which name no defined type of another module).
struct ImportList {
  template <typename Type>
  struct Entry {
    std::string module;
    std::string name;
    Type type;
  };
  struct Function {
    std::vector<ValType> params;
    std::vector<ValType> results;
  };
  std::vector<Entry<Function>> functions;
  std::vector<Entry<TableType>> tables;  // the first of function references
  std::vector<Entry<Limits>> memories;
  std::vector<Entry<GlobalType>> globals;
};

struct GeneratorOptions {
  // The module counts its own calls and loop rounds and traps (unreachable) when it has done this many: for reference
  // engines without fuel; memories then have a maximum. 0: no counting, the engine's fuel has to end it.
  uint32_t own_limit = 0;
  // Leaves out what a reference lacks.
  bool reference_types = true;
  bool typed_references = true;  // (ref $t), non-null references, call_ref, tables with initializers
  bool tail_calls = true;
  bool memory64 = true;
  bool wide_offsets = true;  // of more than 32 bits, in accesses to 64-bit memories
  bool table64 = true;
  bool multi_memory = true;
  bool block_params = true;
  bool globals_in_constants = true;  // a defined global's value in a later constant expression
  // Makes each NaN that arithmetic gives the canonical one: memories are then the same in every engine.
  bool canonical_nans = false;

  // Off by default: they ask more of whoever runs or reads the module.
  bool object_imports = false;  // "g<i>", "t<i>", "m<i>" of the host module: globals, tables, memories (host_objects.h)
  bool export_imports = false;  // what is imported is exported again, functions too
  bool rich_types = false;      // recursion groups, open and derived function types, struct and array types nobody uses
  bool tags = false;            // a tag section; tags imported ("e<i>") and exported
  bool odd_encodings = false;   // legal LEB128s that are longer than they need be: immediates, counts, sizes
  bool custom_sections = false;  // between all sections; a name section
  bool patterned_memory = false;  // mostly: the first 2 KiB of memory 0 are a pattern, so that an access elsewhere shows

  // Breaks one rule in the end (broken_module.h): the module is invalid, but for the rare one in which no rule applied.
  bool break_a_rule = false;

  // Imported instead of what object_imports would be, before the host's functions. Outlives the call.
  const ImportList* imports = nullptr;

  // What this library understands.
  static GeneratorOptions Everything() {
    GeneratorOptions options;
    options.object_imports = options.export_imports = options.rich_types = options.tags = true;
    options.odd_encodings = options.custom_sections = true;
    return options;
  }
  // The same, and whoever runs it must compute the same: which NaN an operation makes is open.
  static GeneratorOptions Deterministic() {
    GeneratorOptions options = Everything();
    options.canonical_nans = options.patterned_memory = true;
    return options;
  }
};

// The module name that generated modules import from. Function "f<i>" has any signature of numbers.
inline constexpr char kHostModule[] = "host";

// Never fails: no bytes make a small module.
std::vector<uint8_t> GenerateModule(ByteSource& source, const GeneratorOptions& options = {});

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_MODULE_GENERATOR_H_
