// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/api_script.h"

#include <algorithm>
#include <utility>

#include "fuzz/oracle/host_objects.h"
#include "fuzz/oracle/neighbour.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/questions.h"

namespace sandbox::fuzz {
namespace {

constexpr uint32_t kMostSteps = 300;

Config SomeConfig(ByteSource& source) {
  Config config;
  config.fuel = source.OneIn(4) ? source.Word(2) : 3000;
  if (source.OneIn(2)) config.dispatch = Dispatch::kLoop;
  config.limits.store_bytes = source.OneIn(8) ? source.Word(3) : 4u << 20;
  config.limits.moved_bytes = 16u << 20;
  config.limits.value_stack_bytes = 1024 + source.Below(60000);
  config.limits.call_depth = 1 + source.Below(100);
  config.tier = config.limits.call_depth % 4 == 0 ? Tier::kAuto : Tier::kFast;
  config.limits.nested_runs = source.Between(1, 9);
  if (source.OneIn(4)) config.limits.memory_bytes = kPageBytes * source.Below(6) + (source.OneIn(2) ? source.Word(2) : 0);
  if (source.OneIn(4)) config.limits.table_elements = source.Below(64);
  if (source.OneIn(4)) config.limits.instances = source.Below(5);
  if (source.OneIn(8)) config.limits.host_functions = source.Below(12);
  if (source.OneIn(8)) config.limits.host_objects = source.Below(6);
  if (source.OneIn(8)) config.limits.store_functions = source.Below(60);
  if (source.OneIn(8)) config.limits.store_types = source.Below(20);
  return config;
}

bool IsClean(const Error& error) {
  return ClassOf(error.code) == ErrorClass::kLimit || ClassOf(error.code) == ErrorClass::kMemory;
}

}  // namespace

void ApiScript::Require(bool holds, std::string_view what) const {
  if (!holds) Report(std::string(what), modules_.empty() ? std::span<const uint8_t>() : modules_.back().bytes);
}

void ApiScript::Expect(const Error& error, std::initializer_list<ErrorCode> allowed, std::string_view what) const {
  if (IsClean(error)) return;
  const bool is_known = std::find(allowed.begin(), allowed.end(), error.code) != allowed.end();
  Require(is_known, std::string(what) + " answers " + std::string(TextOf(error.code)));
}

void ApiScript::ExpectState(std::optional<ErrorCode> state, bool has_value, const Error& error,
                            std::initializer_list<ErrorCode> allowed, std::string_view what) const {
  if (state) {
    Require(!has_value, std::string(what) + " works, but should say " + std::string(TextOf(*state)));
    Require(error.code == *state, std::string(what) + " says " + std::string(TextOf(error.code)) + ", not " +
                                      std::string(TextOf(*state)));
  } else if (!has_value) {
    Expect(error, allowed, what);
  }
}

// --- Modules -------------------------------------------------------------------------------------------------------

namespace {

std::vector<ValType> RefParams() { return {ValType::FuncRef(), ValType::I32(), ValType::ExternRef()}; }
std::vector<ValType> RefResults() { return {ValType::ExternRef(), ValType::FuncRef()}; }

}  // namespace

void ApiScript::AddNestingFunctions(ImportList& list) const {
  const ValType i32 = ValType::I32();
  const ValType i64 = ValType::I64();
  list.functions.push_back({kEnvironment, "nest", {{}, {}}});
  list.functions.push_back({kEnvironment, "nest32", {{i32}, {i32}}});
  list.functions.push_back({kEnvironment, "trap64", {{i64, i32}, {i64}}});
  list.functions.push_back({kEnvironment, "peek", {{i32}, {i32}}});
  list.functions.push_back({kEnvironment, "pair", {{i32, i64}, {i64, i32}}});
  list.functions.push_back({kEnvironment, "refs", {RefParams(), RefResults()}});
  list.functions.push_back({kEnvironment, "many", {std::vector(10, i32), std::vector(5, i64)}});
}

void ApiScript::LoadModules() {
  const uint32_t count = source_.Between(1, 4);
  for (uint32_t i = 0; i < count; ++i) {
    ImportList list;
    const bool has_list = source_.OneIn(i == 0 ? 2 : 3) || i > 0;
    if (source_.OneIn(2)) AddNestingFunctions(list);
    // Named after its place: an instance of it that bears the name resolves the imports.
    if (i > 0) AddExportsOf(modules_.front().module, kNeighbour, list);
    if (i > 1 && source_.OneIn(2)) AddExportsOf(modules_[i - 1].module, "m" + std::to_string(i - 1), list);
    GeneratorOptions options = GeneratorOptions::Everything();
    if (has_list) options.imports = &list;
    ByteSource own = source_.Take(40 + source_.Byte());
    modules_.push_back({GenerateModule(own, options), Module()});
    LoadOptions load;
    load.allocator = &module_allocator_;
    Result<Module> module = Module::Load(modules_.back().bytes, load);
    Require(module.has_value(), "the generator made an invalid module");
    modules_.back().module = std::move(*module);
    AskModule(modules_.back().module);
  }
}

// --- Stores --------------------------------------------------------------------------------------------------------

void ApiScript::LinkHost(World& world) {
  Store& store = *world.store;
  World* self = &world;
  const auto check = [&](const auto& linked) {
    if (!linked) Expect(linked.error(), {}, "Link");
  };
  check(store.Link(kEnvironment, "nest", [this, self] { NestedSteps(*self); }));
  check(store.Link(kEnvironment, "nest32", [this, self](Caller& caller, uint32_t a) {
    NestedSteps(*self);
    return a + (caller.instance().has_value() ? 1 : 0);
  }));
  check(store.Link(kEnvironment, "trap64", [this, self](int64_t a, uint32_t b) -> HostResult<int64_t> {
    if (b % 8 == 0) return std::unexpected(TrapCode::kHost);
    if (b % 8 == 1) NestedSteps(*self);
    return a;
  }));
  check(store.Link(kEnvironment, "peek", [](Caller& caller, uint32_t at) -> HostResult<uint32_t> {
    const Result<MemoryView> memory = caller.memory();
    if (!memory) return 0u;
    if (at % 4 == 3) (void)memory->Grow(1);
    return memory->Read<uint32_t>(at).value_or(1u);
  }));
  check(store.Link(kEnvironment, "pair", [](uint32_t a, uint64_t b) { return std::tuple(b, a); }));
  // These wait for an answer, and are not of a few numbers.
  check(store.LinkFunc(kEnvironment, "refs", RefParams(), RefResults()));
  check(store.LinkFunc(kEnvironment, "many", std::vector(10, ValType::I32()), std::vector(5, ValType::I64())));
  check(store.LinkFuncDefault(kHostModule));
  check(LinkHostObjects(store, modules_.front().module, 1));
}

ApiScript::World& ApiScript::NewWorld(size_t slot) {
  worlds_.push_back(std::make_unique<World>());
  World& world = *worlds_.back();
  slots_[slot] = &world;
  world.config = SomeConfig(source_);
  world.config.allocator = &world.allocator;
  Result<Store> store = Store::Create(world.config);
  if (!store) {
    Expect(store.error(), {}, "Create");
    // One that always can be had.
    world.config.limits = ImplementationLimits();
    world.config.limits.moved_bytes = 16u << 20;
    world.config.limits.store_bytes = 8u << 20;
    store = Store::Create(world.config);
    Require(store.has_value(), "a store cannot be made");
  }
  world.store.emplace(std::move(*store));
  LinkHost(world);
  return world;
}

// Names without a counter (instances, functions) may look like those of a store that is made later: they go with it.
void ApiScript::EndWorld(World& world) {
  const StoreId id = world.store->id();
  world.store.reset();
  world.runs.clear();
  std::erase_if(instances_, [&](const KnownInstance& known) { return known.id.store() == id; });
  std::erase_if(values_, [&](const Value& v) { return v.func() && v.func()->store_key() == id.key(); });
}

void ApiScript::CheckWorlds() {
  for (const World* world : slots_) {
    if (!world->is_alive()) continue;
    const Store& store = *world->store;
    const ImplementationLimits& limits = world->config.limits;
    Require(store.peak_bytes() <= limits.store_bytes, "the store held more than its limit");
    Require(store.used_bytes() <= store.peak_bytes(), "the store uses more than its peak");
    Require(store.run_count() == world->runs.size(), "the number of runs is wrong");
    Require(world->runs.size() <= limits.nested_runs, "more runs than nested_runs");
    const bool is_pending = !world->runs.empty() && world->runs.back() != kRunning;
    Require(store.pending().has_value() == is_pending, "pending() is wrong");
  }
  for (const auto& known : memories_) {
    const Result<uint64_t> size = known.view.size_bytes();
    if (size) Require(*size <= known.world->config.limits.memory_bytes, "a memory is larger than its limit");
  }
  for (const auto& known : tables_) {
    const Result<uint64_t> size = known.view.size();
    if (size) Require(*size <= known.world->config.limits.table_elements, "a table is larger than its limit");
  }
}

// --- The script ----------------------------------------------------------------------------------------------------

void ApiScript::Run() {
  LoadModules();
  slots_.resize(source_.Between(1, 3));
  for (size_t i = 0; i < slots_.size(); ++i) NewWorld(i);
  while (!source_.is_empty() && steps_ < kMostSteps) {
    Step();
    CheckWorlds();
  }
}

ApiScript::~ApiScript() {
  for (const auto& world : worlds_) {
    if (world->is_alive()) EndWorld(*world);
  }
  runs_.clear();
  memories_.clear();
  tables_.clear();
  globals_.clear();
  for (const auto& world : worlds_) Require(world->allocator.held() == 0, "a store leaves memory behind");
  for (LoadedModule& loaded : modules_) loaded.module = Module();
  Require(module_allocator_.held() == 0, "a module leaves memory behind");
}

void ApiScript::Step() {
  ++steps_;
  switch (source_.Below(20)) {
    case 0:
    case 1:
    case 2: return Instantiate();
    case 3:
    case 4:
    case 5:
    case 6: return Invoke();
    case 7:
    case 8: return Resume();
    case 9:
    case 10: return Answer();
    case 11: return Drop();
    case 12: return Memories();
    case 13: return Tables();
    case 14: return Globals();
    case 15: return Links();
    case 16: return Lifetimes();
    case 17:
    case 18: return Metering();
    default: return Questions();
  }
}

// --- Values --------------------------------------------------------------------------------------------------------

Value ApiScript::SomeValue(ValType type) {
  if (source_.OneIn(24)) type = source_.Pick(std::vector{ValType::I32(), ValType::I64(), ValType::F64(), ValType::FuncRef()});
  if (!type.is_ref()) return ValueOf(type, source_.BitsOf(type));
  if (!values_.empty() && source_.OneIn(2)) return source_.Pick(values_);
  if (type.heap() == HeapType::kExtern && source_.OneIn(2)) return Value::ExternRef(source_.Byte());
  return ValueOf(type, 0);
}

std::vector<Value> ApiScript::SomeValues(std::span<const ValType> types) {
  std::vector<Value> values;
  for (ValType type : types) values.push_back(SomeValue(type));
  if (source_.OneIn(40)) values.push_back(Value::I32(0));
  return values;
}

}  // namespace sandbox::fuzz
