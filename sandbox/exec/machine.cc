// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/machine.h"

#include <algorithm>

#include "sandbox/base/bytes.h"

namespace sandbox {
namespace {

constexpr uint8_t kExitCode[] = {kExitOpcode};
constexpr uint8_t kSwitchCode[] = {kSwitchOpcode};

CodePos ReturnStub() { return CodePos::At(kFastStubs, kReturnStubAt); }

FuncTypeView TypeOf(const StoreData& store, CanonIdx type) { return store.types.FuncType(type); }

}  // namespace

Result<void> Machine::Allocate() {
  const size_t slots = static_cast<size_t>(store.limits.value_stack_bytes / sizeof(Slot));
  SANDBOX_TRY(stack_.Allocate(std::max<size_t>(slots, 1)));
  stack_end = Sp(stack_.end());
  // One more than guest frames: the frame at the bottom of the outermost run.
  const size_t frames = static_cast<size_t>(store.limits.call_depth) + 1;
  SANDBOX_TRY(frames_.Allocate(frames));
  last_frame = FramePos(frames_.begin()) + static_cast<ptrdiff_t>(frames - 1);
  return backtrace_.Reserve(kBacktraceFrames);
}

// --- Runs ----------------------------------------------------------------------------------------------------------

// slots: cells that arguments and results need.
Result<void> Machine::PushRun(RunKind kind, uint32_t slots) {
  SANDBOX_TRY(CheckLimit(runs.size() + 1, store.limits.nested_runs, LimitId::nested_runs));
  FramePos base_frame(frames_.begin());
  Sp base(stack_.begin());
  if (!runs.empty()) {
    if (frame == last_frame) return LimitError(LimitId::call_depth);
    base_frame = frame + 1;
    base = registers.sp + 1;
  }
  if (stack_end - base <= static_cast<ptrdiff_t>(slots)) return LimitError(LimitId::value_stack_bytes);
  SANDBOX_TRY(runs.ReserveMore(1));
  // They may have moved, and what comes next may be refused.
  if (innermost != nullptr) innermost = &runs.back();
  ReturnSlice();
  if (!runs.empty()) SANDBOX_TRY(saved_.Push(registers));
  runs.PushReserved({.kind = kind, .serial = next_serial++, .base_frame = base_frame, .base = base});
  innermost = &runs.back();
  frame = base_frame;
  *frame = Frame{};
  frame->return_code = ReturnStub();
  end = Pc();
  SwitchInstance(nullptr);
  registers.pc = Pc(MakeSpan(kExitCode, 1).data());
  registers.sp = base;
  registers.sp[0] = 0;
  registers.locals = base;
  registers.is_behind_call = false;
  return {};
}

Result<void> Machine::BeginInvoke(FuncAddr function, std::span<const Slot> arguments) {
  const CanonIdx type = store.functions[function].type;
  const uint32_t param_slots = store.types.ParamSlots(type);
  const uint32_t result_slots = store.types.ResultSlots(type);
  SANDBOX_CHECK(arguments.size() == param_slots);
  SANDBOX_TRY(PushRun(RunKind::kInvoke, std::max(param_slots, result_slots)));
  Sp to = registers.sp;
  for (const Slot argument : arguments) {
    to.Move(1);
    to[0] = argument;
  }
  registers.sp = to;
  Run& run = runs.back();
  run.type = type;
  run.result_slots = result_slots;
  run.entry = function;
  return {};
}

Result<void> Machine::BeginInstantiate(uint32_t instance_id) {
  SANDBOX_TRY(PushRun(RunKind::kInstantiate, 0));
  runs.back().instantiate.instance = instance_id;
  return {};
}

void Machine::EnterFromHost(FuncAddr function) { runs.back().entry = function; }

void Machine::EndRun() {
  ReturnSlice();
  const FramePos base_frame = runs.back().base_frame;
  runs.DropBack();
  if (runs.empty()) {
    innermost = nullptr;
    SwitchInstance(nullptr);
    return;
  }
  innermost = &runs.back();
  frame = base_frame + -1;
  registers = saved_.PopBack();
  end = frame->end;
  SwitchInstance(frame->instance);
}

std::span<const Slot> Machine::Results() const {
  const Run& run = runs.back();
  return (run.base + 1).Range(run.result_slots);
}

std::span<const Slot> Machine::PendingArguments() const {
  const HostCallState& call = runs.back().host_call;
  const HostFunction& callee = store.host_functions[call.host_function];
  return call.arguments.Range(callee.param_slots);
}

void Machine::AnswerHostCall(std::span<const Slot> results) {
  CopyInto(runs.back().host_call.arguments.Range(results.size()), results);
  AnswerHostCallInPlace(results.size());
}

// --- Driving -------------------------------------------------------------------------------------------------------

Machine::Outcome Machine::PauseOutcome() const {
  switch (runs.back().state) {
    case RunState::kHostCall: return Outcome::kHostCall;
    case RunState::kOutOfFuel: return Outcome::kOutOfFuel;
    case RunState::kInterrupted: return Outcome::kInterrupted;
    case RunState::kRunning: break;
  }
  return Outcome::kDone;
}

void Machine::Pause(RunState state) {
  ReturnSlice();
  runs.back().state = state;
}

void Machine::SetFuel(uint64_t units) {
  registers.fuel = held_fuel = 0;
  is_fuel_unlimited = units == kUnlimitedFuel;
  tank = units;
}

void Machine::ReturnSlice() {
  if (!is_fuel_unlimited) tank += registers.fuel + held_fuel;
  registers.fuel = held_fuel = 0;
}

bool Machine::Refill() {
  ReturnSlice();
  if (interrupt.IsRequested()) [[unlikely]] {
    Pause(RunState::kInterrupted);
    return false;
  }
  if (is_fuel_unlimited) {
    registers.fuel = std::max(fuel_needed, kFuelSlice);
    return true;
  }
  if (tank < fuel_needed) {
    runs.back().fuel_needed = fuel_needed;
    Pause(RunState::kOutOfFuel);
    return false;
  }
  registers.fuel = std::max(fuel_needed, std::min(tank, kFuelSlice));
  tank -= registers.fuel;
  return true;
}

bool Machine::ChargeOutsideTier(uint64_t units) {
  fuel_needed = units;
  if (registers.fuel < units && !Refill()) return false;
  registers.fuel -= units;
  return true;
}

Exit Machine::Enter(FuncAddr function) {
  if (Call(function) == Flow::kExit && exit != Exit::kSwitch) return exit;
  return tier.run(*this);
}

// A region that the tank does not cover is run in place, instruction by instruction, as far as it does.
bool Machine::IsShortOfRegion() const {
  return IsFast(frame) && !is_fuel_unlimited && tank + registers.fuel < fuel_needed && !interrupt.IsRequested();
}

Machine::Outcome Machine::DriveFromStart() {
  Run& first = runs.back();
  first.state = RunState::kRunning;
  is_trap_behind_call = false;
  fuel_needed = 0;
  RefreshMemory();
  if (!Refill()) return PauseOutcome();
  const FuncAddr entry = std::exchange(first.entry, kNoAddress);
  return DriveOn(entry != kNoAddress ? Enter(entry) : tier.run(*this));
}

// After the first time that the tier has stopped.
Machine::Outcome Machine::DriveOn(Exit why) {
  while (why == Exit::kFuel) {
    if (IsShortOfRegion()) {
      tier.leave(*this);
      must_step = true;
      registers.fuel += std::exchange(tank, 0);
    } else if (!Refill()) {
      return PauseOutcome();
    } else {
      has_used_slice = true;
    }
    why = tier.run(*this);
  }
  switch (why) {
    case Exit::kHostCall: runs.back().state = RunState::kHostCall; return Outcome::kHostCall;
    case Exit::kTrap:
      Unwind();
      return Outcome::kTrapped;
    case Exit::kDone:
    case Exit::kFuel:
    case Exit::kSwitch:
      break;
  }
  ReturnSlice();
  return Outcome::kDone;
}

void Machine::Unwind() {
  ReturnSlice();
  const Run& run = runs.back();
  backtrace_.Clear();
  backtrace_depth = 0;
  uint32_t offset = 0;
  bool is_innermost = true;
  for (FramePos at = frame; !(at == run.base_frame); at = at + -1, is_innermost = false) {
    const Instance& where = *at->instance;
    const bool is_fast = !is_innermost && IsFast(at);
    const Pc pc = is_innermost ? registers.pc : at->pc;
    offset = is_fast ? tier.offset_after_call(at) : pc.OffsetFrom(where.module->bytes);
    if (!is_innermost || is_trap_behind_call) --offset;
    ++backtrace_depth;
    if (backtrace_.size() == kBacktraceFrames) continue;
    const size_t number = IsFast(at) ? at->fast->number
                                                   : IndexIn(where.module->functions.span(), at->function);
    // Capacity was reserved, so this cannot fail.
    (void)backtrace_.Push({where.id, static_cast<FuncIdx>(number + where.imported_functions.size()), offset});
  }
  frame = run.base_frame;
  registers.sp = run.base;
  is_trap_behind_call = false;
}

// --- Calls ---------------------------------------------------------------------------------------------------------

uint64_t Machine::CallCost(FuncAddr function) const {
  const Function& callee = store.functions[function];
  if (callee.is_dead()) return 1;
  if (callee.is_host()) return 1 + SlotsCost(store.host_functions[callee.host_number()].param_slots);
  const Instance& owner = *store.instances[callee.owner];
  return uint64_t{1} + owner.module->functions[function - owner.first_function].call_cost;
}

Flow Machine::Call(FuncAddr function) {
  const Function callee = store.functions[function];
  if (callee.is_dead()) return Raise(TrapCode::kReleasedFunction);
  return callee.is_host() ? CallHost(function, callee) : CallGuest(function, callee);
}

Flow Machine::CallHost(FuncAddr, const Function& callee) {
  const HostFunction& host = store.host_functions[callee.host_number()];
  const uint32_t params = host.param_slots;
  const uint32_t results = host.result_slots;
  const Sp arguments = registers.sp + (1 - static_cast<ptrdiff_t>(params));
  if (host.thunk == nullptr) return WaitForHost(callee.host_number(), arguments);
  if (const OrTrap<void> result = RunHost(host, arguments.Range(std::max(params, results))); !result) {
    is_trap_behind_call = true;
    return Raise(result.error());
  }
  registers.sp = arguments + (static_cast<ptrdiff_t>(results) - 1);
  RefreshMemory();
  return Flow::kNext;
}

Flow Machine::CallGuest(FuncAddr function, const Function& callee) {
  Instance* owner = store.instances[callee.owner];
  const FunctionRecord& record = owner->module->functions[function - owner->first_function];
  const Sp top = registers.sp + 1;
  const uint64_t need = uint64_t{record.local_slots} + 1 + record.operand_slots;
  if (frame == last_frame || static_cast<uint64_t>(stack_end - top) < need) return Raise(TrapCode::kStackExhausted);
  if (!IsFast(frame)) {
    frame->pc = registers.pc;
    frame->side_table = registers.side_table;
  }
  frame = frame + 1;
  const ByteSpan code = owner->module->bytes;
  *frame = Frame{.locals = top + -static_cast<ptrdiff_t>(record.param_slots),
                 .end = Pc::At(code, record.code_end - 1),
                 .function = &record,
                 .instance = owner};
  end = frame->end;
  if (owner != instance) SwitchInstance(owner);
  ZeroSlots(top, record.local_slots + 1);
  registers.locals = frame->locals;
  registers.sp = top + record.local_slots;
  registers.pc = Pc::At(code, record.code_begin);
  registers.side_table = SideTablePos(side_table.At(record.side_table));
  if (!tier.has_fast() || !EnterFast(function - owner->first_function)) return Flow::kNext;
  exit = Exit::kSwitch;
  return Flow::kExit;
}

// The frame that was just made in the form of the in-place tier is entered in the fast one, if there is memory for that.
bool Machine::EnterFast(uint32_t number) {
  const FastFunction* const function = tier.function(*instance->module, number);
  frame->fast = function != nullptr && !IsTooCold(*function) ? function : nullptr;
  PrepareReturn();
  if (frame->fast == nullptr) return false;
  fast_functions = TrustedArray<const FastFunction>(instance->module->translated.get()->functions.span());
  ContinueAt(CodePos(frame->fast->code.load(std::memory_order_acquire)));
  return true;
}

bool Machine::IsTooCold(const FastFunction& function, uint32_t heat) const {
  if (tier.patience == 0 || function.code.load(std::memory_order_relaxed) != &kFastStubs[kTranslateStubAt]) return false;
  const FunctionRecord& record = instance->module->functions[function.number];
  const uint64_t so_far = uint64_t{function.heat.load(std::memory_order_relaxed)} + heat;
  function.heat.store(static_cast<uint32_t>(std::min<uint64_t>(so_far, UINT32_MAX)), std::memory_order_relaxed);
  return so_far * tier.patience < record.code_end - record.code_begin;
}

Exit Machine::ReturnIntoFast() {
  ContinueBehindCall(ResumeCode(frame));
  return Exit::kSwitch;
}

CodePos Machine::ResumeCode(FramePos at) {
  return at->return_code == ReturnStub() ? at->resume_code : at->return_code;
}

void Machine::PrepareReturn() {
  const FramePos caller = frame + -1;
  if (caller->fast != nullptr) {
    const CodePos goes_on = ResumeCode(caller);
    caller->pc = Pc(MakeSpan(kSwitchCode, 1).data());
    caller->side_table = SideTablePos();
    caller->resume_code = goes_on;
    caller->return_code = caller->instance == frame->instance ? goes_on : ReturnStub();
  } else {
    caller->return_code = ReturnStub();
  }
}

Flow Machine::ReturnCall(FuncAddr function) {
  const uint32_t params = SlotsOf(TypeOf(store, store.functions[function].type).params);
  const Sp arguments = registers.sp + (1 - static_cast<ptrdiff_t>(params));
  const Sp to = registers.locals;
  MoveSlotsDown(to, arguments, params);
  frame = frame + -1;
  registers.sp = to + (static_cast<ptrdiff_t>(params) - 1);
  registers.pc = frame->pc;
  registers.side_table = frame->side_table;
  registers.locals = frame->locals;
  end = frame->end;
  if (IsFast(frame)) ContinueBehindCall(ResumeCode(frame));
  const Flow flow = Call(function);
  // The frame of the tail call is gone: what traps, at once or when the host answers, traps in its caller, behind the call.
  const bool traps = flow == Flow::kExit && exit == Exit::kTrap;
  const bool waits = flow == Flow::kExit && exit == Exit::kHostCall;
  if (traps) is_trap_behind_call = true;
  if ((traps || waits) && IsFast(frame)) {
    registers.pc = Pc::At(frame->instance->module->bytes, tier.offset_after_call(frame));
  }
  // A host function answered at once or will: the caller's caller goes on, perhaps in another instance.
  if (frame->instance != instance) SwitchInstance(frame->instance);
  return flow;
}

void Machine::SwitchInstance(Instance* to) {
  instance = to;
  memory = to == nullptr || to->memories.empty() ? &kNoMemory : to->memories[0]->object.current_view();
  RefreshMemory();
  if (to == nullptr) return;
  const ModuleData& module = *to->module;
  bytes = module.bytes;
  functions = TrustedArray<const FunctionRecord>(module.functions.span());
  side_table = TrustedArray<const uint32_t>(module.side_table.span());
  globals = TrustedArray<SharedGlobal* const>(to->globals.span());
  tables = TrustedArray<SharedTable* const>(to->tables.span());
  type_index = TrustedArray<const CanonIdx>(module.type_index.span());
  store_types = TrustedArray<const CanonIdx>(to->store_types.span());
  if (tier.has_fast()) {
    imported_functions = kNoIndex;
    direct_owner = Function::kNobody;
    const Translated* const translated = module.translated.get();
    fast_functions = TrustedArray<const FastFunction>(translated != nullptr ? translated->functions.span()
                                                                            : std::span<const FastFunction>());
  } else {
    imported_functions = static_cast<uint32_t>(to->imported_functions.size());
    direct_owner = to->id;
  }
}

}  // namespace sandbox
