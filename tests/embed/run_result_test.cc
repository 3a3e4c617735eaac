// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/run_result.h"

#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"

namespace sandbox::testing {
namespace {

// A store with an instance of the module that calls env.get and env.put, both answered by the embedder.
struct World {
  explicit World(Config config = SmallConfig()) : store(MakeStore(config)) {
    Must(store.LinkFunc("env", "get", 0, 1));
    const ValType params[] = {ValType::I32(), ValType::I64()};
    Must(store.LinkFunc("env", "put", params, {}));
    instance = MakeInstance(store, kHost);
  }
  RunResult Invoke(std::string_view name, std::initializer_list<Value> arguments = {}) {
    return Must(store.Invoke(instance, name, arguments));
  }
  Store store;
  InstanceId instance;
};

TEST(RunResult, DoneHasValues) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  const RunResult run = Must(store.Invoke(math, "swap", {Value::I32(3), Value::I64(-4)}));
  EXPECT_TRUE(run.is_done());
  EXPECT_FALSE(run.is_pending());
  EXPECT_EQ(ValuesOf(run), Values({Value::I64(-4), Value::I32(3)}));
  EXPECT_EQ((Must(run.As<std::tuple<int64_t, int32_t>>())), std::make_tuple(int64_t{-4}, 3));
  EXPECT_EQ(CodeOf(run.As<int32_t>()), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.As<void>()), ErrorCode::kWrongResults);
  EXPECT_EQ(store.run_count(), 0u);
}

TEST(RunResult, ValuesGoWithTheNextRun) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  const RunResult first = Must(store.Invoke(math, "add", {Value::I32(1), Value::I32(2)}));
  const RunResult second = Must(store.Invoke(math, "add", {first.values()[0], first.values()[0]}));
  EXPECT_TRUE(first.values().empty());
  EXPECT_EQ(second.As<int32_t>(), 6);
}

TEST(RunResult, ResultsCanBeTheNextArguments) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  // The span lies in the store itself.
  const RunResult first = Must(store.Invoke(math, "add", {Value::I32(20), Value::I32(3)}));
  const RunResult second = Must(store.Invoke(math, "count", first.values()));
  EXPECT_EQ(second.As<int32_t>(), 23);
}

TEST(RunResult, OtherOutcomesHaveNothingToGive) {
  World world;
  const RunResult run = world.Invoke("get");
  EXPECT_EQ(CodeOf(run.As<int32_t>()), ErrorCode::kNotRunning);
  EXPECT_TRUE(run.values().empty());
  EXPECT_EQ(run.fuel_needed(), 0u);
  EXPECT_EQ(CodeOf(run.Resume()), ErrorCode::kNotRunning);
  const RunResult done = Must(run.call().Resume(Value::I32(1)));
  EXPECT_FALSE(done.call().is_current());
  EXPECT_EQ(CodeOf(done.Resume()), ErrorCode::kNotRunning);
  EXPECT_EQ(CodeOf(done.Drop()), ErrorCode::kNotRunning);
}

// --- Host calls ----------------------------------------------------------------------------------------------------

TEST(Call, TellsWhoCallsWhatWithWhat) {
  World world;
  const RunResult run = world.Invoke("put", {Value::I32(5)});
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  const Call call = run.call();
  EXPECT_TRUE(call.is_current());
  EXPECT_EQ(call.index(), 1u);
  EXPECT_EQ(call.module(), "env");
  EXPECT_EQ(call.name(), "put");
  EXPECT_EQ(call.signature().params.size(), 2u);
  EXPECT_EQ(call.signature().results.size(), 0u);
  ASSERT_EQ(call.args().size(), 2u);
  EXPECT_EQ(call.args()[0], Value::I32(5));
  EXPECT_EQ(call.args()[1], Value::I64(-1));
  EXPECT_EQ((Must(call.Args<int32_t, int64_t>())), std::make_tuple(5, int64_t{-1}));
  EXPECT_EQ(CodeOf(call.Args<int32_t>()), ErrorCode::kWrongArguments);
  EXPECT_EQ(call.instance(), world.instance);
  EXPECT_EQ(Must(call.memory()).size_bytes(), kPageBytes);
  EXPECT_EQ(CodeOf(call.memory(1)), ErrorCode::kOutOfRange);
  EXPECT_TRUE(Must(call.Resume()).is_done());
}

TEST(Call, ResumesWithResults) {
  World world;
  RunResult run = world.Invoke("twice");
  run = Must(run.call().Resume({Value::I32(30)}));
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  run = Must(run.call().Resume({Value::I32(12)}));
  EXPECT_EQ(run.As<int32_t>(), 42);
}

TEST(Call, WrongResultsLeaveItPending) {
  World world;
  const RunResult run = world.Invoke("get");
  EXPECT_EQ(CodeOf(run.call().Resume()), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.call().Resume(Value::I64(1))), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.call().Resume({Value::I32(1), Value::I32(1)})), ErrorCode::kWrongResults);
  EXPECT_TRUE(run.call().is_current());
  EXPECT_EQ(Must(run.call().Resume(Value::I32(9))).As<int32_t>(), 9);
}

TEST(Call, IsStaleOnceAnswered) {
  World world;
  const Call first = world.Invoke("twice").call();
  const RunResult second = Must(first.Resume(Value::I32(1)));
  // The run is the same; the call is not.
  EXPECT_EQ(CodeOf(first.Resume(Value::I32(2))), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(first.Trap()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(first.Drop()), ErrorCode::kStaleHandle);
  EXPECT_EQ(first.index(), kNoIndex);
  EXPECT_EQ(first.name(), "");
  EXPECT_TRUE(first.args().empty());
  EXPECT_EQ(CodeOf(first.Args<>()), ErrorCode::kStaleHandle);
  EXPECT_EQ(first.instance(), std::nullopt);
  EXPECT_EQ(CodeOf(first.memory()), ErrorCode::kStaleHandle);
  EXPECT_TRUE(second.call().is_current());
  EXPECT_EQ(Call().index(), kNoIndex);
  EXPECT_EQ(CodeOf(Call().Resume()), ErrorCode::kStaleHandle);
}

TEST(Call, AnswersWithATrap) {
  World world;
  const RunResult run = Must(world.Invoke("get").call().Trap(TrapCode::kOutOfBoundsMemory));
  ASSERT_TRUE(run.is_trapped());
  EXPECT_EQ(run.trap().code, TrapCode::kOutOfBoundsMemory);
  ASSERT_TRUE(run.trap().where.has_value());
  // The function that called: behind two imports.
  EXPECT_EQ(run.trap().where->function, 2u);
  EXPECT_EQ(world.store.run_count(), 0u);
  EXPECT_EQ(world.Invoke("one").As<int32_t>(), 1);
}

TEST(Call, CanBeDropped) {
  World world;
  const RunResult run = world.Invoke("get");
  Must(run.call().Drop());
  EXPECT_EQ(world.store.run_count(), 0u);
  EXPECT_FALSE(run.call().is_current());
  EXPECT_EQ(world.Invoke("one").As<int32_t>(), 1);
  const RunResult other = world.Invoke("get");
  Must(other.Drop());
  EXPECT_EQ(CodeOf(other.Drop()), ErrorCode::kStaleHandle);
}

TEST(Call, OfTheHostItself) {
  World world;
  // An export that is the import.
  const RunResult run = world.Invoke("env.get");
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  EXPECT_EQ(run.call().index(), 0u);
  EXPECT_EQ(run.call().instance(), std::nullopt);
  EXPECT_EQ(CodeOf(run.call().memory()), ErrorCode::kStaleHandle);
  EXPECT_EQ(Must(run.call().Resume(Value::I32(4))).As<int32_t>(), 4);
  const RunResult trapped = Must(world.Invoke("env.get").call().Trap());
  EXPECT_EQ(trapped.trap().code, TrapCode::kHost);
  EXPECT_FALSE(trapped.trap().where.has_value());
  EXPECT_EQ(world.store.trace_size(), 0u);
}

// --- Stack discipline ----------------------------------------------------------------------------------------------

TEST(Nesting, InnermostFirst) {
  World world;
  const RunResult outer = world.Invoke("get");
  const RunResult inner = world.Invoke("put", {Value::I32(8)});
  EXPECT_EQ(world.store.run_count(), 2u);
  EXPECT_EQ(CodeOf(outer.call().Resume(Value::I32(1))), ErrorCode::kOutOfTurn);
  EXPECT_EQ(CodeOf(outer.call().Trap()), ErrorCode::kOutOfTurn);
  EXPECT_EQ(CodeOf(outer.call().Drop()), ErrorCode::kOutOfTurn);
  EXPECT_EQ(CodeOf(outer.Drop()), ErrorCode::kOutOfTurn);
  EXPECT_FALSE(outer.call().is_current());
  // It can be looked at all the same.
  EXPECT_EQ(outer.call().name(), "get");
  EXPECT_EQ(inner.call().args()[0], Value::I32(8));
  EXPECT_EQ(outer.call().instance(), world.instance);
  // A third one that ends at once.
  EXPECT_EQ(world.Invoke("one").As<int32_t>(), 1);
  EXPECT_TRUE(Must(inner.call().Resume()).is_done());
  EXPECT_TRUE(outer.call().is_current());
  EXPECT_EQ(Must(outer.call().Resume(Value::I32(6))).As<int32_t>(), 6);
}

TEST(Nesting, PendingFindsTheInnermost) {
  World world;
  EXPECT_FALSE(world.store.pending().has_value());
  EXPECT_FALSE(world.store.last_call().has_value());
  (void)world.Invoke("get");  // nobody keeps the result
  (void)world.Invoke("put", {Value::I32(8)});
  EXPECT_EQ(world.store.last_call()->name(), "put");
  Must(world.store.pending()->Drop());
  EXPECT_EQ(world.store.last_call()->name(), "get");
  EXPECT_EQ(Must(world.store.last_call()->Resume(Value::I32(2))).As<int32_t>(), 2);
  EXPECT_FALSE(world.store.pending().has_value());
}

TEST(Nesting, IsLimited) {
  Config config = SmallConfig();
  config.limits.nested_runs = 3;
  World world(config);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.Invoke("get").outcome(), Outcome::kHostCall);
  const Result<RunResult> fourth = world.store.Invoke(world.instance, "get");
  ASSERT_EQ(CodeOf(fourth), ErrorCode::kLimitExceeded);
  EXPECT_EQ(fourth.error().detail, static_cast<uint32_t>(LimitId::nested_runs));
  EXPECT_EQ(CodeOf(world.store.Instantiate(LoadOk(kMath))), ErrorCode::kLimitExceeded);
  EXPECT_EQ(world.store.run_count(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Must(world.store.last_call()->Resume(Value::I32(i))).is_done());
}

// --- Fuel ----------------------------------------------------------------------------------------------------------

TEST(Fuel, IsExact) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  store.SetFuel(100);
  // The call itself is the host's; then two local.get, the addition, end.
  EXPECT_TRUE(Must(store.Invoke(math, "add", {Value::I32(1), Value::I32(2)})).is_done());
  const uint64_t once = 100 - store.fuel();
  EXPECT_TRUE(Must(store.Invoke(math, "add", {Value::I32(1), Value::I32(2)})).is_done());
  EXPECT_EQ(store.fuel(), 100 - 2 * once);
  store.SetFuel(once);
  EXPECT_TRUE(Must(store.Invoke(math, "add", {Value::I32(1), Value::I32(2)})).is_done());
  EXPECT_EQ(store.fuel(), 0u);
  store.SetFuel(once - 1);
  const RunResult run = Must(store.Invoke(math, "add", {Value::I32(1), Value::I32(2)}));
  ASSERT_EQ(run.outcome(), Outcome::kOutOfFuel);
  EXPECT_EQ(run.fuel_needed(), store.fuel() + 1);
}

TEST(Fuel, AnySplitGivesTheSameEnd) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  store.SetFuel(1'000'000);
  EXPECT_EQ(Must(store.Invoke(math, "count", {Value::I32(20)})).As<int32_t>(), 20);
  const uint64_t all = 1'000'000 - store.fuel();
  for (uint64_t portion : {uint64_t{1}, uint64_t{2}, uint64_t{7}, all}) {
    store.SetFuel(0);
    uint64_t given = 0;
    RunResult run = Must(store.Invoke(math, "count", {Value::I32(20)}));
    while (!run.is_done()) {
      ASSERT_EQ(run.outcome(), Outcome::kOutOfFuel);
      EXPECT_GT(run.fuel_needed(), store.fuel());
      store.AddFuel(portion);
      given += portion;
      run = Must(run.Resume());
    }
    EXPECT_EQ(run.As<int32_t>(), 20);
    EXPECT_EQ(given - store.fuel(), all);
  }
}

TEST(Fuel, ResumingWithoutMoreChangesNothing) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  store.SetFuel(10);
  RunResult run = Must(store.Invoke(math, "spin"));
  const uint64_t left = store.fuel();
  const uint64_t needed = run.fuel_needed();
  const RunResult again = Must(run.Resume());
  EXPECT_EQ(again.outcome(), Outcome::kOutOfFuel);
  EXPECT_EQ(again.fuel_needed(), needed);
  EXPECT_EQ(store.fuel(), left);
  EXPECT_EQ(CodeOf(run.Resume()), ErrorCode::kStaleHandle);
  EXPECT_EQ(run.fuel_needed(), 0u);
  Must(again.Drop());
}

TEST(Fuel, IsExactAroundHostCalls) {
  const auto run_all = [](World& world) {
    RunResult run = world.Invoke("twice");
    std::vector<uint64_t> seen;
    while (!run.is_done()) {
      if (run.outcome() == Outcome::kOutOfFuel) {
        world.store.AddFuel(1);
        run = Must(run.Resume());
      } else {
        seen.push_back(world.store.fuel());
        run = Must(run.call().Resume(Value::I32(1)));
      }
    }
    seen.push_back(world.store.fuel());
    return seen;
  };
  World world;
  world.store.SetFuel(1000);
  const std::vector<uint64_t> full = run_all(world);
  ASSERT_EQ(full.size(), 3u);
  // call; call; i32.add and end.
  EXPECT_EQ(full[0] - full[1], 1u);
  EXPECT_EQ(full[1] - full[2], 2u);
  world.store.SetFuel(0);
  EXPECT_EQ(run_all(world), (std::vector<uint64_t>{0, 0, 0}));
}

TEST(Fuel, HostSeesAndChangesItMidway) {
  Store store = MakeStore();
  uint64_t seen = 0;
  Must(store.Link("env", "inner", [&seen](Caller& caller, int32_t x) {
    seen = caller.store().fuel();
    caller.store().SetFuel(50);
    return x;
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  store.SetFuel(1000);
  EXPECT_EQ(Must(store.Invoke(instance, "outer", {Value::I32(3)})).As<int32_t>(), 303);
  // Before the call: local.get, i32.const, i32.mul, local.get, call (1 + 1 for its parameter).
  EXPECT_EQ(seen, 1000u - 6);
  EXPECT_EQ(store.fuel(), 50u - 2);
}

TEST(Fuel, UnlimitedAndSaturating) {
  Store store = MakeStore();
  EXPECT_EQ(store.fuel(), kUnlimitedFuel);
  store.AddFuel(5);
  EXPECT_EQ(store.fuel(), kUnlimitedFuel);
  store.SetFuel(10);
  store.AddFuel(kUnlimitedFuel);
  EXPECT_EQ(store.fuel(), kUnlimitedFuel - 1);
}

// --- Interrupts ----------------------------------------------------------------------------------------------------

TEST(Interrupted, BeforeARunTwiceIsOnce) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  store.interrupt()->Request();
  store.interrupt()->Request();
  RunResult run = Must(store.Invoke(math, "count", {Value::I32(3)}));
  ASSERT_EQ(run.outcome(), Outcome::kInterrupted);
  EXPECT_TRUE(run.is_pending());
  EXPECT_TRUE(store.interrupt()->IsRequested());
  run = Must(run.Resume());
  EXPECT_FALSE(store.interrupt()->IsRequested());
  EXPECT_EQ(run.As<int32_t>(), 3);
}

TEST(Interrupted, AfterARunWaitsForTheNext) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  EXPECT_TRUE(Must(store.Invoke(math, "nothing")).is_done());
  store.interrupt()->Request();
  const RunResult run = Must(store.Invoke(math, "nothing"));
  EXPECT_EQ(run.outcome(), Outcome::kInterrupted);
  Must(run.Drop());
  // Dropping does not clear it.
  EXPECT_EQ(Must(store.Invoke(math, "nothing")).outcome(), Outcome::kInterrupted);
  Must(store.pending()->Drop());
  store.interrupt()->Clear();
  EXPECT_TRUE(Must(store.Invoke(math, "nothing")).is_done());
}

TEST(Interrupted, StopsWithinASlice) {
  Store store = MakeStore();
  Must(store.Link("env", "inner", [](Caller& caller, int32_t x) {
    caller.store().interrupt()->Request();
    return x;
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  store.SetFuel(10 * kFuelSlice);
  // The interrupt comes while code runs; the loop after it never ends by itself.
  const RunResult outer = Must(store.Invoke(instance, "outer", {Value::I32(1)}));
  EXPECT_TRUE(outer.is_done() || outer.outcome() == Outcome::kInterrupted);
  const uint64_t before = store.fuel();
  const RunResult run = Must(store.Invoke(instance, "spin"));
  ASSERT_EQ(run.outcome(), Outcome::kInterrupted);
  EXPECT_LE(before - store.fuel(), kFuelSlice);
}

TEST(Interrupted, GoesOnExactly) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  store.SetFuel(10'000'000);
  const int32_t turns = 100'000;
  EXPECT_EQ(Must(store.Invoke(math, "count", {Value::I32(turns)})).As<int32_t>(), turns);
  const uint64_t all = 10'000'000 - store.fuel();
  store.SetFuel(10'000'000);
  store.interrupt()->Request();
  RunResult run = Must(store.Invoke(math, "count", {Value::I32(turns)}));
  EXPECT_EQ(run.outcome(), Outcome::kInterrupted);
  EXPECT_EQ(store.fuel(), 10'000'000u);
  run = Must(run.Resume());
  EXPECT_EQ(run.As<int32_t>(), turns);
  EXPECT_EQ(store.fuel(), 10'000'000 - all);
}

TEST(Interrupted, StopsAnInstantiation) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  store.interrupt()->Request();
  Instantiation made = Must(store.Instantiate(LoadOk(kStart)));
  ASSERT_EQ(made.run.outcome(), Outcome::kInterrupted);
  RunResult run = Must(made.run.Resume());
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  EXPECT_TRUE(Must(run.call().Resume(Value::I32(1))).is_done());
}

// --- Traps ---------------------------------------------------------------------------------------------------------

TEST(Trapped, TellsWhereByName) {
  Store store = MakeStore();
  const InstanceId instance = MakeInstance(store, kTraps);
  const RunResult run = Must(store.Invoke(instance, "outer"));
  ASSERT_TRUE(run.is_trapped());
  EXPECT_FALSE(run.is_pending());
  EXPECT_EQ(run.trap().code, TrapCode::kUnreachable);
  ASSERT_TRUE(run.trap().where.has_value());
  EXPECT_EQ(run.trap().where->name, "inner");
  EXPECT_EQ(run.trap().where->instance, instance);
  EXPECT_EQ(kTraps[run.trap().where->offset], 0x00);  // unreachable
  ASSERT_EQ(store.trace_size(), 3u);
  EXPECT_EQ(store.trace_depth(), 3u);
  EXPECT_EQ(store.trace_at(1).name, "middle");
  EXPECT_EQ(store.trace_at(2).name, "outer");
  for (size_t i : {size_t{1}, size_t{2}}) {
    // The last byte of the call: the index of the callee.
    EXPECT_EQ(kTraps[store.trace_at(i).offset - 1], 0x10);
    EXPECT_EQ(kTraps[store.trace_at(i).offset], i - 1);
  }
  size_t frames = 0;
  for (const TraceFrame& frame : store.backtrace()) frames += frame.name.empty() ? 0 : 1;
  EXPECT_EQ(frames, 3u);
  EXPECT_EQ(store.trace_at(3).name, "");
}

TEST(Trapped, DeepRecursionKeepsTheInnermostFrames) {
  Store store = MakeStore();
  const InstanceId instance = MakeInstance(store, kTraps);
  const RunResult run = Must(store.Invoke(instance, "deep"));
  ASSERT_TRUE(run.is_trapped());
  EXPECT_EQ(run.trap().code, TrapCode::kStackExhausted);
  EXPECT_EQ(store.trace_size(), 64u);
  EXPECT_EQ(store.trace_depth(), 200u);
  // The store is as good as before.
  EXPECT_EQ(Must(store.Invoke(instance, "outer")).trap().code, TrapCode::kUnreachable);
}

TEST(Trapped, WhereGoesWithTheNextTrap) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  const RunResult first = Must(store.Invoke(math, "div", {Value::I32(1), Value::I32(0)}));
  const RunResult second = Must(store.Invoke(math, "div", {Value::I32(INT32_MIN), Value::I32(-1)}));
  EXPECT_EQ(first.trap().code, TrapCode::kIntegerDivideByZero);
  EXPECT_FALSE(first.trap().where.has_value());
  EXPECT_EQ(second.trap().code, TrapCode::kIntegerOverflow);
  EXPECT_TRUE(second.trap().where.has_value());
}

TEST(Trapped, OuterRunsGoOn) {
  World world;
  const RunResult outer = world.Invoke("get");
  const InstanceId traps = MakeInstance(world.store, kTraps);
  EXPECT_TRUE(Must(world.store.Invoke(traps, "outer")).is_trapped());
  EXPECT_EQ(Must(outer.call().Resume(Value::I32(3))).As<int32_t>(), 3);
}

TEST(RunResult, OutlivesItsStore) {
  std::optional<RunResult> pending, done, trapped;
  {
    World world;
    done = world.Invoke("one");
    trapped = Must(world.Invoke("get").call().Trap());
    pending = world.Invoke("get");
  }
  EXPECT_TRUE(done->values().empty());
  EXPECT_EQ(CodeOf(done->As<int32_t>()), ErrorCode::kWrongResults);
  EXPECT_EQ(trapped->trap().code, TrapCode::kHost);
  EXPECT_FALSE(trapped->trap().where.has_value());
  EXPECT_FALSE(pending->call().is_current());
  EXPECT_EQ(CodeOf(pending->call().Resume(Value::I32(1))), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(pending->Drop()), ErrorCode::kStaleHandle);
}

}  // namespace
}  // namespace sandbox::testing
