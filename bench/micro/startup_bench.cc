// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What an embedder pays around the guest's own work: loading, instantiating and resetting a small module, calling into
// the guest, and the two kinds of host call.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "bench/micro/guest.h"
#include "sandbox/sandbox.h"

namespace {

using sandbox::Module;
using sandbox::Outcome;
using sandbox::RunResult;
using sandbox::Store;
using sandbox::Value;
using sandbox::bench::OrDie;

// (module
//   (import "env" "add" (func $add (param i32 i32) (result i32)))
//   (memory (export "memory") 1)
//   (func (export "mul") (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
//   (func (export "via_host") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
//   (data (i32.const 0) "hello"))
constexpr auto kModule = std::to_array<uint8_t>({
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,                                // header
    0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f,                          // type
    0x02, 0x0b, 0x01, 0x03, 'e',  'n',  'v',  0x03, 'a',  'd',  'd',  0x00, 0x00,  // import
    0x03, 0x03, 0x02, 0x00, 0x00,                                                  // functions
    0x05, 0x03, 0x01, 0x00, 0x01,                                                  // memory
    0x07, 0x1b, 0x03, 0x06, 'm',  'e',  'm',  'o',  'r',  'y',  0x02, 0x00, 0x03, 'm',  'u',
    'l',  0x00, 0x01, 0x08, 'v',  'i',  'a',  '_',  'h',  'o',  's',  't',  0x00, 0x02,  // exports
    0x0a, 0x12, 0x02, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0x6c, 0x0b, 0x08, 0x00, 0x20, 0x00,
    0x20, 0x01, 0x10, 0x00, 0x0b,                                                 // code
    0x0b, 0x0b, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x05, 'h',  'e',  'l',  'l',  'o',  // data
});

struct Plugin {
  Module module = OrDie(Module::Load(kModule));
  Store store = OrDie(Store::Create());
  sandbox::InstanceId instance;

  explicit Plugin(bool suspends) {
    if (suspends) {
      OrDie(store.LinkFunc("env", "add", 2, 1));
    } else {
      OrDie(store.Link("env", "add", [](int32_t a, int32_t b) { return a + b; }));
    }
    instance = OrDie(store.Instantiate(module)).instance;
  }
};

void BM_Load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(OrDie(Module::Load(kModule)));
}
BENCHMARK(BM_Load);

void BM_CreateStore(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(OrDie(Store::Create()));
}
BENCHMARK(BM_CreateStore);

// The next plugin in the same store: reset and instantiate.
void BM_ResetAndInstantiate(benchmark::State& state) {
  Plugin plugin(false);
  for (auto _ : state) {
    OrDie(plugin.store.Reset());
    benchmark::DoNotOptimize(OrDie(plugin.store.Instantiate(plugin.module)));
  }
  state.counters["store_bytes"] = static_cast<double>(plugin.store.used_bytes());
}
BENCHMARK(BM_ResetAndInstantiate);

void BM_InvokeByName(benchmark::State& state) {
  Plugin plugin(false);
  for (auto _ : state) {
    benchmark::DoNotOptimize(OrDie(plugin.store.Invoke(plugin.instance, "mul", {Value::I32(6), Value::I32(7)})));
  }
}
BENCHMARK(BM_InvokeByName);

void BM_InvokeTyped(benchmark::State& state) {
  Plugin plugin(false);
  const auto mul = OrDie(plugin.store.GetFunc<int32_t(int32_t, int32_t)>(plugin.instance, "mul"));
  for (auto _ : state) benchmark::DoNotOptimize(OrDie(mul(6, 7)));
}
BENCHMARK(BM_InvokeTyped);

// Subtract BM_InvokeTyped to get the host call alone.
void BM_HostCallLambda(benchmark::State& state) {
  Plugin plugin(false);
  const auto via_host = OrDie(plugin.store.GetFunc<int32_t(int32_t, int32_t)>(plugin.instance, "via_host"));
  for (auto _ : state) benchmark::DoNotOptimize(OrDie(via_host(6, 7)));
}
BENCHMARK(BM_HostCallLambda);

void BM_HostCallSuspended(benchmark::State& state) {
  Plugin plugin(true);
  const auto via_host = OrDie(plugin.store.GetFunc<int32_t(int32_t, int32_t)>(plugin.instance, "via_host"));
  for (auto _ : state) {
    RunResult result = OrDie(via_host(6, 7));
    const auto arguments = result.call().args();
    const Value sum = Value::I32(arguments[0].u32() + arguments[1].u32());
    benchmark::DoNotOptimize(OrDie(result.call().Resume(sum)));
  }
}
BENCHMARK(BM_HostCallSuspended);

}  // namespace
