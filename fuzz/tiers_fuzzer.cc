// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Every tier and dispatch form agrees, fuel to the unit included.
#include <cfenv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/neighbour.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/our_engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox::fuzz;
  ByteSource source({data, size});
  RunOptions options;
  options.seed = source.Word(2);
  options.fuel = 8'000;
  options.host_grows = true;
  options.host_gives = true;
  // By itself, or with functions, tables and memories of another one.
  const Neighbours made = GenerateNeighbours(source, GeneratorOptions::Deterministic(), options.seed % 2 != 0);
  const std::vector<uint8_t>& module = made.module;
  options.neighbour = made.neighbour;
  if (options.seed / 2 % 4 == 0) {
    // So small that recursion and large frames come to the end, or the second call does: all do at the same call.
    const uint64_t cells = options.seed % 16 < 8 ? 100 + options.seed / 16 % 512 : 24 + options.seed / 16 % 128;
    options.config.limits.value_stack_bytes = 8 * cells;
    options.config.limits.call_depth = 2 + options.seed / 64 % 32;
  }
  options.config.tier = sandbox::Tier::kInPlace;
  options.config.dispatch = sandbox::Dispatch::kLoop;
  const Observation reference = Observe(module, options);
  if (!reference.is_valid) Report("the generator made an invalid module", module);
  // Of what runs in between the others must show nothing either, nor of how the host's thread rounds.
  options.nests = true;
  constexpr int kRoundings[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  std::fesetround(kRoundings[module.size() % 4]);
  constexpr std::pair<sandbox::Tier, sandbox::Dispatch> kOthers[] = {
      {sandbox::Tier::kInPlace, sandbox::Dispatch::kDefault},
      {sandbox::Tier::kFast, sandbox::Dispatch::kLoop},
      {sandbox::Tier::kFast, sandbox::Dispatch::kDefault},
      {sandbox::Tier::kAuto, sandbox::Dispatch::kDefault},
  };
  for (const auto& [tier, dispatch] : kOthers) {
    options.config.tier = tier;
    options.config.dispatch = dispatch;
    const std::string difference = Difference(reference, Observe(module, options), true);
    if (!difference.empty()) Report(difference, module);
  }
  std::fesetround(FE_TONEAREST);
  return 0;
}
