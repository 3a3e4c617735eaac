// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/host_call.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

const ValType kI64 = ValType::I64();

template <typename F>
void Link(Machinery& m, const char* name, F function) {
  ASSERT_TRUE(m.store().Link("env", name, function).has_value());
}

// f(n) calls env.host(n, sum) n times under another frame, with operands below the arguments and fuel between the calls.
ModuleBuilder Loop() {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32, kI32}, {kI32});
  const uint32_t host = b.ImportFunction("env", "host", type);
  const uint32_t caller = b.AddFunction(
      type, Code().I32Const(1000).LocalGet(0).LocalGet(1).Call(host).Op(Op::kI32Add).Op(Op::kNop).End(), {{2, kI32}});
  AddCountdown(b, "f", 1, [&](Code& code) {
    code.LocalGet(0).LocalGet(1).Call(caller).LocalGet(0).LocalGet(1).Call(host).Op(Op::kI32Xor).LocalSet(1);
  });
  const Code divide = Code().LocalGet(0).I32Const(0).Op(Op::kI32DivU).End();
  b.ExportFunction("fail", b.AddFunction(b.AddType({kI32}, {kI32}), divide));
  return b;
}

// Every shape of arguments and results, among operands of the caller's.
TEST(HostCallTest, ArgumentsAndResults) {
  Machines machines;
  machines.Each([](Machinery& m) {
    uint32_t calls = 0;
    Link(m, "none", [&] { ++calls; });
    Link(m, "in", [&m](uint32_t a, uint64_t b) { m.Log(std::to_string(a) + " " + std::to_string(b)); });
    Link(m, "out", [&]() -> uint64_t { return (uint64_t{++calls} << 40) + 3; });
    Link(m, "two", [](uint64_t a) { return std::tuple<uint32_t, uint64_t>(static_cast<uint32_t>(a >> 40), ~a); });
    Link(m, "many", [](uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h,
                       uint64_t i) { return a - b + c - d + e - f + g - h + i; });
    ModuleBuilder b;
    const uint32_t none = b.ImportFunction("env", "none", b.AddType({}, {}));
    const uint32_t in = b.ImportFunction("env", "in", b.AddType({kI32, kI64}, {}));
    const uint32_t out = b.ImportFunction("env", "out", b.AddType({}, {kI64}));
    const uint32_t two = b.ImportFunction("env", "two", b.AddType({kI64}, {kI32, kI64}));
    const uint32_t many = b.ImportFunction("env", "many", b.AddType(std::vector<ValType>(9, kI64), {kI64}));
    Code code;
    code.Call(none).I32Const(7).Call(none).Call(out).Call(none).Call(in).I32Const(5).Call(out).Call(two);
    code.LocalSet(1).Op(Op::kI32Add).LocalSet(0).LocalGet(1);
    for (int i = 0; i < 9; ++i) code.Call(out).Call(none);
    code.Call(many).Op(Op::kI64Xor).LocalGet(0).Op(Op::kI64ExtendI32U).Op(Op::kI64Add).End();
    b.ExportFunction("f", b.AddFunction(b.AddType({}, {kI64}), code, {{1, kI32}, {1, kI64}}));
    m.Add(b, "m");
    m.Run("m", "f");
    m.Run("m", "f");
    m.Log(std::to_string(calls));
  });
}

// Fuel as the function sees it, and as it leaves it: the run stops where the other tier's does.
TEST(HostCallTest, FuelInside) {
  Machines machines;
  machines.Each([](Machinery& m) {
    uint64_t leaves = 0;
    Link(m, "host", [&](Caller& caller, uint32_t a, uint32_t b) {
      m.Log("fuel " + std::to_string(caller.store().fuel()));
      if (leaves != 0 && a == 2) caller.store().SetFuel(leaves);
      return a + b;
    });
    m.Add(Loop(), "m");
    m.Run("m", "f", {Value::I32(5)});
    // Not enough for the rest of the region, for the next call, just enough, and more.
    for (leaves = 1; leaves < 40; ++leaves) {
      Store& store = m.store();
      store.SetFuel(10'000);
      Result<RunResult> run = store.Invoke(m["m"], "f", {Value::I32(4)});
      while (run && run->outcome() == Outcome::kOutOfFuel) {
        m.Log("short of " + std::to_string(run->fuel_needed()) + " with " + std::to_string(store.fuel()));
        store.AddFuel(1);
        run = run->Resume();
      }
      ASSERT_TRUE(run && run->is_done());
      m.Log("left " + std::to_string(store.fuel()) + " result " + std::to_string(run->values()[0].u32()));
    }
  });
}

TEST(HostCallTest, Traps) {
  Machines machines;
  machines.Each([](Machinery& m) {
    for (const TrapCode code : {TrapCode::kHost, TrapCode::kUnreachable}) {
      uint32_t calls = 0;
      const std::string name = "host" + std::to_string(static_cast<int>(code));
      ASSERT_TRUE(m.store().Link("env", name, [&](uint32_t a, uint32_t b) -> HostResult<uint32_t> {
        if (++calls % 4 == 0) return Trap(code);
        return a + b;
      }).has_value());
      ModuleBuilder b;
      const uint32_t type = b.AddType({kI32, kI32}, {kI32});
      const uint32_t host = b.ImportFunction("env", name, type);
      const uint32_t caller = b.AddFunction(type, Code().LocalGet(0).LocalGet(1).Call(host).Op(Op::kNop).End());
      AddCountdown(b, "f", 1, [&](Code& body) {
        body.LocalGet(0).LocalGet(1).Call(caller).LocalGet(1).Call(host).LocalSet(1).Op(Op::kNop);
      });
      m.Add(b, name);
      m.Run(name, "f", {Value::I32(1)});
      m.Run(name, "f", {Value::I32(3)});
      m.Run(name, "f", {Value::I32(3)});
    }
  });
}

// Runs inside: that end, trap (the backtrace of a later trap is not confused), and are left pending.
TEST(HostCallTest, RunsInside) {
  Machines machines;
  machines.steps = {0};
  machines.Each([](Machinery& m) {
    uint32_t calls = 0;
    Link(m, "host", [&](Caller& caller, uint32_t a, uint32_t b) -> HostResult<uint32_t> {
      Store& store = caller.store();
      switch (++calls % 5) {
        case 1: return (*store.Invoke(m["m"], "f", {Value::I32(1)})).As<uint32_t>().value_or(77);
        case 2: {
          const Result<RunResult> run = store.Invoke(m["m"], "fail", {Value::I32(a)});
          return run && run->is_trapped() ? a * b + 5 : 0;
        }
        case 3: {
          const Result<RunResult> run = store.Invoke(m["waits"], "wait");
          return run && run->is_pending() ? static_cast<uint32_t>(store.run_count()) : 0;
        }
        case 4: return calls > 30 ? HostResult<uint32_t>(Trap(TrapCode::kHost)) : a;
        default: return b;
      }
    });
    ASSERT_TRUE(m.store().LinkFunc("env", "later", {}, {}).has_value());
    ModuleBuilder waits;
    const uint32_t type = waits.AddType({}, {});
    const uint32_t later = waits.ImportFunction("env", "later", type);
    waits.ExportFunction("wait", waits.AddFunction(type, Code().Call(later).End()));
    m.Add(waits, "waits");
    m.Add(Loop(), "m");
    for (int i = 0; i < 8; ++i) m.Run("m", "f", {Value::I32(3)});
    m.Log(std::to_string(m.store().run_count()));
  });
}

// What a function changes of memory, links and instances is there for the next instruction.
TEST(HostCallTest, ChangesTheStore) {
  Machines machines;
  machines.Each([](Machinery& m) {
    uint32_t calls = 0;
    Link(m, "host", [&](Caller& caller, uint32_t a, uint32_t b) -> uint32_t {
      Store& store = caller.store();
      if (++calls % 3 == 0) {
        const Result<MemoryView> memory = caller.memory();
        const uint64_t pages = memory->Grow(1).value_or(0);
        EXPECT_TRUE(pages == 0 || memory->Write<uint32_t>((pages + 1) * 65'536 - 4, calls).has_value());
      }
      for (int i = 0; i < 40; ++i) {
        EXPECT_TRUE(store.LinkFunc("env", "more" + std::to_string(calls) + "." + std::to_string(i), 1, 1).has_value());
      }
      return a + b;
    });
    ModuleBuilder b;
    const uint32_t type = b.AddType({kI32, kI32}, {kI32});
    const uint32_t host = b.ImportFunction("env", "host", type);
    b.AddMemory({1, 9, false});
    AddCountdown(b, "f", 1, [&](Code& code) {
      code.LocalGet(0).LocalGet(1).Call(host);
      // The last word of the memory as it is now.
      code.Op(Op::kMemorySize, {0}).I32Const(16).Op(Op::kI32Shl).I32Const(4).Op(Op::kI32Sub).Load(Op::kI32Load);
      code.LocalGet(0).LocalGet(1).Call(host).I32Const(65'536).Load(Op::kI32Load8U, 0, 65'532);
      code.Op(Op::kI32Sub).Op(Op::kI32Xor).Op(Op::kI32Add).LocalSet(1);
    });
    m.Add(b, "m");
    m.Run("m", "f", {Value::I32(2)});  // traps: there is one page as yet
    m.Run("m", "f", {Value::I32(2)});
    m.Run("m", "f", {Value::I32(9)});
  });
}

// A request from inside stops the run within a slice; then it goes on.
TEST(HostCallTest, InterruptsFromInside) {
  if (!kFastTier) GTEST_SKIP();
  Config config;
  config.tier = Tier::kFast;
  Store store = *Store::Create(config);
  uint64_t calls = 0;
  ASSERT_TRUE(store.Link("env", "host", [&](uint32_t a, uint32_t b) {
    if (++calls == 3) store.interrupt()->Request();
    return a + b;
  }).has_value());
  const Bytes bytes = Loop().Build();
  const InstanceId instance = store.Instantiate(*Module::Load(bytes))->instance;
  Result<RunResult> run = store.Invoke(instance, "f", {Value::I32(100'000)});
  ASSERT_TRUE(run && run->outcome() == Outcome::kInterrupted);
  EXPECT_LT(calls, 3 + kFuelSlice);
  run = run->Resume();
  ASSERT_TRUE(run && run->is_done());
  EXPECT_EQ(calls, 200'000u);
}

// The store ends inside: the run does, too, and the function's result is of no use.
TEST(HostCallTest, TheStoreEndsInside) {
  for (const Tier tier : {Tier::kInPlace, kFastTier ? Tier::kFast : Tier::kAuto}) {
    Config config;
    config.tier = tier;
    std::optional<Store> store = *Store::Create(config);
    uint32_t calls = 0;
    ASSERT_TRUE(store->Link("env", "host", [&](uint32_t a, uint32_t b) {
      if (++calls == 5) store.reset();
      return a + b;
    }).has_value());
    const Bytes bytes = Loop().Build();
    const InstanceId instance = store->Instantiate(*Module::Load(bytes))->instance;
    const Result<RunResult> run = store->Invoke(instance, "f", {Value::I32(100)});
    ASSERT_FALSE(run.has_value());
    EXPECT_EQ(run.error().code, ErrorCode::kStaleHandle);
    EXPECT_EQ(calls, 5u);
  }
}

// Frames that end with the last cell of the value stack, and functions that are called on no cells behind it.
TEST(HostCallTest, AtTheEndOfTheStack) {
  ModuleBuilder b;
  const uint32_t type = b.AddType({}, {});
  const uint32_t host = b.ImportFunction("env", "host", type);
  b.ExportFunction("f", b.AddFunction(type, Code().Call(host).I32Const(1).Call(host).Op(Op::kDrop).Call(1).End()));
  const Bytes bytes = b.Build();
  const Module module = *Module::Load(bytes);
  std::vector<uint64_t> calls[2];
  for (const Tier tier : {Tier::kInPlace, kFastTier ? Tier::kFast : Tier::kAuto}) {
    for (uint64_t cells = 4; cells < 60; ++cells) {
      Config config;
      config.tier = tier;
      config.limits.value_stack_bytes = cells * 8;
      Store store = *Store::Create(config);
      uint64_t count = 0;
      ASSERT_TRUE(store.Link("env", "host", [&] { ++count; }).has_value());
      const Result<RunResult> run = store.Invoke(store.Instantiate(module)->instance, "f");
      ASSERT_TRUE(run && run->is_trapped());
      calls[tier == Tier::kInPlace ? 0 : 1].push_back(count);
    }
  }
  EXPECT_EQ(calls[0], calls[1]);
  EXPECT_GT(calls[0].back(), calls[0].front());
}

#if SANDBOX_FLOATS
// What the function does to the floating-point environment does not reach the guest's next instruction.
TEST(HostCallTest, RoundingChangedInside) {
  const ValType f64 = ValType::F64();
  Machines machines;
  machines.Each([&](Machinery& m) {
    Link(m, "host", [] { std::fesetround(FE_UPWARD); });
    ModuleBuilder b;
    const uint32_t type = b.AddType({f64}, {kI64});
    const uint32_t host = b.ImportFunction("env", "host", b.AddType({}, {}));
    // 1 / x and its square root, by instructions behind a call; as bits, which the log shows.
    const Code divide = Code().Op(Op::kI32Const).S(1).Op(Op::kF64ConvertI32S).LocalGet(0).Call(host).Op(Op::kF64Div);
    b.ExportFunction("f", b.AddFunction(type, Code().Raw(divide).Op(Op::kI64ReinterpretF64)
                                                  .Raw(divide).Call(host).Op(Op::kF64Sqrt).Op(Op::kI64ReinterpretF64)
                                                  .Op(Op::kI64Xor).End()));
    m.Add(b, "m");
    for (const double x : {3.0, 5.0, 7.0, 10.0, 11.0, 13.0}) m.Run("m", "f", {Value::F64(x)});
    std::fesetround(FE_TONEAREST);
  });
}
#endif

}  // namespace
}  // namespace sandbox::testing
