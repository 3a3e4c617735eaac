// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/store.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"

namespace sandbox::testing {
namespace {

Limits LimitsOf(uint64_t min, std::optional<uint64_t> max = std::nullopt) {
  Limits limits;
  limits.min = min;
  limits.max = max;
  return limits;
}

// --- Configuration -------------------------------------------------------------------------------------------------

TEST(Store, ConfigurationsThatCannotBe) {
  Config config = SmallConfig();
  config.tier = Tier::kFast;
  EXPECT_EQ(Store::Create(config).has_value(), kFastTier);
  config = SmallConfig();
  config.dispatch = Dispatch::kTail;
  EXPECT_EQ(Store::Create(config).has_value(), kTailDispatch);
  config = SmallConfig();
  config.limits.nested_runs = ~uint64_t{0};
  const Result<Store> store = Store::Create(config);
  ASSERT_EQ(CodeOf(store), ErrorCode::kBadConfiguration);
  EXPECT_EQ(store.error().detail, static_cast<uint32_t>(LimitId::nested_runs));
}

TEST(Store, BothDispatchFormsGiveTheSame) {
  std::vector<uint64_t> fuel;
  for (Dispatch dispatch : {Dispatch::kDefault, Dispatch::kLoop}) {
    Config config = SmallConfig();
    config.dispatch = dispatch;
    config.fuel = 100'000;
    config.tier = Tier::kInPlace;
    Store store = MakeStore(config);
    const InstanceId math = MakeInstance(store, kMath);
    EXPECT_EQ(Must(store.Invoke(math, "count", {Value::I32(100)})).As<int32_t>(), 100);
    fuel.push_back(store.fuel());
  }
  EXPECT_EQ(fuel[0], fuel[1]);
}

TEST(Store, DoesNotFitItsOwnBudget) {
  Config config = SmallConfig();
  config.limits.store_bytes = 1 << 10;
  EXPECT_EQ(CodeOf(Store::Create(config)), ErrorCode::kBudgetExceeded);
}

TEST(Store, MovesAndLeavesAStaleOne) {
  Store first = MakeStore();
  const InstanceId math = MakeInstance(first, kMath);
  const StoreId id = first.id();
  Store second = std::move(first);
  EXPECT_EQ(second.id(), id);
  EXPECT_EQ(Must(second.Invoke(math, "add", {Value::I32(1), Value::I32(2)})).As<int32_t>(), 3);
  // NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_EQ(CodeOf(first.Invoke(math, "nothing")), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(first.Instantiate(LoadOk(kMath))), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(first.LinkFunc("a", "b", 0, 0)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(first.Link("a", "b", [] {})), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(first.Reset()), ErrorCode::kStaleHandle);
  EXPECT_EQ(first.interrupt(), nullptr);
  EXPECT_EQ(first.fuel(), 0u);
  EXPECT_EQ(first.used_bytes() + first.peak_bytes() + first.limit_bytes(), 0u);
  EXPECT_FALSE(first.pending().has_value());
  EXPECT_FALSE(first.link_error().has_value());
  EXPECT_EQ(first.trace_size() + first.trace_depth() + first.run_count(), 0u);
  first.SetFuel(1);
  first.AddFuel(1);
  // NOLINTEND(bugprone-use-after-move)
  second = MakeStore();  // the old one ends
  EXPECT_EQ(CodeOf(second.Invoke(math, "nothing")), ErrorCode::kWrongStore);
}

// --- Linking -------------------------------------------------------------------------------------------------------

TEST(Link, NumbersFunctionsInOrder) {
  Store store = MakeStore();
  EXPECT_EQ(Must(store.LinkFunc("env", "zero", 8, 1)), 0u);
  EXPECT_EQ(Must(store.Link("env", "one", [] {})), 1u);
  EXPECT_EQ(Must(store.LinkFunc("env", "two", 0, 0)), 2u);
  // Later links are fine, also after an instantiation.
  MakeInstance(store, kMath);
  EXPECT_EQ(Must(store.LinkFunc("env", "three", 0, 0)), 3u);
  EXPECT_EQ(CodeOf(store.LinkFunc("env", "two", 1, 1)), ErrorCode::kDuplicateLink);
  EXPECT_EQ(CodeOf(store.Link("env", "zero", [] {})), ErrorCode::kDuplicateLink);
  EXPECT_EQ(CodeOf(store.LinkGlobal("env", "one", Value::I32(1))), ErrorCode::kDuplicateLink);
  EXPECT_EQ(Must(store.LinkFunc("other", "zero", 0, 0)), 4u);
}

TEST(Link, RefusesTypesThatAHostCannotName) {
  Store store = MakeStore();
  const ValType defined[] = {ValType::Ref(HeapType::Defined(0), true)};
  const ValType packed[] = {ValType(ValKind::kI8)};
  const ValType vector[] = {ValType::V128()};
  EXPECT_EQ(CodeOf(store.LinkFunc("a", "b", defined, {})), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.LinkFunc("a", "b", {}, packed)), ErrorCode::kWrongArguments);
  EXPECT_EQ(store.LinkFunc("a", "vector", vector, {}).has_value(), kVectors);
  const ValType references[] = {ValType::FuncRef(), ValType::ExternRef(), ValType::Ref(HeapType::kAny, true)};
  EXPECT_TRUE(store.LinkFunc("a", "b", references, {}).has_value());
  EXPECT_EQ(CodeOf(store.LinkFunc("a", "c", 5000, 0)), ErrorCode::kLimitExceeded);
}

TEST(Link, CountsAreLimited) {
  Config config = SmallConfig();
  config.limits.host_functions = 2;
  config.limits.host_objects = 1;
  Store store = MakeStore(config);
  Must(store.LinkFunc("a", "1", 0, 0));
  Must(store.Link("a", "2", [] {}));
  EXPECT_EQ(CodeOf(store.LinkFunc("a", "3", 0, 0)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(CodeOf(store.Link("a", "3", [] {})), ErrorCode::kLimitExceeded);
  EXPECT_TRUE(store.LinkGlobal("a", "3", Value::I32(0)).has_value());
  EXPECT_EQ(CodeOf(store.LinkGlobal("a", "4", Value::I32(0))), ErrorCode::kLimitExceeded);
}

TEST(Link, CatchAllAnswersWhatNothingElseDoes) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  Must(store.LinkFuncDefault("env"));
  EXPECT_EQ(CodeOf(store.LinkFuncDefault("env")), ErrorCode::kDuplicateLink);
  const InstanceId host = MakeInstance(store, kHost);
  const RunResult run = Must(store.Invoke(host, "put", {Value::I32(4)}));
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  EXPECT_EQ(run.call().index(), 1u);
  EXPECT_EQ(run.call().name(), "put");
  EXPECT_EQ(run.call().args()[1], Value::I64(-1));
  EXPECT_TRUE(Must(run.call().Resume()).is_done());
  EXPECT_EQ(Must(store.Invoke(host, "get")).call().index(), 0u);
}

TEST(Link, ImportOfAModule) {
  Store store = MakeStore();
  const Module module = LoadOk(kHost);
  EXPECT_EQ(Must(store.LinkImport(module, 0)), 0u);
  EXPECT_EQ(Must(store.LinkImport(module, 1)), 1u);
  EXPECT_EQ(CodeOf(store.LinkImport(module, 2)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(store.LinkImport(LoadOk(kImportAll), 0)), ErrorCode::kWrongExportKind);
  const Instantiation made = Must(store.Instantiate(module));
  EXPECT_EQ(Must(store.Invoke(made.instance, "put", {Value::I32(1)})).call().name(), "put");
}

TEST(Link, ErrorsTellWhatWasExpected) {
  Store store = MakeStore();
  EXPECT_FALSE(store.link_error().has_value());
  const Result<Instantiation> missing = store.Instantiate(LoadOk(kHost));
  ASSERT_EQ(CodeOf(missing), ErrorCode::kUnknownImport);
  EXPECT_EQ(missing.error().detail, 0u);
  EXPECT_EQ(store.link_error()->module, "env");
  EXPECT_EQ(store.link_error()->name, "get");
  EXPECT_FALSE(store.link_error()->given.has_value());
  char text[200];
  EXPECT_EQ(FormatLinkError(store, text), "unknown import: env.get: expected func () -> (i32), found nothing");

  Must(store.LinkFunc("env", "get", 0, 1));
  const ValType put[] = {ValType::I32(), ValType::I64()};
  Must(store.LinkFunc("env", "put", put, {}));
  const Result<Instantiation> wrong = store.Instantiate(LoadOk(kWrongImport));
  ASSERT_EQ(CodeOf(wrong), ErrorCode::kIncompatibleImport);
  EXPECT_EQ(wrong.error().detail, 1u);
  EXPECT_EQ(FormatLinkError(store, text),
            "incompatible import type: env.get: expected func (i64) -> (i64), found func () -> (i32)");
  // The module is gone, the text is not.
  EXPECT_EQ(store.link_error()->name, "get");
}

TEST(Link, ObjectsOfTheHost) {
  Store store = MakeStore();
  const GlobalView variable = Must(store.LinkGlobal("host", "variable", Value::I32(10), true));
  Must(store.LinkGlobal("host", "constant", Value::I64(3)));
  const TableType table_type{ValType::FuncRef(), LimitsOf(1)};
  const TableView table = Must(store.LinkTable("host", "table", table_type));
  std::array<uint8_t, 8> bytes;
  bytes.fill(0xff);
  const MemoryView memory = Must(store.LinkMemory("host", "memory", MemoryType{LimitsOf(1)}, bytes));
  EXPECT_EQ(bytes[0], 0);
  const InstanceId first = MakeInstance(store, kImportAll);
  const InstanceId second = MakeInstance(store, kImportAll);
  EXPECT_EQ(Must(store.Invoke(first, "bump")).As<int32_t>(), 11);
  EXPECT_EQ(Must(store.Invoke(second, "bump")).As<int32_t>(), 12);
  EXPECT_EQ(Must(variable.Get()), Value::I32(12));
  EXPECT_EQ(Must(memory.Read<uint32_t>(0)), 12u);
  EXPECT_EQ(bytes[0], 12);
  EXPECT_EQ(Must(memory.size_bytes()), 8u);
  EXPECT_EQ(Must(memory.pages()), 1u);
  EXPECT_TRUE(Must(table.Get(0)).is_null());
  EXPECT_TRUE(Must(store.Invoke(first, "put")).is_done());
  const Value ten = Must(table.Get(0));
  ASSERT_TRUE(ten.func().has_value());
  EXPECT_EQ(Must(store.Invoke(*ten.func())).As<int32_t>(), 10);
}

TEST(Link, ObjectsThatCannotBe) {
  Store store = MakeStore();
  EXPECT_EQ(CodeOf(store.LinkMemory("a", "a", MemoryType{LimitsOf(2, 1)})), ErrorCode::kBadConfiguration);
  EXPECT_EQ(CodeOf(store.LinkMemory("a", "a", MemoryType{LimitsOf(65537)})), ErrorCode::kBadConfiguration);
  EXPECT_EQ(CodeOf(store.LinkMemory("a", "a", MemoryType{LimitsOf(65536)})), ErrorCode::kLimitExceeded);
  EXPECT_EQ(CodeOf(store.LinkTable("a", "a", TableType{ValType::I32(), LimitsOf(1)})), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.LinkTable("a", "a", TableType{ValType::Ref(HeapType::kFunc, false), LimitsOf(1)})),
            ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.LinkTable("a", "a", TableType{ValType::FuncRef(), LimitsOf(1)}, Value::I32(1))),
            ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.LinkTable("a", "a", TableType{ValType::FuncRef(), LimitsOf(uint64_t{1} << 32)})),
            ErrorCode::kBadConfiguration);
  EXPECT_EQ(CodeOf(store.LinkGlobal("a", "a", GlobalType{ValType::I32(), true}, Value::I64(1))),
            ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.LinkGlobal("a", "a", GlobalType{ValType::Ref(HeapType::kFunc, false), true},
                                    Value::Null(HeapType::kFunc))),
            ErrorCode::kWrongArguments);
  const ValType tag[] = {ValType::I32()};
  EXPECT_TRUE(store.LinkTag("a", "a", tag).has_value());
  EXPECT_EQ(CodeOf(store.LinkTag("a", "a", tag)), ErrorCode::kDuplicateLink);
}

// --- Instances -----------------------------------------------------------------------------------------------------

TEST(Instantiate, StartFunctionMayCallTheHost) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  const Instantiation made = Must(store.Instantiate(LoadOk(kStart)));
  ASSERT_EQ(made.run.outcome(), Outcome::kHostCall);
  EXPECT_EQ(made.run.call().instance(), made.instance);
  // Segments are in place, and the host can look.
  EXPECT_EQ(Must(made.run.call().memory()->Read<uint8_t>(4)), 'd');
  EXPECT_EQ(Must(store.GetGlobal(made.instance, "got")), Value::I32(0));
  const RunResult run = Must(made.run.call().Resume(Value::I32(77)));
  EXPECT_TRUE(run.is_done());
  EXPECT_TRUE(run.values().empty());
  EXPECT_TRUE(run.As<void>().has_value());
  EXPECT_EQ(Must(store.GetGlobal(made.instance, "got")), Value::I32(77));
}

TEST(Instantiate, StartFunctionMayTrapOrBeDropped) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  const Instantiation first = Must(store.Instantiate(LoadOk(kStart)));
  EXPECT_TRUE(Must(first.run.call().Trap()).is_trapped());
  const Instantiation second = Must(store.Instantiate(LoadOk(kStart)));
  Must(second.run.Drop());
  EXPECT_EQ(store.run_count(), 0u);
  // Both exist until they are released.
  EXPECT_EQ(Must(store.GetGlobal(first.instance, "got")), Value::I32(0));
  Must(store.Release(first.instance));
  Must(store.Release(second.instance));
  EXPECT_EQ(CodeOf(store.GetGlobal(first.instance, "got")), ErrorCode::kStaleHandle);
}

TEST(Instantiate, SegmentTrapKeepsWhatWasWritten) {
  Store store = MakeStore();
  const Instantiation made = Must(store.Instantiate(LoadOk(kBadSegment)));
  ASSERT_TRUE(made.run.is_trapped());
  EXPECT_EQ(made.run.trap().code, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(Must(Must(store.GetMemory(made.instance)).Read<uint8_t>(0)), 'o');
}

TEST(Instantiate, IsMetered) {
  Config config = SmallConfig();
  config.fuel = 0;
  Store store = MakeStore(config);
  Must(store.Link("env", "get", [] { return 5; }));
  Instantiation made = Must(store.Instantiate(LoadOk(kStart)));
  uint64_t given = 0;
  int pauses = 0;
  RunResult run = made.run;
  while (!run.is_done()) {
    ASSERT_EQ(run.outcome(), Outcome::kOutOfFuel);
    const uint64_t more = run.fuel_needed() - store.fuel();
    store.AddFuel(more);
    given += more;
    ++pauses;
    run = Must(run.Resume());
  }
  EXPECT_GT(pauses, 3);
  EXPECT_EQ(Must(store.GetGlobal(made.instance, "got")), Value::I32(5));
  // In one go it costs the same.
  store.SetFuel(1'000'000);
  EXPECT_TRUE(Must(store.Instantiate(LoadOk(kStart))).run.is_done());
  EXPECT_EQ(1'000'000 - store.fuel(), given);
}

TEST(Instantiate, ShortSpanForAPage) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "println", 2, 0));
  std::array<uint8_t, 5> memory;
  memory.fill(0xee);
  const InstanceId hello = MakeInstance(store, kHelloText, {.memory_span = memory});
  EXPECT_EQ(std::string(memory.begin(), memory.end()), "hello");
  const RunResult run = Must(store.Invoke(hello, "main"));
  ASSERT_EQ(run.outcome(), Outcome::kHostCall);
  const auto [address, size] = Must(run.call().Args<uint32_t, uint32_t>());
  char text[8];
  EXPECT_EQ(Must(run.call().memory()->ReadString(address, size, text)), "hello");
  EXPECT_TRUE(Must(run.call().Resume()).is_done());
  // The guest sees the page that it declared, and traps where no byte is.
  EXPECT_EQ(Must(store.Invoke(hello, "size")).As<int32_t>(), 1);
  EXPECT_EQ(Must(store.Invoke(hello, "load", {Value::I32(4)})).As<int32_t>(), 'o');
  EXPECT_EQ(Must(store.Invoke(hello, "load", {Value::I32(5)})).trap().code, TrapCode::kOutOfBoundsMemory);
  // Growth adds pages, not bytes.
  EXPECT_EQ(Must(store.Invoke(hello, "grow", {Value::I32(2)})).As<int32_t>(), 1);
  EXPECT_EQ(Must(store.Invoke(hello, "size")).As<int32_t>(), 3);
  EXPECT_EQ(Must(Must(store.GetMemory(hello)).size_bytes()), 5u);
  // An importer sees the same.
  Must(store.SetName(hello, "lib"));
  const InstanceId importer = MakeInstance(store, kImportMemory);
  EXPECT_EQ(Must(store.Invoke(importer, "size")).As<int32_t>(), 3);
  EXPECT_EQ(Must(store.Invoke(importer, "load", {Value::I32(4)})).As<int32_t>(), 'o');
  EXPECT_TRUE(Must(store.Invoke(importer, "load", {Value::I32(5)})).is_trapped());
}

TEST(Instantiate, EmptyAndUnalignedSpans) {
  Store store = MakeStore();
  std::array<uint8_t, 64> bytes;
  bytes.fill(0xee);
  const InstanceId none = MakeInstance(store, kMemory, {.memory_span = MutableByteSpan()});
  EXPECT_TRUE(Must(store.Invoke(none, "load", {Value::I32(0)})).is_trapped());
  const InstanceId odd = MakeInstance(store, kMemory, {.memory_span = MutableByteSpan(bytes).subspan(3, 4)});
  EXPECT_TRUE(Must(store.Invoke(odd, "store", {Value::I32(0), Value::I32(0x04030201)})).is_done());
  EXPECT_EQ(bytes[2], 0xee);
  EXPECT_EQ(bytes[3], 1);
  EXPECT_EQ(bytes[6], 4);
  EXPECT_EQ(bytes[7], 0xee);
  EXPECT_TRUE(Must(store.Invoke(odd, "load", {Value::I32(1)})).is_trapped());
}

TEST(Instantiate, ChoosesTheMemoryOfTheSpan) {
  Store store = MakeStore();
  std::array<uint8_t, 3> bytes{};
  const Module module = LoadOk(kTwoMemories);
  const Instantiation made = Must(store.Instantiate(module, {.memory_span = bytes, .memory = 1}));
  EXPECT_TRUE(made.run.is_done());
  EXPECT_EQ(bytes[2], 'x');
  EXPECT_EQ(Must(store.GetMemory(made.instance, 1)).size_bytes(), 3u);
  EXPECT_EQ(Must(store.GetMemory(made.instance, "first")).size_bytes(), kPageBytes);
  // By default it is the first.
  EXPECT_TRUE(Must(store.Instantiate(module, {.memory_span = bytes})).run.is_done());
  EXPECT_EQ(bytes[2], 0);
  EXPECT_EQ(CodeOf(store.Instantiate(module, {.memory_span = bytes, .memory = 2})), ErrorCode::kBadConfiguration);
  // Who gives a span to every plugin need not know which ones have a memory.
  bytes[0] = 9;
  EXPECT_TRUE(Must(store.Instantiate(LoadOk(kMath), {.memory_span = bytes})).run.is_done());
  EXPECT_EQ(bytes[0], 9);
  EXPECT_EQ(CodeOf(store.Instantiate(Module())), ErrorCode::kBadConfiguration);
}

TEST(Instantiate, FailureLeavesTheStoreAsItWas) {
  Config config = SmallConfig();
  config.limits.memory_bytes = kPageBytes - 1;
  Store store = MakeStore(config);
  const uint64_t used = store.used_bytes();
  EXPECT_EQ(CodeOf(store.Instantiate(LoadOk(kMemory))), ErrorCode::kLimitExceeded);
  EXPECT_EQ(store.run_count(), 0u);
  const InstanceId math = MakeInstance(store, kMath);
  EXPECT_EQ(math.index(), 0u);
  EXPECT_GT(store.used_bytes(), used);
}

TEST(Instances, ImportFromEachOtherByName) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  EXPECT_EQ(CodeOf(store.Instantiate(LoadOk(kImporter))), ErrorCode::kUnknownImport);
  Must(store.SetName(math, "lib"));
  const InstanceId importer = MakeInstance(store, kImporter);
  const RunResult run = Must(store.Invoke(importer, "add3", {Value::I32(1), Value::I32(2), Value::I32(3)}));
  EXPECT_EQ(run.As<int32_t>(), 6);
  Must(store.SetName(math, ""));
  EXPECT_EQ(CodeOf(store.Instantiate(LoadOk(kImporter))), ErrorCode::kUnknownImport);
}

TEST(Instances, ReleaseMakesHandlesStale) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  Must(store.SetName(math, "lib"));
  const InstanceId importer = MakeInstance(store, kImporter);
  const FuncHandle add = Must(store.GetFunc(math, "add"));
  const auto typed = Must(store.GetFunc<int32_t(int32_t, int32_t)>(math, "add"));
  Must(store.Release(math));
  EXPECT_EQ(CodeOf(store.Release(math)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(store.Invoke(math, "nothing")), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(store.Invoke(add)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(typed(1, 2)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(store.SignatureOf(add)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(store.ModuleOf(math)), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(store.InstanceAt(0)), ErrorCode::kStaleHandle);
  EXPECT_EQ(Must(store.InstanceAt(1)), importer);
  EXPECT_EQ(CodeOf(store.InstanceAt(2)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(store.SetName(math, "x")), ErrorCode::kStaleHandle);
  // Who imported from it traps.
  const RunResult run = Must(store.Invoke(importer, "add3", {Value::I32(1), Value::I32(2), Value::I32(3)}));
  EXPECT_EQ(run.trap().code, TrapCode::kReleasedFunction);
}

TEST(Instances, ReleaseIsOutOfTurnWhileRunsArePending) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  Must(store.LinkFuncDefault("env"));
  const InstanceId host = MakeInstance(store, kHost);
  const InstanceId math = MakeInstance(store, kMath);
  const RunResult run = Must(store.Invoke(host, "get"));
  EXPECT_EQ(CodeOf(store.Release(math)), ErrorCode::kOutOfTurn);
  EXPECT_TRUE(Must(run.call().Resume(Value::I32(1))).is_done());
  Must(store.Release(math));
  Must(store.Release(host));
}

TEST(Instances, TraceOutlivesAReleasedInstance) {
  Store store = MakeStore();
  const InstanceId traps = MakeInstance(store, kTraps);
  const RunResult run = Must(store.Invoke(traps, "outer"));
  Must(store.Release(traps));
  ASSERT_TRUE(run.trap().where.has_value());
  EXPECT_FALSE(run.trap().where->instance.has_value());
  EXPECT_EQ(run.trap().where->name, "");
}

TEST(Instances, KeepTheirModule) {
  Store store = MakeStore();
  std::optional<Module> module = LoadOk(kMath);
  const InstanceId math = Must(store.Instantiate(*module)).instance;
  EXPECT_EQ(Must(store.ModuleOf(math)), *module);
  module.reset();
  EXPECT_EQ(Must(store.Invoke(math, "add", {Value::I32(4), Value::I32(5)})).As<int32_t>(), 9);
  EXPECT_EQ(Must(store.ModuleOf(math)).export_count(), 7u);
}

TEST(Instances, OfAnotherStore) {
  Store store = MakeStore();
  Store other = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  EXPECT_NE(store.id(), other.id());
  EXPECT_EQ(math.store(), store.id());
  EXPECT_EQ(CodeOf(other.Invoke(math, "nothing")), ErrorCode::kWrongStore);
  EXPECT_EQ(CodeOf(other.Invoke(Must(store.GetFunc(math, "add")))), ErrorCode::kWrongStore);
  EXPECT_EQ(CodeOf(other.Release(math)), ErrorCode::kWrongStore);
  EXPECT_EQ(CodeOf(store.Invoke(InstanceId(), "nothing")), ErrorCode::kWrongStore);
  EXPECT_EQ(CodeOf(store.Invoke(FuncHandle())), ErrorCode::kWrongStore);
}

// --- Reset ---------------------------------------------------------------------------------------------------------

TEST(Reset, ReadyForTheNextPlugin) {
  Store store = MakeStore();
  Must(store.LinkFunc("env", "get", 0, 1));
  Must(store.LinkFuncDefault("env"));
  const MemoryView kept = Must(store.LinkMemory("host", "memory", MemoryType{LimitsOf(1)}));
  InstanceId last;
  uint64_t used = 0;
  for (int round = 0; round < 3; ++round) {
    const InstanceId host = MakeInstance(store, kHost);
    EXPECT_EQ(host.index(), 0u);
    if (round > 0) {
      EXPECT_EQ(CodeOf(store.Invoke(last, "one")), ErrorCode::kStaleHandle);
    }
    const MemoryView memory = Must(store.GetMemory(host));
    const FuncHandle one = Must(store.GetFunc(host, "one"));
    const RunResult done = Must(store.Invoke(host, "one"));
    const RunResult pending = Must(store.Invoke(host, "get"));
    Must(kept.Write<uint32_t>(0, 7u));
    Must(store.Reset());
    EXPECT_EQ(store.run_count(), 0u);
    EXPECT_FALSE(pending.call().is_current());
    EXPECT_TRUE(done.values().empty());
    EXPECT_EQ(CodeOf(memory.size_bytes()), ErrorCode::kStaleHandle);
    EXPECT_EQ(CodeOf(store.Invoke(one)), ErrorCode::kStaleHandle);
    EXPECT_EQ(Must(kept.Read<uint32_t>(0)), 7u);
    last = host;
    // It does not grow from plugin to plugin.
    if (round > 0) {
      EXPECT_EQ(store.used_bytes(), used);
    }
    used = store.used_bytes();
  }
}

TEST(Reset, WithoutLinks) {
  Store store = MakeStore();
  Must(store.Link("env", "get", [] { return 1; }));
  const MemoryView memory = Must(store.LinkMemory("host", "memory", MemoryType{LimitsOf(1)}));
  Must(store.Reset({.keep_links = false}));
  EXPECT_EQ(CodeOf(memory.size_bytes()), ErrorCode::kStaleHandle);
  EXPECT_EQ(CodeOf(store.Instantiate(LoadOk(kStart))), ErrorCode::kUnknownImport);
  EXPECT_EQ(Must(store.Link("env", "get", [] { return 2; })), 0u);
  const InstanceId start = MakeInstance(store, kStart);
  EXPECT_EQ(Must(store.GetGlobal(start, "got")), Value::I32(2));
}

TEST(Reset, FunctionsInKeptTablesAreDead) {
  Store store = MakeStore();
  Must(store.LinkGlobal("host", "variable", Value::I32(10), true));
  Must(store.LinkGlobal("host", "constant", Value::I64(3)));
  const TableView table = Must(store.LinkTable("host", "table", TableType{ValType::FuncRef(), LimitsOf(1)}));
  Must(store.LinkMemory("host", "memory", MemoryType{LimitsOf(1)}));
  const InstanceId first = MakeInstance(store, kImportAll);
  EXPECT_TRUE(Must(store.Invoke(first, "put")).is_done());
  Must(store.Reset());
  MakeInstance(store, kImportAll);
  const Value old = Must(table.Get(0));
  ASSERT_TRUE(old.func().has_value());
  EXPECT_EQ(CodeOf(store.Invoke(*old.func())), ErrorCode::kStaleHandle);
}

TEST(Reset, ForgetsTracesAndLinkErrors) {
  Store store = MakeStore();
  const InstanceId traps = MakeInstance(store, kTraps);
  const RunResult run = Must(store.Invoke(traps, "outer"));
  (void)store.Instantiate(LoadOk(kHost));
  Must(store.Reset());
  EXPECT_EQ(store.trace_size(), 0u);
  EXPECT_EQ(run.trap().code, TrapCode::kUnreachable);
  EXPECT_FALSE(run.trap().where.has_value());
  EXPECT_FALSE(store.link_error().has_value());
}

// --- Exports and invocations ---------------------------------------------------------------------------------------

TEST(Invoke, ChecksNamesKindsAndTypes) {
  Store store = MakeStore();
  const InstanceId objects = MakeInstance(store, kObjects);
  EXPECT_EQ(CodeOf(store.Invoke(objects, "missing")), ErrorCode::kNoSuchExport);
  EXPECT_EQ(CodeOf(store.Invoke(objects, "table")), ErrorCode::kWrongExportKind);
  EXPECT_EQ(CodeOf(store.GetGlobal(objects, "answer")), ErrorCode::kWrongExportKind);
  EXPECT_EQ(CodeOf(store.GetMemory(objects, "missing")), ErrorCode::kNoSuchExport);
  EXPECT_EQ(CodeOf(store.GetMemory(objects, 0)), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(store.Invoke(objects, "call")), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.Invoke(objects, "call", {Value::I64(0)})), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.Invoke(objects, "call", {Value::I32(0), Value::I32(0)})), ErrorCode::kWrongArguments);
  EXPECT_EQ(Must(store.Invoke(objects, "call", {Value::I32(0)})).As<int32_t>(), 42);
  EXPECT_EQ(store.run_count(), 0u);
}

TEST(Invoke, References) {
  Store store = MakeStore();
  Store other = MakeStore();
  const InstanceId objects = MakeInstance(store, kObjects);
  const FuncHandle answer = Must(store.GetFunc(objects, "answer"));
  RunResult run = Must(store.Invoke(objects, "echo_func", {Value::FuncRef(answer)}));
  EXPECT_EQ(run.values()[0], Value::FuncRef(answer));
  run = Must(store.Invoke(objects, "echo_func", {Value::Null(HeapType::kNoFunc)}));
  EXPECT_EQ(run.values()[0], Value::Null(HeapType::kFunc));
  run = Must(store.Invoke(objects, "echo_extern", {Value::ExternRef(0)}));
  EXPECT_EQ(run.values()[0], Value::ExternRef(0));
  run = Must(store.Invoke(objects, "echo_extern", {Value::ExternRef(0xffff'fffe)}));
  EXPECT_EQ(run.values()[0].extern_handle(), 0xffff'fffe);
  run = Must(store.Invoke(objects, "echo_extern", {Value::Null(HeapType::kExtern)}));
  EXPECT_TRUE(run.values()[0].is_null());
  EXPECT_EQ(CodeOf(store.Invoke(objects, "echo_extern", {Value::FuncRef(answer)})), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.Invoke(objects, "echo_func", {Value::ExternRef(1)})), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.Invoke(objects, "echo_func", {Value::Null(HeapType::kExtern)})), ErrorCode::kWrongArguments);
  const InstanceId foreign = MakeInstance(other, kObjects);
  const Value stranger = Value::FuncRef(Must(other.GetFunc(foreign, "answer")));
  EXPECT_EQ(CodeOf(store.Invoke(objects, "echo_func", {stranger})), ErrorCode::kWrongStore);
  EXPECT_EQ(store.run_count(), 0u);
}

TEST(Invoke, TypedHandles) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  const auto add = Must(store.GetFunc<int32_t(int32_t, int32_t)>(math, "add"));
  EXPECT_EQ(Must(add(-3, 5)).As<int32_t>(), 2);
  const auto mul = Must(store.GetFunc<uint64_t(int64_t, uint64_t)>(math, "mul64"));
  EXPECT_EQ(Must(mul(int64_t{1} << 40, 3)).As<uint64_t>(), uint64_t{3} << 40);
  const auto swap = Must(store.GetFunc<std::tuple<int64_t, int32_t>(int32_t, int64_t)>(math, "swap"));
  EXPECT_EQ((Must(swap(1, 2)).As<std::tuple<int64_t, int32_t>>()), std::make_tuple(int64_t{2}, 1));
  const auto nothing = Must(store.GetFunc<void()>(math, "nothing"));
  EXPECT_TRUE(Must(nothing()).As<void>().has_value());
  EXPECT_EQ(CodeOf(store.GetFunc<void()>(math, "add")), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.GetFunc<int32_t(int32_t, int64_t)>(math, "add")), ErrorCode::kWrongArguments);
  EXPECT_EQ(CodeOf(store.GetFunc<void()>(math, "missing")), ErrorCode::kNoSuchExport);
  EXPECT_EQ(CodeOf((Func<void()>()())), ErrorCode::kStaleHandle);
}

TEST(Invoke, SignaturesCanBeRead) {
  Store store = MakeStore();
  const InstanceId math = MakeInstance(store, kMath);
  char text[64];
  const FuncSignature swap = Must(store.SignatureOf(Must(store.GetFunc(math, "swap"))));
  EXPECT_EQ(FormatSignature(swap, text), "(i32, i64) -> (i64, i32)");
  EXPECT_TRUE(store.SignatureOf(CanonIdx{1000}).params.empty());
}

// --- Host functions that run at once -------------------------------------------------------------------------------

TEST(Reentry, HostFunctionInvokesTheGuest) {
  Store store = MakeStore();
  std::optional<InstanceId> seen;
  Must(store.Link("env", "inner", [&seen](Caller& caller, int32_t x) -> HostResult<int32_t> {
    seen = caller.instance();
    const RunResult leaf = Must(caller.store().Invoke(*caller.instance(), "leaf", {Value::I32(x)}));
    EXPECT_EQ(caller.store().run_count(), 1u);
    return *leaf.As<int32_t>();
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(instance, "outer", {Value::I32(3)})).As<int32_t>(), 308);
  EXPECT_EQ(seen, instance);
}

TEST(Reentry, NestsDeeply) {
  Store store = MakeStore();
  Must(store.Link("env", "inner", [](Caller& caller, int32_t x) -> HostResult<int32_t> {
    if (x == 0) return 0;
    const RunResult run = Must(caller.store().Invoke(*caller.instance(), "outer", {Value::I32(x - 1)}));
    return *run.As<int32_t>();
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(instance, "outer", {Value::I32(10)})).As<int32_t>(), 5500);
}

TEST(Reentry, LeftoverRunsAreDropped) {
  Store store = MakeStore();
  std::optional<RunResult> leftover;
  Must(store.LinkFunc("env", "get", 0, 1));
  Must(store.LinkFuncDefault("env"));
  const InstanceId host = MakeInstance(store, kHost);
  Must(store.Link("env", "inner", [&](Caller& caller, int32_t x) {
    leftover = Must(caller.store().Invoke(host, "get"));
    // Another in it, also left.
    (void)caller.store().Invoke(host, "get");
    return x;
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(instance, "outer", {Value::I32(2)})).As<int32_t>(), 202);
  EXPECT_EQ(store.run_count(), 0u);
  EXPECT_FALSE(leftover->call().is_current());
}

TEST(Reentry, RunsOfOutsideAreOutOfTurn) {
  Store store = MakeStore();
  Must(store.LinkFuncDefault("env"));
  const InstanceId host = MakeInstance(store, kHost);
  std::optional<RunResult> outside;
  std::vector<ErrorCode> codes;
  Must(store.Link("env", "inner", [&](Caller& caller, int32_t x) {
    codes = {CodeOf(outside->call().Resume(Value::I32(1))), CodeOf(outside->Drop()),
             CodeOf(caller.store().Release(host)), CodeOf(caller.store().Reset())};
    EXPECT_FALSE(caller.store().pending().has_value());
    EXPECT_FALSE(caller.store().last_call().has_value());
    return x;
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  outside = Must(store.Invoke(host, "get"));
  EXPECT_EQ(Must(store.Invoke(instance, "outer", {Value::I32(2)})).As<int32_t>(), 202);
  EXPECT_EQ(codes, std::vector<ErrorCode>(4, ErrorCode::kOutOfTurn));
  EXPECT_EQ(Must(outside->call().Resume(Value::I32(1))).As<int32_t>(), 1);
}

TEST(Reentry, InnerTrapDoesNotEndTheOuterRun) {
  Store store = MakeStore();
  Must(store.Link("env", "inner", [](Caller& caller, int32_t x) {
    EXPECT_TRUE(Must(caller.store().Invoke(*caller.instance(), "fail")).is_trapped());
    return x;
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(instance, "outer", {Value::I32(2)})).As<int32_t>(), 202);
}

TEST(Reentry, TrapAfterAnInnerRunTellsThePlace) {
  Store store = MakeStore();
  Must(store.Link("env", "inner", [](Caller& caller, int32_t) -> HostResult<int32_t> {
    EXPECT_TRUE(Must(caller.store().Invoke(*caller.instance(), "leaf", {Value::I32(1)})).is_done());
    return Trap(TrapCode::kHost);
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  const RunResult run = Must(store.Invoke(instance, "outer", {Value::I32(2)}));
  EXPECT_EQ(run.trap().code, TrapCode::kHost);
  ASSERT_TRUE(run.trap().where.has_value());
  // The last byte of the call.
  EXPECT_EQ(kReenter[run.trap().where->offset - 1], 0x10);
}

TEST(Reentry, MemoryThatGrewInsideIsSeenOutside) {
  Store store = MakeStore();
  Must(store.Link("env", "inner", [](Caller& caller, int32_t) {
    const MemoryView memory = Must(caller.memory());
    EXPECT_EQ(Must(caller.store().Invoke(*caller.instance(), "grow")).As<int32_t>(), 1);
    Must(memory.Write<uint32_t>(65536, 0xabcu));
    return 0;
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(instance, "last")).As<int32_t>(), 0xabc);
}

TEST(Reentry, HostGrowsTheMemory) {
  Store store = MakeStore();
  Must(store.Link("env", "inner", [](Caller& caller, int32_t) {
    const MemoryView memory = Must(caller.memory());
    EXPECT_EQ(Must(memory.Grow(2)), 1u);
    Must(memory.Write<uint32_t>(65536, 0xdefu));
    return 0;
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(instance, "last")).As<int32_t>(), 0xdef);
}

TEST(Reentry, InstantiatesInside) {
  Store store = MakeStore();
  Must(store.Link("env", "inner", [](Caller& caller, int32_t x) {
    const InstanceId math = MakeInstance(caller.store(), kMath);
    // Enough to move every array of the store.
    for (int i = 0; i < 20; ++i) {
      MakeInstance(caller.store(), kMath);
      Must(caller.store().Link("x", std::to_string(caller.store().run_count() * 100 + static_cast<size_t>(i)), [] {}));
    }
    return *Must(caller.store().Invoke(math, "add", {Value::I32(x), Value::I32(1)})).As<int32_t>();
  }));
  const InstanceId instance = MakeInstance(store, kReenter);
  EXPECT_EQ(Must(store.Invoke(instance, "outer", {Value::I32(2)})).As<int32_t>(), 203);
}

TEST(Reentry, DestroyedInsideEndsWithTheRun) {
  std::optional<Store> store = MakeStore();
  std::vector<ErrorCode> codes;
  Must(store->Link("env", "inner", [&](Caller& caller, int32_t x) {
    const InstanceId instance = *caller.instance();
    store.reset();
    codes = {CodeOf(caller.store().Invoke(instance, "leaf", {Value::I32(1)})), CodeOf(caller.memory())};
    EXPECT_EQ(caller.instance(), std::nullopt);
    return x;
  }));
  const InstanceId instance = MakeInstance(*store, kReenter);
  const auto outer = Must(store->GetFunc<int32_t(int32_t)>(instance, "outer"));
  EXPECT_EQ(CodeOf(outer(1)), ErrorCode::kStaleHandle);
  EXPECT_EQ(codes, std::vector<ErrorCode>(2, ErrorCode::kStaleHandle));
  EXPECT_EQ(CodeOf(outer(1)), ErrorCode::kStaleHandle);
}

TEST(Caller, WithoutAGuest) {
  Store store = MakeStore();
  std::optional<InstanceId> seen = InstanceId();
  ErrorCode code = ErrorCode::kBadMagic;
  Must(store.Link("env", "get", [&](Caller& caller) {
    seen = caller.instance();
    code = CodeOf(caller.memory());
    return 5;
  }));
  Must(store.LinkFuncDefault("env"));
  const InstanceId host = MakeInstance(store, kHost);
  EXPECT_EQ(Must(store.Invoke(host, "env.get")).As<int32_t>(), 5);
  EXPECT_EQ(seen, std::nullopt);
  EXPECT_EQ(code, ErrorCode::kStaleHandle);
}

TEST(Link, ClosuresEndWithTheirLinks) {
  int alive = 0;
  struct Token {
    explicit Token(int* c) : count(c) { ++*count; }
    Token(Token&& other) noexcept : count(std::exchange(other.count, nullptr)) {}
    ~Token() {
      if (count != nullptr) --*count;
    }
    int* count;
  };
  {
    Store store = MakeStore();
    Must(store.Link("a", "a", [token = Token(&alive)] { return *token.count; }));
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(CodeOf(store.Link("a", "a", [token = Token(&alive)] {})), ErrorCode::kDuplicateLink);
    EXPECT_EQ(alive, 1);
    Must(store.Reset());
    EXPECT_EQ(alive, 1);
    Must(store.Reset({.keep_links = false}));
    EXPECT_EQ(alive, 0);
    Must(store.Link("a", "a", [token = Token(&alive)] {}));
  }
  EXPECT_EQ(alive, 0);
}

TEST(Store, CountsItsBytes) {
  Store store = MakeStore();
  const uint64_t before = store.used_bytes();
  EXPECT_GE(before, SmallConfig().limits.value_stack_bytes);
  const InstanceId memory = MakeInstance(store, kMemory);
  EXPECT_GE(store.used_bytes(), before + kPageBytes);
  Must(store.Release(memory));
  EXPECT_LT(store.used_bytes(), before + kPageBytes);
  EXPECT_GE(store.peak_bytes(), before + kPageBytes);
  EXPECT_EQ(store.limit_bytes(), SmallConfig().limits.store_bytes);
  EXPECT_EQ(store.limits().call_depth, 200u);
}

}  // namespace
}  // namespace sandbox::testing
