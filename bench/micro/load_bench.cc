// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// From bytes to a module that runs, by phase, in bytes of the module a second. The module: $BENCH_MODULE, or a kernel.
// Decoding, validation and the in-place tier's side table are one pass over the code, and so one figure.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "bench/micro/guest.h"
#include "sandbox/fast/tier.h"

namespace sandbox::bench {
namespace {

const std::vector<uint8_t>& ModuleBytes() {
  static const auto& bytes = *new std::vector<uint8_t>([] {
    const char* named = std::getenv("BENCH_MODULE");
    const std::string path = named != nullptr ? named : "bench/kernels/json.wasm";
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "benchmark: cannot read %s\n", path.c_str());
      std::abort();
    }
    return std::vector<uint8_t>{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }());
  return bytes;
}

void CountBytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<int64_t>(ModuleBytes().size()) * static_cast<int64_t>(state.iterations()));
}

void BM_DecodeAndValidate(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(OrDie(Module::Load(ModuleBytes())));
  CountBytes(state);
}
BENCHMARK(BM_DecodeAndValidate)->Name("load/decode_validate_side_table");

// All functions of a module that is loaded.
void BM_Translate(benchmark::State& state) {
  Module module;
  for (auto _ : state) {
    state.PauseTiming();
    module = OrDie(Module::Load(ModuleBytes()));  // the last one ends here
    state.ResumeTiming();
    OrDie(fast::TranslateModule(*module.data()));
  }
  CountBytes(state);
}
BENCHMARK(BM_Translate)->Name("load/translate");

void BM_LoadEagerly(benchmark::State& state) {
  LoadOptions options;
  options.translation = Translation::kEager;
  for (auto _ : state) benchmark::DoNotOptimize(OrDie(Module::Load(ModuleBytes(), options)));
  CountBytes(state);
}
BENCHMARK(BM_LoadEagerly)->Name("load/eager");

// Of a module that is loaded, in a store that is there: memories, tables, segments, start function.
void Instantiate(benchmark::State& state, Tier tier) {
  const Module module = OrDie(Module::Load(ModuleBytes()));
  Config config;
  config.tier = tier;
  Store store = OrDie(Store::Create(config));
  std::set<std::string_view> linked;
  for (const auto import : module.imports()) {
    if (linked.insert(import.module).second) OrDie(store.LinkFuncDefault(import.module));
  }
  for (auto _ : state) {
    OrDie(store.Reset());
    benchmark::DoNotOptimize(OrDie(store.Instantiate(module)));
  }
  CountBytes(state);
}
[[maybe_unused]] const bool kIsRegistered = [] {
  RegisterInTiers("load/instantiate", Instantiate);
  return true;
}();

}  // namespace
}  // namespace sandbox::bench
