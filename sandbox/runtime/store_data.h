// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// All that the instances of one store share (spec "Store").
#ifndef SANDBOX_RUNTIME_STORE_DATA_H_
#define SANDBOX_RUNTIME_STORE_DATA_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sandbox/base/budget.h"
#include "sandbox/base/bytes.h"
#include "sandbox/base/error.h"
#include "sandbox/base/trap.h"
#include "sandbox/base/vec.h"
#include "sandbox/runtime/instance.h"
#include "sandbox/runtime/name_index.h"
#include "sandbox/runtime/slot.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/syntax/type_registry.h"

namespace sandbox {

// A function instance: 8 bytes, one for each function of each instance. Everything else about a guest function is found
// through its instance: its number there is address - instance->first_function.
struct Function {
  static constexpr uint32_t kHost = 1u << 31;  // owner is a host function's number
  static constexpr uint32_t kDead = ~uint32_t{0};  // its instance was released

  // The owner of no function: there are fewer instances.
  static constexpr uint32_t kNobody = kHost - 1;

  uint32_t owner = kDead;     // instance id, or kHost | host function number
  CanonIdx type = kNoIndex;   // store-wide

  bool is_dead() const { return owner == kDead; }
  bool is_host() const { return !is_dead() && (owner & kHost) != 0; }
  uint32_t host_number() const { return owner & ~kHost; }
};

struct StoreData;
struct Machine;

// What a host function does when a guest calls it. `slots` holds the arguments on entry and takes the results from
// its front on; it is as long as the longer of the two.
using HostThunk = OrTrap<void> (*)(void* context, Machine& machine, std::span<Slot> slots);

// The types of a function of few numbers, as most host functions are, where calls find them without the registry.
class FewNumbers {
 public:
  // Absent for more, or for references and vectors.
  static FewNumbers Of(const FuncTypeView& type) {
    FewNumbers few;
    if (type.params.size() > few.params_.size() || type.results.size() > few.results_.size()) return few;
    for (const std::span<const ValType> types : {type.params, type.results}) {
      for (const ValType item : types) {
        if (!item.is_number()) return few;
      }
    }
    std::ranges::copy(type.params, few.params_.begin());
    std::ranges::copy(type.results, few.results_.begin());
    few.param_count_ = static_cast<uint8_t>(type.params.size());
    few.result_count_ = static_cast<uint8_t>(type.results.size());
    few.is_present_ = true;
    return few;
  }
  bool is_present() const { return is_present_; }
  std::span<const ValType> params() const { return std::span(params_).first(param_count_); }
  std::span<const ValType> results() const { return std::span(results_).first(result_count_); }

 private:
  std::array<ValType, 8> params_;
  std::array<ValType, 4> results_;
  uint8_t param_count_ = 0;
  uint8_t result_count_ = 0;
  bool is_present_ = false;
};

struct HostFunction {
  explicit HostFunction(Budget& budget) noexcept : module(budget), name(budget) {}
  NameBytes module;
  NameBytes name;
  CanonIdx type = kNoIndex;
  uint32_t param_slots = 0;   // of its type, at hand for calls
  uint32_t result_slots = 0;
  FewNumbers numbers;
  HostThunk thunk = nullptr;  // null: the run is suspended and the embedder answers
  void* context = nullptr;
  void (*destroy)(Budget& budget, void* context) = nullptr;  // ends the context when the link goes; may be null
  FuncAddr address = 0;
  bool is_catch_all = false;  // made for an import that a catch-all answered
};

// An object of the host's under a name. It holds a share of what it points to.
struct HostObject {
  explicit HostObject(Budget& budget) noexcept : module(budget), name(budget) {}
  NameBytes module;
  NameBytes name;
  ExternKind kind = ExternKind::kGlobal;
  SharedTable* table = nullptr;
  SharedMemory* memory = nullptr;
  SharedGlobal* global = nullptr;
  TagAddr tag = 0;
};

struct StoreData {
  StoreData(const ImplementationLimits& limits, Budget& budget) noexcept;
  StoreData(const StoreData&) = delete;
  StoreData& operator=(const StoreData&) = delete;
  ~StoreData();

  // --- Types and objects of the host. Errors: kLimitExceeded, class memory; nothing changes then. -------------------

  // The store-wide type of functions with these parameters and results.
  [[nodiscard]] Result<CanonIdx> InternFuncType(std::span<const ValType> params, std::span<const ValType> results);

  // Fresh objects with one holder, the caller. bytes: see Memory::UseSpan; absent: an owned memory.
  [[nodiscard]] Result<SharedMemory*> NewMemory(const MemoryType& type, std::optional<MutableByteSpan> bytes);
  [[nodiscard]] Result<SharedTable*> NewTable(const TableType& type, Ref fill);
  [[nodiscard]] Result<SharedGlobal*> NewGlobal(const GlobalType& type, Slot value, Slot high = 0);
  // A tag that differs from all others.
  [[nodiscard]] Result<TagAddr> NewTag(CanonIdx type);

  // Frees a holder's share; the last one ends the object.
  void Drop(SharedMemory* memory) noexcept;
  void Drop(SharedTable* table) noexcept;
  void Drop(SharedGlobal* global) noexcept;

  // --- Links ---------------------------------------------------------------------------------------------------------
  // An import (module, name) is looked up here first, then in the instance named `module`, then a function goes to the
  // catch-all of `module`. All of it takes constant expected time, whatever the number of links.
  // Errors of what adds: kDuplicateLink, kLimitExceeded (host_functions, host_objects, store_functions), class memory.
  // Nothing changes then.

  // Links a host function; returns its number. thunk null: calls suspend the run. On success the store ends `context`
  // with `destroy`, otherwise it remains the caller's.
  [[nodiscard]] Result<uint32_t> AddHostFunction(std::string_view module, std::string_view name, CanonIdx type,
                                                 HostThunk thunk = nullptr, void* context = nullptr,
                                                 void (*destroy)(Budget&, void*) = nullptr);
  // Links an object; the caller's share becomes the link's.
  [[nodiscard]] Result<void> AddHostMemory(std::string_view module, std::string_view name, SharedMemory* memory);
  [[nodiscard]] Result<void> AddHostTable(std::string_view module, std::string_view name, SharedTable* table);
  [[nodiscard]] Result<void> AddHostGlobal(std::string_view module, std::string_view name, SharedGlobal* global);
  [[nodiscard]] Result<void> AddHostTag(std::string_view module, std::string_view name, TagAddr tag);

  // From now on each function import of `module` that nothing else answers becomes a suspending host function of the
  // import's type: one for each module, name and type, appended to host_functions (and counted there) when it is first
  // needed. (The seed crate's catch-all covers functions that return one i32; this one covers all.)
  [[nodiscard]] Result<void> AddCatchAll(std::string_view module);
  bool IsCatchAll(std::string_view module) const;
  // Finds or appends the function of a catch-all. Returns its number.
  [[nodiscard]] Result<uint32_t> CatchAllFunction(std::string_view module, std::string_view name, CanonIdx type);

  // The host function or host object of a name.
  std::optional<LinkRef> FindHostLink(std::string_view module, std::string_view name) const;

  // Forgets the host functions from number `count` on, which no instance uses. Their addresses become dead.
  void TruncateHostFunctions(uint32_t count) noexcept;

  // --- Instances -----------------------------------------------------------------------------------------------------

  // The instance of an id, or null when it was released.
  Instance* InstanceAt(uint32_t id) { return id < instances.size() ? instances[id] : nullptr; }
  // The instance of a name, or null.
  Instance* FindInstance(std::string_view name) const;

  // Names an instance, so that modules can import from it. A name is unique: an instance that had it loses it. The empty
  // name takes the instance's name away. Errors (nothing changes): class memory.
  [[nodiscard]] Result<void> SetInstanceName(Instance& instance, std::string_view name);

  // Frees an instance: its functions become dead (calling one traps), what it shares dies with the last holder. Its id
  // and its functions' addresses are not used again before DestroyInstances.
  void DestroyInstance(Instance* instance) noexcept;
  // Frees an instance that was never registered: nothing of it is in `functions` or `instances`.
  void DiscardInstance(Instance* instance) noexcept;

  // Frees all instances and what catch-alls made; links stay. Ids begin again at 0, and function addresses are used again
  // unless a link's table or global still refers to them. Types stay: whatever refers to them may.
  void DestroyInstances() noexcept;
  // Frees all links and the types. There is no instance.
  void DestroyLinks() noexcept;

  ImplementationLimits limits;
  Budget& budget;
  TypeRegistry types;
  Vec<Function> functions;
  Vec<Instance*> instances;  // by id; null where released
  uint64_t live_instances = 0;
  Vec<CanonIdx> tags;        // by tag address: the type. Two tags are the same when their addresses are
  Vec<HostFunction> host_functions;
  Vec<HostObject> host_objects;
  Vec<NameBytes> catch_alls;  // names of modules
  uint64_t moved_bytes = 0;
  void (*release_module)(void* keep_alive) = nullptr;  // called when an instance dies

 private:
  uint64_t HashOf(LinkKind kind, std::string_view module, std::string_view name, CanonIdx type = kNoIndex) const;
  uint64_t HashOfHostFunction(const HostFunction& function) const;
  bool IsNamed(LinkRef link, std::string_view module, std::string_view name) const;
  [[nodiscard]] Result<uint32_t> AppendHostFunction(HostFunction&& function);
  [[nodiscard]] Result<void> AppendHostObject(std::string_view module, std::string_view name, HostObject&& object);
  void Unname(Instance& instance) noexcept;
  FuncAddr FirstFreeFunction() const;

  NameIndex links_;
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_STORE_DATA_H_
