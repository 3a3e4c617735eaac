// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Instructions that move or make whole stretches of memory, an item each, of several sizes.
#include <string>
#include <vector>

#include "bench/micro/guest.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::bench {
namespace {

constexpr uint32_t kRounds = 100;
constexpr uint32_t kPages = 4;
const ValType kI32 = ValType::I32();

ModuleBuilder MakeModule(const Code& sequence, uint64_t max_pages) {
  ModuleBuilder builder;
  builder.AddMemory(Limits{kPages, max_pages, false});
  const Code body = CountDown(sequence).Op(Op::kMemorySize, {0}).End();
  builder.ExportFunction("run", builder.AddFunction(builder.AddType({kI32}, {kI32}), body));
  return builder;
}

// The same for fill (of a byte) and copy (from another place): three operands.
void RegisterBulk(const std::string& name, Op op, const std::vector<uint64_t>& immediates, int32_t second,
                  int32_t size) {
  Code code;
  code.I32Const(16).I32Const(second).I32Const(size).Op(op);
  for (const uint64_t immediate : immediates) code.U(immediate);
  RegisterInTiers("memory/" + name + "/" + std::to_string(size), [code, size](benchmark::State& state, Tier tier) {
    Guest(MakeModule(code, kPages), tier).Measure(state, kRounds, 1);
    state.SetBytesProcessed(int64_t{size} * kRounds * static_cast<int64_t>(state.iterations()));
  });
}

// By a page, from four pages to 104.
void Grow(benchmark::State& state, Tier tier) {
  Guest guest(MakeModule(Code().I32Const(1).Op(Op::kMemoryGrow, {0}).Op(Op::kDrop), kPages + kRounds), tier);
  for (auto _ : state) {
    state.PauseTiming();
    guest.Renew();
    state.ResumeTiming();
    if (guest.Call("run", kRounds) != kPages + kRounds) state.SkipWithError("memory.grow was refused");
  }
  state.SetItemsProcessed(kRounds * static_cast<int64_t>(state.iterations()));
}

[[maybe_unused]] const bool kIsRegistered = [] {
  for (const int32_t size : {8, 64, 4096, 65536}) {
    RegisterBulk("fill", Op::kMemoryFill, {0}, 0x5a, size);
    RegisterBulk("copy", Op::kMemoryCopy, {0, 0}, 2 * 65536, size);
  }
  RegisterInTiers("memory/grow", Grow);
  return true;
}();

}  // namespace
}  // namespace sandbox::bench
