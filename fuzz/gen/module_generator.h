// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Valid modules out of the fuzzer's bytes: every instruction that the build has, all sections, imports from a host
// module, several memories and tables. Which groups a module uses is chosen first (swarm testing), so that rare
// combinations come up.
#ifndef FUZZ_GEN_MODULE_GENERATOR_H_
#define FUZZ_GEN_MODULE_GENERATOR_H_

#include <cstdint>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "sandbox/syntax/opcode.h"
#include "sandbox/syntax/types.h"

namespace sandbox::fuzz {

struct GeneratorOptions {
  // The module counts its own calls and loop rounds and traps (unreachable) when it has done this many: for reference
  // engines without fuel; memories then have a maximum. 0: no counting, the engine's fuel has to end it.
  uint32_t own_limit = 0;
  // Leaves out what a reference lacks.
  bool reference_types = true;
  bool typed_references = true;
  bool tail_calls = true;
  bool memory64 = true;
  bool wide_offsets = true;  // of more than 32 bits, in accesses to 64-bit memories
  bool table64 = true;
  bool multi_memory = true;
  bool globals_in_constants = true;  // a defined global's value in a later constant expression
  // Makes each NaN that arithmetic gives the canonical one: memories are then the same in every engine.
  bool canonical_nans = false;
};

// The module name that generated modules import functions from. Function "f<i>" has any signature of numbers.
inline constexpr char kHostModule[] = "host";

// Never fails: no bytes make a small module.
std::vector<uint8_t> GenerateModule(ByteSource& source, const GeneratorOptions& options = {});

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_MODULE_GENERATOR_H_
