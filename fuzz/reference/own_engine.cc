// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// This library's own in-place tier as a reference for the other one. tiers_fuzzer compares more (fuel, every dispatch form)
// in shorter runs; this one is there wherever no other engine is, and knows all that the library knows.
#include "fuzz/oracle/our_engine.h"
#include "fuzz/reference/engine.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {
namespace {

class OwnEngine final : public Engine {
 public:
  std::string_view name() const override { return "in-place tier"; }

  Judgement Judge(std::span<const uint8_t> module) override {
    const Result<Module> loaded = Module::Load(module);
    if (loaded) return {Verdict::kAccepts, ""};
    return {Verdict::kRejects, std::string(TextOf(loaded.error().code))};
  }

  EngineRun Execute(std::span<const uint8_t> module, const Invocations& invocations) override {
    RunOptions options;
    options.config.tier = Tier::kInPlace;
    options.config.limits.store_bytes = 64u << 20;  // neither memory nor fuel ends what the module itself does not
    options.fuel = 10'000'000;
    options.seed = invocations.seed;
    options.rounds = invocations.rounds;
    EngineRun run{true, Observe(module, options)};
    // As with other engines, nothing follows a start function that traps.
    if (!run.seen.calls.empty() && run.seen.calls.front().ending != Ending::kReturned) {
      run.seen.calls.resize(1);
      run.seen.memories.clear();
      run.seen.globals.clear();
      run.seen.tables.clear();
    }
    return run;
  }
};

}  // namespace

Engine& Reference() {
  static OwnEngine engine;
  return engine;
}

}  // namespace sandbox::fuzz
