// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/run_result.h"

#include "sandbox/embed/store_state.h"

namespace sandbox {
namespace {

// The run that waits with this serial, in whatever state, wherever in the stack; null when there is none.
const Run* RunOf(const StoreRef& ref, uint64_t serial) {
  const StoreState* const store = ref.get();
  return store == nullptr ? nullptr : store->FindRun(serial);
}

// The run that waits for a call's answer; null for a stale handle.
const Run* HostCallOf(const StoreRef& ref, uint64_t serial) {
  const StoreState* const store = ref.get();
  return store == nullptr ? nullptr : store->FindHostCall(serial);
}

// The host function that a call waits for; null for a stale handle.
const HostFunction* FunctionOf(const StoreRef& ref, uint64_t serial) {
  const Run* const run = HostCallOf(ref, serial);
  return run == nullptr ? nullptr : &ref.get()->data.host_functions[run->host_call.host_function];
}

std::string_view TextOf(const NameBytes& name) { return {name.begin(), name.size()}; }

// The store whose innermost run waits with this serial for a host call (or for something else).
Result<StoreState*> StoreInTurn(const StoreRef& ref, uint64_t serial, bool is_host_call) {
  StoreState* const store = ref.get();
  if (store == nullptr) return Fail(ErrorCode::kStaleHandle);
  SANDBOX_TRY(store->CheckTurn(serial));
  if ((store->machine.runs.back().state == RunState::kHostCall) != is_host_call) return Fail(ErrorCode::kNotRunning);
  return store;
}

}  // namespace

// --- Call ----------------------------------------------------------------------------------------------------------

bool Call::is_current() const { return StoreInTurn(store_, serial_, true).has_value(); }

uint32_t Call::index() const {
  const Run* const run = HostCallOf(store_, serial_);
  return run == nullptr ? kNoIndex : run->host_call.host_function;
}

std::string_view Call::module() const {
  const HostFunction* const function = FunctionOf(store_, serial_);
  return function == nullptr ? std::string_view() : TextOf(function->module);
}

std::string_view Call::name() const {
  const HostFunction* const function = FunctionOf(store_, serial_);
  return function == nullptr ? std::string_view() : TextOf(function->name);
}

FuncSignature Call::signature() const {
  const HostFunction* const function = FunctionOf(store_, serial_);
  return function == nullptr ? FuncSignature() : store_.get()->data.types.FuncType(function->type);
}

std::span<const Value> Call::args() const {
  const Run* const run = HostCallOf(store_, serial_);
  if (run == nullptr) [[unlikely]]
    return {};
  return store_.get()->ArgumentsOf(*run);
}

std::span<const Slot> Call::Numbers(std::span<const ValType> types) const {
  const Run* const run = HostCallOf(store_, serial_);
  if (run == nullptr) [[unlikely]]
    return {};
  return store_.get()->NumbersOf(*run, types);
}

std::optional<InstanceId> Call::instance() const {
  const Run* const run = HostCallOf(store_, serial_);
  if (run == nullptr || run->host_call.instance == kNoIndex) return std::nullopt;
  return store_.get()->IdOf(run->host_call.instance);
}

Result<MemoryView> Call::memory(MemIdx index) const {
  const std::optional<InstanceId> caller = instance();
  if (!caller) return Fail(ErrorCode::kStaleHandle);
  SANDBOX_ASSIGN(ObjectPlace place, store_.get()->PlaceOfMemory(caller->index(), index));
  return MemoryView(std::move(place));
}

Result<RunResult> Call::Resume(std::span<const Value> results) const {
  StoreState* const store = store_.get();
  if (store == nullptr || !store->IsInnermostCall(serial_)) [[unlikely]]
    return WhyNotInTurn();
  if (!store->TryAnswer(results)) [[unlikely]]
    return ResumeChecked(*store, results);
  return store->DriveInnermost();
}

// What can fail is apart from what cannot, here and in RunResult::Answer: an Error takes room on the native stack.
Result<RunResult> Call::ResumeChecked(StoreState& store, std::span<const Value> results) {
  SANDBOX_TRY(store.AnswerChecked(results));
  return store.DriveInnermost();
}

Result<RunResult> Call::WhyNotInTurn() const { return std::unexpected(StoreInTurn(store_, serial_, true).error()); }

Result<RunResult> Call::Trap(TrapCode code) const {
  SANDBOX_ASSIGN(StoreState* const store, StoreInTurn(store_, serial_, true));
  return store->AnswerWithTrap(code);
}

Result<void> Call::Drop() const {
  SANDBOX_ASSIGN(StoreState* const store, StoreInTurn(store_, serial_, true));
  store->machine.EndRun();
  return {};
}

// --- RunResult -----------------------------------------------------------------------------------------------------

std::span<const Value> RunResult::values() const {
  const StoreState* const store = store_.get();
  if (outcome_ != Outcome::kDone || store == nullptr) return {};
  return store->ValuesOf(serial_);
}

TrapInfo RunResult::trap() const {
  const StoreState* const store = store_.get();
  TrapInfo info;
  info.code = trap_;
  return store == nullptr || outcome_ != Outcome::kTrapped ? info : store->TrapOf(serial_, trap_);
}

uint64_t RunResult::fuel_needed() const {
  const Run* const run = outcome_ == Outcome::kOutOfFuel ? RunOf(store_, serial_) : nullptr;
  return run == nullptr ? 0 : run->fuel_needed;
}

Result<RunResult> RunResult::Resume() const {
  if (outcome_ != Outcome::kOutOfFuel && outcome_ != Outcome::kInterrupted) return Fail(ErrorCode::kNotRunning);
  SANDBOX_ASSIGN(StoreState* const store, StoreInTurn(store_, serial_, false));
  if (outcome_ == Outcome::kInterrupted) store->machine.interrupt.Clear();
  return store->DriveInnermost();
}

Result<void> RunResult::Answer(std::span<const Value> results) {
  StoreState* const store = store_.get();
  if (store == nullptr || !store->IsInnermostCall(serial_)) [[unlikely]]
    return WhyNoAnswer();
  if (!store->TryAnswer(results)) [[unlikely]]
    return AnswerChecked(*store, results);
  return Become(*store, store->Drive());
}

Result<void> RunResult::AnswerChecked(StoreState& store, std::span<const Value> results) {
  SANDBOX_TRY(store.AnswerChecked(results));
  return Become(store, store.Drive());
}

SANDBOX_INLINE Result<void> RunResult::Become(const StoreState& answered, const RunStanding& standing) {
  if (standing.is_store_gone) [[unlikely]]
    return Fail(ErrorCode::kStaleHandle);
  // A host function may have assigned to the handle, or moved from it.
  if (store_.get() != &answered) [[unlikely]]
    store_ = answered.ref();
  outcome_ = standing.outcome;
  trap_ = standing.trap;
  serial_ = standing.serial;
  return {};
}

Result<void> RunResult::WhyNoAnswer() const {
  if (outcome_ != Outcome::kHostCall) return Fail(ErrorCode::kNotRunning);
  return std::unexpected(StoreInTurn(store_, serial_, true).error());
}

Result<void> RunResult::Drop() const {
  if (!is_pending()) return Fail(ErrorCode::kNotRunning);
  SANDBOX_ASSIGN(StoreState* const store, StoreInTurn(store_, serial_, outcome_ == Outcome::kHostCall));
  store->machine.EndRun();
  return {};
}

}  // namespace sandbox
