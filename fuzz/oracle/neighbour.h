// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What a generated module may import besides the catch-all's functions: another module's exports, and host functions that
// run at once.
#ifndef FUZZ_ORACLE_NEIGHBOUR_H_
#define FUZZ_ORACLE_NEIGHBOUR_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fuzz/gen/module_generator.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {

// The exports of types that another module can write down, as those of an instance of this name.
void AddExportsOf(const Module& module, const std::string& name, ImportList& list);

// The names that neighbours and host functions bear.
inline constexpr char kNeighbour[] = "m0";
inline constexpr char kEnvironment[] = "env";

// Functions that compute, trap, and let the caller's memory grow; the second links them. Some calls tell.
void AddHostFunctions(ImportList& list);
Result<void> LinkHostFunctions(Store& store, std::function<void()> tell);

// A module that imports from another one, and that one (empty: it imports from none).
struct Neighbours {
  std::vector<uint8_t> neighbour;
  std::vector<uint8_t> module;
};
Neighbours GenerateNeighbours(ByteSource& source, const GeneratorOptions& options, bool is_linked);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_NEIGHBOUR_H_
