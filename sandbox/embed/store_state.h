// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What is behind a Store: the data of its instances, the machine that runs them, and the checks between the two and the
// embedder. Store, Call, RunResult and the views are thin faces of this.
#ifndef SANDBOX_EMBED_STORE_STATE_H_
#define SANDBOX_EMBED_STORE_STATE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sandbox/base/budget.h"
#include "sandbox/base/error.h"
#include "sandbox/base/trap.h"
#include "sandbox/base/vec.h"
#include "sandbox/embed/config.h"
#include "sandbox/embed/handles.h"
#include "sandbox/embed/module.h"
#include "sandbox/embed/run_result.h"
#include "sandbox/embed/store.h"
#include "sandbox/embed/store_ref.h"
#include "sandbox/exec/instantiate.h"
#include "sandbox/exec/machine.h"
#include "sandbox/runtime/store_data.h"
#include "sandbox/runtime/value.h"

namespace sandbox {

// The cells of one value: the second one is used by a vector only.
using CellPair = std::array<Slot, 2>;

// What a run has come to: what a RunResult says of it.
struct RunStanding {
  Outcome outcome = Outcome::kDone;
  TrapCode trap = TrapCode::kUnreachable;
  bool is_store_gone = false;  // a host function has destroyed it
  uint64_t serial = 0;
};

class StoreState {
 public:
  // Makes a store with one anchor, which the caller takes over. Errors: kBadConfiguration, class memory.
  [[nodiscard]] static Result<StoreRef> Create(const Config& config);
  // Ends the store: at once, or when the host function is over that it is called from.
  void Destroy() noexcept;

  StoreState(const Config& config, const TierTable& tier, StoreAnchor* anchor) noexcept;
  StoreState(const StoreState&) = delete;
  StoreState& operator=(const StoreState&) = delete;
  ~StoreState();

  StoreRef ref() const { return StoreRef(anchor_); }
  StoreId id() const { return StoreId(ref().key()); }

  // --- Values ------------------------------------------------------------------------------------------------------
  // Appends the cells of values to `slots`, which stays as it was on failure.
  // Errors: `mismatch` when number or types differ from `types`; kWrongStore, kStaleHandle for a function reference;
  // class memory.
  [[nodiscard]] Result<void> AppendSlots(std::span<const Value> values, std::span<const ValType> types,
                                         ErrorCode mismatch, Vec<Slot>& slots) const;
  // Both cells of a value. Errors: kWrongArguments for a value of another type, and as above.
  [[nodiscard]] Result<CellPair> CellsOfValue(const Value& value, ValType type) const;
  // The cell of a value of a type that takes one.
  [[nodiscard]] Result<Slot> SlotOfValue(const Value& value, ValType type, ErrorCode mismatch) const;
  // Puts the values of cells into the front of `values`, which has the size, and returns that.
  std::span<const Value> FillValues(std::span<const Slot> slots, std::span<const ValType> types,
                                    std::span<Value> values) const;
  Value ValueOfSlot(Slot low, Slot high, ValType type) const;
  FuncHandle HandleOf(FuncAddr function) const { return {ref().key(), epoch_, function}; }

  // --- Handles -----------------------------------------------------------------------------------------------------
  InstanceId IdOf(uint32_t instance) const { return {id(), epoch_, instance}; }
  [[nodiscard]] Result<Instance*> Find(InstanceId id) const;
  [[nodiscard]] Result<FuncAddr> Find(const FuncHandle& function) const;
  // What an instance exports under a name. Errors: kNoSuchExport, kWrongExportKind.
  [[nodiscard]] Result<uint32_t> FindExport(const Instance& instance, std::string_view name, ExternKind kind) const;
  ObjectPlace PlaceOf(const Instance& instance, uint32_t index) const;
  [[nodiscard]] Result<ObjectPlace> PlaceOfMemory(std::optional<uint32_t> instance, MemIdx index) const;
  ObjectPlace PlaceOfLastHostObject() const;
  FuncTypeView SignatureOf(FuncAddr function) const;

  // --- Runs --------------------------------------------------------------------------------------------------------
  [[nodiscard]] Result<RunResult> Invoke(FuncAddr function, std::span<const Value> arguments);
  [[nodiscard]] Result<RunResult> InvokeSlots(FuncAddr function, std::span<const Slot> arguments);
  [[nodiscard]] Result<Instantiation> Instantiate(const Module& module, const InstanceOptions& options);
  // Whether the run of this serial can go on now: kOutOfTurn, kStaleHandle.
  [[nodiscard]] Result<void> CheckTurn(uint64_t serial) const;
  // Whether the innermost run is that of this serial and waits for a host call's answer: no error then.
  bool IsInnermostCall(uint64_t serial) const {
    const Run* const run = machine.innermost;
    return run != nullptr && run->serial == serial && run->state == RunState::kHostCall;
  }
  // The run of this serial if it waits for a host call's answer, innermost or not; else null.
  const Run* FindHostCall(uint64_t serial) const {
    if (IsInnermostCall(serial)) return machine.innermost;
    const Run* const run = FindRun(serial);
    return run != nullptr && run->state == RunState::kHostCall ? run : nullptr;
  }
  // Answers the innermost run's host call, so that it can be driven on. False: not with these, AnswerChecked can.
  [[nodiscard]] SANDBOX_INLINE bool TryAnswer(std::span<const Value> results);
  // The same with any results. Errors: kWrongResults, kWrongStore, kStaleHandle, class memory.
  [[nodiscard]] Result<void> AnswerChecked(std::span<const Value> results);
  [[nodiscard]] Result<RunResult> AnswerWithTrap(TrapCode code);
  // Runs the innermost run on.
  RunStanding Drive();
  [[nodiscard]] Result<RunResult> DriveInnermost() {
    StoreAnchor* const anchor = anchor_;  // the store may be gone afterwards
    return ResultOf(Drive(), anchor);
  }
  // As a handle. Errors: kStaleHandle without a store.
  [[nodiscard]] SANDBOX_INLINE static Result<RunResult> ResultOf(const RunStanding& standing, StoreAnchor* anchor);
  // The pending run of a serial, innermost or not; null when there is none.
  const Run* FindRun(uint64_t serial) const;
  RunResult ResultOfPending() const;
  // The arguments of the host call that a run waits for.
  SANDBOX_INLINE std::span<const Value> ArgumentsOf(const Run& run);
  // Their cells, if they are of these types, which are numbers; else no data.
  SANDBOX_INLINE std::span<const Slot> NumbersOf(const Run& run, std::span<const ValType> types) const;
  [[nodiscard]] Result<void> Reset(const ResetOptions& options);
  bool is_driving() const { return drive_depth_ > 0; }

  // Room for the arguments of host calls, so that reading them cannot fail.
  [[nodiscard]] Result<void> ReserveArguments(size_t count) { return ReserveValues(arguments_, count); }

  // The thunk of all host functions that take a Caller.
  static HostResult<void> RunWithCaller(void* context, Machine& machine, std::span<Slot> slots);

  size_t trace_size() const { return has_trace_ ? machine.backtrace().size() : 0; }
  TraceFrame TraceAt(size_t i) const;
  TrapInfo TrapOf(uint64_t serial, TrapCode code) const;
  std::span<const Value> ValuesOf(uint64_t serial) const {
    return serial == values_serial_ ? values_.span().first(value_count_) : std::span<const Value>();
  }
  const LinkFailure* link_failure() const { return has_link_failure_ ? &link_failure_ : nullptr; }
  uint32_t links_epoch() const { return links_epoch_; }

  Budget budget;
  StoreData data;
  Machine machine;

 private:
  [[nodiscard]] Result<void> Allocate();
  [[nodiscard]] Result<void> ReserveForImports(const Module& module);
  // Makes it hold so many values at least, for FillValues.
  [[nodiscard]] static Result<void> ReserveValues(Vec<Value>& values, size_t count) {
    return count <= values.size() ? Result<void>() : values.Resize(count);
  }
  std::span<const Value> ArgumentsOfAnyTypes(const Run& run);
  bool HasParams(const HostFunction& function, std::span<const ValType> types) const;
  // Whether values are numbers of these types, as nearly all are.
  SANDBOX_INLINE static bool AreNumbers(std::span<const Value> values, std::span<const ValType> types);
  // A host function has destroyed the store.
  [[gnu::noinline]] RunStanding EndDoomed();
  SANDBOX_INLINE RunStanding Finish(Machine::Outcome outcome);
  RunStanding FinishOther(Machine::Outcome outcome);

  StoreAnchor* anchor_;
  Allocator* allocator_;
  uint64_t charged_bytes_ = 0;  // of the budget, for this object
  Vec<Value> values_;     // in front: results of the run that ended last
  Vec<Value> arguments_;  // in front: those of the host call that was asked about last
  Vec<Slot> slots_;       // arguments and results on their way in
  size_t value_count_ = 0;  // of values_
  uint64_t values_serial_ = 0;
  uint64_t trap_serial_ = 0;
  uint32_t epoch_ = 0;        // counts resets: handles of an earlier one are stale
  uint32_t links_epoch_ = 0;  // counts resets that dropped the links
  uint32_t drive_depth_ = 0;  // how many DriveInnermost are on the native stack
  bool has_trace_ = false;
  bool has_link_failure_ = false;
  LinkFailure link_failure_;
  Module failed_module_;  // keeps the text of link_failure_
};

// --- What an embedder that answers host calls does for each: inline, one function out of line each --------------------

bool StoreState::AreNumbers(std::span<const Value> values, std::span<const ValType> types) {
  if (values.size() != types.size()) return false;
  auto value = values.begin();
  for (const ValType type : types) {
    if ((*value++).type() != type || !type.is_number()) return false;
  }
  return true;
}

std::span<const Value> StoreState::ArgumentsOf(const Run& run) {
  const FewNumbers& numbers = data.host_functions[run.host_call.host_function].numbers;
  if (!numbers.is_present()) [[unlikely]]
    return ArgumentsOfAnyTypes(run);
  const std::span<const ValType> types = numbers.params();
  const std::span<Value> filled = arguments_.span().first(types.size());
  Sp cell = run.host_call.arguments;
  auto to = filled.begin();
  for (const ValType type : types) {
    *to++ = Value::Number(type, cell[0]);
    cell.Move(1);
  }
  return filled;
}

std::span<const Slot> StoreState::NumbersOf(const Run& run, std::span<const ValType> types) const {
  const HostFunction& function = data.host_functions[run.host_call.host_function];
  const FewNumbers& numbers = function.numbers;
  if (!numbers.is_present() ? !HasParams(function, types) : !std::ranges::equal(types, numbers.params())) return {};
  return run.host_call.arguments.Range(types.size());
}

bool StoreState::TryAnswer(std::span<const Value> results) {
  const HostCallState& call = machine.innermost->host_call;
  const FewNumbers& numbers = data.host_functions[call.host_function].numbers;
  if (!numbers.is_present() || !AreNumbers(results, numbers.results())) [[unlikely]]
    return false;
  // Straight to where they belong: nothing can be refused any more.
  Sp to = call.arguments;
  for (const Value& result : results) {
    to[0] = result.number_cell();
    to.Move(1);
  }
  machine.AnswerHostCallInPlace(results.size());
  return true;
}

Result<RunResult> StoreState::ResultOf(const RunStanding& standing, StoreAnchor* anchor) {
  if (standing.is_store_gone) [[unlikely]]
    return Fail(ErrorCode::kStaleHandle);
  return Result<RunResult>(std::in_place, standing.outcome, StoreRef(anchor), standing.serial, standing.trap);
}

}  // namespace sandbox

#endif  // SANDBOX_EMBED_STORE_STATE_H_
