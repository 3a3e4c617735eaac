// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/limit_checks.h"

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/host_objects.h"
#include "fuzz/oracle/measure.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/our_engine.h"

namespace sandbox::fuzz {
namespace {

bool IsClean(const Error& error) {
  return ClassOf(error.code) == ErrorClass::kLimit || ClassOf(error.code) == ErrorClass::kMemory;
}

void End(Result<RunResult> run, std::span<const uint8_t> bytes) {
  if (!run && !IsClean(run.error())) Report("an error that is no limit's", bytes);
  if (run && run->is_pending() && !run->Drop()) Report("a pending run cannot be dropped", bytes);
}

// What can be seen of all that a store ran.
using Seen = std::vector<uint64_t>;

// No memory and no table is larger than it may be.
void CheckObjects(const Store& store, const Module& module, InstanceId instance, const ImplementationLimits& limits,
                  std::span<const uint8_t> bytes, Seen& seen) {
  for (const ExportInfo item : module.exports()) {
    if (item.type.kind == ExternKind::kMemory) {
      const Result<MemoryView> memory = store.GetMemory(instance, item.name);
      if (!memory || memory->size_bytes().value_or(~0ull) > limits.memory_bytes) Report("memory_bytes", bytes);
      const Limits type = memory->type()->limits;
      const uint64_t pages = memory->pages().value_or(0);
      if (pages < type.min || pages > type.max.value_or(~0ull)) Report("a memory is not of its type", bytes);
      seen.push_back(pages);
    } else if (item.type.kind == ExternKind::kTable) {
      const Result<TableView> table = store.GetTable(instance, item.name);
      if (!table || table->size().value_or(~0ull) > limits.table_elements) Report("table_elements", bytes);
      const Limits type = table->type()->limits;
      const uint64_t size = table->size().value_or(0);
      if (size < type.min || size > type.max.value_or(~0ull)) Report("a table is not of its type", bytes);
      seen.push_back(size);
    }
  }
}

Seen RunAll(Store& store, const Module& module, const Config& config, std::span<const uint8_t> bytes) {
  Seen seen;
  if (!store.LinkFuncDefault(kHostModule)) return seen;
  if (const Result<void> linked = LinkHostObjects(store, module, 1); !linked) {
    if (!IsClean(linked.error())) Report("an object cannot be linked", bytes);
    return seen;
  }
  store.SetFuel(config.fuel);
  Result<Instantiation> made = store.Instantiate(module);
  if (!made && !IsClean(made.error())) Report("instantiation is refused", bytes);
  if (!made) return seen;
  End(std::move(made->run), bytes);
  for (const ExportInfo item : module.exports()) {
    if (item.type.kind != ExternKind::kFunc) continue;
    store.SetFuel(config.fuel);
    std::vector<Value> arguments;
    for (ValType type : item.signature.params) arguments.push_back(ValueOf(type, 9));
    Result<RunResult> run = store.Invoke(made->instance, item.name, arguments);
    seen.push_back(run ? static_cast<uint64_t>(run->outcome()) : ~uint64_t{0});
    End(std::move(run), bytes);
    seen.push_back(store.fuel());
    if (store.trace_depth() > config.limits.call_depth) Report("more frames than call_depth", bytes);
  }
  CheckObjects(store, module, made->instance, config.limits, bytes, seen);
  if (store.peak_bytes() > config.limits.store_bytes) Report("the store held more than its limit", bytes);
  return seen;
}

}  // namespace

void CheckImports(ByteSource& source, std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::Load(bytes);
  if (!module || module->import_count() == 0) return;
  Result<Store> store = Store::Create(Config());
  const ImportInfo import = module->import(source.Below(static_cast<uint32_t>(module->import_count())));
  if (!store || !LinkWrong(*store, import)) return;
  if (!store->LinkFuncDefault(kHostModule) || !LinkHostObjects(*store, *module, 1)) return;
  const Result<Instantiation> made = store->Instantiate(*module);
  if (made || made.error().code != ErrorCode::kIncompatibleImport) Report("an import of another type", bytes);
}

void CheckSharedGlobals(std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::Load(bytes);
  if (!module || module->start_function()) return;
  Result<Store> store = Store::Create(SmallConfig());
  if (!store || !store->LinkFuncDefault(kHostModule) || !LinkHostObjects(*store, *module, 1)) return;
  const Result<Instantiation> one = store->Instantiate(*module);
  const Result<Instantiation> other = store->Instantiate(*module);
  if (!one || !other) return;
  for (const ExportInfo item : module->exports()) {
    const GlobalType type = item.type.kind == ExternKind::kGlobal ? item.type.global : GlobalType();
    if (!type.is_mutable || type.type.is_ref()) continue;
    const bool is_imported = item.index < module->data()->imported_globals;
    const Value before = store->GetGlobal(other->instance, item.name).value_or(Value());
    const Value value = ValueOf(type.type, 0x0123456789abcdef);
    if (!store->SetGlobal(one->instance, item.name, value)) Report("a global cannot be set", bytes);
    const Value after = store->GetGlobal(other->instance, item.name).value_or(Value());
    if (!(after == (is_imported ? value : before))) Report("who shares a global", bytes);
  }
}

void CheckEdge(ByteSource& source, std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::Load(bytes);
  if (!module) return;
  const auto needs = MeasureModule(*module->data());
  auto need = needs.begin();
  std::advance(need, source.Below(static_cast<uint32_t>(needs.size())));
  LoadOptions options;
  const auto [id, value] = *need;
  const std::string name(NameOf(id));
  LimitOf(options.limits, id) = value;
  if (!Module::Load(bytes, options)) Report("does not load with the exact limit of " + name, bytes);
  if (value == 0) return;
  LimitOf(options.limits, id) = value - 1;
  const Result<Module> refused = Module::Load(bytes, options);
  if (refused) Report("loads with one less than it needs of " + name, bytes);
  const Error& error = refused.error();
  if (error.code != ErrorCode::kLimitExceeded || error.detail != static_cast<uint32_t>(id)) {
    Report("another error than that of the limit of " + name, bytes);
  }
}

void CheckLoadBytes(std::span<const uint8_t> bytes) {
  Hash hash;
  hash.AddBytes(bytes);
  // First nothing, so that only what holds the budget is there; then what all of it needs.
  uint64_t most = 0;
  uint64_t holder = 0;
  uint64_t need = 0;
  for (uint32_t i = 0; i < 8; ++i) {
    CountingAllocator allocator;
    LoadOptions options;
    options.translation = Translation::kEager;
    options.allocator = &allocator;
    options.limits.load_bytes = most;
    if (const Result<Module> module = Module::Load(bytes, options); !module && !IsClean(module.error())) {
      Report("an error that is no limit's", bytes);
    }
    if (i == 0) holder = allocator.peak();
    if (allocator.peak() - holder > most) Report("more than load_bytes", bytes);
    if (allocator.held() != 0) Report("memory is left behind", bytes);
    if (i == 1) need = allocator.peak() - holder;
    hash.Add(i);
    most = i == 0 ? ImplementationLimits().load_bytes : hash.value() % (need + 1);
  }
}

void CheckFrame(ByteSource& source, std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::Load(bytes);
  if (!module || module->start_function() || module->export_count() == 0) return;
  const ExportInfo item = module->export_at(source.Below(static_cast<uint32_t>(module->export_count())));
  const ModuleData& data = *module->data();
  if (item.type.kind != ExternKind::kFunc || item.index < data.imported_functions.size()) return;
  const FunctionRecord& record = data.functions[item.index - data.imported_functions.size()];
  // The first cell is below the arguments; one more is between the locals and the operands.
  const uint64_t need = uint64_t{1} + record.param_slots + record.local_slots + 1 + record.operand_slots;
  for (const uint64_t cells : {need, need - 1}) {
    Config config;
    config.limits.value_stack_bytes = 8 * cells;
    config.fuel = 5'000;
    config.tier = Tier::kFast;
    Result<Store> store = Store::Create(config);
    if (!store || !store->LinkFuncDefault(kHostModule) || !LinkHostObjects(*store, *module, 1)) return;
    Result<Instantiation> made = store->Instantiate(*module);
    if (!made || !made->run.is_done()) return;
    // It is asked for at the call, before anything runs.
    store->SetFuel(0);
    std::vector<Value> arguments;
    for (ValType type : item.signature.params) arguments.push_back(ValueOf(type, 9));
    Result<RunResult> run = store->Invoke(made->instance, item.name, arguments);
    const bool is_refused = run && run->is_trapped() && run->trap().code == TrapCode::kStackExhausted;
    if (!run || is_refused == (cells == need)) Report("the frame of " + std::string(item.name), bytes);
    End(std::move(run), bytes);
  }
}

void RunWithin(const Config& config, const CountingAllocator& allocator, std::span<const uint8_t> bytes, bool is_again) {
  const Result<Module> module = Module::Load(bytes, {config.limits, config.allocator});
  if (!module && !IsClean(module.error())) Report("the generator made an invalid module", bytes);
  const uint64_t held = allocator.held();
  Result<Store> store = Store::Create(config);
  if (!store && !IsClean(store.error())) Report("the store is refused", bytes);
  if (!module || !store) return;
  const Seen first = RunAll(*store, *module, config, bytes);
  if (store->used_bytes() > allocator.held() - held) Report("charged for what was refused", bytes);
  if (!is_again) return;
  if (!store->Reset({.keep_links = false})) Report("the store cannot be reset", bytes);
  if (RunAll(*store, *module, config, bytes) != first) Report("a store that was reset is not like a new one", bytes);
}

}  // namespace sandbox::fuzz
