// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/embed/run_result.h (a run that is answered through its own handle; arguments as C++ values)
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sandbox/base/build_config.h"
#include "sandbox/sandbox.h"
#include "tests/embed/support.h"
#include "tests/lib/module_builder.h"

namespace sandbox::testing {
namespace {

const ValType kI32 = ValType::I32();
const ValType kI64 = ValType::I64();
const ValType kFuncRef = ValType::FuncRef();

// Functions that call env.ask (i32 -> i32), which waits for the embedder, and env.act, which does something at once.
std::vector<uint8_t> Asking() {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const uint32_t ask = b.ImportFunction("env", "ask", type);
  const uint32_t act = b.ImportFunction("env", "act", b.AddType({}, {}));
  b.ExportFunction("twice", b.AddFunction(type, Code().LocalGet(0).Call(ask).Call(ask).End()));
  b.ExportFunction("trap", b.AddFunction(type, Code().LocalGet(0).Call(ask).Op(Op::kUnreachable).End()));
  b.ExportFunction("act", b.AddFunction(type, Code().LocalGet(0).Call(ask).Call(act).End()));
  return b.Build();
}

struct World {
  explicit World(Tier tier) : bytes(Asking()), store(MakeStore(ConfigOf(tier))) {
    Must(store->LinkFunc("env", "ask", 1, 1));
    Must(store->Link("env", "act", [this] {
      if (act) act();
    }));
    instance = MakeInstance(*store, bytes);
  }
  static Config ConfigOf(Tier tier) {
    Config config = SmallConfig();
    if (kFastTier) config.tier = tier;
    return config;
  }
  RunResult Invoke(std::string_view name, int32_t argument) {
    return Must(store->Invoke(instance, name, {Value::I32(argument)}));
  }

  std::vector<uint8_t> bytes;
  std::optional<Store> store;
  InstanceId instance;
  std::function<void()> act;
};

class Answer : public ::testing::TestWithParam<Tier> {};

INSTANTIATE_TEST_SUITE_P(Tiers, Answer, ::testing::Values(Tier::kInPlace, Tier::kFast));

TEST_P(Answer, MovesTheHandleOn) {
  World world(GetParam());
  RunResult run = world.Invoke("twice", 1);
  const RunResult copy = run;
  const Call first = run.call();
  EXPECT_EQ((Must(first.Args<int32_t>())), std::tuple(1));
  Must(run.Answer(Value::I32(20)));
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  EXPECT_FALSE(first.is_current());
  EXPECT_TRUE(run.call().is_current());
  EXPECT_EQ((Must(run.call().Args<int32_t>())), std::tuple(20));
  // What named the first call is stale, whatever it is.
  RunResult stale = copy;
  EXPECT_EQ(CodeOf(stale.Answer(Value::I32(1))), ErrorCode::kStaleHandle);
  EXPECT_EQ(stale.outcome(), Outcome::kHostCall);
  EXPECT_EQ(CodeOf(first.Args<int32_t>()), ErrorCode::kStaleHandle);
  Must(run.Answer({Value::I32(300)}));
  ASSERT_TRUE(run.is_done());
  EXPECT_EQ(run.As<int32_t>(), 300);
  EXPECT_EQ(CodeOf(run.Answer(Value::I32(1))), ErrorCode::kNotRunning);
  EXPECT_EQ(run.As<int32_t>(), 300);
}

TEST_P(Answer, ThatIsWrongChangesNothing) {
  World world(GetParam());
  RunResult run = world.Invoke("twice", 1);
  EXPECT_EQ(CodeOf(run.Answer()), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.Answer(Value::I64(1))), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.Answer({Value::I32(1), Value::I32(1)})), ErrorCode::kWrongResults);
  EXPECT_EQ(CodeOf(run.Answer(Value::Null(HeapType::kFunc))), ErrorCode::kWrongResults);
  EXPECT_TRUE(run.call().is_current());
  Must(run.Answer(Value::I32(4)));
  EXPECT_EQ((Must(run.call().Args<int32_t>())), std::tuple(4));
}

TEST_P(Answer, EndsInATrap) {
  World world(GetParam());
  RunResult run = world.Invoke("trap", 1);
  Must(run.Answer(Value::I32(1)));
  ASSERT_TRUE(run.is_trapped());
  EXPECT_EQ(run.trap().code, TrapCode::kUnreachable);
  // Behind two imports and "twice".
  ASSERT_TRUE(run.trap().where.has_value());
  EXPECT_EQ(run.trap().where->function, 3u);
  EXPECT_EQ(CodeOf(run.Answer(Value::I32(1))), ErrorCode::kNotRunning);
  EXPECT_EQ(world.store->run_count(), 0u);
}

TEST_P(Answer, StopsForFuelAndInterrupts) {
  World world(GetParam());
  world.store->SetFuel(1000);
  RunResult run = world.Invoke("twice", 1);
  world.store->SetFuel(0);
  Must(run.Answer(Value::I32(5)));
  ASSERT_EQ(run.outcome(), Outcome::kOutOfFuel);
  EXPECT_GT(run.fuel_needed(), 0u);
  EXPECT_EQ(CodeOf(run.Answer(Value::I32(5))), ErrorCode::kNotRunning);
  world.store->SetFuel(1000);
  run = Must(run.Resume());
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  world.store->interrupt()->Request();
  Must(run.Answer(Value::I32(6)));
  ASSERT_EQ(run.outcome(), Outcome::kInterrupted);
  EXPECT_EQ(Must(run.Resume()).As<int32_t>(), 6);
}

TEST_P(Answer, TheInnermostFirst) {
  World world(GetParam());
  RunResult outer = world.Invoke("twice", 1);
  RunResult inner = world.Invoke("twice", 2);
  EXPECT_EQ(CodeOf(outer.Answer(Value::I32(5))), ErrorCode::kOutOfTurn);
  EXPECT_EQ(outer.outcome(), Outcome::kHostCall);
  EXPECT_EQ((Must(outer.call().Args<int32_t>())), std::tuple(1));
  for (int32_t i : {7, 8}) Must(inner.Answer(Value::I32(i)));
  EXPECT_EQ(inner.As<int32_t>(), 8);
  for (int32_t i : {9, 10}) Must(outer.Answer(Value::I32(i)));
  EXPECT_EQ(outer.As<int32_t>(), 10);
}

// So many runs in a host function that the list of runs has moved when the one that called it goes on.
TEST_P(Answer, GoesOnBehindRunsWithin) {
  World world(GetParam());
  RunResult run = world.Invoke("act", 1);
  std::vector<RunResult> within;
  world.act = [&] {
    for (int32_t i = 0; i < 6; ++i) within.push_back(world.Invoke("twice", i));
    EXPECT_EQ(CodeOf(run.Answer(Value::I32(1))), ErrorCode::kStaleHandle);
    while (!within.empty()) {
      Must(within.back().Answer(Value::I32(1)));
      Must(within.back().Answer(Value::I32(2)));
      EXPECT_EQ(within.back().As<int32_t>(), 2);
      within.pop_back();
    }
  };
  Must(run.Answer(Value::I32(11)));
  EXPECT_EQ(run.As<int32_t>(), 11);
}

TEST_P(Answer, NotInAStoreThatIsGone) {
  World world(GetParam());
  RunResult run = world.Invoke("act", 1);
  world.act = [&] { world.store.reset(); };
  EXPECT_EQ(CodeOf(run.Answer(Value::I32(11))), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(run.Answer(Value::I32(11))), ErrorCode::kStaleHandle);
  EXPECT_FALSE(run.call().is_current());
}

// What a host function does to the handle does not outlast the answer.
TEST_P(Answer, WhoeverAssignsToTheHandle) {
  World world(GetParam());
  World other(GetParam());
  RunResult run = world.Invoke("twice", 1);
  Must(run.Drop());
  std::optional<RunResult> moved;
  const std::function<void()> interferences[] = {
      // The call that the other store waits for has the number that this run's end will have, or one near it.
      [&] { run = other.Invoke("twice", 77); },
      [&] {
        run = other.Invoke("twice", 77);
        Must(run.Answer(Value::I32(78)));
      },
      [&] { moved = std::move(run); },
  };
  for (const std::function<void()>& interfere : interferences) {
    run = world.Invoke("act", 1);
    world.act = interfere;
    Must(run.Answer(Value::I32(11)));
    ASSERT_TRUE(run.is_done());
    EXPECT_EQ(run.As<int32_t>(), 11);
  }
  EXPECT_EQ(CodeOf(moved->Answer(Value::I32(1))), ErrorCode::kStaleHandle);
}

// A host function of these parameters and this result, and an export that calls it with what it is given.
RunResult CallWith(Store& store, std::vector<ValType> params, std::vector<ValType> results, std::vector<Value> arguments,
                   std::vector<std::vector<uint8_t>>& modules) {
  ModuleBuilder b;
  const uint32_t type = b.AddType(params, results);
  const uint32_t ask = b.ImportFunction("env", "ask", type);
  Code code;
  for (uint32_t i = 0; i < params.size(); ++i) code.LocalGet(i);
  b.ExportFunction("run", b.AddFunction(type, code.Call(ask).End()));
  modules.push_back(b.Build());
  Must(store.Reset({.keep_links = false}));
  Must(store.LinkFunc("env", "ask", params, results));
  const InstanceId instance = MakeInstance(store, modules.back());
  return Must(store.Invoke(instance, "run", arguments));
}

TEST(Args, AreOfTheSignatureOrRefused) {
  Store store = MakeStore();
  std::vector<std::vector<uint8_t>> modules;
  const RunResult none = CallWith(store, {}, {}, {}, modules);
  EXPECT_EQ((Must(none.call().Args<>())), std::tuple());
  EXPECT_EQ(CodeOf(none.call().Args<int32_t>()), ErrorCode::kWrongArguments);
  Must(none.Drop());
  EXPECT_EQ(CodeOf(none.call().Args<>()), ErrorCode::kStaleHandle);

  const RunResult two = CallWith(store, {kI32, kI64}, {}, {Value::I32(-1), Value::I64(-2)}, modules);
  EXPECT_EQ((Must(two.call().Args<uint32_t, int64_t>())), std::tuple(0xffff'ffffu, int64_t{-2}));
  EXPECT_EQ(CodeOf(two.call().Args<int64_t, int32_t>()), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(two.call().Args<int32_t>()), ErrorCode::kWrongArguments);
  EXPECT_EQ((CodeOf(two.call().Args<int32_t, int64_t, int32_t>())), ErrorCode::kWrongArguments);
  Must(two.Drop());

  // More than the few whose types are kept at hand.
  const RunResult many = CallWith(store, std::vector(10, kI32), {}, std::vector(10, Value::I32(3)), modules);
  const auto ten = Must(many.call().Args<int, int, int, int, int, int, int, int, int, int>());
  EXPECT_EQ(std::get<9>(ten), 3);
  EXPECT_EQ((CodeOf(many.call().Args<int, int, int, int, int, int, int, int, int, int64_t>())),
            ErrorCode::kWrongArguments);
  Must(many.Drop());

  // No C++ type stands for a reference.
  const RunResult reference = CallWith(store, {kFuncRef}, {}, {Value::Null(HeapType::kFunc)}, modules);
  EXPECT_EQ(CodeOf(reference.call().Args<int32_t>()), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(reference.call().Args<int64_t>()), ErrorCode::kWrongArguments);
  EXPECT_EQ(reference.call().args().size(), 1u);
}

// Answers that are looked at one by one.
TEST(AnswerOf, AnyTypes) {
  Store store = MakeStore();
  std::vector<std::vector<uint8_t>> modules;
  RunResult run = CallWith(store, {}, {kFuncRef}, {}, modules);
  EXPECT_EQ(CodeOf(run.Answer(Value::I32(0))), ErrorCode::kWrongResults);
  Must(run.Answer(Value::Null(HeapType::kFunc)));
  EXPECT_TRUE(run.values()[0].is_null());

  RunResult many = CallWith(store, {}, std::vector(6, kI64), {}, modules);
  EXPECT_EQ(CodeOf(many.Answer(std::vector(5, Value::I64(7)))), ErrorCode::kWrongResults);
  Must(many.Answer(std::vector(6, Value::I64(7))));
  EXPECT_EQ(many.values().size(), 6u);
  EXPECT_EQ(many.values()[5], Value::I64(7));
}

}  // namespace
}  // namespace sandbox::testing
