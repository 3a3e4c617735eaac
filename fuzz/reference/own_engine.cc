// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// This library's own in-place tier as a reference for the other one. tiers_fuzzer compares more (fuel, every dispatch form);
// this one is there wherever no other engine is, and knows all that the library knows.
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
    options.seed = invocations.seed;
    options.rounds = invocations.rounds;
    return {true, Observe(module, options)};
  }
};

}  // namespace

Engine& Reference() {
  static OwnEngine engine;
  return engine;
}

}  // namespace sandbox::fuzz
