// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A module that a benchmark has made, in a tier, and its functions as benchmarks.
#ifndef BENCH_MICRO_GUEST_H_
#define BENCH_MICRO_GUEST_H_

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sandbox/sandbox.h"
#include "tests/lib/module_builder.h"

namespace sandbox::bench {

using testing::Code;
using testing::ModuleBuilder;

template <typename T>
T OrDie(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "benchmark: %s\n", std::string(TextOf(result.error().code)).c_str());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct NamedTier {
  const char* name;
  Tier tier;
};
inline constexpr std::array<NamedTier, 2> kTiers = {{{"inplace", Tier::kInPlace}, {"fast", Tier::kFast}}};

// Metered, from a tank that lasts.
inline constexpr uint64_t kTank = uint64_t{1} << 62;

class Guest {
 public:
  using Linker = std::function<void(Store&)>;

  Guest(const ModuleBuilder& builder, Tier tier, const Linker& link = {})
      : bytes_(builder.Build()), module_(OrDie(Module::Load(bytes_))), store_(OrDie(Store::Create(ConfigOf(tier)))) {
    if (link) link(store_);
    Renew();
  }

  // An instance as new.
  void Renew() {
    OrDie(store_.Reset());
    instance_ = OrDie(store_.Instantiate(module_)).instance;
  }

  Store& store() { return store_; }
  InstanceId instance() const { return instance_; }

  uint32_t Call(std::string_view name, uint32_t argument) {
    const RunResult result = OrDie(store_.Invoke(instance_, name, {Value::I32(argument)}));
    if (!result.is_done()) std::abort();
    return result.values()[0].u32();
  }

  // Calls run(rounds) again and again, which does `items` things each round. wasm/s: units of fuel, of which an
  // instruction is one.
  void Measure(benchmark::State& state, uint32_t rounds, uint64_t items) {
    Call("run", 1);  // whatever is lazy
    const uint64_t fuel = store_.fuel();
    for (auto _ : state) benchmark::DoNotOptimize(Call("run", rounds));
    CountFuel(state, fuel - store_.fuel());
    state.SetItemsProcessed(static_cast<int64_t>(items * rounds) * static_cast<int64_t>(state.iterations()));
  }

  static void CountFuel(benchmark::State& state, uint64_t fuel) {
    state.counters["wasm/s"] = benchmark::Counter(static_cast<double>(fuel), benchmark::Counter::kIsRate);
  }

 private:
  static Config ConfigOf(Tier tier) {
    Config config;
    config.tier = tier;
    config.fuel = kTank;
    return config;
  }

  testing::Bytes bytes_;
  Module module_;
  Store store_;
  InstanceId instance_;
};

// Registers NAME/TIER for both tiers.
template <typename Body>
void RegisterInTiers(const std::string& name, Body body) {
  for (const NamedTier& tier : kTiers) {
    benchmark::RegisterBenchmark((name + "/" + tier.name).c_str(),
                                 [body, tier](benchmark::State& state) { body(state, tier.tier); });
  }
}

// A loop that counts local 0, its function's parameter, down to nothing. The body leaves nothing on the stack.
inline Code CountDown(const Code& body) {
  Code code;
  code.Begin(Op::kLoop).Raw(body);
  return code.LocalGet(0).I32Const(1).Op(Op::kI32Sub).Op(Op::kLocalTee, {0}).Op(Op::kBrIf, {0}).End();
}

inline Code Repeated(const Code& code, uint32_t times) {
  Code all;
  for (uint32_t i = 0; i < times; ++i) all.Raw(code);
  return all;
}

}  // namespace sandbox::bench

#endif  // BENCH_MICRO_GUEST_H_
