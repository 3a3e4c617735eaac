// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/store_data.h"

#include <algorithm>
#include <utility>

#include "sandbox/base/check.h"
#include "sandbox/syntax/keyed_hash.h"

namespace sandbox {
namespace {

std::string_view TextOf(const NameBytes& name) { return {name.begin(), name.size()}; }

Result<NameBytes> CopyOf(std::string_view text, Budget& budget) {
  NameBytes copy(budget);
  SANDBOX_TRY(copy.Reserve(text.size()));
  SANDBOX_TRY(copy.Append(text));
  return copy;
}

// Frees one share of an object.
template <typename T>
void DropShare(Budget& budget, Shared<T>* shared) {
  SANDBOX_CHECK(shared->holders > 0);
  if (--shared->holders == 0) budget.Delete(shared);
}

LinkKind KindOf(const HostFunction& function) {
  return function.is_catch_all ? LinkKind::kCatchAllFunction : LinkKind::kHostFunction;
}

bool IsFunctionRef(const TypeRegistry& types, ValType type) {
  return type.is_ref() && types.TopOf(type.heap()) == HeapType::kFunc;
}

}  // namespace

StoreData::StoreData(const ImplementationLimits& store_limits, Budget& store_budget) noexcept
    : limits(store_limits),
      budget(store_budget),
      types(store_budget),
      functions(store_budget),
      instances(store_budget),
      tags(store_budget),
      host_functions(store_budget),
      host_objects(store_budget),
      catch_alls(store_budget),
      links_(store_budget) {}

StoreData::~StoreData() {
  DestroyInstances();
  DestroyLinks();
}

// --- Types and objects of the host -----------------------------------------------------------------------------------

Result<CanonIdx> StoreData::InternFuncType(std::span<const ValType> params, std::span<const ValType> results) {
  SANDBOX_TRY(CheckLimit(params.size(), limits.params, LimitId::params));
  SANDBOX_TRY(CheckLimit(results.size(), limits.results, LimitId::results));
  Vec<FieldType> items(budget);
  SANDBOX_TRY(items.Reserve(params.size() + results.size()));
  for (ValType type : params) items.PushReserved({type, false});
  for (ValType type : results) items.PushReserved({type, false});
  TypeDefinition definition;
  definition.item_count = static_cast<uint32_t>(items.size());
  definition.param_count = static_cast<uint32_t>(params.size());
  auto type = types.Intern({&definition, 1}, items.span(), limits.store_types, TypeRegistry::kMaxSubtypeDepth);
  if (!type && type.error().code == ErrorCode::kLimitExceeded) return LimitError(LimitId::store_types);
  return type;
}

Result<SharedMemory*> StoreData::NewMemory(const MemoryType& type, std::optional<MutableByteSpan> bytes) {
  SANDBOX_ASSIGN(SharedMemory* const shared, budget.New<SharedMemory>(budget, type));
  const Result<void> made = bytes ? shared->object.UseSpan(*bytes, limits) : shared->object.AllocateOwned(limits);
  if (!made) {
    budget.Delete(shared);
    return std::unexpected(made.error());
  }
  return shared;
}

Result<SharedTable*> StoreData::NewTable(const TableType& type, Ref fill) {
  SANDBOX_ASSIGN(SharedTable* const shared, budget.New<SharedTable>(budget, type));
  if (const Result<void> made = shared->object.Allocate(fill, limits); !made) {
    budget.Delete(shared);
    return std::unexpected(made.error());
  }
  return shared;
}

Result<SharedGlobal*> StoreData::NewGlobal(const GlobalType& type, Slot value, Slot high) {
  return budget.New<SharedGlobal>(type, value, high);
}

Result<TagAddr> StoreData::NewTag(CanonIdx type) {
  const TagAddr address = static_cast<TagAddr>(tags.size());
  if (address == kNoIndex) return LimitError(LimitId::tags);
  SANDBOX_TRY(tags.Push(type));
  return address;
}

void StoreData::Drop(SharedMemory* memory) noexcept { DropShare(budget, memory); }
void StoreData::Drop(SharedTable* table) noexcept { DropShare(budget, table); }
void StoreData::Drop(SharedGlobal* global) noexcept { DropShare(budget, global); }

// --- Links -----------------------------------------------------------------------------------------------------------

// Host functions and host objects share their names, so they share a hash. The functions of catch-alls are told apart by
// their type as well: otherwise one name imported at many types would make a long chain.
uint64_t StoreData::HashOf(LinkKind kind, std::string_view module, std::string_view name, CanonIdx type) const {
  KeyedHash hash(KeyFromAddress(&budget));
  hash.Add(uint64_t{type} << 8 | static_cast<uint8_t>(kind == LinkKind::kHostObject ? LinkKind::kHostFunction : kind));
  hash.AddBytes(AsBytes(module));
  hash.AddBytes(AsBytes(name));
  return hash.Finish();
}

bool StoreData::IsNamed(LinkRef link, std::string_view module, std::string_view name) const {
  switch (link.kind) {
    case LinkKind::kNone: return false;
    case LinkKind::kHostFunction:
    case LinkKind::kCatchAllFunction: {
      const HostFunction& function = host_functions[link.number];
      return TextOf(function.module) == module && TextOf(function.name) == name;
    }
    case LinkKind::kHostObject: {
      const HostObject& object = host_objects[link.number];
      return TextOf(object.module) == module && TextOf(object.name) == name;
    }
    case LinkKind::kInstance: return TextOf(instances[link.number]->name) == name;
    case LinkKind::kCatchAll: return TextOf(catch_alls[link.number]) == module;
  }
  return false;
}

std::optional<LinkRef> StoreData::FindHostLink(std::string_view module, std::string_view name) const {
  return links_.Find(HashOf(LinkKind::kHostFunction, module, name), [&](LinkRef link) {
    return (link.kind == LinkKind::kHostFunction || link.kind == LinkKind::kHostObject) && IsNamed(link, module, name);
  });
}

uint64_t StoreData::HashOfHostFunction(const HostFunction& function) const {
  const CanonIdx type = function.is_catch_all ? function.type : kNoIndex;
  return HashOf(KindOf(function), TextOf(function.module), TextOf(function.name), type);
}

// Appends a function whose members but the address are set.
Result<uint32_t> StoreData::AppendHostFunction(HostFunction&& function) {
  const FuncTypeView type = types.FuncType(function.type);
  function.param_slots = SlotsOf(type.params);
  function.result_slots = SlotsOf(type.results);
  function.numbers = FewNumbers::Of(type);
  SANDBOX_TRY(CheckLimit(host_functions.size() + 1, limits.host_functions, LimitId::host_functions));
  SANDBOX_TRY(CheckLimit(functions.size() + 1, limits.store_functions, LimitId::store_functions));
  SANDBOX_TRY(host_functions.ReserveMore(1));
  SANDBOX_TRY(functions.ReserveMore(1));
  SANDBOX_TRY(links_.Reserve(1));
  const uint32_t number = static_cast<uint32_t>(host_functions.size());
  function.address = static_cast<FuncAddr>(functions.size());
  functions.PushReserved({Function::kHost | number, function.type});
  links_.Insert(HashOfHostFunction(function), {KindOf(function), number});
  host_functions.PushReserved(std::move(function));
  return number;
}

Result<uint32_t> StoreData::AddHostFunction(std::string_view module, std::string_view name, CanonIdx type,
                                            HostThunk thunk, void* context, void (*destroy)(Budget&, void*)) {
  if (FindHostLink(module, name)) return Fail(ErrorCode::kDuplicateLink);
  HostFunction function(budget);
  SANDBOX_ASSIGN(function.module, CopyOf(module, budget));
  SANDBOX_ASSIGN(function.name, CopyOf(name, budget));
  function.type = type;
  function.thunk = thunk;
  function.context = context;
  function.destroy = destroy;
  return AppendHostFunction(std::move(function));
}

Result<void> StoreData::AppendHostObject(std::string_view module, std::string_view name, HostObject&& object) {
  if (FindHostLink(module, name)) return Fail(ErrorCode::kDuplicateLink);
  SANDBOX_TRY(CheckLimit(host_objects.size() + 1, limits.host_objects, LimitId::host_objects));
  SANDBOX_ASSIGN(object.module, CopyOf(module, budget));
  SANDBOX_ASSIGN(object.name, CopyOf(name, budget));
  SANDBOX_TRY(host_objects.ReserveMore(1));
  SANDBOX_TRY(links_.Reserve(1));
  links_.Insert(HashOf(LinkKind::kHostObject, module, name),
                {LinkKind::kHostObject, static_cast<uint32_t>(host_objects.size())});
  host_objects.PushReserved(std::move(object));
  return {};
}

Result<void> StoreData::AddHostMemory(std::string_view module, std::string_view name, SharedMemory* memory) {
  HostObject object(budget);
  object.kind = ExternKind::kMemory;
  object.memory = memory;
  return AppendHostObject(module, name, std::move(object));
}

Result<void> StoreData::AddHostTable(std::string_view module, std::string_view name, SharedTable* table) {
  HostObject object(budget);
  object.kind = ExternKind::kTable;
  object.table = table;
  return AppendHostObject(module, name, std::move(object));
}

Result<void> StoreData::AddHostGlobal(std::string_view module, std::string_view name, SharedGlobal* global) {
  HostObject object(budget);
  object.kind = ExternKind::kGlobal;
  object.global = global;
  return AppendHostObject(module, name, std::move(object));
}

Result<void> StoreData::AddHostTag(std::string_view module, std::string_view name, TagAddr tag) {
  HostObject object(budget);
  object.kind = ExternKind::kTag;
  object.tag = tag;
  return AppendHostObject(module, name, std::move(object));
}

Result<void> StoreData::AddCatchAll(std::string_view module) {
  if (IsCatchAll(module)) return Fail(ErrorCode::kDuplicateLink);
  SANDBOX_TRY(CheckLimit(catch_alls.size() + 1, limits.host_objects, LimitId::host_objects));
  SANDBOX_ASSIGN(NameBytes copy, CopyOf(module, budget));
  SANDBOX_TRY(catch_alls.ReserveMore(1));
  SANDBOX_TRY(links_.Reserve(1));
  links_.Insert(HashOf(LinkKind::kCatchAll, module, ""),
                {LinkKind::kCatchAll, static_cast<uint32_t>(catch_alls.size())});
  catch_alls.PushReserved(std::move(copy));
  return {};
}

bool StoreData::IsCatchAll(std::string_view module) const {
  return links_
      .Find(HashOf(LinkKind::kCatchAll, module, ""),
            [&](LinkRef link) { return link.kind == LinkKind::kCatchAll && IsNamed(link, module, ""); })
      .has_value();
}

Result<uint32_t> StoreData::CatchAllFunction(std::string_view module, std::string_view name, CanonIdx type) {
  const auto found = links_.Find(HashOf(LinkKind::kCatchAllFunction, module, name, type), [&](LinkRef link) {
    return link.kind == LinkKind::kCatchAllFunction && host_functions[link.number].type == type &&
           IsNamed(link, module, name);
  });
  if (found) return found->number;
  HostFunction function(budget);
  SANDBOX_ASSIGN(function.module, CopyOf(module, budget));
  SANDBOX_ASSIGN(function.name, CopyOf(name, budget));
  function.type = type;
  function.is_catch_all = true;
  return AppendHostFunction(std::move(function));
}

void StoreData::TruncateHostFunctions(uint32_t count) noexcept {
  while (host_functions.size() > count) {
    const uint32_t number = static_cast<uint32_t>(host_functions.size() - 1);
    HostFunction last = host_functions.PopBack();
    links_.Erase(HashOfHostFunction(last), {KindOf(last), number});
    functions[last.address].owner = Function::kDead;
    if (last.destroy != nullptr) last.destroy(budget, last.context);
  }
}

// --- Instances -------------------------------------------------------------------------------------------------------

Instance* StoreData::FindInstance(std::string_view name) const {
  const auto found = links_.Find(HashOf(LinkKind::kInstance, "", name), [&](LinkRef link) {
    return link.kind == LinkKind::kInstance && IsNamed(link, "", name);
  });
  return found ? instances[found->number] : nullptr;
}

Result<void> StoreData::SetInstanceName(Instance& instance, std::string_view name) {
  SANDBOX_ASSIGN(NameBytes copy, CopyOf(name, budget));
  SANDBOX_TRY(links_.Reserve(1));
  Unname(instance);
  if (name.empty()) return {};
  if (Instance* const previous = FindInstance(TextOf(copy))) Unname(*previous);
  links_.Insert(HashOf(LinkKind::kInstance, "", TextOf(copy)), {LinkKind::kInstance, instance.id});
  instance.name = std::move(copy);
  return {};
}

void StoreData::Unname(Instance& instance) noexcept {
  if (instance.name.empty()) return;
  links_.Erase(HashOf(LinkKind::kInstance, "", TextOf(instance.name)), {LinkKind::kInstance, instance.id});
  instance.name.Reset();
}

void StoreData::DestroyInstance(Instance* instance) noexcept {
  SANDBOX_CHECK(InstanceAt(instance->id) == instance);
  Unname(*instance);
  const size_t count = instance->module->functions.size();
  for (Function& function : functions.span().subspan(instance->first_function, count)) function.owner = Function::kDead;
  instances[instance->id] = nullptr;
  --live_instances;
  void* const keep_alive = instance->keep_alive;
  DiscardInstance(instance);
  if (release_module != nullptr) release_module(keep_alive);
}

void StoreData::DiscardInstance(Instance* instance) noexcept {
  for (SharedTable* table : instance->tables) Drop(table);
  for (SharedMemory* memory : instance->memories) Drop(memory);
  for (SharedGlobal* global : instance->globals) Drop(global);
  budget.Delete(instance);
}

// One past the last function address that a link holds, or that a reference in an object of a link names.
FuncAddr StoreData::FirstFreeFunction() const {
  FuncAddr first = 0;
  for (const HostFunction& function : host_functions) first = std::max(first, function.address + 1);
  const auto keep = [&](Ref ref) {
    if (ref != kNullRef) first = std::max(first, AddressOfRef(ref) + 1);
  };
  for (const HostObject& object : host_objects) {
    if (object.global != nullptr && IsFunctionRef(types, object.global->object.type.type)) {
      keep(static_cast<Ref>(object.global->object.value));
    }
    if (object.table != nullptr && IsFunctionRef(types, object.table->object.type().element)) {
      for (Ref ref : object.table->object.elements()) keep(ref);
    }
  }
  return std::min(first, static_cast<FuncAddr>(functions.size()));
}

void StoreData::DestroyInstances() noexcept {
  for (Instance* instance : instances) {
    if (instance != nullptr) DestroyInstance(instance);
  }
  instances.Reset();
  // A host function's number is its place: what a catch-all made before a later link has to stay.
  size_t kept = host_functions.size();
  while (kept > 0 && host_functions[kept - 1].is_catch_all) --kept;
  TruncateHostFunctions(static_cast<uint32_t>(kept));
  functions.Truncate(FirstFreeFunction());
  functions.ShrinkToFit();
  TagAddr first_free_tag = 0;
  for (const HostObject& object : host_objects) {
    if (object.kind == ExternKind::kTag) first_free_tag = std::max(first_free_tag, object.tag + 1);
  }
  tags.Truncate(first_free_tag);
  moved_bytes = 0;
}

void StoreData::DestroyLinks() noexcept {
  SANDBOX_CHECK(live_instances == 0);
  TruncateHostFunctions(0);
  for (HostObject& object : host_objects) {
    if (object.memory != nullptr) Drop(object.memory);
    if (object.table != nullptr) Drop(object.table);
    if (object.global != nullptr) Drop(object.global);
  }
  host_objects.Reset();
  host_functions.Reset();
  catch_alls.Reset();
  links_ = NameIndex(budget);
  functions.Reset();
  tags.Reset();
  types = TypeRegistry(budget);
}

}  // namespace sandbox
