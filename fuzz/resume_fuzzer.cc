// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Any split of the fuel, any interrupt, also while a host call waits, and one straight run end the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
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
  options.fuel = 1'500;
  options.host_grows = true;
  options.host_gives = true;
  options.seed = source.Word(2);
  // A schedule of portions that repeats: single units as well as a good many at once.
  std::vector<uint64_t> portions;
  for (uint32_t i = source.Between(1, 8); i > 0; --i) {
    portions.push_back(source.OneIn(4) ? source.Word(2) : 1 + source.Byte() % 16);
  }
  const uint32_t interrupt_every = source.Between(1, 16);
  // By itself, or with functions, tables and memories of another one.
  const Neighbours made = GenerateNeighbours(source, GeneratorOptions::Deterministic(), options.seed % 2 != 0);
  const std::vector<uint8_t>& module = made.module;
  options.neighbour = made.neighbour;
  options.config.tier = sandbox::Tier::kInPlace;
  const Observation straight = Observe(module, options);
  // Most of a run in portions is steps from one tier to the other.
  if (module.size() % 4 != 0) options.config.tier = sandbox::Tier::kFast;
  if (module.size() % 4 == 1) options.config.tier = sandbox::Tier::kAuto;
  options.nests = true;
  options.checks_payment = true;
  size_t portion = 0;
  uint32_t round = 0;
  options.next_portion = [&] { return std::max<uint64_t>(1, portions[portion++ % portions.size()]); };
  options.interrupts = [&] { return ++round % interrupt_every == 0; };
  const std::string difference = Difference(straight, Observe(module, options), true);
  if (!difference.empty()) Report(difference, module);
  return 0;
}
