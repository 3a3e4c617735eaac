// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Random mutations of modules: loaded and, when valid, instantiated and run with little fuel, in both dispatch forms.
// Nothing may crash, and both forms must do the same. To be run under sanitizers.
#ifndef TESTS_SPEC_MUTATE_H_
#define TESTS_SPEC_MUTATE_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace sandbox::spec {

// Changes a module in one to four places. others: whose bytes may be copied into it.
std::vector<uint8_t> Mutate(std::vector<uint8_t> bytes, const std::vector<uint8_t>& other, std::mt19937& random);

struct MutationCounts {
  size_t loaded = 0;                     // given to the loader
  size_t valid = 0;                      // accepted by it
  size_t instantiated = 0;               // and linked
  size_t invoked = 0;                    // calls of exported functions
  size_t done = 0;                       // ... that returned
  size_t trapped = 0;                    // ... that trapped
  size_t paused = 0;                     // ... that ran out of fuel or called the host
  std::vector<std::string> differences;  // between the dispatch forms
};

// Two stores, one for each dispatch form, used again and again for one module after the other.
class MutantRunner {
 public:
  // Errors: those of Store::Create.
  static Result<MutantRunner> Create();

  // Loads the module and does all that can be done with it.
  void Run(ByteSpan bytes, uint32_t seed, MutationCounts& counts);

 private:
  explicit MutantRunner(std::vector<Store> stores) : stores_(std::move(stores)) {}

  std::vector<Store> stores_;
};

}  // namespace sandbox::spec

#endif  // TESTS_SPEC_MUTATE_H_
