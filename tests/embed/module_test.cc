// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/module.h"

#include <atomic>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"

namespace sandbox::testing {
namespace {

TEST(Module, TellsItsImportsAndExports) {
  const Module module = LoadOk(kImportAll);
  ASSERT_EQ(module.imports().size(), 4u);
  std::string names;
  for (const ImportInfo& import : module.imports())
    names += std::string(import.module) + "." + std::string(import.name) + " ";
  EXPECT_EQ(names, "host.variable host.constant host.table host.memory ");
  EXPECT_EQ(module.import(0).type.kind, ExternKind::kGlobal);
  EXPECT_TRUE(module.import(0).type.global.is_mutable);
  EXPECT_EQ(module.import(3).type.memory.limits.min, 1u);
  EXPECT_EQ(module.import(4).name, "");
  ASSERT_EQ(module.export_count(), 3u);
  EXPECT_EQ(module.exports()[1].name, "ten");
  EXPECT_EQ(module.exports()[1].index, 1u);
  EXPECT_EQ(module.exports()[1].signature.results.size(), 1u);
  EXPECT_FALSE(module.exports().empty());
  EXPECT_TRUE(module.FindExport("put").has_value());
  EXPECT_FALSE(module.FindExport("putt").has_value());
  EXPECT_EQ(module.export_at(3).name, "");
}

TEST(Module, TellsItsFunctionsAndTypes) {
  const Module module = LoadOk(kMath);
  EXPECT_EQ(module.function_count(), 7u);
  char text[64];
  EXPECT_EQ(FormatSignature(module.function_signature(3), text), "(i32, i64) -> (i64, i32)");
  EXPECT_TRUE(module.function_signature(7).params.empty());
  EXPECT_EQ(module.type_kind(0), CompositeKind::kFunc);
  EXPECT_EQ(module.type_signature(0).params.size(), 2u);
  EXPECT_TRUE(module.type_signature(99).params.empty());
  EXPECT_EQ(module.DefinedTypeOf(99), kNoIndex);
  EXPECT_EQ(module.SignatureOf(module.DefinedTypeOf(0)).params.size(), 2u);
  EXPECT_EQ(module.function_name(0), "");
  EXPECT_EQ(module.start_function(), std::nullopt);
  EXPECT_EQ(LoadOk(kTraps).function_name(1), "middle");
  EXPECT_EQ(LoadOk(kTraps).function_name(9), "");
  EXPECT_EQ(LoadOk(kStart).start_function(), 1u);
  const Module named = LoadOk(kTraps);
  ASSERT_EQ(named.custom_sections().size(), 1u);
  EXPECT_EQ(named.custom_section(0).name, "name");
  EXPECT_GT(named.custom_section(0).payload.size(), 0u);
  EXPECT_EQ(named.custom_section(1).payload.size(), 0u);
}

TEST(Module, TellsItsSizes) {
  const Module module = LoadOk(kMemory);
  const ModuleSizes sizes = module.sizes();
  EXPECT_EQ(sizes.module_bytes, sizeof(kMemory));
  EXPECT_EQ(sizes.copied_bytes, 0u);
  EXPECT_EQ(sizes.functions, 3u);
  EXPECT_EQ(sizes.memory_bytes, kPageBytes);
  EXPECT_EQ(sizes.max_locals_slots, 2u);
  EXPECT_EQ(sizes.max_frame_slots, 4u);
  EXPECT_GT(sizes.code_bytes, 10u);
  EXPECT_GT(sizes.held_bytes, 0u);
  EXPECT_EQ(LoadOk(kObjects).sizes().table_elements, 3u);
  const Module copy = Must(Module::LoadCopy(kMemory));
  EXPECT_EQ(copy.sizes().copied_bytes, sizeof(kMemory));
  EXPECT_EQ(copy.sizes().held_bytes, sizes.held_bytes);
}

TEST(Module, OwnsItsBytesWhenCopied) {
  std::optional<std::vector<uint8_t>> bytes;
  bytes.emplace(std::begin(kMath), std::end(kMath));
  const Module module = Must(Module::LoadCopy(*bytes));
  bytes.reset();
  Store store = MakeStore();
  const Instantiation made = Must(store.Instantiate(module));
  EXPECT_EQ(Must(store.Invoke(made.instance, "add", {Value::I32(2), Value::I32(2)})).As<int32_t>(), 4);
  EXPECT_EQ(LoadOk(kMath).bytes().data(), kMath);
  EXPECT_NE(module.bytes().data(), kMath);
}

TEST(Module, SaysWhatIsWrongAndWhere) {
  std::vector<uint8_t> bytes(std::begin(kMath), std::end(kMath));
  bytes[3] = 'n';
  EXPECT_EQ(CodeOf(Module::Load(bytes)), ErrorCode::kBadMagic);
  EXPECT_EQ(CodeOf(Module::Load({})), ErrorCode::kUnexpectedEnd);
  const Result<Module> cut = Module::Load(std::span<const uint8_t>(kMath).first(40));
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(ClassOf(cut.error().code), ErrorClass::kMalformed);
  EXPECT_LE(cut.error().offset, 40u);
}

TEST(Module, LimitsAreItsOwn) {
  LoadOptions options;
  options.limits.module_bytes = sizeof(kMath);
  EXPECT_TRUE(Module::Load(kMath, options).has_value());
  --options.limits.module_bytes;
  EXPECT_EQ(CodeOf(Module::Load(kMath, options)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(CodeOf(Module::LoadCopy(kMath, options)), ErrorCode::kLimitExceeded);
  options = LoadOptions();
  options.limits.load_bytes = 100;
  EXPECT_EQ(CodeOf(Module::Load(kMath, options)), ErrorCode::kBudgetExceeded);
  options.limits.nesting = ~uint64_t{0};
  EXPECT_EQ(CodeOf(Module::Load(kMath, options)), ErrorCode::kBadConfiguration);
}

TEST(Module, Empty) {
  Module module = LoadOk(kMath);
  const Module moved = std::move(module);
  EXPECT_FALSE(moved.is_empty());
  // NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_TRUE(module.is_empty());
  EXPECT_EQ(module.import_count() + module.export_count() + module.custom_section_count() + module.type_count(), 0u);
  EXPECT_EQ(module.function_count(), 0u);
  EXPECT_EQ(module.bytes().size(), 0u);
  EXPECT_EQ(module.sizes().held_bytes, 0u);
  EXPECT_EQ(module.function_name(0), "");
  EXPECT_EQ(module.start_function(), std::nullopt);
  EXPECT_FALSE(module.FindExport("add").has_value());
  EXPECT_TRUE(module.SignatureOf(CanonIdx{0}).params.empty());
  for (const ExportInfo& info : module.exports()) ADD_FAILURE() << info.name;
  // NOLINTEND(bugprone-use-after-move)
}

TEST(Module, CopiesShare) {
  std::optional<Module> first = LoadOk(kMath);
  const Module second = *first;
  Module third;
  third = second;
  EXPECT_EQ(*first, second);
  EXPECT_EQ(third, second);
  first.reset();
  EXPECT_EQ(third.export_count(), 7u);
  EXPECT_NE(LoadOk(kMath), second);
}

TEST(Module, StoresInSeveralThreadsShareOne) {
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  {
    const Module module = Must(Module::LoadCopy(kMath));
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([module, t, &good] {
        for (int round = 0; round < 20; ++round) {
          Store store = MakeStore();
          Module mine = module;
          const Instantiation made = Must(store.Instantiate(mine));
          mine = Module();
          const int32_t turns = 100 * (t + 1);
          good += Must(store.Invoke(made.instance, "count", {Value::I32(turns)})).As<int32_t>() == turns ? 1 : 0;
        }
      });
    }
    // The last copy ends in one of the threads.
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
}

TEST(Module, InterruptFromAnotherThread) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  Interrupt* const interrupt = store.interrupt();
  std::thread thread([interrupt] { interrupt->Request(); });
  const RunResult run = Must(store.Invoke(math, "spin"));
  thread.join();
  ASSERT_EQ(run.outcome(), Outcome::kInterrupted);
  Must(run.Drop());
}

}  // namespace
}  // namespace sandbox::testing
