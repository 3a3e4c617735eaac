// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Calls, an item each: of guest functions, of host functions, and by the host.
#include "bench/micro/guest.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::bench {
namespace {

constexpr uint32_t kRounds = 1000;
const ValType kI32 = ValType::I32();

// run(n): calls `callee(sum, n)` n times over; the callee is function 0.
Code CallingLoop(const Code& call) {
  return CountDown(Code().LocalGet(1).LocalGet(0).Raw(call).LocalSet(1)).LocalGet(1).End();
}

void AddRun(ModuleBuilder& builder, const Code& call) {
  builder.ExportFunction("run", builder.AddFunction(builder.AddType({kI32}, {kI32}), CallingLoop(call), {{1, kI32}}));
}

// With `add` as function 0, in a table too.
ModuleBuilder MakeAdding() {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({kI32, kI32}, {kI32});
  builder.ExportFunction("add", builder.AddFunction(type, Code().LocalGet(0).LocalGet(1).Op(Op::kI32Add).End()));
  builder.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
  builder.AddElements(0, Code().I32Const(0).End(), {0});
  return builder;
}

ModuleBuilder MakeImporting() {
  ModuleBuilder builder;
  builder.ImportFunction("env", "add", builder.AddType({kI32, kI32}, {kI32}));
  AddRun(builder, Code().Call(0));
  return builder;
}

void Direct(benchmark::State& state, Tier tier) {
  ModuleBuilder builder = MakeAdding();
  AddRun(builder, Code().Call(0));
  Guest(builder, tier).Measure(state, kRounds, 1);
}

void Indirect(benchmark::State& state, Tier tier) {
  ModuleBuilder builder = MakeAdding();
  AddRun(builder, Code().I32Const(0).Op(Op::kCallIndirect, {0, 0}));
  Guest(builder, tier).Measure(state, kRounds, 1);
}

// fib(20), which makes 21891 calls.
void Recursive(benchmark::State& state, Tier tier) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({kI32}, {kI32});
  const Code body = Code()
                        .LocalGet(0)
                        .I32Const(2)
                        .Op(Op::kI32LtU)
                        .Begin(Op::kIf, kI32)
                        .LocalGet(0)
                        .Op(Op::kElse)
                        .LocalGet(0)
                        .I32Const(1)
                        .Op(Op::kI32Sub)
                        .Call(0)
                        .LocalGet(0)
                        .I32Const(2)
                        .Op(Op::kI32Sub)
                        .Call(0)
                        .Op(Op::kI32Add)
                        .End()
                        .End();
  builder.ExportFunction("run", builder.AddFunction(type, body));
  Guest guest(builder, tier);
  guest.Measure(state, 20, 1);
  state.SetItemsProcessed(21891 * static_cast<int64_t>(state.iterations()));
}

void HostLambda(benchmark::State& state, Tier tier) {
  Guest guest(MakeImporting(), tier,
              [](Store& store) { OrDie(store.Link("env", "add", [](uint32_t a, uint32_t b) { return a + b; })); });
  guest.Measure(state, kRounds, 1);
}

// The run comes back to the embedder for each call, who resumes it.
void HostResumable(benchmark::State& state, Tier tier) {
  Guest guest(MakeImporting(), tier, [](Store& store) { OrDie(store.LinkFunc("env", "add", 2, 1)); });
  uint64_t calls = 0;
  const uint64_t fuel = guest.store().fuel();
  for (auto _ : state) {
    RunResult result = OrDie(guest.store().Invoke(guest.instance(), "run", {Value::I32(kRounds)}));
    while (!result.is_done()) {
      const auto [a, b] = OrDie(result.call().Args<uint32_t, uint32_t>());
      OrDie(result.Answer(Value::I32(a + b)));
      ++calls;
    }
  }
  Guest::CountFuel(state, fuel - guest.store().fuel());
  state.SetItemsProcessed(static_cast<int64_t>(calls));
}

void IntoGuestTyped(benchmark::State& state, Tier tier) {
  Guest guest(MakeAdding(), tier);
  const auto add = OrDie(guest.store().GetFunc<uint32_t(uint32_t, uint32_t)>(guest.instance(), "add"));
  for (auto _ : state) benchmark::DoNotOptimize(OrDie(add(6, 7)));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

void IntoGuestByName(benchmark::State& state, Tier tier) {
  Guest guest(MakeAdding(), tier);
  for (auto _ : state) {
    benchmark::DoNotOptimize(OrDie(guest.store().Invoke(guest.instance(), "add", {Value::I32(6), Value::I32(7)})));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

[[maybe_unused]] const bool kIsRegistered = [] {
  RegisterInTiers("call/direct", Direct);
  RegisterInTiers("call/indirect", Indirect);
  RegisterInTiers("call/recursive", Recursive);
  RegisterInTiers("host_call/lambda", HostLambda);
  RegisterInTiers("host_call/resumable", HostResumable);
  RegisterInTiers("into_guest/typed", IntoGuestTyped);
  RegisterInTiers("into_guest/by_name", IntoGuestByName);
  return true;
}();

}  // namespace
}  // namespace sandbox::bench
