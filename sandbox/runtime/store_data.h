// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// All that the instances of one store share (spec "Store").
#ifndef SANDBOX_RUNTIME_STORE_DATA_H_
#define SANDBOX_RUNTIME_STORE_DATA_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "sandbox/base/budget.h"
#include "sandbox/base/error.h"
#include "sandbox/base/vec.h"
#include "sandbox/runtime/instance.h"
#include "sandbox/runtime/slot.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/syntax/type_registry.h"

namespace sandbox {

// A function instance: 8 bytes, one for each function of each instance. Everything else about a guest function is found
// through its instance: its number there is address - instance->first_function.
struct Function {
  static constexpr uint32_t kHost = 1u << 31;  // owner is a host function's number
  static constexpr uint32_t kDead = ~uint32_t{0};  // its instance was released

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
enum class HostOutcome : uint8_t { kReturn, kTrap, kSuspend };
using HostThunk = HostOutcome (*)(void* context, Machine& machine, std::span<Slot> slots);

struct HostFunction {
  explicit HostFunction(Budget& budget) noexcept : module(budget), name(budget) {}
  NameBytes module;
  NameBytes name;
  CanonIdx type = kNoIndex;
  HostThunk thunk = nullptr;  // null: the run is suspended and the embedder answers
  void* context = nullptr;
  void (*destroy)(Budget& budget, void* context) = nullptr;
  FuncAddr address = 0;
};

struct HostObject {
  explicit HostObject(Budget& budget) noexcept : module(budget), name(budget) {}
  NameBytes module;
  NameBytes name;
  ExternKind kind = ExternKind::kGlobal;
  SharedTable* table = nullptr;
  SharedMemory* memory = nullptr;
  SharedGlobal* global = nullptr;
  uint32_t tag = 0;
};

struct StoreData {
  StoreData(const ImplementationLimits& limits, Budget& budget) noexcept;
  ~StoreData();

  // The instance of an id, or null when it was released.
  Instance* InstanceAt(uint32_t id) { return id < instances.size() ? instances[id] : nullptr; }

  // Frees an instance: its functions become dead, what it shares dies with the last holder.
  void DestroyInstance(Instance* instance) noexcept;
  // Frees a holder's share.
  void Drop(SharedMemory* memory) noexcept;
  void Drop(SharedTable* table) noexcept;
  void Drop(SharedGlobal* global) noexcept;

  ImplementationLimits limits;
  Budget& budget;
  TypeRegistry types;
  Vec<Function> functions;
  Vec<Instance*> instances;  // by id; null where released
  Vec<CanonIdx> tags;        // by tag address: the type. Two tags are the same when their addresses are
  Vec<HostFunction> host_functions;
  Vec<HostObject> host_objects;
  uint64_t moved_bytes = 0;
  void (*release_module)(void* keep_alive) = nullptr;  // called when an instance dies
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_STORE_DATA_H_
