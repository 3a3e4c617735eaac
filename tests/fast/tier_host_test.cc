// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/tier.h (with hosts and other instances; memory that is refused)

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

// A function that calls the host under three frames, in the middle of expressions; by call and by tail call.
ModuleBuilder HostCaller() {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const uint32_t host = b.ImportFunction("env", "host", type);
  b.AddMemory({1, 4, false});
  const uint32_t inner =
      b.AddFunction(type, Code().I32Const(100).LocalGet(0).Call(host).Op(Op::kI32Sub).End());
  const uint32_t tail = b.AddFunction(type, Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).Op(Op::kReturnCall, {host}).End());
  const uint32_t middle = b.AddFunction(
      type, Code().LocalGet(0).Call(inner).LocalGet(0).Call(tail).Op(Op::kI32Mul).End(), {{3, kI32}});
  b.ExportFunction("leaf", b.AddFunction(type, Code().LocalGet(0).I32Const(5).Op(Op::kI32Add).End()));
  b.ExportFunction("fail", b.AddFunction(type, Code().LocalGet(0).I32Const(0).Op(Op::kI32DivU).End()));
  b.ExportFunction("last", tail);
  AddCountdown(b, "f", 1, [&](Code& code) {
    code.LocalGet(1).LocalGet(0).Call(middle).Op(Op::kI32Add).LocalSet(1);
  });
  return b;
}

TEST(TierHostTest, SuspendsInsideNestedCalls) {
  Machines machines;
  machines.Each([](Machinery& m) {
    ASSERT_TRUE(m.store().LinkFunc("env", "host", std::vector{kI32}, std::vector{kI32}).has_value());
    m.Add(HostCaller(), "m");
    m.answer = [&](sandbox::Call call) {
      const uint32_t given = call.args()[0].u32();
      m.Log("asked " + std::to_string(given));
      return call.Resume(Value::I32(given * 3 + 1));
    };
    m.Run("m", "f", {Value::I32(4)});
    m.Run("m", "last", {Value::I32(4)});
    // The third call is answered by a trap.
    int calls = 0;
    m.answer = [&](sandbox::Call call) {
      return ++calls == 3 ? call.Trap() : call.Resume(Value::I32(2));
    };
    m.Run("m", "f", {Value::I32(4)});
  });
}

// While a call is pending another run begins above it, ends, traps or is dropped; the one below goes on.
TEST(TierHostTest, RunsAboveAPendingCall) {
  Machines machines;
  machines.Each([](Machinery& m) {
    ASSERT_TRUE(m.store().LinkFunc("env", "host", std::vector{kI32}, std::vector{kI32}).has_value());
    m.Add(HostCaller(), "m");
    int depth = 0;
    m.answer = [&](sandbox::Call call) {
      const uint32_t given = call.args()[0].u32();
      m.Log("asked " + std::to_string(given) + " at " + std::to_string(depth));
      if (depth++ < 2) {
        const uint64_t before = m.store().fuel();
        m.Run("m", "leaf", {Value::I32(given)});
        m.Run("m", "fail", {Value::I32(given)});
        m.Run("m", "f", {Value::I32(2)});
        m.store().SetFuel(before);
      }
      --depth;
      return call.Resume(Value::I32(given + 7));
    };
    m.Run("m", "f", {Value::I32(2)});
  });
}

TEST(TierHostTest, HostFunctionsThatCallBack) {
  Machines machines;
  // What runs inside a host function cannot pause there: all fuel at once.
  machines.steps = {0};
  machines.Each([](Machinery& m) {
    int depth = 0;
    const auto host = [&m, &depth](Caller& caller, uint32_t given) -> HostResult<uint32_t> {
      if (depth >= 3) return given;
      ++depth;
      Result<RunResult> run = caller.store().Invoke(m["m"], depth == 2 ? "fail" : "f", {Value::I32(given % 3 + 1)});
      --depth;
      if (!run) return given;
      const uint32_t result = run->is_done() ? run->values()[0].u32() : 1234;
      return result + given;
    };
    ASSERT_TRUE(m.store().Link("env", "host", host).has_value());
    m.Add(HostCaller(), "m");
    m.Run("m", "f", {Value::I32(3)});
    m.Run("m", "last", {Value::I32(3)});
  });
}

// Memory that the host lets grow while a call is pending is there for the next load.
TEST(TierHostTest, TheHostGrowsMemory) {
  Machines machines;
  machines.Each([](Machinery& m) {
    ModuleBuilder b;
    const uint32_t type = b.AddType({kI32}, {kI32});
    const uint32_t host = b.ImportFunction("env", "host", type);
    b.Export("memory", ExternKind::kMemory, b.AddMemory({1, 4, false}));
    b.ExportFunction("f", b.AddFunction(type, Code()
                                                  .LocalGet(0)
                                                  .Call(host)
                                                  .Load(Op::kI32Load, 0, 65'536)
                                                  .LocalGet(0)
                                                  .Op(Op::kI32Add)
                                                  .End()));
    ASSERT_TRUE(m.store().LinkFunc("env", "host", std::vector{kI32}, std::vector{kI32}).has_value());
    m.Add(b, "m");
    m.answer = [&](sandbox::Call call) {
      EXPECT_TRUE(m.store().GetMemory(m["m"], "memory")->Grow(1).has_value());
      return call.Resume(Value::I32(16));
    };
    m.Run("m", "f", {Value::I32(1)});
  });
}

// ping of one instance and pong of the other call each other, through a table that both share.
TEST(TierHostTest, TwoInstancesInBothDirections) {
  Machines machines;
  machines.Each([](Machinery& m) {
    const TableType table{ValType::FuncRef(), Limits{2, 2, false}};
    ASSERT_TRUE(m.store().LinkTable("env", "table", table).has_value());
    for (const uint32_t self : {0u, 1u}) {
      ModuleBuilder b;
      const uint32_t type = b.AddType({kI32}, {kI32});
      b.ImportTable("env", "table", table);
      b.AddMemory({1, 1, false});
      const uint32_t f = b.AddFunction(type, Code()
                                                 .LocalGet(0)
                                                 .LocalGet(0)
                                                 .Op(Op::kI32Store, {2, 16})
                                                 .I32Const(40)
                                                 .LocalGet(0)
                                                 .Op(Op::kI32DivU)  // traps at the bottom, if it gets there
                                                 .LocalGet(0)
                                                 .Begin(Op::kIf, kI32)
                                                 .LocalGet(0)
                                                 .I32Const(static_cast<int32_t>(self) + 1)
                                                 .Op(Op::kI32Sub)
                                                 .I32Const(static_cast<int32_t>(1 - self))
                                                 .Op(Op::kCallIndirect, {type, 0})
                                                 .LocalGet(0)
                                                 .Load(Op::kI32Load, 2, 16)
                                                 .Op(Op::kI32Add)
                                                 .Op(Op::kElse)
                                                 .I32Const(1)
                                                 .End()
                                                 .Op(Op::kI32Add)
                                                 .End());
      b.ExportFunction("f", f);
      b.AddElements(0, Code().I32Const(static_cast<int32_t>(self)).End(), {f});
      m.Add(b, self == 0 ? "ping" : "pong");
    }
    for (const uint32_t n : {5u, 6u, 9u}) {
      m.Run("ping", "f", {Value::I32(n)});
      m.Run("pong", "f", {Value::I32(n)});
    }
    // One is gone: a call of it traps, and the other still runs.
    ASSERT_TRUE(m.store().Release(m["pong"]).has_value());
    m.Run("ping", "f", {Value::I32(6)});
    m.Run("ping", "f", {Value::I32(0)});
  });
}

// A module that is used by one store after the other keeps its translations; the stores see no difference.
TEST(TierHostTest, EndlessRecursionEndsAtTheSameCall) {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  b.ExportFunction("f", b.AddFunction(type, Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).Call(0).End(), {{9, kI32}}));
  ExpectSame(b, "f", {Value::I32(1)}, /*step=*/7);
}

// Whichever allocation is refused once the instance is there: the run ends as it would have.
TEST(TierHostTest, RefusedTranslations) {
  if (!kFastTier) GTEST_SKIP();
  const auto program = [](Machinery& m) {
    m.answer = [](sandbox::Call call) { return call.Resume(Value::I32(call.args()[0].u32() + 1)); };
    m.Run("m", "f", {Value::I32(3)});
    m.Run("m", "fail", {Value::I32(3)});
    m.Run("m", "f", {Value::I32(2)});
  };
  const auto prepare = [](Machinery& m) {
    ASSERT_TRUE(m.store().LinkFunc("env", "host", std::vector{kI32}, std::vector{kI32}).has_value());
    m.Add(HostCaller(), "m");
    // The list of runs has its memory.
    m.answer = [](sandbox::Call call) { return call.Resume(Value::I32(1)); };
  };
  for (const uint64_t step : {0, 3}) {
    Machinery in_place(Tier::kInPlace, Dispatch::kDefault, step);
    prepare(in_place);
    program(in_place);
    for (const bool all_later : {false, true}) {
      uint64_t refusals = 0;
      for (bool has_failed = true; has_failed; ++refusals) {
        FailingAllocator module_memory;
        {
          Machinery fast(Tier::kFast, Dispatch::kDefault, step, &module_memory);
          prepare(fast);
          module_memory.FailAt(refusals, all_later);
          program(fast);
          ExpectSameLog(fast.log(), in_place.log(), "refusal " + std::to_string(refusals));
          has_failed = module_memory.has_failed();
          module_memory.FailNever();
        }
        if (HasFailure()) return;
        ASSERT_LT(refusals, 500u);
      }
      EXPECT_GT(refusals, all_later ? 1u : 5u);
    }
  }
}

// Its branch leaves a value below the result: from there on it runs in place, one instruction at a time.
Code EndsInPlace() {
  return Code().I32Const(7).I32Const(5).I32Const(1).Op(Op::kBrIf, {0}).Op(Op::kDrop).Op(Op::kDrop).I32Const(9).End();
}

size_t OffsetOf(const ModuleBuilder& b, const Bytes& code) {
  const Bytes bytes = b.Build();
  return static_cast<size_t>(std::search(bytes.begin(), bytes.end(), code.begin(), code.end()) - bytes.begin());
}

// A function ends in place; its caller, which could not be translated, goes on and calls another one of its own module,
// with the frame that the first had and with an instruction at the offset where the first begins. Nobody stores twice.
TEST(TierHostTest, AFunctionOfTheSameFrameIsAnother) {
  if (!kFastTier) GTEST_SKIP();
  const Code stores = Code().I32Const(16).I32Const(77).Op(Op::kI32Store8, {0, 0}).Raw(EndsInPlace());
  const Code nops = Times(200, Code().Op(Op::kNop));
  ModuleBuilder first;
  first.AddMemory({1, 1, false});
  const uint32_t first_type = first.AddType({}, {kI32});
  first.ExportFunction("x", first.AddFunction(first_type, stores));
  first.ExportFunction(std::string(160, 'n'), 0);  // moves the code
  ModuleBuilder second;
  second.AddMemory({1, 1, false});
  const uint32_t type = second.AddType({}, {kI32});
  const uint32_t imported = second.ImportFunction("first", "x", type);
  const uint32_t other = second.AddFunction(type, Code().Raw(nops).I32Const(1).End());
  const Code both = Code().Call(imported).I32Const(10).Op(Op::kI32Mul).Call(other).Op(Op::kI32Add);
  const Code stored = Code().I32Const(16).Load(Op::kI32Load8U).I32Const(1000).Op(Op::kI32Mul).Op(Op::kI32Add).End();
  second.ExportFunction("f", second.AddFunction(type, Code().Raw(both).Raw(stored)));
  const size_t offset = OffsetOf(first, stores);
  ASSERT_GT(offset, OffsetOf(second, nops));
  ASSERT_LT(offset, OffsetOf(second, nops) + 200);

  const auto program = [&](Machinery& m, FailingAllocator& module_memory) {
    m.Add(first, "first");
    m.Run("first", "x");
    m.Add(second, "second");
    module_memory.FailAt(0, /*and_all_later=*/true);
    m.Run("second", "f");
  };
  for (const uint64_t step : {0, 1, 13}) {
    FailingAllocator memory, fast_memory;
    Machinery in_place(Tier::kInPlace, Dispatch::kDefault, step, &memory);
    program(in_place, memory);
    Machinery fast(Tier::kFast, Dispatch::kDefault, step, &fast_memory);
    program(fast, fast_memory);
    EXPECT_TRUE(fast_memory.has_failed());
    ExpectSameLog(fast.log(), in_place.log(), "steps of " + std::to_string(step));
  }
}

// While a frame in place waits for the host, the first of its module, another store translates the module.
TEST(TierHostTest, ATableYoungerThanAFrame) {
  if (!kFastTier) GTEST_SKIP();
  ModuleBuilder b;
  const uint32_t type = b.AddType({}, {kI32});
  const uint32_t host = b.ImportFunction("env", "host", type);
  const uint32_t leaf = b.AddFunction(type, Code().I32Const(5).End());
  const Code code = Code().Call(host).Op(Op::kNop).Op(Op::kNop).Call(leaf).Op(Op::kI32Add).End();
  b.ExportFunction("f", b.AddFunction(type, code));
  const Bytes bytes = b.Build();
  FailingAllocator module_memory;
  LoadOptions options;
  options.allocator = &module_memory;
  const Module module = *Module::Load(bytes, options);
  Config config;
  config.tier = Tier::kFast;
  const auto begin = [&](Store& store) {
    EXPECT_TRUE(store.LinkFunc("env", "host", {}, std::vector{kI32}).has_value());
    return *store.Invoke(store.Instantiate(module)->instance, "f");
  };
  Store first = *Store::Create(config);
  Store second = *Store::Create(config);
  module_memory.FailAt(0, /*and_all_later=*/true);
  const RunResult waits = begin(first);
  EXPECT_TRUE(module_memory.has_failed());
  module_memory.FailNever();
  ASSERT_EQ(begin(second).call().Resume(Value::I32(10))->values()[0].u32(), 15u);
  const Result<RunResult> run = waits.call().Resume(Value::I32(20));
  ASSERT_TRUE(run && run->is_done());
  EXPECT_EQ(run->values()[0].u32(), 25u);
}

}  // namespace
}  // namespace sandbox::testing
