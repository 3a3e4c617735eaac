// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/store.h"

#include <algorithm>
#include <utility>

#include "sandbox/base/vec.h"
#include "sandbox/embed/module_state.h"
#include "sandbox/embed/store_state.h"

namespace sandbox {
namespace {

// What every call into a moved-from store answers.
Result<StoreState*> StateOf(const StoreRef& ref) {
  if (ref.get() == nullptr) return Fail(ErrorCode::kStaleHandle);
  return ref.get();
}

// Types that a host can write down: numbers of this build and abstract references.
Result<void> CheckHostType(ValType type) {
  switch (type.kind()) {
    case ValKind::kI32:
    case ValKind::kI64: return {};
    case ValKind::kF32:
    case ValKind::kF64:
      if (!kFloats) return Fail(ErrorCode::kUnsupportedType);
      return {};
    case ValKind::kV128:
      if (!kVectors) return Fail(ErrorCode::kUnsupportedType);
      return {};
    case ValKind::kRef:
      if (!type.heap().is_abstract() || type.heap() == HeapType::kBottom) return Fail(ErrorCode::kWrongArguments);
      return {};
    case ValKind::kI8:
    case ValKind::kI16:
    case ValKind::kBottom: break;
  }
  return Fail(ErrorCode::kWrongArguments);
}

Result<void> CheckHostTypes(std::span<const ValType> types) {
  for (ValType type : types) SANDBOX_TRY(CheckHostType(type));
  return {};
}

// What validation checks for the limits of a module's own memories and tables.
Result<void> CheckHostLimits(const Limits& limits, uint64_t greatest) {
  const uint64_t max = limits.max.value_or(greatest);
  if (limits.min > max || max > greatest) return Fail(ErrorCode::kBadConfiguration);
  return {};
}

void DestroyClosure(Budget& budget, void* context) {
  HostClosure* const closure = static_cast<HostClosure*>(context);
  closure->destroy(budget, closure);
}

// Links a function that suspends.
Result<uint32_t> LinkSuspending(StoreState& state, std::string_view module, std::string_view name,
                                std::span<const ValType> params, std::span<const ValType> results) {
  SANDBOX_TRY(state.ReserveArguments(params.size()));
  SANDBOX_ASSIGN(const CanonIdx type, state.data.InternFuncType(params, results));
  return state.data.AddHostFunction(module, name, type);
}

}  // namespace

// --- Life ----------------------------------------------------------------------------------------------------------

Result<Store> Store::Create(const Config& config) {
  SANDBOX_ASSIGN(StoreRef ref, StoreState::Create(config));
  return Store(std::move(ref), true);
}

Store::Store(Store&& other) noexcept
    : ref_(std::move(other.ref_)), is_owner_(std::exchange(other.is_owner_, false)) {}

Store& Store::operator=(Store&& other) noexcept {
  if (this != &other) {
    Destroy();
    ref_ = std::move(other.ref_);
    is_owner_ = std::exchange(other.is_owner_, false);
  }
  return *this;
}

Store::~Store() { Destroy(); }

void Store::Destroy() noexcept {
  if (is_owner_ && ref_.get() != nullptr) ref_.get()->Destroy();
  is_owner_ = false;
}

// --- Linking -------------------------------------------------------------------------------------------------------

Result<uint32_t> Store::LinkFunc(std::string_view module, std::string_view name, size_t param_count,
                                 size_t result_count) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  const ImplementationLimits& limits = state->data.limits;
  SANDBOX_TRY(CheckLimit(param_count, limits.params, LimitId::params));
  SANDBOX_TRY(CheckLimit(result_count, limits.results, LimitId::results));
  Vec<ValType> types(state->budget);
  SANDBOX_TRY(types.Resize(param_count > result_count ? param_count : result_count, ValType::I32()));
  return LinkSuspending(*state, module, name, types.span().first(param_count), types.span().first(result_count));
}

Result<uint32_t> Store::LinkFunc(std::string_view module, std::string_view name, std::span<const ValType> params,
                                 std::span<const ValType> results) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_TRY(CheckHostTypes(params));
  SANDBOX_TRY(CheckHostTypes(results));
  return LinkSuspending(*state, module, name, params, results);
}

Result<uint32_t> Store::LinkImport(const Module& module, size_t import_index) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  if (import_index >= module.import_count()) return Fail(ErrorCode::kOutOfRange);
  const ImportInfo import = module.import(import_index);
  if (import.type.kind != ExternKind::kFunc) return Fail(ErrorCode::kWrongExportKind);
  Vec<CanonIdx> map(state->budget);
  SANDBOX_TRY(state->data.types.InternAll(module.data()->types, map, state->data.limits.store_types));
  SANDBOX_TRY(state->ReserveArguments(import.signature.params.size()));
  return state->data.AddHostFunction(import.module, import.name, map[import.type.type]);
}

Result<void> Store::LinkFuncDefault(std::string_view module) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  return state->data.AddCatchAll(module);
}

Budget* Store::budget() const { return ref_.get() == nullptr ? nullptr : &ref_.get()->budget; }

Result<uint32_t> Store::LinkClosure(std::string_view module, std::string_view name, std::span<const ValType> params,
                                    std::span<const ValType> results, HostClosure* closure) {
  StoreState& state = *ref_.get();
  closure->store = &state;
  const auto link = [&]() -> Result<uint32_t> {
    SANDBOX_ASSIGN(const CanonIdx type, state.data.InternFuncType(params, results));
    const HostThunk thunk = closure->run != nullptr ? closure->run : &StoreState::RunWithCaller;
    return state.data.AddHostFunction(module, name, type, thunk, closure, &DestroyClosure);
  };
  Result<uint32_t> linked = link();
  if (!linked) DestroyClosure(state.budget, closure);
  return linked;
}

Result<GlobalView> Store::LinkGlobal(std::string_view module, std::string_view name, const Value& value,
                                     bool is_mutable) {
  const ValType type = value.is_ref() ? ValType::Ref(value.type().heap(), true) : value.type();
  return LinkGlobal(module, name, GlobalType{type, is_mutable}, value);
}

Result<GlobalView> Store::LinkGlobal(std::string_view module, std::string_view name, GlobalType type,
                                     const Value& value) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_TRY(CheckHostType(type.type));
  SANDBOX_ASSIGN(const CellPair cells, state->CellsOfValue(value, type.type));
  SANDBOX_ASSIGN(SharedGlobal* const global, state->data.NewGlobal(type, cells[0], cells[1]));
  if (const Result<void> added = state->data.AddHostGlobal(module, name, global); !added) {
    state->data.Drop(global);
    return std::unexpected(added.error());
  }
  return GlobalView(state->PlaceOfLastHostObject());
}

Result<TableView> Store::LinkTable(std::string_view module, std::string_view name, const TableType& type,
                                   const Value& fill) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_TRY(CheckHostType(type.element));
  if (!type.element.is_ref()) return Fail(ErrorCode::kWrongArguments);
  SANDBOX_TRY(CheckHostLimits(type.limits, type.limits.is_64 ? ~uint64_t{0} : ~uint32_t{0}));
  SANDBOX_ASSIGN(const Slot slot, state->SlotOfValue(fill, type.element, ErrorCode::kWrongArguments));
  SANDBOX_ASSIGN(SharedTable* const table, state->data.NewTable(type, static_cast<Ref>(slot)));
  if (const Result<void> added = state->data.AddHostTable(module, name, table); !added) {
    state->data.Drop(table);
    return std::unexpected(added.error());
  }
  return TableView(state->PlaceOfLastHostObject());
}

Result<TableView> Store::LinkTable(std::string_view module, std::string_view name, const TableType& type) {
  SANDBOX_TRY(CheckHostType(type.element));
  if (!type.element.is_ref()) return Fail(ErrorCode::kWrongArguments);
  return LinkTable(module, name, type, Value::Null(type.element.heap().abstract()));
}

namespace {

Result<MemoryView> LinkHostMemory(const StoreRef& ref, std::string_view module, std::string_view name,
                                  const MemoryType& type, std::optional<MutableByteSpan> bytes) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref));
  SANDBOX_TRY(CheckHostLimits(type.limits, type.limits.is_64 ? uint64_t{1} << 48 : uint64_t{1} << 16));
  SANDBOX_ASSIGN(SharedMemory* const memory, state->data.NewMemory(type, bytes));
  if (const Result<void> added = state->data.AddHostMemory(module, name, memory); !added) {
    state->data.Drop(memory);
    return std::unexpected(added.error());
  }
  return MemoryView(state->PlaceOfLastHostObject());
}

}  // namespace

Result<MemoryView> Store::LinkMemory(std::string_view module, std::string_view name, const MemoryType& type) {
  return LinkHostMemory(ref_, module, name, type, std::nullopt);
}

Result<MemoryView> Store::LinkMemory(std::string_view module, std::string_view name, const MemoryType& type,
                                     MutableByteSpan bytes) {
  return LinkHostMemory(ref_, module, name, type, bytes);
}

Result<void> Store::LinkTag(std::string_view module, std::string_view name, std::span<const ValType> params) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_TRY(CheckHostTypes(params));
  SANDBOX_ASSIGN(const CanonIdx type, state->data.InternFuncType(params, {}));
  SANDBOX_ASSIGN(const TagAddr tag, state->data.NewTag(type));
  const Result<void> added = state->data.AddHostTag(module, name, tag);
  if (!added) state->data.tags.Truncate(tag);
  return added;
}

// --- Instances -----------------------------------------------------------------------------------------------------

Result<Instantiation> Store::Instantiate(const Module& module, const InstanceOptions& options) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  return state->Instantiate(module, options);
}

std::optional<LinkError> Store::link_error() const {
  const StoreState* const state = ref_.get();
  const LinkFailure* const failure = state == nullptr ? nullptr : state->link_failure();
  if (failure == nullptr) return std::nullopt;
  return LinkError{failure->module, failure->name, failure->expected, failure->given};
}

Result<void> Store::SetName(InstanceId instance, std::string_view name) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_ASSIGN(Instance* const found, state->Find(instance));
  return state->data.SetInstanceName(*found, name);
}

Result<void> Store::Release(InstanceId instance) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_ASSIGN(Instance* const found, state->Find(instance));
  if (!state->machine.runs.empty()) return Fail(ErrorCode::kOutOfTurn);
  state->data.DestroyInstance(found);
  return {};
}

Result<void> Store::Reset(const ResetOptions& options) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  return state->Reset(options);
}

Result<Module> Store::ModuleOf(InstanceId instance) const {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_ASSIGN(const Instance* const found, state->Find(instance));
  return Module::Share(static_cast<ModuleState*>(found->keep_alive));
}

Result<InstanceId> Store::InstanceAt(uint32_t index) const {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  if (index >= state->data.instances.size()) return Fail(ErrorCode::kOutOfRange);
  SANDBOX_TRY(state->Find(state->IdOf(index)));
  return state->IdOf(index);
}

// --- Exports -------------------------------------------------------------------------------------------------------

Result<FuncHandle> Store::GetFunc(InstanceId instance, std::string_view name) const {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_ASSIGN(const Instance* const found, state->Find(instance));
  SANDBOX_ASSIGN(const FuncIdx function, state->FindExport(*found, name, ExternKind::kFunc));
  return state->HandleOf(found->AddressOf(function));
}

namespace {

// The place of an exported object.
Result<ObjectPlace> PlaceOfExport(const StoreRef& ref, InstanceId instance, std::string_view name, ExternKind kind) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref));
  SANDBOX_ASSIGN(const Instance* const found, state->Find(instance));
  SANDBOX_ASSIGN(const uint32_t index, state->FindExport(*found, name, kind));
  return state->PlaceOf(*found, index);
}

}  // namespace

Result<GlobalView> Store::GetGlobalView(InstanceId instance, std::string_view name) const {
  SANDBOX_ASSIGN(ObjectPlace place, PlaceOfExport(ref_, instance, name, ExternKind::kGlobal));
  return GlobalView(std::move(place));
}

Result<Value> Store::GetGlobal(InstanceId instance, std::string_view name) const {
  SANDBOX_ASSIGN(const GlobalView global, GetGlobalView(instance, name));
  return global.Get();
}

Result<void> Store::SetGlobal(InstanceId instance, std::string_view name, const Value& value) const {
  SANDBOX_ASSIGN(const GlobalView global, GetGlobalView(instance, name));
  return global.Set(value);
}

Result<TableView> Store::GetTable(InstanceId instance, std::string_view name) const {
  SANDBOX_ASSIGN(ObjectPlace place, PlaceOfExport(ref_, instance, name, ExternKind::kTable));
  return TableView(std::move(place));
}

Result<MemoryView> Store::GetMemory(InstanceId instance, std::string_view name) const {
  SANDBOX_ASSIGN(ObjectPlace place, PlaceOfExport(ref_, instance, name, ExternKind::kMemory));
  return MemoryView(std::move(place));
}

Result<MemoryView> Store::GetMemory(InstanceId instance, MemIdx index) const {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_TRY(state->Find(instance));
  SANDBOX_ASSIGN(ObjectPlace place, state->PlaceOfMemory(instance.index(), index));
  return MemoryView(std::move(place));
}

Result<FuncSignature> Store::SignatureOf(const FuncHandle& function) const {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_ASSIGN(const FuncAddr address, state->Find(function));
  return state->SignatureOf(address);
}

FuncSignature Store::SignatureOf(CanonIdx defined_type) const {
  const StoreState* const state = ref_.get();
  if (state == nullptr || defined_type >= state->data.types.size()) return {};
  if (state->data.types.KindOf(defined_type) != CompositeKind::kFunc) return {};
  return state->data.types.FuncType(defined_type);
}

Result<void> Store::CheckSignature(const FuncHandle& function, std::span<const ValType> params,
                                   std::span<const ValType> results) const {
  SANDBOX_ASSIGN(const FuncSignature signature, SignatureOf(function));
  const auto equal = [](std::span<const ValType> a, std::span<const ValType> b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
  };
  if (!equal(signature.params, params) || !equal(signature.results, results)) return Fail(ErrorCode::kWrongArguments);
  return {};
}

// --- Running -------------------------------------------------------------------------------------------------------

Result<RunResult> Store::Invoke(InstanceId instance, std::string_view name, std::span<const Value> arguments) {
  SANDBOX_ASSIGN(const FuncHandle function, GetFunc(instance, name));
  return Invoke(function, arguments);
}

Result<RunResult> Store::Invoke(const FuncHandle& function, std::span<const Value> arguments) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(ref_));
  SANDBOX_ASSIGN(const FuncAddr address, state->Find(function));
  return state->Invoke(address, arguments);
}

Result<RunResult> InvokeSlots(const StoreRef& store, const FuncHandle& function, std::span<const Slot> arguments) {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(store));
  SANDBOX_ASSIGN(const FuncAddr address, state->Find(function));
  return state->InvokeSlots(address, arguments);
}

std::optional<RunResult> Store::pending() const {
  const StoreState* const state = ref_.get();
  if (state == nullptr || state->machine.runs.empty()) return std::nullopt;
  if (state->machine.runs.back().state == RunState::kRunning) return std::nullopt;
  return state->ResultOfPending();
}

std::optional<Call> Store::last_call() const {
  const std::optional<RunResult> run = pending();
  if (!run || run->outcome() != Outcome::kHostCall) return std::nullopt;
  return run->call();
}

size_t Store::run_count() const { return ref_.get() == nullptr ? 0 : ref_.get()->machine.runs.size(); }

size_t Store::trace_size() const { return ref_.get() == nullptr ? 0 : ref_.get()->trace_size(); }

uint64_t Store::trace_depth() const { return trace_size() == 0 ? 0 : ref_.get()->machine.backtrace_depth; }

TraceFrame Store::trace_at(size_t i) const { return ref_.get() == nullptr ? TraceFrame() : ref_.get()->TraceAt(i); }

// --- Metering ------------------------------------------------------------------------------------------------------

void Store::SetFuel(uint64_t units) {
  if (ref_.get() != nullptr) ref_.get()->machine.SetFuel(units);
}

void Store::AddFuel(uint64_t units) {
  const uint64_t now = fuel();
  if (ref_.get() == nullptr || now == kUnlimitedFuel) return;
  const uint64_t most = kUnlimitedFuel - 1;
  SetFuel(units > most - now ? most : now + units);
}

uint64_t Store::fuel() const { return ref_.get() == nullptr ? 0 : ref_.get()->machine.FuelLeft(); }

Interrupt* Store::interrupt() { return ref_.get() == nullptr ? nullptr : &ref_.get()->machine.interrupt; }

uint64_t Store::used_bytes() const { return ref_.get() == nullptr ? 0 : ref_.get()->budget.used_bytes(); }
uint64_t Store::peak_bytes() const { return ref_.get() == nullptr ? 0 : ref_.get()->budget.peak_bytes(); }
uint64_t Store::limit_bytes() const { return ref_.get() == nullptr ? 0 : ref_.get()->budget.limit_bytes(); }

ImplementationLimits Store::limits() const {
  return ref_.get() == nullptr ? ImplementationLimits() : ref_.get()->data.limits;
}

// --- Caller --------------------------------------------------------------------------------------------------------

std::optional<InstanceId> Caller::instance() const {
  if (!instance_ || store_.ref_.get() == nullptr) return std::nullopt;
  return store_.ref_.get()->IdOf(*instance_);
}

Result<MemoryView> Caller::memory(MemIdx index) const {
  SANDBOX_ASSIGN(StoreState* const state, StateOf(store_.ref_));
  SANDBOX_ASSIGN(ObjectPlace place, state->PlaceOfMemory(instance_, index));
  return MemoryView(std::move(place));
}

}  // namespace sandbox
