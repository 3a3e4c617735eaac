// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Every refusal of memory: nothing leaks, and what was there before goes on as if nothing had been asked.
#include "sandbox/embed/store_state.h"

#include <cstdint>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox::testing {
namespace {

// True when the step went through; a refusal is of class memory and nothing else.
template <typename T>
bool WentThrough(const Result<T>& result) {
  if (result) return true;
  EXPECT_EQ(ClassOf(result.error().code), ErrorClass::kMemory) << TextOfError(result.error());
  return false;
}

Config ConfigWith(FailingAllocator& allocator) {
  Config config = SmallConfig();
  config.allocator = &allocator;
  return config;
}

TEST(Refusals, WhileLoading) {
  for (bool is_copied : {false, true}) {
    const uint64_t refused = ForEachRefusal([&](FailingAllocator& allocator) {
      LoadOptions options;
      options.allocator = &allocator;
      const Result<Module> module = is_copied ? Module::LoadCopy(kObjects, options) : Module::Load(kObjects, options);
      EXPECT_EQ(WentThrough(module), !allocator.has_failed());
    });
    EXPECT_GT(refused, 10u);
  }
}

TEST(Refusals, WhileMakingAStore) {
  const uint64_t refused = ForEachRefusal([](FailingAllocator& allocator) {
    const Result<Store> store = Store::Create(ConfigWith(allocator));
    EXPECT_EQ(WentThrough(store), !allocator.has_failed());
  });
  EXPECT_GE(refused, 4u);
}

// All kinds of links.
Result<void> LinkEverything(Store& store) {
  Limits limits;
  limits.min = 1;
  const ValType types[] = {ValType::I32(), ValType::I64()};
  SANDBOX_TRY(store.LinkFunc("env", "get", 0, 1));
  SANDBOX_TRY(store.LinkFunc("env", "put", types, {}));
  SANDBOX_TRY(store.LinkFuncDefault("rest"));
  SANDBOX_TRY(store.Link("env", "inner", [](Caller& caller, int32_t x) -> HostResult<int32_t> {
    const Result<RunResult> run = caller.store().Invoke(*caller.instance(), "leaf", {Value::I32(x)});
    if (!run || !run->is_done()) return Trap(TrapCode::kHost);
    return *run->As<int32_t>();
  }));
  SANDBOX_TRY(store.LinkGlobal("host", "variable", Value::I32(1), true));
  SANDBOX_TRY(store.LinkGlobal("host", "constant", Value::I64(1)));
  SANDBOX_TRY(store.LinkTable("host", "table", TableType{ValType::FuncRef(), limits}));
  SANDBOX_TRY(store.LinkMemory("host", "memory", MemoryType{limits}));
  return store.LinkTag("host", "tag", types);
}

// A plugin's whole life. The outcome in `*sum` when it went through.
Result<void> Live(Store& store, const Module& host, const Module& objects, const Module& reenter, int64_t* sum) {
  SANDBOX_TRY(LinkEverything(store));
  SANDBOX_ASSIGN(const Instantiation first, store.Instantiate(host));
  SANDBOX_ASSIGN(const Instantiation second, store.Instantiate(objects));
  SANDBOX_ASSIGN(const Instantiation third, store.Instantiate(reenter));
  SANDBOX_TRY(store.SetName(first.instance, "first"));
  SANDBOX_ASSIGN(RunResult run, store.Invoke(first.instance, "get"));
  SANDBOX_ASSIGN(const RunResult inner, store.Invoke(first.instance, "put", {Value::I32(3)}));
  *sum += inner.call().args()[0].i32();
  SANDBOX_TRY(inner.call().Resume());
  SANDBOX_ASSIGN(run, run.call().Resume(Value::I32(40)));
  *sum += run.values()[0].i32();
  SANDBOX_ASSIGN(run, store.Invoke(third.instance, "outer", {Value::I32(1)}));
  // A refusal inside the host function is a trap.
  if (run.is_trapped()) return Fail(ErrorCode::kOutOfMemory);
  *sum += run.values()[0].i32();
  SANDBOX_ASSIGN(const TableView table, store.GetTable(second.instance, "table"));
  SANDBOX_TRY(table.Grow(1, Value::Null(HeapType::kFunc)));
  // A growth that is refused is no error of the call.
  SANDBOX_ASSIGN(run, store.Invoke(third.instance, "grow"));
  *sum += run.values()[0].i32() == 1 ? 1000 : 0;
  return store.Release(first.instance);
}

TEST(Refusals, WhileAPluginLives) {
  const Module host = LoadOk(kHost);
  const Module objects = LoadOk(kObjects);
  const Module reenter = LoadOk(kReenter);
  for (bool and_all_later : {false, true}) {
    bool has_finished = false;
    const uint64_t refused = ForEachRefusal(
        [&](FailingAllocator& allocator) {
          Result<Store> store = Store::Create(ConfigWith(allocator));
          if (!WentThrough(store)) return;
          int64_t sum = 0;
          if (!WentThrough(Live(*store, host, objects, reenter, &sum))) {
            // As good as new, when there is memory again.
            allocator.FailNever();
            EXPECT_TRUE(store->Reset({.keep_links = false}).has_value());
            sum = 0;
            EXPECT_TRUE(Live(*store, host, objects, reenter, &sum).has_value());
          }
          if (!allocator.has_failed()) {
            EXPECT_EQ(sum, 3 + 40 + 106 + 1000);
            has_finished = true;
          }
        },
        and_all_later);
    EXPECT_TRUE(has_finished);
    EXPECT_GT(refused, 50u);
  }
}

// What a refused call must not change.
struct Observed {
  explicit Observed(Store& store)
      : used_bytes(store.used_bytes()), runs(store.run_count()), fuel(store.fuel()), pending(store.last_call()) {
    is_current = pending && pending->is_current();
  }
  uint64_t used_bytes;
  size_t runs;
  uint64_t fuel;
  std::optional<Call> pending;
  bool is_current = false;
};

// Refuses the n-th allocation of one call, for every n, in a store with a pending run.
template <typename Step>
void RefuseInStep(Step step) {
  const Module host = LoadOk(kHost);
  for (uint64_t n = 0;; ++n) {
    FailingAllocator allocator;
    Config config = ConfigWith(allocator);
    config.fuel = 1'000'000;
    Store store = MakeStore(config);
    Must(store.LinkFunc("env", "get", 0, 1));
    Must(store.LinkFuncDefault("env"));
    const Instantiation made = Must(store.Instantiate(host));
    const RunResult waiting = Must(store.Invoke(made.instance, "get"));
    const Observed before(store);
    allocator.FailAt(n);
    const bool went_through = WentThrough(step(store));
    EXPECT_EQ(went_through, !allocator.has_failed());
    if (went_through) return;
    const Observed after(store);
    // Types, and room in arrays, may stay.
    EXPECT_LE(after.used_bytes, before.used_bytes + 8192);
    EXPECT_EQ(after.runs, before.runs);
    EXPECT_EQ(after.fuel, before.fuel);
    EXPECT_TRUE(after.is_current);
    EXPECT_EQ(waiting.call().name(), "get");
    // The same call, now with memory.
    allocator.FailNever();
    EXPECT_TRUE(step(store).has_value());
  }
}

TEST(Refusals, ChangeNothingInstantiating) {
  const Module module = LoadOk(kObjects);
  RefuseInStep([&](Store& store) { return store.Instantiate(module); });
}

TEST(Refusals, ChangeNothingInstantiatingFromACatchAll) {
  const Module module = LoadOk(kStart);
  RefuseInStep([&](Store& store) { return store.Instantiate(module); });
}

TEST(Refusals, ChangeNothingLinking) {
  RefuseInStep([](Store& store) { return store.LinkFunc("a", "function", 3, 2); });
  RefuseInStep([](Store& store) { return store.Link("a", "lambda", [&store] { return store.id().key(); }); });
  RefuseInStep([](Store& store) { return store.LinkGlobal("a", "global", Value::I32(1)); });
  Limits limits;
  limits.min = 3;
  RefuseInStep([&](Store& store) { return store.LinkMemory("a", "memory", MemoryType{limits}); });
  RefuseInStep([&](Store& store) { return store.LinkTable("a", "table", TableType{ValType::FuncRef(), limits}); });
  RefuseInStep([](Store& store) { return store.LinkTag("a", "tag", {}); });
  RefuseInStep([](Store& store) { return store.LinkFuncDefault("a"); });
}

TEST(Refusals, ChangeNothingInvoking) {
  RefuseInStep([](Store& store) {
    Result<RunResult> run = store.Invoke(Must(store.InstanceAt(0)), "put", {Value::I32(1)});
    if (run) Must(run->call().Drop());
    return run;
  });
}

}  // namespace
}  // namespace sandbox::testing
