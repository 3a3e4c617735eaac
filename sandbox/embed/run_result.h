// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What became of a run of guest code: it ended, or it waits for the embedder.
//
// A run that pauses (kHostCall, kOutOfFuel, kInterrupted) stays in its store until it is resumed, answered or dropped,
// whether or not somebody keeps the RunResult: Store::pending() finds it again. Pending runs form a stack; only the
// innermost, that is latest, can be resumed. Using another is kOutOfTurn; one that has ended is kStaleHandle.
#ifndef SANDBOX_EMBED_RUN_RESULT_H_
#define SANDBOX_EMBED_RUN_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "sandbox/base/error.h"
#include "sandbox/base/trap.h"
#include "sandbox/embed/handles.h"
#include "sandbox/embed/host_types.h"
#include "sandbox/embed/module.h"
#include "sandbox/embed/store_ref.h"
#include "sandbox/runtime/value.h"

namespace sandbox {

enum class Outcome : uint8_t {
  kDone,         // values() are the results
  kHostCall,     // the guest called a linked function that the embedder answers: call()
  kOutOfFuel,    // the next instruction costs fuel_needed(), which the tank does not hold: add fuel and Resume()
  kInterrupted,  // Store::interrupt() was requested: Resume() clears it and goes on
  kTrapped,      // trap() says why; the run has ended
  kThrown,       // an exception left the guest; the run has ended. Not before exception handling is built in
};

// A guest function and a place in it, by name where the module names it.
struct TraceFrame {
  std::optional<InstanceId> instance;  // absent when it was released since
  FuncIdx function = 0;
  uint32_t offset = 0;        // in the module's bytes: of the trapping instruction, or of the last byte of a call
  std::string_view name;      // "" without a name section; lives as long as the instance
};

struct TrapInfo {
  TrapCode code = TrapCode::kUnreachable;
  // Where: the innermost guest function. Absent when none was running (a host function invoked directly, a segment out
  // of bounds at instantiation). The whole stack: Store::backtrace().
  std::optional<TraceFrame> where;
};

class RunResult;
struct RunStanding;

// A call of a linked host function that waits for an answer. Plain handle: copies name the same call.
class Call {
 public:
  Call() = default;  // a stale one
  Call(StoreRef store, uint64_t serial) noexcept : store_(std::move(store)), serial_(serial) {}  // for the library

  // Whether the call still waits and is the innermost.
  bool is_current() const;

  // The function: its number in the order in which host functions were linked (those of a catch-all come when a module
  // needs them), and the names it was linked by. kNoIndex and "" for a stale handle.
  uint32_t index() const;
  std::string_view module() const;
  std::string_view name() const;
  // With store-wide types.
  FuncSignature signature() const;

  // The arguments. Good until the next call into the store; empty for a stale handle.
  std::span<const Value> args() const;
  // The arguments as C++ values: `auto [address, size] = *call.Args<uint32_t, uint32_t>();`
  // Errors: kWrongArguments when the signature is another; kStaleHandle.
  template <typename... T>
  [[nodiscard]] Result<std::tuple<T...>> Args() const {
    using Pack = HostPack<T...>;
    const std::span<const Slot> cells = Numbers(Pack::kTypes);
    if (cells.data() == nullptr) [[unlikely]]
      return Fail(index() == kNoIndex ? ErrorCode::kStaleHandle : ErrorCode::kWrongArguments);
    return Pack::FromSlots(cells);
  }

  // The instance whose code made the call; absent when the host invoked the function itself.
  std::optional<InstanceId> instance() const;
  // A memory of that instance. Errors: kStaleHandle, kOutOfRange without such a memory.
  [[nodiscard]] Result<MemoryView> memory(MemIdx index = 0) const;

  // Answers: the guest goes on with these results.
  // Errors: kOutOfTurn, kStaleHandle; kWrongResults when they do not match the signature. The call stays pending.
  [[nodiscard]] Result<RunResult> Resume(std::span<const Value> results) const;
  [[nodiscard]] Result<RunResult> Resume(std::initializer_list<Value> results) const;
  [[nodiscard]] Result<RunResult> Resume() const;
  [[nodiscard]] Result<RunResult> Resume(const Value& result) const;

  // Answers with a trap: the run ends as kTrapped with this code, its backtrace recorded.
  [[nodiscard]] Result<RunResult> Trap(TrapCode code = TrapCode::kHost) const;

  // Abandons the run. What it did to memories, tables and globals stays.
  [[nodiscard]] Result<void> Drop() const;

 private:
  [[nodiscard]] Result<RunResult> WhyNotInTurn() const;
  [[nodiscard]] static Result<RunResult> ResumeChecked(StoreState& store, std::span<const Value> results);
  // The cells of arguments of these types, which are of numbers. Without data for a stale handle and for other types.
  std::span<const Slot> Numbers(std::span<const ValType> types) const;

  StoreRef store_;
  uint64_t serial_ = 0;
};

// How a run stands. A handle: copies name the same run.
class [[nodiscard]] RunResult {
 public:
  // For the library.
  RunResult(Outcome outcome, StoreRef store, uint64_t serial, TrapCode trap = TrapCode::kUnreachable) noexcept
      : outcome_(outcome), trap_(trap), store_(std::move(store)), serial_(serial) {}

  Outcome outcome() const { return outcome_; }
  bool is_done() const { return outcome_ == Outcome::kDone; }
  bool is_trapped() const { return outcome_ == Outcome::kTrapped; }
  // Waits for the embedder.
  bool is_pending() const {
    return outcome_ == Outcome::kHostCall || outcome_ == Outcome::kOutOfFuel || outcome_ == Outcome::kInterrupted;
  }

  // kDone: the results, good until the next call into the store. Empty for another outcome, and when another run has
  // ended in the store since.
  std::span<const Value> values() const;
  // The results as a C++ value: void, one value, or a std::tuple of several.
  // Errors: kNotRunning when the run is not done; kWrongResults when the results are of another type; kStaleHandle.
  template <typename R>
  [[nodiscard]] Result<R> As() const {
    if (outcome_ != Outcome::kDone) return Fail(ErrorCode::kNotRunning);
    return ConvertValues<R>(values(), ErrorCode::kWrongResults);
  }

  // kTrapped: why, and where as long as no other run trapped in the store.
  TrapInfo trap() const;

  // kHostCall: what is to be answered. A stale handle for another outcome.
  Call call() const { return outcome_ == Outcome::kHostCall ? Call(store_, serial_) : Call(); }

  // kHostCall: answers the call and goes on, and this handle becomes what the run comes to next: the same as
  // `run = *run.call().Resume(results)`, in less time. Host functions that the guest calls meanwhile must not end its life.
  // Errors: those of Call::Resume, and kNotRunning for another outcome; the handle stays as it is then.
  [[nodiscard]] Result<void> Answer(std::span<const Value> results);
  [[nodiscard]] Result<void> Answer(std::initializer_list<Value> results);
  [[nodiscard]] Result<void> Answer();
  [[nodiscard]] Result<void> Answer(const Value& result);

  // kOutOfFuel: the whole cost of what comes next, in units. 0 for another outcome.
  uint64_t fuel_needed() const;

  // kOutOfFuel, kInterrupted: goes on. kInterrupted clears the interrupt first. Without more fuel a run that is out of
  // it comes back as it was.
  // Errors: kOutOfTurn, kStaleHandle; kNotRunning for another outcome (a host call is resumed by its Call).
  [[nodiscard]] Result<RunResult> Resume() const;

  // Any pause: abandons the run. What it did to memories, tables and globals stays.
  // Errors: kOutOfTurn, kStaleHandle; kNotRunning for a run that has ended.
  [[nodiscard]] Result<void> Drop() const;

 private:
  [[nodiscard]] Result<void> AnswerChecked(StoreState& store, std::span<const Value> results);
  [[nodiscard]] Result<void> WhyNoAnswer() const;
  [[nodiscard]] Result<void> Become(const StoreState& answered, const RunStanding& standing);

  Outcome outcome_;
  TrapCode trap_;
  StoreRef store_;
  uint64_t serial_;
};

inline Result<RunResult> Call::Resume(std::initializer_list<Value> results) const {
  return Resume(MakeSpan(results.begin(), results.size()));
}
inline Result<RunResult> Call::Resume() const { return Resume(std::span<const Value>()); }
inline Result<RunResult> Call::Resume(const Value& result) const { return Resume(MakeSpan(&result, 1)); }

inline Result<void> RunResult::Answer(std::initializer_list<Value> results) {
  return Answer(MakeSpan(results.begin(), results.size()));
}
inline Result<void> RunResult::Answer() { return Answer(std::span<const Value>()); }
inline Result<void> RunResult::Answer(const Value& result) { return Answer(MakeSpan(&result, 1)); }

}  // namespace sandbox

#endif  // SANDBOX_EMBED_RUN_RESULT_H_
