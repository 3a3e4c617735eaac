// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// With small limits, and with any one allocation refused: a clean error, nothing left behind, no limit exceeded. What a
// module needs of a limit is enough, and one less is not; and a store that was reset has all of its limits before it again.
// Imports are what the module asks for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/counting_allocator.h"
#include "fuzz/oracle/host_objects.h"
#include "fuzz/oracle/measure.h"
#include "fuzz/oracle/observation.h"
#include "sandbox/sandbox.h"

namespace {

using namespace sandbox;

using fuzz::CountingAllocator;

bool IsClean(const Error& error) {
  return ClassOf(error.code) == ErrorClass::kLimit || ClassOf(error.code) == ErrorClass::kMemory;
}

void End(Result<RunResult> run, std::span<const uint8_t> bytes) {
  if (!run && !IsClean(run.error())) fuzz::Report("an error that is no limit's", bytes);
  if (run && run->is_pending() && !run->Drop()) fuzz::Report("a pending run cannot be dropped", bytes);
}

// A module is not instantiated with an import of another type than it asks for.
void CheckImports(fuzz::ByteSource& source, std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::Load(bytes);
  if (!module || module->import_count() == 0) return;
  Result<Store> store = Store::Create(Config());
  const ImportInfo import = module->import(source.Below(static_cast<uint32_t>(module->import_count())));
  if (!store || !fuzz::LinkWrong(*store, import)) return;
  if (!store->LinkFuncDefault(fuzz::kHostModule) || !fuzz::LinkHostObjects(*store, *module, 1)) return;
  const Result<Instantiation> made = store->Instantiate(*module);
  if (made || made.error().code != ErrorCode::kIncompatibleImport) fuzz::Report("an import of another type", bytes);
}

// What can be seen of all that a store ran.
using Seen = std::vector<uint64_t>;

// No memory and no table is larger than it may be.
void CheckObjects(const Store& store, const Module& module, InstanceId instance, const ImplementationLimits& limits,
                  std::span<const uint8_t> bytes, Seen& seen) {
  for (const ExportInfo item : module.exports()) {
    if (item.type.kind == ExternKind::kMemory) {
      const Result<MemoryView> memory = store.GetMemory(instance, item.name);
      if (!memory || memory->size_bytes().value_or(~0ull) > limits.memory_bytes) fuzz::Report("memory_bytes", bytes);
      const Limits type = memory->type()->limits;
      const uint64_t pages = memory->pages().value_or(0);
      if (pages < type.min || pages > type.max.value_or(~0ull)) fuzz::Report("a memory is not of its type", bytes);
      seen.push_back(pages);
    } else if (item.type.kind == ExternKind::kTable) {
      const Result<TableView> table = store.GetTable(instance, item.name);
      if (!table || table->size().value_or(~0ull) > limits.table_elements) fuzz::Report("table_elements", bytes);
      const Limits type = table->type()->limits;
      const uint64_t size = table->size().value_or(0);
      if (size < type.min || size > type.max.value_or(~0ull)) fuzz::Report("a table is not of its type", bytes);
      seen.push_back(size);
    }
  }
}

// With exactly what the module needs of one limit it loads; with one less it is refused, and for that.
void CheckEdge(fuzz::ByteSource& source, std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::Load(bytes);
  if (!module) return;
  const auto needs = fuzz::MeasureModule(*module->data());
  auto need = needs.begin();
  std::advance(need, source.Below(static_cast<uint32_t>(needs.size())));
  LoadOptions options;
  const auto [id, value] = *need;
  const std::string name(NameOf(id));
  fuzz::LimitOf(options.limits, id) = value;
  if (!Module::Load(bytes, options)) fuzz::Report("does not load with the exact limit of " + name, bytes);
  if (value == 0) return;
  fuzz::LimitOf(options.limits, id) = value - 1;
  const Result<Module> refused = Module::Load(bytes, options);
  if (refused) fuzz::Report("loads with one less than it needs of " + name, bytes);
  const Error& error = refused.error();
  if (error.code != ErrorCode::kLimitExceeded || error.detail != static_cast<uint32_t>(id)) {
    fuzz::Report("another error than that of the limit of " + name, bytes);
  }
}

// A value stack of exactly the cells that the frame of a function needs is enough to enter it; with one less it is not.
void CheckFrame(fuzz::ByteSource& source, std::span<const uint8_t> bytes) {
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
    config.fuel = 0;
    config.tier = Tier::kFast;
    Result<Store> store = Store::Create(config);
    if (!store || !store->LinkFuncDefault(fuzz::kHostModule) || !fuzz::LinkHostObjects(*store, *module, 1)) return;
    Result<Instantiation> made = store->Instantiate(*module);
    if (!made || !made->run.is_done()) return;
    std::vector<Value> arguments;
    for (ValType type : item.signature.params) arguments.push_back(fuzz::ValueOf(type, 9));
    Result<RunResult> run = store->Invoke(made->instance, item.name, arguments);
    const bool is_refused = run && run->is_trapped() && run->trap().code == TrapCode::kStackExhausted;
    if (!run || is_refused == (cells == need)) fuzz::Report("the frame of " + std::string(item.name), bytes);
    End(std::move(run), bytes);
  }
}

Seen RunAll(Store& store, const Module& module, const Config& config, std::span<const uint8_t> bytes) {
  Seen seen;
  if (!store.LinkFuncDefault(fuzz::kHostModule)) return seen;
  if (const Result<void> linked = fuzz::LinkHostObjects(store, module, 1); !linked) {
    if (!IsClean(linked.error())) fuzz::Report("an object cannot be linked", bytes);
    return seen;
  }
  store.SetFuel(config.fuel);
  Result<Instantiation> made = store.Instantiate(module);
  if (!made && !IsClean(made.error())) fuzz::Report("instantiation is refused", bytes);
  if (!made) return seen;
  End(std::move(made->run), bytes);
  for (const ExportInfo item : module.exports()) {
    if (item.type.kind != ExternKind::kFunc) continue;
    store.SetFuel(config.fuel);
    std::vector<Value> arguments;
    for (ValType type : item.signature.params) arguments.push_back(fuzz::ValueOf(type, 9));
    Result<RunResult> run = store.Invoke(made->instance, item.name, arguments);
    seen.push_back(run ? static_cast<uint64_t>(run->outcome()) : ~uint64_t{0});
    End(std::move(run), bytes);
    seen.push_back(store.fuel());
    if (store.trace_depth() > config.limits.call_depth) fuzz::Report("more frames than call_depth", bytes);
  }
  CheckObjects(store, module, made->instance, config.limits, bytes, seen);
  if (store.peak_bytes() > config.limits.store_bytes) fuzz::Report("the store held more than its limit", bytes);
  return seen;
}

void Run(const Config& config, const CountingAllocator& allocator, std::span<const uint8_t> bytes, bool is_again) {
  const Result<Module> module = Module::Load(bytes, {config.limits, config.allocator});
  if (!module && !IsClean(module.error())) fuzz::Report("the generator made an invalid module", bytes);
  const uint64_t held = allocator.held();
  Result<Store> store = Store::Create(config);
  if (!store && !IsClean(store.error())) fuzz::Report("the store is refused", bytes);
  if (!module || !store) return;
  const Seen first = RunAll(*store, *module, config, bytes);
  if (store->used_bytes() > allocator.held() - held) fuzz::Report("charged for what was refused", bytes);
  if (!is_again) return;
  if (!store->Reset({.keep_links = false})) fuzz::Report("the store cannot be reset", bytes);
  if (RunAll(*store, *module, config, bytes) != first) fuzz::Report("a store that was reset is not like a new one", bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::ByteSource source({data, size});
  const bool is_refusing = source.OneIn(2);
  CountingAllocator allocator(is_refusing ? source.Below(200) : ~uint64_t{0});
  Config config;
  config.fuel = 5'000;
  config.allocator = &allocator;
  config.limits.store_bytes = source.OneIn(2) ? source.Word(3) : 4u << 20;
  config.limits.load_bytes = source.OneIn(4) ? source.Word(2) : 4u << 20;
  config.limits.call_depth = 1 + source.Below(200);
  config.tier = config.limits.call_depth % 4 == 0 ? Tier::kAuto : Tier::kFast;
  config.limits.value_stack_bytes = 64 + source.Below(60000);
  config.limits.memory_bytes = source.Word(3);
  config.limits.table_elements = source.Below(64);
  if (source.OneIn(4)) config.limits.moved_bytes = source.Word(3);
  // Some limit, small; half of the inputs leave the others as they are.
  for (uint32_t i = source.OneIn(2) ? source.Below(4) : 0; i > 0; --i) {
    const LimitId id = static_cast<LimitId>(source.Below(static_cast<uint32_t>(LimitId::nested_runs) + 1));
    fuzz::LimitOf(config.limits, id) = std::min<uint64_t>(fuzz::LimitOf(config.limits, id), source.Below(40));
  }
  // A store keeps some of what it allocated: where memory is short, it has less the first time.
  const bool is_again = !is_refusing && config.limits.call_depth % 2 == 0;
  if (is_again) {
    config.limits.store_bytes = 64u << 20;
    config.limits.moved_bytes = uint64_t{config.limits.call_depth} * 4096;
  }
  fuzz::ByteSource edge = source.Take(2);
  const std::vector<uint8_t> module = fuzz::GenerateModule(source, fuzz::GeneratorOptions::Everything());
  CheckEdge(edge, module);
  CheckFrame(edge, module);
  CheckImports(edge, module);
  Run(config, allocator, module, is_again);
  if (allocator.held() != 0) fuzz::Report("memory is left behind", module);
  return 0;
}
