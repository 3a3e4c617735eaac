// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/tier.h (memory for translations that is refused)

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

// Whichever allocation is refused once the instance is there: the run ends as it would have.
TEST(TierRefusalTest, RefusedTranslations) {
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

size_t OffsetOf(const ModuleBuilder& b, const Bytes& code) {
  const Bytes bytes = b.Build();
  return static_cast<size_t>(std::search(bytes.begin(), bytes.end(), code.begin(), code.end()) - bytes.begin());
}

// A function ends in place; its caller, which could not be translated, goes on and calls another one of its own module,
// with the frame that the first had and with an instruction at the offset where the first begins. Nobody stores twice.
TEST(TierRefusalTest, AFunctionOfTheSameFrameIsAnother) {
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

// So many branches, which take more room in register code than in the body, then a loop that does `more` so often.
ModuleBuilder Outgrowing(uint32_t branches, const Code& more, uint32_t times) {
  ModuleBuilder b;
  Code code = Code().Begin(Op::kBlock);
  for (uint32_t i = 0; i < branches; ++i) code.LocalGet(0).Op(Op::kBrIf, {0});
  code.End().Begin(Op::kLoop);
  for (uint32_t i = 0; i < times; ++i) code.Raw(more);
  code.LocalGet(0).LocalGet(0).Op(Op::kDrop).I32Const(0).Op(Op::kI32LtS).Op(Op::kBrIf, {0}).End();
  b.ExportFunction("f", b.AddFunction(b.AddType({kI32}, {kI32}), code.LocalGet(0).LocalGet(1).Op(Op::kI32Add).End(),
                                      {{1, kI32}}));
  return b;
}

// How many of the modules that so little memory is enough for load; all that do give the same.
uint32_t LoadWithLittle(const Bytes& bytes, Translation translation) {
  uint32_t loaded = 0;
  std::optional<uint32_t> first;
  for (uint64_t limit = 900; limit < 2600; limit += 16) {
    LoadOptions options;
    options.translation = translation;
    options.limits.load_bytes = limit;
    const Result<Module> module = Module::Load(bytes, options);
    if (!module) continue;
    ++loaded;
    Config config;
    config.limits.value_stack_bytes = 4096;
    config.limits.call_depth = 10;
    if (kFastTier) config.tier = Tier::kFast;
    Store store = *Store::Create(config);
    const Result<RunResult> run = store.Invoke(store.Instantiate(*module)->instance, "f", {Value::I32(9)});
    EXPECT_TRUE(run && run->is_done());
    if (!first) first = run->values()[0].u32();
    EXPECT_EQ(run->values()[0].u32(), *first) << limit << " bytes";
  }
  return loaded;
}

// Memory for code that outgrows its first block is refused at any instruction, one that changes the instruction before it
// too: a sum that goes into a pin, or what becomes a chain.
TEST(TierRefusalTest, CodeThatOutgrowsItsBlock) {
  const Code pinned = Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).LocalSet(0);
  const Code chained = Code().LocalGet(0).I32Const(3).Op(Op::kI32Shl).LocalGet(1).Op(Op::kI32Add).LocalGet(0).Op(Op::kI32Xor)
                           .LocalSet(1);
  for (const Code& more : {pinned, chained}) {
    for (uint32_t branches = 1; branches < 13; ++branches) {
      for (uint32_t times = 1; times < 7; ++times) {
        const Bytes bytes = Outgrowing(branches, more, times).Build();
        EXPECT_GT(LoadWithLittle(bytes, Translation::kEager), 10u);
        EXPECT_GT(LoadWithLittle(bytes, Translation::kLazy), 10u);
      }
    }
  }
}

// While a frame in place waits for the host, the first of its module, another store translates the module.
TEST(TierRefusalTest, ATableYoungerThanAFrame) {
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
