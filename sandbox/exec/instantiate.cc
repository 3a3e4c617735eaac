// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/instantiate.h"

#include <algorithm>
#include <utility>

#include "sandbox/base/check.h"
#include "sandbox/base/checked_math.h"
#include "sandbox/exec/const_expr.h"
#include "sandbox/exec/fuel.h"
#include "sandbox/exec/ops_memory.h"
#include "sandbox/exec/ops_table.h"

namespace sandbox {
namespace {

// --- Linking ---------------------------------------------------------------------------------------------------------

// What an import gets: its type, and the member of its kind.
struct Given {
  ExternType type;
  FuncAddr function = 0;
  SharedTable* table = nullptr;
  SharedMemory* memory = nullptr;
  SharedGlobal* global = nullptr;
  TagAddr tag = 0;
};

// Makes one instance. Until it is registered, the destructor undoes everything.
class Linker {
 public:
  Linker(StoreData& store, const ModuleData& module, const InstantiateOptions& options, LinkFailure* failure)
      : store_(store), module_(module), options_(options), failure_(failure) {}
  Linker(const Linker&) = delete;
  Linker& operator=(const Linker&) = delete;
  ~Linker() {
    if (is_registered_) return;
    if (instance_ != nullptr) store_.DiscardInstance(instance_);
    store_.TruncateHostFunctions(host_functions_before_);
    store_.functions.Truncate(functions_before_);
    store_.tags.Truncate(tags_before_);
  }

  Result<uint32_t> Link(void* keep_alive) {
    SANDBOX_TRY(CheckLimits());
    SANDBOX_ASSIGN(instance_, store_.budget.New<Instance>(store_.budget));
    instance_->module = &module_;
    instance_->keep_alive = keep_alive;
    SANDBOX_TRY(MapTypes());
    SANDBOX_TRY(Reserve());
    for (size_t i = 0; i < module_.imports.size(); ++i) SANDBOX_TRY(Import(static_cast<uint32_t>(i)));
    SANDBOX_TRY(MakeObjects());
    SANDBOX_TRY(MakeSegments());
    SANDBOX_TRY(instance_->operands.Resize(OperandsNeeded()));
    return Register();
  }

 private:
  [[nodiscard]] Result<void> CheckLimits() const {
    SANDBOX_TRY(CheckLimit(store_.live_instances + 1, store_.limits.instances, LimitId::instances));
    // Ids of released instances are not used again, and an id has to fit into Function::owner.
    if (store_.instances.size() >= Function::kHost) return LimitError(LimitId::instances);
    // A span without an index is for whatever memory there is, or for none: who gives one to every plugin need not know
    // which of them define a memory.
    if (!options_.memory_span || !options_.memory) return {};
    if (*options_.memory < module_.imported_memories || *options_.memory >= module_.memories.size()) {
      return Fail(ErrorCode::kBadConfiguration);
    }
    return {};
  }

  [[nodiscard]] Result<void> MapTypes() {
    auto mapped = store_.types.InternAll(module_.types, instance_->store_types, store_.limits.store_types);
    if (!mapped && mapped.error().code == ErrorCode::kLimitExceeded) return LimitError(LimitId::store_types);
    return mapped;
  }

  // Room for all index spaces, so that an object that was made always finds its place.
  [[nodiscard]] Result<void> Reserve() {
    SANDBOX_TRY(instance_->imported_functions.Reserve(module_.imported_functions.size()));
    SANDBOX_TRY(instance_->tables.Reserve(module_.tables.size()));
    SANDBOX_TRY(instance_->memories.Reserve(module_.memories.size()));
    SANDBOX_TRY(instance_->globals.Reserve(module_.globals.size()));
    return instance_->tags.Reserve(module_.tags.size());
  }

  CanonIdx StoreType(CanonIdx type) const { return instance_->store_types[type]; }
  ValType StoreType(ValType type) const { return TypeRegistry::Rename(type, instance_->store_types.span()); }
  TableType StoreType(TableType type) const { return {StoreType(type.element), type.limits}; }
  GlobalType StoreType(GlobalType type) const { return {StoreType(type.type), type.is_mutable}; }
  ExternType StoreType(ExternType type) const {
    switch (type.kind) {
      case ExternKind::kFunc:
      case ExternKind::kTag: type.type = StoreType(type.type); break;
      case ExternKind::kTable: type.table = StoreType(type.table); break;
      case ExternKind::kGlobal: type.global = StoreType(type.global); break;
      case ExternKind::kMemory: break;
    }
    return type;
  }

  // Resolves an import, compares types, and puts what it got into its index space.
  [[nodiscard]] Result<void> Import(uint32_t number) {
    const ImportRecord& import = module_.imports[number];
    const std::string_view module = module_.Text(import.module);
    const std::string_view name = module_.Text(import.name);
    const ExternType expected = StoreType(import.type);
    SANDBOX_ASSIGN(const std::optional<Given> given, Resolve(module, name, expected));
    if (given && store_.types.Matches(given->type, expected)) {
      Hold(*given);
      return {};
    }
    if (failure_ != nullptr) {
      *failure_ = {module, name, expected, std::nullopt};
      if (given) failure_->given = given->type;
    }
    const ErrorCode code = given ? ErrorCode::kIncompatibleImport : ErrorCode::kUnknownImport;
    return Fail(code, Error::kNoOffset, number);
  }

  [[nodiscard]] Result<std::optional<Given>> Resolve(std::string_view module, std::string_view name,
                                                     const ExternType& expected) {
    if (const auto link = store_.FindHostLink(module, name)) {
      return link->kind == LinkKind::kHostFunction ? GivenFunction(store_.host_functions[link->number].address)
                                                   : GivenObject(store_.host_objects[link->number]);
    }
    const Instance* const exporter = store_.FindInstance(module);
    if (exporter != nullptr && exporter->is_initialized) {
      if (const ExportRecord* found = exporter->module->FindExport(name)) return GivenExport(*exporter, *found);
    }
    if (expected.kind == ExternKind::kFunc && store_.IsCatchAll(module)) {
      SANDBOX_ASSIGN(const uint32_t made, store_.CatchAllFunction(module, name, expected.type));
      return GivenFunction(store_.host_functions[made].address);
    }
    return std::nullopt;
  }

  Given GivenFunction(FuncAddr address) const {
    Given given;
    given.type.kind = ExternKind::kFunc;
    given.type.type = store_.functions[address].type;
    given.function = address;
    return given;
  }
  static Given GivenTable(SharedTable* table) {
    Given given;
    given.type.kind = ExternKind::kTable;
    given.type.table = table->object.CurrentType();
    given.table = table;
    return given;
  }
  static Given GivenMemory(SharedMemory* memory) {
    Given given;
    given.type.kind = ExternKind::kMemory;
    given.type.memory = memory->object.CurrentType();
    given.memory = memory;
    return given;
  }
  static Given GivenGlobal(SharedGlobal* global) {
    Given given;
    given.type.kind = ExternKind::kGlobal;
    given.type.global = global->object.type;
    given.global = global;
    return given;
  }
  Given GivenTag(TagAddr tag) const {
    Given given;
    given.type.kind = ExternKind::kTag;
    given.type.type = store_.tags[tag];
    given.tag = tag;
    return given;
  }

  Given GivenObject(const HostObject& object) const {
    if (object.table != nullptr) return GivenTable(object.table);
    if (object.memory != nullptr) return GivenMemory(object.memory);
    if (object.global != nullptr) return GivenGlobal(object.global);
    return GivenTag(object.tag);
  }

  Given GivenExport(const Instance& exporter, const ExportRecord& found) const {
    switch (found.kind) {
      case ExternKind::kFunc: return GivenFunction(exporter.AddressOf(found.index));
      case ExternKind::kTable: return GivenTable(exporter.tables[found.index]);
      case ExternKind::kMemory: return GivenMemory(exporter.memories[found.index]);
      case ExternKind::kGlobal: return GivenGlobal(exporter.globals[found.index]);
      case ExternKind::kTag: break;
    }
    return GivenTag(exporter.tags[found.index]);
  }

  void Hold(const Given& given) {
    switch (given.type.kind) {
      case ExternKind::kFunc: instance_->imported_functions.PushReserved(given.function); break;
      case ExternKind::kTable: instance_->tables.PushReserved(Share(given.table)); break;
      case ExternKind::kMemory: instance_->memories.PushReserved(Share(given.memory)); break;
      case ExternKind::kGlobal: instance_->globals.PushReserved(Share(given.global)); break;
      case ExternKind::kTag: instance_->tags.PushReserved(given.tag); break;
    }
  }

  template <typename T>
  static T* Share(T* shared) {
    ++shared->holders;
    return shared;
  }

  // What the module defines itself, behind what it imports.
  [[nodiscard]] Result<void> MakeObjects() {
    for (size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
      SANDBOX_ASSIGN(SharedTable* const table, store_.NewTable(StoreType(module_.tables[i].type), kNullRef));
      instance_->tables.PushReserved(table);
    }
    const size_t in_span = options_.memory.value_or(module_.imported_memories);
    for (size_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
      const std::optional<MutableByteSpan> bytes = i == in_span ? options_.memory_span : std::nullopt;
      SANDBOX_ASSIGN(SharedMemory* const memory, store_.NewMemory(module_.memories[i], bytes));
      instance_->memories.PushReserved(memory);
    }
    for (size_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      SANDBOX_ASSIGN(SharedGlobal* const global, store_.NewGlobal(StoreType(module_.globals[i].type), 0));
      instance_->globals.PushReserved(global);
    }
    for (size_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
      SANDBOX_ASSIGN(const TagAddr tag, store_.NewTag(StoreType(module_.tags[i])));
      instance_->tags.PushReserved(tag);
    }
    return {};
  }

  [[nodiscard]] Result<void> MakeSegments() {
    SANDBOX_TRY(instance_->dropped_data.Resize(module_.data.size(), 0));
    SANDBOX_TRY(instance_->elements.Reserve(module_.elements.size()));
    for (const ElementSegment& segment : module_.elements) {
      Vec<Ref> items(store_.budget);
      if (segment.mode == SegmentMode::kPassive) SANDBOX_TRY(items.Resize(segment.count, kNullRef));
      instance_->elements.PushReserved(std::move(items));
    }
    return {};
  }

  // An operand stack that no constant expression of the module overflows: as high as the longest has instructions.
  size_t OperandsNeeded() const {
    uint32_t needed = 0;
    for (const GlobalRecord& global : module_.globals) needed = std::max(needed, global.init.instructions);
    for (const TableRecord& table : module_.tables) {
      if (table.init) needed = std::max(needed, table.init->instructions);
    }
    for (const DataSegment& segment : module_.data) needed = std::max(needed, segment.offset.instructions);
    for (const ElementSegment& segment : module_.elements) {
      needed = std::max(needed, segment.offset.instructions);
      if (!segment.has_expressions || segment.count == 0) continue;
      // Each of the others has two instructions at least.
      needed = std::max(needed, segment.instructions - 2 * (segment.count - 1));
    }
    return needed;
  }

  // The last part that can fail, and the end.
  [[nodiscard]] Result<uint32_t> Register() {
    const size_t count = module_.functions.size();
    const size_t first = store_.functions.size();
    if (!RangeFits(uint64_t{first}, uint64_t{count}, store_.limits.store_functions)) {
      return LimitError(LimitId::store_functions);
    }
    SANDBOX_TRY(store_.instances.ReserveMore(1));
    SANDBOX_TRY(store_.functions.ReserveMore(count));
    instance_->id = static_cast<uint32_t>(store_.instances.size());
    instance_->first_function = static_cast<FuncAddr>(first);
    for (const FunctionRecord& function : module_.functions) {
      store_.functions.PushReserved({instance_->id, StoreType(function.type)});
    }
    store_.instances.PushReserved(instance_);
    ++store_.live_instances;
    is_registered_ = true;
    return instance_->id;
  }

  StoreData& store_;
  const ModuleData& module_;
  const InstantiateOptions& options_;
  LinkFailure* failure_;
  Instance* instance_ = nullptr;
  bool is_registered_ = false;
  const uint32_t host_functions_before_ = static_cast<uint32_t>(store_.host_functions.size());
  const size_t functions_before_ = store_.functions.size();
  const size_t tags_before_ = store_.tags.size();
};

// --- Initialization --------------------------------------------------------------------------------------------------

// The phases of the second half, in order. Each has one step for each item of its kind.
enum Phase : uint8_t { kMemories, kTables, kGlobals, kTableInits, kElements, kData, kStart, kRunning };

// One step: what it costs, and what it does.
class Initializer {
 public:
  explicit Initializer(Instance& instance) : instance_(instance), module_(*instance.module) {}

  // The items of a phase are [First, End) of an index space.
  uint32_t First(uint8_t phase) const {
    switch (phase) {
      case kMemories: return module_.imported_memories;
      case kTables:
      case kTableInits: return module_.imported_tables;
      case kGlobals: return module_.imported_globals;
      default: return 0;
    }
  }
  size_t End(uint8_t phase) const {
    switch (phase) {
      case kMemories: return module_.memories.size();
      case kTables:
      case kTableInits: return module_.tables.size();
      case kGlobals: return module_.globals.size();
      case kElements: return module_.elements.size();
      case kData: return module_.data.size();
      default: return 0;
    }
  }

  uint64_t Cost(uint8_t phase, uint32_t i) const {
    switch (phase) {
      case kMemories: return BytesCost(SaturatingMul(module_.memories[i].limits.min, kPageBytes));
      case kTables: return ElementsCost(module_.tables[i].type.limits.min);
      case kGlobals: return module_.globals[i].init.instructions;
      case kTableInits: return module_.tables[i].init ? module_.tables[i].init->instructions : 0;
      case kElements: return ElementSegmentCost(module_.elements[i]);
      case kData: return DataSegmentCost(module_.data[i]);
      default: return 0;
    }
  }

  OrTrap<void> Do(uint8_t phase, uint32_t i) {
    switch (phase) {
      case kGlobals:
        instance_.globals[i]->object.value = EvaluateConstExpr(instance_, module_.globals[i].init);
        return {};
      case kTableInits:
        if (const auto& init = module_.tables[i].init) {
          const Ref value = static_cast<Ref>(EvaluateConstExpr(instance_, *init));
          // The declared size: while the instantiation paused, the guest may have grown the table, and said with what.
          const size_t declared = static_cast<size_t>(module_.tables[i].type.limits.min);
          std::ranges::fill(instance_.tables[i]->object.elements().first(declared), value);
        }
        return {};
      case kElements: return InitElements(module_.elements[i], i);
      case kData: return InitData(module_.data[i], i);
      default: return {};
    }
  }

 private:
  static uint64_t ElementSegmentCost(const ElementSegment& segment) {
    const uint64_t items = segment.has_expressions ? segment.instructions : 0;
    if (segment.mode != SegmentMode::kActive) return items;
    return items + segment.offset.instructions + 1 + ElementsCost(segment.count);
  }
  static uint64_t DataSegmentCost(const DataSegment& segment) {
    if (segment.mode != SegmentMode::kActive) return 0;
    return uint64_t{segment.offset.instructions} + 1 + BytesCost(segment.bytes.size);
  }

  // An active segment goes straight into its table: it is never kept.
  OrTrap<void> InitElements(const ElementSegment& segment, ElemIdx i) {
    if (segment.mode == SegmentMode::kPassive) {
      // While the instantiation paused, the guest may have dropped the segment already.
      const std::span<Ref> kept = instance_.elements[i].span();
      if (kept.size() == segment.count) EvaluateElements(instance_, segment, kept);
    }
    if (segment.mode != SegmentMode::kActive) return {};
    const uint64_t index = EvaluateConstExpr(instance_, segment.offset);
    const std::span<Ref> elements = instance_.tables[segment.table]->object.elements();
    const auto target = SubSpan(elements, index, segment.count);
    if (!target) return Trap(TrapCode::kOutOfBoundsTable);
    EvaluateElements(instance_, segment, *target);
    return {};
  }

  OrTrap<void> InitData(const DataSegment& segment, DataIdx i) {
    if (segment.mode != SegmentMode::kActive) return {};
    const uint64_t address = EvaluateConstExpr(instance_, segment.offset);
    const auto done = ops::MemoryInit(instance_, segment.memory, i, address, 0, segment.bytes.size);
    if (done) ops::DataDrop(instance_, i);
    return done;
  }

  Instance& instance_;
  const ModuleData& module_;
};

}  // namespace

Result<uint32_t> LinkInstance(StoreData& store, const ModuleData& module, void* keep_alive,
                              const InstantiateOptions& options, LinkFailure* failure) {
  Linker linker(store, module, options, failure);
  return linker.Link(keep_alive);
}

Machine::Outcome DriveInstantiation(Machine& machine) {
  // Neither moves before a guest runs.
  Run& run = machine.runs.back();
  InstantiateProgress& progress = run.instantiate;
  if (progress.phase == kRunning) return machine.Drive();

  Instance& instance = *machine.store.instances[progress.instance];
  Initializer initializer(instance);
  run.state = RunState::kRunning;
  for (; progress.phase < kStart; ++progress.phase, progress.index = 0) {
    const size_t end = initializer.End(progress.phase);
    for (progress.index = std::max(progress.index, initializer.First(progress.phase)); progress.index < end;
         ++progress.index) {
      const uint64_t cost = initializer.Cost(progress.phase, progress.index);
      if (cost > 0 && !machine.ChargeOutsideTier(cost)) return machine.PauseOutcome();
      if (const auto done = initializer.Do(progress.phase, progress.index); !done) {
        instance.operands.Reset();
        machine.trap = done.error();
        machine.Unwind();
        return Machine::Outcome::kTrapped;
      }
    }
  }
  instance.operands.Reset();
  instance.is_initialized = true;
  progress.phase = kRunning;
  if (instance.module->start == kNoIndex) return Machine::Outcome::kDone;
  machine.EnterFromHost(instance.AddressOf(instance.module->start));
  return machine.Drive();
}

}  // namespace sandbox
