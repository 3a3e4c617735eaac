// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The abstract machine of one store: value stack, guest frames, fuel, and the runs that are pending on it.
//
// Guest calls never use the native stack: they are Frames. A run is one entry from the host (an invocation or an
// instantiation); runs nest like a stack, the innermost first: a host function may invoke another guest function before
// it answers. Everything here outlives pauses, so that a run can go on minutes later.
#ifndef SANDBOX_EXEC_MACHINE_H_
#define SANDBOX_EXEC_MACHINE_H_

#include <array>
#include <cstdint>
#include <span>

#include "sandbox/base/interrupt.h"
#include "sandbox/base/trap.h"
#include "sandbox/base/vec.h"
#include "sandbox/exec/fuel.h"
#include "sandbox/exec/registers.h"
#include "sandbox/numeric/fp_environment.h"
#include "sandbox/runtime/memory_access.h"
#include "sandbox/runtime/store_data.h"

namespace sandbox {

// The state of a guest between two handlers, in memory while no tier holds it in registers. Every operand is in its
// cell, the topmost one at sp.
struct Registers {
  Pc pc;
  Sp sp;
  Locals locals;
  SideTablePos side_table;
  MemView memory;  // of memory 0 of the running instance; empty without one
  uint64_t fuel = 0;
  // A frame of the fast tier goes on at `code`, where a region begins, once it has paid entry_cost for that. Its pc and
  // side_table mean nothing, except while a cold instruction runs.
  CodePos code = {};
  uint32_t entry_cost = 0;
  // Its accumulators: these, or the topmost operand.
  bool has_accumulators = false;
  // `code` lies behind a call: its result, the topmost operand, may be wanted in a local as well (fast/plain.def, r).
  bool is_behind_call = false;
  Slot accumulator = 0;
  Slot float_accumulator = 0;
  // While a loop with pinned locals runs: their values, and the loop's first instruction (fast/opcode.h).
  std::array<Slot, 2> pins = {};
  CodePos loop_head = {};

  // What the in-place tier has in registers.
  SANDBOX_INLINE void SaveInPlace(Pc at, Sp top, Locals of, SideTablePos table, MemView view, uint64_t left) {
    pc = at;
    sp = top;
    locals = of;
    side_table = table;
    memory = view;
    fuel = left;
  }
};

// Why a tier stopped.
enum class Exit : uint8_t {
  kDone,      // the bottom frame was reached: results lie on its operand stack
  kTrap,      // Machine::trap; registers.pc is at the trapping instruction
  kFuel,      // the slice does not cover the instruction at pc: Machine::fuel_needed
  kHostCall,  // a host function without a thunk: Run::host_call of the innermost run
  kSwitch,    // the frame on top is of the other tier
};

// What the handler of a cold instruction tells its tier.
enum class Flow : uint8_t { kNext, kExit };

// A call that waits for the host's answer.
struct HostCallState {
  uint32_t host_function = 0;   // number in StoreData::host_functions
  uint32_t instance = kNoIndex; // the calling instance; kNoIndex when the host itself invoked the function
  Sp arguments;                 // first of them on the value stack; results go there
};

inline constexpr FuncAddr kNoAddress = ~uint32_t{0};

enum class RunKind : uint8_t { kInvoke, kInstantiate };
enum class RunState : uint8_t { kRunning, kHostCall, kOutOfFuel, kInterrupted };

// How far an instantiation has come (exec/instantiate.cc).
struct InstantiateProgress {
  uint32_t instance = 0;
  uint8_t phase = 0;
  uint32_t index = 0;
};

// One entry from the host.
struct Run {
  RunKind kind = RunKind::kInvoke;
  RunState state = RunState::kRunning;
  uint64_t serial = 0;        // unique in the store: handles to a run carry it
  CanonIdx type = kNoIndex;   // of the invoked function
  uint32_t result_slots = 0;  // of that type
  FramePos base_frame;        // its bottom frame
  Sp base;                    // the cell below its arguments and results
  FuncAddr entry = kNoAddress;  // the function still to be entered, its arguments on top of the stack
  uint64_t fuel_needed = 0;   // kOutOfFuel: the cost of the instruction that did not fit
  HostCallState host_call = {};  // kHostCall
  InstantiateProgress instantiate = {};
};

struct BacktraceFrame {
  uint32_t instance = 0;
  FuncIdx function = 0;
  uint32_t offset = 0;  // in the module: of the trapping instruction, or of the last byte of a call
};

struct Machine;
// Runs from Machine::registers until it has to stop.
using TierEntry = Exit (*)(Machine& machine);

// What a store runs its guests with. The last three are there when frames can be of the fast tier.
struct TierTable {
  TierEntry run = nullptr;
  // The function as the fast tier calls it, translated or not. Null while the module has no table of its functions: there
  // is no memory for one, or another thread is making it.
  const FastFunction* (*function)(const ModuleData& module, uint32_t number) = nullptr;
  // Turns the running frame, at the beginning of a region, into one of the in-place tier.
  void (*leave)(Machine& machine) = nullptr;
  // The offset in the module of what follows the call at which a frame waits.
  uint32_t (*offset_after_call)(FramePos frame) = nullptr;
  // A function is translated once it was entered, or gone on with, in place for each so many bytes of its body. 0: at once.
  uint32_t patience = 0;

  bool has_fast() const { return function != nullptr; }
};

inline constexpr MemView kNoMemory;

struct Machine {
  Machine(StoreData& store, const TierTable& tier) noexcept : runs(store.budget), store(store), tier(tier) {}
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Allocates value stack, frames and backtrace as the limits say. Errors: class memory.
  [[nodiscard]] Result<void> Allocate();

  // --- Read and written by handlers -------------------------------------------------------------------------------
  Registers registers;
  FramePos frame;                // of the running function
  FramePos last_frame;           // a call from here traps
  Sp stack_end;                  // one past the last cell
  Pc end;                        // of the running function: its final `end`
  // Of the running instance:
  Instance* instance = nullptr;
  ByteSpan bytes;
  const MemView* memory = &kNoMemory;            // of memory 0 as it is now, or of none
  TrustedArray<const FunctionRecord> functions;  // defined ones
  TrustedArray<const uint32_t> side_table;
  TrustedArray<SharedGlobal* const> globals;
  TrustedArray<SharedTable* const> tables;
  TrustedArray<const CanonIdx> type_index;       // TypeIdx -> canonical in the module
  TrustedArray<const CanonIdx> store_types;      // canonical in the module -> store-wide
  TrustedArray<const FastFunction> fast_functions;  // of the fast tier; empty without it
  // What a direct call inside the instance is, for handlers of the in-place tier: a function from this index on, and of
  // this owner. Where frames can be of the fast tier no call is.
  uint32_t imported_functions = 0;
  uint32_t direct_owner = 0;
  // What an exit tells:
  TrapCode trap = TrapCode::kUnreachable;
  uint64_t fuel_needed = 0;

  // --- Between exits ----------------------------------------------------------------------------------------------
  Vec<Run> runs;                 // the innermost last
  Run* innermost = nullptr;      // that one, for what happens at each host call; null without any
  uint64_t tank = kUnlimitedFuel;  // fuel that is neither in registers.fuel nor in held_fuel
  uint64_t held_fuel = 0;          // of the slice, while a single instruction runs
  bool is_fuel_unlimited = true;
  bool has_used_slice = false;     // the running function: a whole one, since it was entered or for the second time
  Interrupt interrupt;
  uint64_t next_serial = 1;
  StoreData& store;
  TierTable tier;

  // Backtrace of the last trap, innermost frame first; at most kBacktraceFrames of them.
  static constexpr uint32_t kBacktraceFrames = 64;
  std::span<const BacktraceFrame> backtrace() const { return backtrace_.span(); }
  uint64_t backtrace_depth = 0;  // frames there were

  // --- Runs -------------------------------------------------------------------------------------------------------
  // Pushes a run that calls a function with these arguments (slots, of its type). Nothing executes yet.
  // Errors: kLimitExceeded (nested_runs), class memory. A callee that does not fit on the stack traps when driven.
  [[nodiscard]] Result<void> BeginInvoke(FuncAddr function, std::span<const Slot> arguments);
  // Pushes an empty run for an instantiation, whose driver calls its start function with EnterFromHost.
  [[nodiscard]] Result<void> BeginInstantiate(uint32_t instance_id);
  // Makes a function without parameters the one that the innermost run, which has no frames, executes when driven.
  void EnterFromHost(FuncAddr function);

  // Runs the innermost run until it is done, pauses or traps. Fills its state and trap.
  enum class Outcome : uint8_t { kDone, kHostCall, kOutOfFuel, kInterrupted, kTrapped };
  SANDBOX_INLINE Outcome Drive();

  // The arguments of the innermost run's pending host call, and its end: results replace them and the run can be
  // driven on; or the run traps.
  std::span<const Slot> PendingArguments() const;
  void AnswerHostCall(std::span<const Slot> results);
  // The same for results that are on the value stack already, from the first argument's cell on.
  void AnswerHostCallInPlace(size_t result_slots) {
    registers.sp = innermost->host_call.arguments + (static_cast<ptrdiff_t>(result_slots) - 1);
    innermost->state = RunState::kRunning;
  }

  // The results of a done run (valid until the next Begin or End), and the end of a run: its frames are dropped and the
  // run below goes on as it was.
  std::span<const Slot> Results() const;
  void EndRun();

  // Takes fuel for something that is not an instruction (instantiation). False: the innermost run is paused, its state
  // (kOutOfFuel, kInterrupted) and fuel_needed are set, and PauseOutcome says the same.
  bool ChargeOutsideTier(uint64_t units);
  Outcome PauseOutcome() const;
  uint64_t FuelLeft() const { return is_fuel_unlimited ? kUnlimitedFuel : tank + registers.fuel + held_fuel; }
  void SetFuel(uint64_t units);

  // --- For tiers: cold paths of calls ------------------------------------------------------------------------------
  // What calling a function costs, its instruction included.
  uint64_t CallCost(FuncAddr function) const;
  // Calls a function whose arguments lie on top of the operand stack, all spilled; the caller goes on at
  // registers.pc. Guest functions of any instance, thunks, suspending host functions. The handler has charged for it.
  Flow Call(FuncAddr function);
  // Replaces the running frame by a call of a function.
  Flow ReturnCall(FuncAddr function);

  // Calls a host function that has a thunk, for the running instance, on the cells of its arguments and results. It may
  // begin runs of its own, link functions, let memories grow, spend fuel: nothing of the machine or the store is as it was
  // but frames and registers. What it leaves pending is dropped.
  SANDBOX_INLINE OrTrap<void> RunHost(const HostFunction& host, std::span<Slot> cells);

  // The running function calls a host function without a thunk: the run waits from here on.
  Flow WaitForHost(uint32_t host_function, Sp arguments) {
    HostCallState& call = innermost->host_call;
    call.host_function = host_function;
    call.instance = instance != nullptr ? instance->id : kNoIndex;
    call.arguments = arguments;
    exit = Exit::kHostCall;
    return Flow::kExit;
  }

  // Makes the frame below the running one ready to be returned into, now that the running one is of its tier.
  void PrepareReturn();
  // Whether a function of the running instance's module, which is about to run or go on, is not translated and not worth it
  // yet. heat: how much it has run since it was asked for the last time, as entries.
  static constexpr uint32_t kHeatOfSlice = 1024;
  bool IsTooCold(const FastFunction& function, uint32_t heat = 1) const;
  // Where a waiting frame of the fast tier goes on.
  static CodePos ResumeCode(FramePos at);
  // The running frame, of the fast tier, goes on there, where a region begins.
  void ContinueAt(CodePos code) {
    registers.code = code;
    registers.entry_cost = code.U16(-1);
    registers.has_accumulators = false;
    registers.is_behind_call = false;
  }
  // The same, behind a call whose result, if it has one, is or will be the topmost operand.
  void ContinueBehindCall(CodePos code) {
    ContinueAt(code);
    registers.is_behind_call = true;
  }
  // The running frame, of the fast tier, was returned into by one of the in-place tier.
  Exit ReturnIntoFast();

  // Makes `to` the running instance.
  void SwitchInstance(Instance* to);
  // Fetches memory 0 of the running instance again, after anything that may have grown it.
  void RefreshMemory() { registers.memory = *memory; }

  // Records the backtrace of a trap at registers.pc, then drops the frames of the innermost run.
  void Unwind();

  // Raises a trap from a cold instruction.
  Flow Raise(TrapCode code) {
    trap = code;
    exit = Exit::kTrap;
    return Flow::kExit;
  }
  Exit exit = Exit::kDone;  // of a cold instruction that said kExit

  // The in-place tier has to run the instruction at registers.pc: the fast one could not.
  bool must_step = false;

  // A host function has destroyed the store, which ends once that function and all runs below have.
  bool is_doomed = false;

  // True when registers.pc is behind a call instruction instead of at the trapping one; until the run is unwound.
  bool is_trap_behind_call = false;

 private:
  [[nodiscard]] Result<void> PushRun(RunKind kind, uint32_t slots);
  void Pause(RunState state);
  Outcome DriveFromStart();
  Outcome DriveOn(Exit why);
  // Hands the tier a slice that covers fuel_needed. False: paused.
  bool Refill();
  void ReturnSlice();
  Exit Enter(FuncAddr function);
  bool EnterFast(uint32_t number);
  bool IsShortOfRegion() const;
  // Without the fast tier the field is never written.
  bool IsFast(FramePos at) const { return tier.has_fast() && at->fast != nullptr; }
  Flow CallHost(FuncAddr function, const Function& callee);
  Flow CallGuest(FuncAddr function, const Function& callee);

  RawStack<Slot> stack_{store.budget};
  RawStack<Frame> frames_{store.budget};
  Vec<BacktraceFrame> backtrace_{store.budget};
  Vec<Registers> saved_{store.budget};  // of each run but the innermost
};

// Most often a run goes on behind a host call, with what is left of its slice if nothing has taken that back.
Machine::Outcome Machine::Drive() {
  Run& run = *innermost;
  if (run.entry != kNoAddress || registers.fuel == 0 || interrupt.IsRequested()) return DriveFromStart();
  run.state = RunState::kRunning;
  // The host may have let a memory grow since the run stopped.
  RefreshMemory();
  const Exit why = tier.run(*this);
  if (why != Exit::kHostCall) return DriveOn(why);
  // Looked up again: there may have been runs within this one, for which the list of runs has moved.
  innermost->state = RunState::kHostCall;
  return Outcome::kHostCall;
}

OrTrap<void> Machine::RunHost(const HostFunction& host, std::span<Slot> cells) {
  const size_t runs_before = runs.size();
  const OrTrap<void> result = [&] {
    // What the function changes in the environment ends with it.
    const numeric::FpEnvironmentGuard environment;
    return host.thunk(host.context, *this, cells);
  }();
  while (runs.size() > runs_before) [[unlikely]]
    EndRun();
  if (is_doomed && result) [[unlikely]]
    return sandbox::Trap(TrapCode::kHost);
  return result;
}

// Opcodes that no module can contain: the bottom frame of a run is returned into the first, frames of the fast tier
// into the second.
inline constexpr uint8_t kExitOpcode = 0xff;
inline constexpr uint8_t kSwitchOpcode = 0xfe;

// What is no translated code, but stands where such would: a cost of nothing, then one of these.
namespace fast_code {
inline constexpr uint16_t kReturnStub = 0;     // returned into: the frame is of the other tier, or another instance's
inline constexpr uint16_t kTranslateStub = 1;  // entered: not translated yet
inline constexpr uint16_t kInPlaceStub = 2;    // entered: cannot be translated
}  // namespace fast_code
inline constexpr std::array<uint16_t, 7> kFastStubs = {0, 0, fast_code::kReturnStub, 0, fast_code::kTranslateStub,
                                                       0, fast_code::kInPlaceStub};
inline constexpr size_t kReturnStubAt = 2;
inline constexpr size_t kTranslateStubAt = 4;
inline constexpr size_t kInPlaceStubAt = 6;

}  // namespace sandbox

#endif  // SANDBOX_EXEC_MACHINE_H_
