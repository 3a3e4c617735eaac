// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// This library, through its public interface, as an engine to observe.
#ifndef FUZZ_ORACLE_OUR_ENGINE_H_
#define FUZZ_ORACLE_OUR_ENGINE_H_

#include <cstdint>
#include <functional>
#include <span>

#include "fuzz/oracle/observation.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {

// So small that an input takes milliseconds, hashing all memories included.
inline Config SmallConfig() {
  Config config;
  // At once: inputs are too short for Tier::kAuto to translate much.
  config.tier = Tier::kFast;
  config.limits.store_bytes = 4u << 20;
  config.limits.moved_bytes = 32u << 20;
  return config;
}

struct RunOptions {
  Config config = SmallConfig();
  uint64_t seed = 0;
  uint64_t fuel = 20'000;  // for each call
  uint32_t rounds = kRounds;
  bool names_functions = true;  // tells references to one exported function from those to another
  std::span<const uint8_t> neighbour;  // a module whose exports, under kNeighbour, the module may import
  // While a run waits or is in a host function, another one overwrites the value stack above it, sometimes.
  bool nests = false;
  bool checks_payment = false;  // at pauses: the memory has changed by no more than what fuel was spent for
  bool host_gives = false;  // host functions that the engine calls itself add a unit of fuel
  bool host_grows = false;  // host functions let the caller's memory grow, sometimes: what no reference does
  // Hands the fuel out in portions: how much comes next. Absent: all of it at once.
  std::function<uint64_t()> next_portion;
  // Asks for an interrupt before a run goes on, sometimes. Absent: never.
  std::function<bool()> interrupts;
};

// Runs the script of calls. Errors of the API other than a rejected module end the process: generated modules give no
// reason for any.
Observation Observe(std::span<const uint8_t> module, const RunOptions& options);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_OUR_ENGINE_H_
