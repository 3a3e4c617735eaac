// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The sandbox: instances, what is linked to them, and the runs of their code.
#ifndef SANDBOX_EMBED_STORE_H_
#define SANDBOX_EMBED_STORE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sandbox/base/error.h"
#include "sandbox/base/interrupt.h"
#include "sandbox/embed/config.h"
#include "sandbox/embed/handles.h"
#include "sandbox/embed/host_types.h"
#include "sandbox/embed/module.h"
#include "sandbox/embed/run_result.h"
#include "sandbox/embed/store_ref.h"
#include "sandbox/runtime/value.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

template <typename Signature>
class Func;

// What Store::Instantiate made, and how far it came.
struct Instantiation {
  // Exists from now on, whatever `run` says: after a trap other instances may already refer to it (spec
  // exec-instantiation). Release it when it is of no use.
  InstanceId instance;
  // kDone (no values): ready. A pause: resume it like any run. Until it is done the instance can be used, but its later
  // segments are not in place.
  RunResult run;
};

// Why the last Instantiate failed to link. Text lives as long as this is the last failure.
struct LinkError {
  std::string_view module;
  std::string_view name;
  ExternType expected;              // what the module imports, with store-wide types
  std::optional<ExternType> given;  // what is there of that name; absent: nothing
};

struct Machine;

// A host function's object in the store's memory. For the library.
struct HostClosure {
  // Calls it, on the slots of its arguments: as the engine does (context: the closure), or with a Caller if it takes one.
  HostResult<void> (*run)(void* context, Machine& machine, std::span<Slot> slots) = nullptr;
  HostResult<void> (*run_with_caller)(HostClosure* closure, Caller& caller, std::span<Slot> slots) = nullptr;
  void (*destroy)(Budget& budget, HostClosure* closure) = nullptr;
  StoreState* store = nullptr;
};

// A store belongs to one thread at a time, together with its handles and results; interrupt() alone is for all.
//
// Whatever returns an Error leaves the store as it was. Handles of another store answer kWrongStore, outdated ones
// kStaleHandle; a moved-from Store answers kStaleHandle to everything.
//
// Floating point: guest code runs in the default environment (round to nearest, subnormals kept), whatever the host's
// is; host functions called from it find that environment too (which status flags are set is not said), and what they change
// in it is undone when they return.
// The host's own is back when the call into the store returns.
class Store {
 public:
  // Errors: kBadConfiguration (limits above their maximum; a tier or dispatch that is not built in), class memory.
  // Charges: the value stack and the frames of limits.value_stack_bytes and limits.call_depth at once.
  [[nodiscard]] static Result<Store> Create(const Config& config = {});

  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  Store(Store&& other) noexcept;
  Store& operator=(Store&& other) noexcept;
  // Drops pending runs, instances and links. Inside a host function that this store called: the guest's run that is
  // under way ends first, with a trap.
  ~Store();

  StoreId id() const { return StoreId(ref_.key()); }

  // --- Linking: what modules can import --------------------------------------------------------------------------
  // Names are copied. A name that is linked already is kDuplicateLink. Other errors: kLimitExceeded (host_functions,
  // host_objects, store_functions), class memory. A function that was linked later serves instances made later.

  // A host function of i32s that suspends the run: it comes back as Outcome::kHostCall, and the embedder answers when
  // it likes. Returns the function's number, which Call::index() tells: 0 for the first linked function, then 1, ...
  [[nodiscard]] Result<uint32_t> LinkFunc(std::string_view module, std::string_view name, size_t param_count,
                                          size_t result_count);
  // The same of any signature. References to defined types are not expressible here: kWrongArguments. Use LinkImport.
  [[nodiscard]] Result<uint32_t> LinkFunc(std::string_view module, std::string_view name,
                                          std::span<const ValType> params, std::span<const ValType> results);
  // The same for the i-th import of a module, a function: under its names, with its type.
  // Errors: also kWrongExportKind for an import of another kind, kOutOfRange.
  [[nodiscard]] Result<uint32_t> LinkImport(const Module& module, size_t import_index);
  // From now on, an unresolved function import from this module name becomes a suspending host function of the type
  // that the module asks for, numbered after all others. One number for each name and type.
  [[nodiscard]] Result<void> LinkFuncDefault(std::string_view module);

  // A C++ function that the guest's call runs at once, without leaving the engine:
  //   store.Link("env", "add", [](int32_t a, int32_t b) { return a + b; });
  //   store.Link("env", "peek", [](Caller& caller, uint32_t at) -> HostResult<uint32_t> { ... });
  // Parameters: an optional Caller& first, then numbers (host_types.h). Returns void, a number, a std::tuple of
  // numbers, or a HostResult of those. F is moved into the store's memory and destroyed with the link.
  // The function may call into the store. Runs that it began and left pending are dropped when it returns.
  template <typename F>
  [[nodiscard]] Result<uint32_t> Link(std::string_view module, std::string_view name, F function);

  // Host objects, shared with every instance that imports them. They live until Reset without keep_links.
  // kWrongArguments when a value is not of the type. Types with references to defined types: kWrongArguments.
  // Limits that no valid type has (a minimum above the maximum, more than addresses reach): kBadConfiguration.
  [[nodiscard]] Result<GlobalView> LinkGlobal(std::string_view module, std::string_view name, const Value& value,
                                              bool is_mutable = false);
  [[nodiscard]] Result<GlobalView> LinkGlobal(std::string_view module, std::string_view name, GlobalType type,
                                              const Value& value);
  [[nodiscard]] Result<TableView> LinkTable(std::string_view module, std::string_view name, const TableType& type,
                                            const Value& fill);
  [[nodiscard]] Result<TableView> LinkTable(std::string_view module, std::string_view name, const TableType& type);
  [[nodiscard]] Result<MemoryView> LinkMemory(std::string_view module, std::string_view name, const MemoryType& type);
  // Over the embedder's bytes, which outlive the store (or its Reset) and are zeroed: InstanceOptions::memory_span.
  [[nodiscard]] Result<MemoryView> LinkMemory(std::string_view module, std::string_view name, const MemoryType& type,
                                              MutableByteSpan bytes);
  [[nodiscard]] Result<void> LinkTag(std::string_view module, std::string_view name, std::span<const ValType> params);

  // --- Instances ---------------------------------------------------------------------------------------------------
  // Links, allocates, initializes, and runs the start function, metered. May pause like any run. Imports are looked up
  // among host functions and objects, then among the exports of named instances, then in the catch-all.
  // Errors: kUnknownImport, kIncompatibleImport (`detail`: number of the import; link_error() says what was expected),
  // limit, memory, kBadConfiguration for options that do not fit the module, kLimitExceeded (nested_runs).
  // Spec: embed-module-instantiate.
  [[nodiscard]] Result<Instantiation> Instantiate(const Module& module, const InstanceOptions& options = {});

  // What the last failed Instantiate found, if it failed to link.
  std::optional<LinkError> link_error() const;

  // Lets later modules import from the instance under this name; "" takes the name away. A name that another instance
  // has goes over to this one.
  [[nodiscard]] Result<void> SetName(InstanceId instance, std::string_view name);

  // Frees the instance. Its functions trap when another instance calls them still; memories, tables and globals that
  // others imported stay. kOutOfTurn while any run is pending or under way.
  [[nodiscard]] Result<void> Release(InstanceId instance);

  // Frees all instances and drops all pending runs: as new, for the next plugin. Keeps fuel, the value stack and, by
  // default, the links, with the types that were made. All handles become stale, but for views of host objects that
  // were kept. References to guest functions in host globals and tables stay there; such a function traps when called.
  // kOutOfTurn inside a host function that this store called.
  [[nodiscard]] Result<void> Reset(const ResetOptions& options = {});

  // The module that an instance was made of. kStaleHandle, kWrongStore.
  [[nodiscard]] Result<Module> ModuleOf(InstanceId instance) const;
  // The i-th instance since the store was made or reset. kOutOfRange, kStaleHandle when it was released.
  [[nodiscard]] Result<InstanceId> InstanceAt(uint32_t index) const;

  // --- Exports -----------------------------------------------------------------------------------------------------
  // Errors: kNoSuchExport, kWrongExportKind. Spec: embed-instance-export.
  [[nodiscard]] Result<FuncHandle> GetFunc(InstanceId instance, std::string_view name) const;
  // The same, typed: `auto mul = store.GetFunc<int32_t(int32_t, int32_t)>(instance, "mul");`
  // Errors: also kWrongArguments when the export has another signature.
  template <typename Signature>
  [[nodiscard]] Result<Func<Signature>> GetFunc(InstanceId instance, std::string_view name) const;

  [[nodiscard]] Result<Value> GetGlobal(InstanceId instance, std::string_view name) const;
  // Errors: also kNotMutable, kWrongArguments for a value of another type.
  [[nodiscard]] Result<void> SetGlobal(InstanceId instance, std::string_view name, const Value& value) const;
  [[nodiscard]] Result<GlobalView> GetGlobalView(InstanceId instance, std::string_view name) const;
  [[nodiscard]] Result<TableView> GetTable(InstanceId instance, std::string_view name) const;
  [[nodiscard]] Result<MemoryView> GetMemory(InstanceId instance, std::string_view name) const;
  // By index, exported or not: the embedder may see everything. kOutOfRange.
  [[nodiscard]] Result<MemoryView> GetMemory(InstanceId instance, MemIdx index = 0) const;

  // The signature of a function, with store-wide types; good until the next instantiation or link. kStaleHandle.
  [[nodiscard]] Result<FuncSignature> SignatureOf(const FuncHandle& function) const;
  // The signature of a store-wide defined function type; empty for others.
  FuncSignature SignatureOf(CanonIdx defined_type) const;

  // --- Running -----------------------------------------------------------------------------------------------------
  // Calls a function and runs until it is done, pauses or traps. While other runs are pending it nests: those wait.
  // Errors: kNoSuchExport, kWrongExportKind, kStaleHandle; kWrongArguments when number or types of the values do not
  // match; kLimitExceeded (nested_runs, or no room on the stack); class memory. Spec: embed-func-invoke.
  [[nodiscard]] Result<RunResult> Invoke(InstanceId instance, std::string_view name, std::span<const Value> arguments);
  [[nodiscard]] Result<RunResult> Invoke(InstanceId instance, std::string_view name,
                                         std::initializer_list<Value> arguments = {}) {
    return Invoke(instance, name, MakeSpan(arguments.begin(), arguments.size()));
  }
  [[nodiscard]] Result<RunResult> Invoke(const FuncHandle& function, std::span<const Value> arguments);
  [[nodiscard]] Result<RunResult> Invoke(const FuncHandle& function, std::initializer_list<Value> arguments = {}) {
    return Invoke(function, MakeSpan(arguments.begin(), arguments.size()));
  }

  // The innermost run that waits for the embedder, as it was last returned. Absent when there is none, and inside a
  // host function that has none of its own.
  std::optional<RunResult> pending() const;
  // The innermost pending run's host call, if that is what it waits for.
  std::optional<Call> last_call() const;
  // How many runs are pending or under way.
  size_t run_count() const;

  // Frames of the last trap, the innermost first: at most 64 are kept of trace_depth(). Until another run traps.
  size_t trace_size() const;
  uint64_t trace_depth() const;
  TraceFrame trace_at(size_t i) const;
  auto backtrace() const { return InfoRange<Store, TraceFrame, &Store::trace_at>(this, trace_size()); }

  // --- Metering ----------------------------------------------------------------------------------------------------
  // The tank, in units: what costs how much is in exec/fuel.h. kUnlimitedFuel: not counted.
  void SetFuel(uint64_t units);
  // Saturates one below kUnlimitedFuel; an unlimited tank stays so.
  void AddFuel(uint64_t units);
  uint64_t fuel() const;

  // Stops the guest: for any thread and for signal handlers, as long as the store lives. A run, present or next, comes
  // back as kInterrupted within kFuelSlice units of fuel plus one bulk operation or host function. Asking twice is
  // asking once. The flag is cleared by RunResult::Resume of an interrupted run, or by hand. For a moved-from store:
  // none (kept apart by returning a pointer).
  Interrupt* interrupt();

  // Bytes that the store holds now, held at most, and may hold.
  uint64_t used_bytes() const;
  uint64_t peak_bytes() const;
  uint64_t limit_bytes() const;
  // The limits that the store was made with.
  ImplementationLimits limits() const;

 private:
  friend class Caller;
  friend class StoreState;

  Store(StoreRef ref, bool is_owner) noexcept : ref_(std::move(ref)), is_owner_(is_owner) {}
  void Destroy() noexcept;

  Budget* budget() const;
  // Takes over the closure: destroys it on failure.
  [[nodiscard]] Result<uint32_t> LinkClosure(std::string_view module, std::string_view name,
                                             std::span<const ValType> params, std::span<const ValType> results,
                                             HostClosure* closure);
  // Checks a function against a typed signature.
  [[nodiscard]] Result<void> CheckSignature(const FuncHandle& function, std::span<const ValType> params,
                                            std::span<const ValType> results) const;
  template <typename Signature>
  friend class Func;

  StoreRef ref_;
  bool is_owner_ = false;
};

// What a host function learns about the call that it serves. Lives as long as that call.
class Caller {
 public:
  explicit Caller(StoreRef store, std::optional<uint32_t> instance) noexcept
      : store_(std::move(store), false), instance_(instance) {}  // for the library
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // The store, to call into: Invoke nests.
  Store& store() { return store_; }
  // The instance whose code made the call; absent when the host invoked this function itself.
  std::optional<InstanceId> instance() const;
  // A memory of that instance. Errors: kStaleHandle without an instance, kOutOfRange without such a memory.
  [[nodiscard]] Result<MemoryView> memory(MemIdx index = 0) const;

 private:
  Store store_;
  std::optional<uint32_t> instance_;
};

// A guest (or host) function with a C++ signature: parameters are numbers, the result void, a number or a tuple.
template <typename R, typename... A>
class Func<R(A...)> {
 public:
  Func() = default;  // a stale one
  Func(StoreRef store, FuncHandle handle) noexcept : store_(std::move(store)), handle_(handle) {}  // for the library

  // Calls it: as Store::Invoke, with the types checked once and for all. The result's As<R>() is the value.
  [[nodiscard]] Result<RunResult> operator()(A... arguments) const {
    const auto slots = HostPack<std::remove_cvref_t<A>...>::ToSlots({arguments...});
    return InvokeSlots(store_, handle_, slots);
  }

  const FuncHandle& handle() const { return handle_; }

 private:
  StoreRef store_;
  FuncHandle handle_;
};

// Calls a function whose parameters are known to be these cells. For the library.
[[nodiscard]] Result<RunResult> InvokeSlots(const StoreRef& store, const FuncHandle& function,
                                            std::span<const Slot> arguments);

// --- Implementation of templates -----------------------------------------------------------------------------------

template <typename F>
Result<uint32_t> Store::Link(std::string_view module, std::string_view name, F function) {
  static_assert(std::is_nothrow_move_constructible_v<F>, "a host function is moved into the store");
  using Shape = HostCallable<F>;
  using Return = HostReturn<typename HostPlainReturn<typename Shape::Return>::Type>;
  struct Closure : HostClosure {
    explicit Closure(F&& f) noexcept : function(std::move(f)) {}
    F function;
  };
  Budget* budget = this->budget();
  if (budget == nullptr) return Fail(ErrorCode::kStaleHandle);
  SANDBOX_ASSIGN(Closure * closure, budget->New<Closure>(std::move(function)));
  if constexpr (Shape::kTakesCaller) {
    closure->run_with_caller = [](HostClosure* self, Caller& caller, std::span<Slot> slots) {
      return CallHostFunction(static_cast<Closure*>(self)->function, &caller, slots);
    };
  } else {
    closure->run = [](void* context, Machine&, std::span<Slot> slots) {
      HostClosure* const self = static_cast<HostClosure*>(context);
      return CallHostFunction(static_cast<Closure*>(self)->function, nullptr, slots);
    };
  }
  closure->destroy = [](Budget& from, HostClosure* self) { from.Delete(static_cast<Closure*>(self)); };
  return LinkClosure(module, name, Shape::Params::kTypes, Return::Pack::kTypes, closure);
}

template <typename Signature>
Result<Func<Signature>> Store::GetFunc(InstanceId instance, std::string_view name) const {
  using Shape = HostSignature<Signature>;
  static_assert(!Shape::kTakesCaller);
  SANDBOX_ASSIGN(const FuncHandle function, GetFunc(instance, name));
  SANDBOX_TRY(CheckSignature(function, Shape::Params::kTypes, HostReturn<typename Shape::Return>::Pack::kTypes));
  return Func<Signature>(ref_, function);
}

}  // namespace sandbox

#endif  // SANDBOX_EMBED_STORE_H_
