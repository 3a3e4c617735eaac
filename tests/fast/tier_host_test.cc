// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/tier.h (with hosts and other instances)

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

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

}  // namespace
}  // namespace sandbox::testing
