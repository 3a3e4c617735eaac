// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/instantiate.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/exec/ops_table.h"
#include "tests/exec/hand_made_module.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox {
namespace {

using ::sandbox::testing::FailingAllocator;
using ::sandbox::testing::ForEachRefusal;
using ::sandbox::testing::HandMadeModule;
using Outcome = Machine::Outcome;

constexpr TableType kFuncTable{ValType::FuncRef(), {2, std::nullopt, false}};
constexpr MemoryType kOnePage{{1, std::nullopt, false}};

// Guest functions of these tests do nothing: whatever is entered has returned.
Exit ReturnAtOnce(Machine&) { return Exit::kDone; }

OrTrap<void> CountCalls(void* context, Machine&, std::span<Slot>) {
  ++*static_cast<int*>(context);
  return {};
}
OrTrap<void> TrapAlways(void*, Machine&, std::span<Slot>) { return Trap(TrapCode::kHost); }

// What a store holds, to compare before and after a refusal.
struct Census {
  size_t functions, instances, live, tags, host_functions;
  uint64_t holders;
  friend bool operator==(const Census&, const Census&) = default;
};

class StoreForTest {
 public:
  explicit StoreForTest(Allocator* allocator = nullptr, uint64_t budget_bytes = 1 << 30)
      : budget(budget_bytes, allocator), store(SmallLimits(), budget), machine(store, TierTable{.run = ReturnAtOnce}) {}

  static ImplementationLimits SmallLimits() {
    ImplementationLimits limits;
    limits.call_depth = 10;
    limits.value_stack_bytes = 4096;
    return limits;
  }

  Result<uint32_t> Link(const HandMadeModule& module, const InstantiateOptions& options = {}) {
    return LinkInstance(store, module.data, nullptr, options, &failure);
  }
  // Links and drives to the end; the outcome of the first drive.
  Outcome Instantiate(const HandMadeModule& module, std::string_view name = "", const InstantiateOptions& options = {}) {
    id = *Link(module, options);
    EXPECT_TRUE(machine.BeginInstantiate(id));
    const Outcome outcome = DriveInstantiation(machine);
    EXPECT_TRUE(store.SetInstanceName(*store.instances[id], name));
    if (outcome == Outcome::kDone || outcome == Outcome::kTrapped) machine.EndRun();
    return outcome;
  }
  Instance& last() { return *store.instances[id]; }

  Census Count() const {
    Census census{store.functions.size(),      store.instances.size(), static_cast<size_t>(store.live_instances),
                  store.tags.size(), store.host_functions.size(), 0};
    for (const HostObject& object : store.host_objects) {
      if (object.memory != nullptr) census.holders += object.memory->holders;
      if (object.table != nullptr) census.holders += object.table->holders;
      if (object.global != nullptr) census.holders += object.global->holders;
    }
    return census;
  }

  Budget budget;
  StoreData store;
  Machine machine;
  LinkFailure failure;
  uint32_t id = 0;
};

class InstantiateTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(t_.machine.Allocate()); }

  // A module that outlives the store.
  HandMadeModule& Make() { return *modules_.emplace_back(std::make_unique<HandMadeModule>()); }

  std::vector<std::unique_ptr<HandMadeModule>> modules_;
  StoreForTest t_;
};

// Exports one thing of each kind: "f" (i32) -> (), "t", "m", "g" i32, "tag" (i32).
void FillExporter(HandMadeModule& module) {
  const CanonIdx type = module.Type({ValType::I32()}, {});
  module.Function(type);
  module.Table(kFuncTable);
  module.Memory(kOnePage);
  module.Global(ValType::I32(), module.I32Const(42));
  module.Tag(type);
  module.Export("f", ExternKind::kFunc, 0);
  module.Export("t", ExternKind::kTable, 0);
  module.Export("m", ExternKind::kMemory, 0);
  module.Export("g", ExternKind::kGlobal, 0);
  module.Export("tag", ExternKind::kTag, 0);
  module.Finish();
}

void ImportAll(HandMadeModule& module) {
  module.Type({}, {});  // so that indices differ from the exporter's
  const CanonIdx type = module.Type({ValType::I32()}, {});
  module.ImportFunction("x", "f", type);
  module.ImportTable("x", "t", kFuncTable);
  module.ImportMemory("x", "m", kOnePage);
  module.ImportGlobal("x", "g", {ValType::I32(), false});
  module.ImportTag("x", "tag", type);
}

TEST_F(InstantiateTest, EmptyModule) {
  HandMadeModule& module = Make();
  EXPECT_EQ(t_.Instantiate(module.Finish()), Outcome::kDone);
  EXPECT_TRUE(t_.last().is_initialized);
}

TEST_F(InstantiateTest, SharesWhatAnInstanceExports) {
  HandMadeModule& exporter = Make();
  FillExporter(exporter);
  ASSERT_EQ(t_.Instantiate(exporter, "x"), Outcome::kDone);
  Instance& first = t_.last();

  HandMadeModule& importer = Make();
  ImportAll(importer);
  importer.Function(0);
  importer.Global(ValType::I32(), importer.Expr({0x23, 0}));
  importer.Elements(SegmentMode::kActive, {0, 1}, importer.I32Const(0));
  importer.ActiveData(&HandMadeModule::I32Const, 5, "hi");
  importer.Finish();
  ASSERT_EQ(t_.Instantiate(importer), Outcome::kDone);
  Instance& second = t_.last();

  EXPECT_EQ(second.AddressOf(0), first.AddressOf(0));
  EXPECT_NE(second.AddressOf(1), first.AddressOf(0));
  EXPECT_EQ(second.tables[0], first.tables[0]);
  EXPECT_EQ(second.memories[0], first.memories[0]);
  EXPECT_EQ(second.globals[0], first.globals[0]);
  EXPECT_EQ(second.tags[0], first.tags[0]);
  EXPECT_EQ(second.globals[1]->object.value, 42u);
  EXPECT_EQ(first.tables[0]->object.elements()[1], RefOfAddress(second.AddressOf(1)));
  EXPECT_EQ(first.memories[0]->object.view().Load<uint8_t>(5), 'h');
  EXPECT_EQ(first.memories[0]->holders, 2u);

  // What is shared outlives its maker.
  t_.store.DestroyInstance(&first);
  EXPECT_EQ(second.memories[0]->holders, 1u);
  EXPECT_EQ(second.memories[0]->object.view().Load<uint8_t>(6), 'i');
  EXPECT_TRUE(t_.store.functions[second.AddressOf(0)].is_dead());
}

TEST_F(InstantiateTest, HostLinksComeBeforeInstances) {
  HandMadeModule& exporter = Make();
  FillExporter(exporter);
  ASSERT_EQ(t_.Instantiate(exporter, "x"), Outcome::kDone);
  SharedGlobal* global = *t_.store.NewGlobal({ValType::I32(), false}, 7);
  ASSERT_TRUE(t_.store.AddHostGlobal("x", "g", global));
  SharedTable* table = *t_.store.NewTable({ValType::FuncRef(), {5, 9, false}}, kNullRef);
  ASSERT_TRUE(t_.store.AddHostTable("x", "t", table));
  const ValType params[] = {ValType::I32()};
  ASSERT_TRUE(t_.store.AddHostFunction("x", "f", *t_.store.InternFuncType(params, {})));

  HandMadeModule& importer = Make();
  ImportAll(importer);
  ASSERT_EQ(t_.Instantiate(importer.Finish()), Outcome::kDone);
  EXPECT_EQ(t_.last().globals[0], global);
  EXPECT_EQ(t_.last().tables[0], table);
  EXPECT_TRUE(t_.store.functions[t_.last().AddressOf(0)].is_host());
  EXPECT_EQ(t_.last().memories[0], t_.store.instances[0]->memories[0]);
}

TEST_F(InstantiateTest, CatchAllAnswersOnlyWhatNothingElseDoes) {
  HandMadeModule& exporter = Make();
  FillExporter(exporter);
  ASSERT_EQ(t_.Instantiate(exporter, "x"), Outcome::kDone);
  ASSERT_TRUE(t_.store.AddCatchAll("x"));
  HandMadeModule& importer = Make();
  const CanonIdx type = importer.Type({ValType::I32()}, {});
  importer.ImportFunction("x", "f", type);
  importer.ImportFunction("x", "missing", type);
  importer.ImportFunction("x", "missing", type);
  importer.ImportFunction("x", "missing", importer.Type({}, {}));
  importer.Finish();
  ASSERT_EQ(t_.Instantiate(importer), Outcome::kDone);
  EXPECT_FALSE(t_.store.functions[t_.last().AddressOf(0)].is_host());
  EXPECT_EQ(t_.last().AddressOf(1), t_.last().AddressOf(2));
  EXPECT_NE(t_.last().AddressOf(1), t_.last().AddressOf(3));
  EXPECT_EQ(t_.store.host_functions.size(), 2u);

  // A type that does not match what is there is an error, and so is anything but a function.
  HandMadeModule& mismatch = Make();
  mismatch.ImportFunction("x", "f", mismatch.Type({}, {}));
  EXPECT_EQ(t_.Link(mismatch.Finish()).error().code, ErrorCode::kIncompatibleImport);
  HandMadeModule& memory = Make();
  memory.ImportMemory("x", "missing", kOnePage);
  EXPECT_EQ(t_.Link(memory.Finish()).error().code, ErrorCode::kUnknownImport);
}

TEST_F(InstantiateTest, LinkFailureTellsNamesAndTypes) {
  HandMadeModule& exporter = Make();
  FillExporter(exporter);
  ASSERT_EQ(t_.Instantiate(exporter, "x"), Outcome::kDone);

  HandMadeModule& unknown = Make();
  unknown.ImportFunction("x", "f", unknown.Type({ValType::I32()}, {}));
  unknown.ImportGlobal("y", "nothing", {ValType::I64(), true});
  const auto missing = t_.Link(unknown.Finish());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Error{ErrorCode::kUnknownImport, 1}));
  EXPECT_EQ(t_.failure.module, "y");
  EXPECT_EQ(t_.failure.name, "nothing");
  EXPECT_EQ(t_.failure.expected.kind, ExternKind::kGlobal);
  EXPECT_EQ(t_.failure.expected.global, (GlobalType{ValType::I64(), true}));
  EXPECT_FALSE(t_.failure.given);

  HandMadeModule& wrong = Make();
  wrong.ImportMemory("x", "m", {{2, std::nullopt, false}});
  const auto incompatible = t_.Link(wrong.Finish());
  ASSERT_FALSE(incompatible);
  EXPECT_EQ(incompatible.error(), (Error{ErrorCode::kIncompatibleImport, 0}));
  ASSERT_TRUE(t_.failure.given);
  EXPECT_EQ(t_.failure.given->memory.limits.min, 1u);

  // Without anybody who wants to know.
  EXPECT_FALSE(LinkInstance(t_.store, wrong.data, nullptr, {}, nullptr));
}

TEST_F(InstantiateTest, AnImporterSeesTheCurrentSize) {
  HandMadeModule& exporter = Make();
  FillExporter(exporter);
  ASSERT_EQ(t_.Instantiate(exporter, "x"), Outcome::kDone);
  HandMadeModule& importer = Make();
  importer.ImportMemory("x", "m", {{2, std::nullopt, false}});
  importer.ImportTable("x", "t", {ValType::FuncRef(), {3, std::nullopt, false}});
  importer.Finish();
  EXPECT_FALSE(t_.Link(importer));
  ASSERT_TRUE(t_.last().memories[0]->object.Grow(1, t_.store.limits, t_.store.moved_bytes));
  ASSERT_TRUE(t_.last().tables[0]->object.Grow(1, kNullRef, t_.store.limits, t_.store.moved_bytes));
  EXPECT_TRUE(t_.Link(importer));
}

TEST_F(InstantiateTest, NothingIsImportedFromAnInstanceThatIsNotReady) {
  HandMadeModule& exporter = Make();
  FillExporter(exporter);
  const uint32_t id = *t_.Link(exporter);
  ASSERT_TRUE(t_.store.SetInstanceName(*t_.store.instances[id], "x"));
  HandMadeModule& importer = Make();
  ImportAll(importer);
  importer.Finish();
  EXPECT_EQ(t_.Link(importer).error().code, ErrorCode::kUnknownImport);
  ASSERT_TRUE(t_.machine.BeginInstantiate(id));
  ASSERT_EQ(DriveInstantiation(t_.machine), Outcome::kDone);
  t_.machine.EndRun();
  EXPECT_TRUE(t_.Link(importer));
}

TEST_F(InstantiateTest, MemoryOverASpan) {
  HandMadeModule& module = Make();
  module.Memory({{1, 2, false}});
  module.Memory(kOnePage);
  module.ActiveData(&HandMadeModule::I32Const, 1, "abc");
  module.Finish();
  std::vector<uint8_t> bytes(5, 0xee);
  InstantiateOptions options;
  options.memory_span = bytes;
  ASSERT_EQ(t_.Instantiate(module, "", options), Outcome::kDone);
  EXPECT_EQ(bytes, (std::vector<uint8_t>{0, 'a', 'b', 'c', 0}));
  EXPECT_EQ(t_.last().memories[0]->object.pages(), 1u);
  EXPECT_EQ(t_.last().memories[1]->object.view().size, kPageBytes);

  options.memory = 1;
  ASSERT_EQ(t_.Instantiate(module, "", options), Outcome::kDone);
  EXPECT_EQ(t_.last().memories[0]->object.view().size, kPageBytes);
  EXPECT_EQ(t_.last().memories[1]->object.view().size, 5u);

  options.memory = 2;
  EXPECT_EQ(t_.Link(module, options).error().code, ErrorCode::kBadConfiguration);
}

TEST_F(InstantiateTest, SpanWithAnImportedMemoryAndWithNone) {
  ASSERT_TRUE(t_.store.AddHostMemory("x", "m", *t_.store.NewMemory(kOnePage, std::nullopt)));
  HandMadeModule& module = Make();
  module.ImportMemory("x", "m", kOnePage);
  module.Memory(kOnePage);
  module.Finish();
  std::vector<uint8_t> bytes(5);
  InstantiateOptions options;
  options.memory_span = bytes;
  ASSERT_EQ(t_.Instantiate(module, "", options), Outcome::kDone);
  EXPECT_EQ(t_.last().memories[0]->object.view().size, kPageBytes);
  EXPECT_EQ(t_.last().memories[1]->object.view().size, 5u);
  options.memory = 0;
  EXPECT_EQ(t_.Link(module, options).error().code, ErrorCode::kBadConfiguration);

  HandMadeModule& without = Make();
  options.memory.reset();
  EXPECT_EQ(t_.Instantiate(without.Finish(), "", options), Outcome::kDone);
}

TEST_F(InstantiateTest, DataBeyondAShortSpanTraps) {
  HandMadeModule& module = Make();
  module.Memory(kOnePage);
  module.ActiveData(&HandMadeModule::I32Const, 3, "abc");
  module.Finish();
  std::vector<uint8_t> bytes(5);
  InstantiateOptions options;
  options.memory_span = bytes;
  EXPECT_EQ(t_.Instantiate(module, "", options), Outcome::kTrapped);
  EXPECT_EQ(t_.machine.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(bytes, std::vector<uint8_t>(5, 0));
}

TEST_F(InstantiateTest, LimitsAtAndOnePast) {
  HandMadeModule& module = Make();
  FillExporter(module);
  const auto expect_limit = [&](LimitId id) {
    const Census before = t_.Count();
    const auto refused = t_.Link(module);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), (Error{ErrorCode::kLimitExceeded, static_cast<uint32_t>(id)}));
    EXPECT_EQ(t_.Count(), before);
  };
  t_.store.limits.memory_bytes = kPageBytes - 1;
  expect_limit(LimitId::memory_bytes);
  t_.store.limits.memory_bytes = kPageBytes;
  t_.store.limits.table_elements = 1;
  expect_limit(LimitId::table_elements);
  t_.store.limits.table_elements = 2;
  t_.store.limits.store_functions = 0;
  expect_limit(LimitId::store_functions);
  t_.store.limits.store_functions = 1;
  t_.store.limits.instances = 1;
  ASSERT_EQ(t_.Instantiate(module), Outcome::kDone);
  t_.store.limits.store_functions = 2;
  expect_limit(LimitId::instances);
  // A released instance makes room; its functions do not.
  t_.store.DestroyInstance(&t_.last());
  ASSERT_EQ(t_.Instantiate(module), Outcome::kDone);
  EXPECT_EQ(t_.id, 1u);
  t_.store.DestroyInstance(&t_.last());
  expect_limit(LimitId::store_functions);

  HandMadeModule& more_types = Make();
  more_types.Type({ValType::I64()}, {});
  more_types.Finish();
  t_.store.limits.store_types = t_.store.types.size();
  EXPECT_EQ(t_.Link(more_types).error().detail, static_cast<uint32_t>(LimitId::store_types));
  ++t_.store.limits.store_types;
  EXPECT_TRUE(t_.Link(more_types));
}

TEST_F(InstantiateTest, BudgetRefusalIsOfClassMemory) {
  HandMadeModule& module = Make();
  module.Memory(1 << 14);
  t_.store.limits.memory_bytes = ~uint64_t{0};
  const Census before = t_.Count();
  EXPECT_EQ(t_.Link(module.Finish()).error().code, ErrorCode::kBudgetExceeded);
  EXPECT_EQ(t_.Count(), before);
}

TEST_F(InstantiateTest, RefusedLinkTakesCatchAllsAndTagsBack) {
  ASSERT_TRUE(t_.store.AddCatchAll("env"));
  ASSERT_TRUE(t_.store.AddHostMemory("x", "m", *t_.store.NewMemory(kOnePage, std::nullopt)));
  HandMadeModule& module = Make();
  const CanonIdx type = module.Type({}, {});
  module.ImportFunction("env", "a", type);
  module.ImportMemory("x", "m", kOnePage);
  module.ImportFunction("env", "b", type);
  module.ImportFunction("nobody", "c", type);
  const Census before = t_.Count();
  EXPECT_EQ(t_.Link(module.Finish()).error().detail, 3u);
  EXPECT_EQ(t_.Count(), before);

  HandMadeModule& late = Make();
  late.ImportFunction("env", "a", late.Type({}, {}));
  late.Tag(0);
  late.Function(0);
  t_.store.limits.store_functions = 1;
  EXPECT_EQ(t_.Link(late.Finish()).error().detail, static_cast<uint32_t>(LimitId::store_functions));
  EXPECT_EQ(t_.Count(), before);
  t_.store.limits.store_functions = 2;
  EXPECT_EQ(t_.Instantiate(late), Outcome::kDone);
}

// --- Initialization --------------------------------------------------------------------------------------------------

// Everything that has a cost, with the outcome that the segments fit.
void FillInitialized(HandMadeModule& module) {
  const CanonIdx type = module.Type({}, {});
  module.ImportFunction("env", "start", type);
  module.Function(type);
  module.Memory(1);                                                                      // 1024
  module.Table(20);                                                                      // 3
  module.Table(kFuncTable, module.Expr({0xd2, 1}));                                      // 1, later 2
  module.Global(ValType::I32(), module.I32Const(5));                                     // 2
  module.Global(ValType::I32(), module.Expr({0x23, 0, 0x41, 1, 0x6a}, 3));               // 4
  module.Elements(SegmentMode::kActive, {1, 1, 1, 1, 1, 1, 1, 1, 1}, module.I32Const(3));  // 2 + 1 + 2
  module.ElementExpressions(SegmentMode::kPassive, {0xd2, 1, 0x0b, 0xd0, 0x70, 0x0b}, 2, 4);  // 4
  module.Elements(SegmentMode::kDeclarative, {1});
  module.ActiveData(&HandMadeModule::I32Const, 60, std::string(65, 'x'));                // 2 + 1 + 2
  module.PassiveData("passive");
  module.data.start = 0;
  module.Finish();
}
constexpr uint64_t kInitializedCost = 1024 + 3 + 1 + 2 + 4 + 2 + 5 + 4 + 5;

void ExpectInitialized(const Instance& instance) {
  const Ref one = RefOfAddress(instance.AddressOf(1));
  EXPECT_EQ(instance.globals[1]->object.value, 6u);
  const auto elements = instance.tables[0]->object.elements();
  EXPECT_EQ(elements[2], kNullRef);
  EXPECT_EQ(elements[3], one);
  EXPECT_EQ(elements[11], one);
  EXPECT_EQ(elements[12], kNullRef);
  EXPECT_EQ(instance.tables[1]->object.elements()[0], one);
  EXPECT_EQ(instance.tables[1]->object.elements()[1], one);
  const MemView memory = instance.memories[0]->object.view();
  EXPECT_EQ(memory.Load<uint8_t>(59), 0);
  EXPECT_EQ(memory.Load<uint8_t>(60), 'x');
  EXPECT_EQ(memory.Load<uint8_t>(124), 'x');
  EXPECT_EQ(memory.Load<uint8_t>(125), 0);
  EXPECT_EQ(instance.elements[0].size(), 0u);
  ASSERT_EQ(instance.elements[1].size(), 2u);
  EXPECT_EQ(instance.elements[1][0], one);
  EXPECT_EQ(instance.elements[1][1], kNullRef);
  EXPECT_EQ(instance.elements[2].size(), 0u);
  EXPECT_NE(instance.dropped_data[0], 0);
  EXPECT_EQ(instance.dropped_data[1], 0);
  EXPECT_EQ(instance.operands.capacity(), 0u);
  EXPECT_TRUE(instance.is_initialized);
}

class InitializeTest : public InstantiateTest {
 protected:
  void SetUp() override {
    InstantiateTest::SetUp();
    FillInitialized(module_);
    ASSERT_TRUE(t_.store.AddHostFunction("env", "start", *t_.store.InternFuncType({}, {}), CountCalls, &calls_));
  }

  HandMadeModule& module_ = Make();
  int calls_ = 0;
};

TEST_F(InitializeTest, Everything) {
  EXPECT_EQ(t_.Instantiate(module_), Outcome::kDone);
  ExpectInitialized(t_.last());
  EXPECT_EQ(calls_, 1);
}

TEST_F(InitializeTest, CostsWhatItSays) {
  t_.machine.SetFuel(100'000);
  EXPECT_EQ(t_.Instantiate(module_), Outcome::kDone);
  EXPECT_EQ(t_.machine.FuelLeft(), 100'000 - kInitializedCost);
}

TEST_F(InitializeTest, OneUnitShortPausesBeforeTheLastStep) {
  t_.machine.SetFuel(kInitializedCost - 1);
  ASSERT_EQ(t_.Instantiate(module_), Outcome::kOutOfFuel);
  EXPECT_EQ(t_.machine.runs.back().state, RunState::kOutOfFuel);
  EXPECT_EQ(t_.machine.runs.back().fuel_needed, 5u);
  EXPECT_EQ(t_.machine.FuelLeft(), 4u);
  EXPECT_EQ(t_.last().memories[0]->object.view().Load<uint8_t>(60), 0);
  EXPECT_EQ(calls_, 0);
  t_.machine.SetFuel(5);
  EXPECT_EQ(DriveInstantiation(t_.machine), Outcome::kDone);
  EXPECT_EQ(t_.machine.FuelLeft(), 0u);
  EXPECT_EQ(calls_, 1);
  ExpectInitialized(t_.last());
  t_.machine.EndRun();
}

// However the fuel is doled out, each step happens once and costs the same.
TEST_F(InitializeTest, AnySequenceOfPausesGivesTheSame) {
  for (uint64_t dole : {1u, 2u, 3u, 7u, 500u, 1024u, 1030u}) {
    calls_ = 0;
    t_.machine.SetFuel(0);
    Outcome outcome = t_.Instantiate(module_);
    uint64_t spent = 0;
    uint64_t before = 0;
    for (int i = 0; outcome == Outcome::kOutOfFuel && i < 2000; ++i) {
      EXPECT_LT(t_.machine.FuelLeft(), t_.machine.runs.back().fuel_needed);
      before = t_.machine.FuelLeft() + dole;
      t_.machine.SetFuel(before);
      outcome = DriveInstantiation(t_.machine);
      spent += before - t_.machine.FuelLeft();
    }
    ASSERT_EQ(outcome, Outcome::kDone);
    EXPECT_EQ(spent, kInitializedCost);
    EXPECT_EQ(calls_, 1);
    ExpectInitialized(t_.last());
    t_.machine.EndRun();
  }
}

TEST_F(InitializeTest, InterruptedBeforeAnythingHappens) {
  t_.machine.interrupt.Request();
  ASSERT_EQ(t_.Instantiate(module_), Outcome::kInterrupted);
  EXPECT_EQ(t_.last().globals[0]->object.value, 0u);
  EXPECT_EQ(DriveInstantiation(t_.machine), Outcome::kInterrupted) << "until somebody clears it";
  t_.machine.interrupt.Clear();
  EXPECT_EQ(DriveInstantiation(t_.machine), Outcome::kDone);
  ExpectInitialized(t_.last());
  t_.machine.EndRun();
}

// An active segment may have put functions of the instance where others call them before the next pause.
TEST_F(InitializeTest, TheGuestMayActDuringAPause) {
  const Ref other = RefOfAddress(0);
  t_.machine.SetFuel(1024 + 3 + 1 + 2 + 4);
  ASSERT_EQ(t_.Instantiate(module_), Outcome::kOutOfFuel) << "before the tables' initializers";
  ASSERT_TRUE(t_.last().tables[1]->object.Grow(1, other, t_.store.limits, t_.store.moved_bytes));
  t_.machine.SetFuel(2 + 5);
  ASSERT_EQ(DriveInstantiation(t_.machine), Outcome::kOutOfFuel) << "before the passive segment";
  ops::ElemDrop(t_.last(), 1);
  t_.machine.SetFuel(4 + 5);
  EXPECT_EQ(DriveInstantiation(t_.machine), Outcome::kDone);
  const auto elements = t_.last().tables[1]->object.elements();
  EXPECT_EQ(elements[1], RefOfAddress(t_.last().AddressOf(1)));
  EXPECT_EQ(elements[2], other) << "what the growth put there";
  EXPECT_TRUE(t_.last().elements[1].empty());
  t_.machine.EndRun();
}

TEST_F(InstantiateTest, SegmentsInTheirOrderUntilOneTraps) {
  HandMadeModule& module = Make();
  module.Type({}, {});
  module.Function(0);
  module.Table(2);
  module.Memory(1);
  module.Elements(SegmentMode::kActive, {0}, module.I32Const(0));
  module.Elements(SegmentMode::kActive, {0, 0}, module.I32Const(1));
  module.Elements(SegmentMode::kActive, {0}, module.I32Const(1));
  module.ActiveData(&HandMadeModule::I32Const, 0, "data");
  module.Finish();
  t_.machine.SetFuel(10'000);
  EXPECT_EQ(t_.Instantiate(module), Outcome::kTrapped);
  EXPECT_EQ(t_.machine.trap, TrapCode::kOutOfBoundsTable);
  const auto elements = t_.last().tables[0]->object.elements();
  EXPECT_NE(elements[0], kNullRef) << "what was written stays";
  EXPECT_EQ(elements[1], kNullRef);
  EXPECT_EQ(t_.last().memories[0]->object.view().Load<uint8_t>(0), 0);
  // The trapping segment is paid for: 1024 for the memory, 1 for the table, twice 2 + 1 + 1.
  EXPECT_EQ(t_.machine.FuelLeft(), 10'000 - 1024 - 1 - 4 - 4u);
  EXPECT_FALSE(t_.last().is_initialized);
  EXPECT_TRUE(t_.machine.backtrace().empty());
  EXPECT_TRUE(t_.machine.runs.empty());
  // Its functions can be called all the same.
  EXPECT_FALSE(t_.store.functions[AddressOfRef(elements[0])].is_dead());
}

TEST_F(InstantiateTest, SegmentsOfNothingAtTheEndAndOnePast) {
  HandMadeModule& at_end = Make();
  at_end.Table(2);
  at_end.Elements(SegmentMode::kActive, {}, at_end.I32Const(2));
  EXPECT_EQ(t_.Instantiate(at_end.Finish()), Outcome::kDone);
  HandMadeModule& past = Make();
  past.Table(2);
  past.Elements(SegmentMode::kActive, {}, past.I32Const(3));
  EXPECT_EQ(t_.Instantiate(past.Finish()), Outcome::kTrapped);
  HandMadeModule& data = Make();
  data.Memory(0);
  data.ActiveData(&HandMadeModule::I32Const, 1, "");
  EXPECT_EQ(t_.Instantiate(data.Finish()), Outcome::kTrapped);
  EXPECT_EQ(t_.machine.trap, TrapCode::kOutOfBoundsMemory);
}

TEST_F(InstantiateTest, IndicesOf64Bits) {
  HandMadeModule& module = Make();
  module.Type({}, {});
  module.Function(0);
  module.Table({ValType::FuncRef(), {3, std::nullopt, true}});
  module.Memory({{1, std::nullopt, true}});
  module.Elements(SegmentMode::kActive, {0}, module.I64Const(2));
  module.ActiveData(&HandMadeModule::I64Const, 9, "x");
  EXPECT_EQ(t_.Instantiate(module.Finish()), Outcome::kDone);
  EXPECT_NE(t_.last().tables[0]->object.elements()[2], kNullRef);
  EXPECT_EQ(t_.last().memories[0]->object.view().Load<uint8_t>(9), 'x');
  HandMadeModule& beyond = Make();
  beyond.Memory({{1, std::nullopt, true}});
  beyond.ActiveData(&HandMadeModule::I64Const, 0x7f, "x");  // -1
  EXPECT_EQ(t_.Instantiate(beyond.Finish()), Outcome::kTrapped);
}

TEST_F(InstantiateTest, StartMayCallTheHost) {
  HandMadeModule& module = Make();
  module.ImportFunction("env", "start", module.Type({}, {}));
  module.data.start = 0;
  ASSERT_TRUE(t_.store.AddHostFunction("env", "start", *t_.store.InternFuncType({}, {})));
  ASSERT_EQ(t_.Instantiate(module.Finish()), Outcome::kHostCall);
  EXPECT_TRUE(t_.last().is_initialized);
  EXPECT_EQ(t_.machine.runs.back().host_call.host_function, 0u);
  t_.machine.AnswerHostCall({});
  EXPECT_EQ(DriveInstantiation(t_.machine), Outcome::kDone);
  t_.machine.EndRun();
}

TEST_F(InstantiateTest, StartMayTrap) {
  HandMadeModule& module = Make();
  module.ImportFunction("env", "start", module.Type({}, {}));
  module.data.start = 0;
  ASSERT_TRUE(t_.store.AddHostFunction("env", "start", *t_.store.InternFuncType({}, {}), TrapAlways));
  EXPECT_EQ(t_.Instantiate(module.Finish()), Outcome::kTrapped);
  EXPECT_EQ(t_.machine.trap, TrapCode::kHost);
}

TEST_F(InstantiateTest, NestedInstantiation) {
  HandMadeModule& module = Make();
  module.ImportFunction("env", "start", module.Type({}, {}));
  module.data.start = 0;
  ASSERT_TRUE(t_.store.AddHostFunction("env", "start", *t_.store.InternFuncType({}, {})));
  ASSERT_EQ(t_.Instantiate(module.Finish(), "outer"), Outcome::kHostCall);
  HandMadeModule& inner = Make();
  FillExporter(inner);
  ASSERT_EQ(t_.Instantiate(inner, "inner"), Outcome::kDone);
  t_.machine.AnswerHostCall({});
  EXPECT_EQ(DriveInstantiation(t_.machine), Outcome::kDone);
  t_.machine.EndRun();
  EXPECT_TRUE(t_.machine.runs.empty());
}

// Each single refusal, and each point from which on all is refused: link, name, instantiate. No leak, nothing changed,
// and what was linked before still works.
TEST(InstantiateAllocationTest, EachRefusal) {
  HandMadeModule exporter;
  FillExporter(exporter);
  HandMadeModule importer;
  ImportAll(importer);
  const CanonIdx type = importer.Type({ValType::I64()}, {ValType::I64()});
  importer.ImportFunction("env", "caught", type);
  importer.Function(type);
  importer.Memory(1);
  importer.Table(5);
  importer.Global(ValType::I32(), importer.Expr({0x41, 1, 0x41, 2, 0x41, 3, 0x6a, 0x6a}, 5));
  importer.Tag(type);
  importer.Elements(SegmentMode::kPassive, {0, 1, 2});
  importer.Elements(SegmentMode::kActive, {2}, importer.I32Const(0));
  importer.PassiveData("x");
  importer.Finish();

  for (bool and_all_later : {false, true}) {
    const uint64_t refused = ForEachRefusal(
        [&](FailingAllocator& allocator) {
          StoreForTest t(&allocator);
          const auto allocated = t.machine.Allocate();
          if (!allocated) return;
          if (!t.store.AddCatchAll("env")) return;
          for (const HandMadeModule* module : {&exporter, &importer}) {
            const Census before = t.Count();
            const uint64_t holders = before.instances > 0 ? t.store.instances[0]->memories[0]->holders : 0;
            const auto linked = t.Link(*module);
            if (!linked) {
              EXPECT_EQ(ClassOf(linked.error().code), ErrorClass::kMemory);
              EXPECT_EQ(t.Count(), before);
              if (before.instances > 0) {
                EXPECT_EQ(t.store.instances[0]->memories[0]->holders, holders);
              }
              return;
            }
            if (!t.machine.BeginInstantiate(*linked)) return;
            // From here on nothing is allocated.
            const uint64_t allocations = allocator.allocations();
            EXPECT_EQ(DriveInstantiation(t.machine), Outcome::kDone);
            EXPECT_EQ(allocator.allocations(), allocations);
            t.machine.EndRun();
            if (!t.store.SetInstanceName(*t.store.instances[*linked], "x")) return;
          }
        },
        and_all_later);
    EXPECT_GT(refused, 40u);
  }
}

// Time to link does not depend on the product of imports and links: with a million pairs this takes no time.
TEST_F(InstantiateTest, ManyLinksAndManyImports) {
  t_.store.limits.host_functions = 100'000;
  const CanonIdx type = *t_.store.InternFuncType({}, {});
  HandMadeModule& module = Make();
  module.Type({}, {});
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "function " + std::to_string(i);
    ASSERT_TRUE(t_.store.AddHostFunction("env", name, type));
    module.ImportFunction("env", name, 0);
  }
  ASSERT_EQ(t_.Instantiate(module.Finish()), Outcome::kDone);
  EXPECT_EQ(t_.last().AddressOf(19'999), 19'999u);
}

}  // namespace
}  // namespace sandbox
