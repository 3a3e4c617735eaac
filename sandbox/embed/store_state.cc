// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/store_state.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "sandbox/base/check.h"
#include "sandbox/embed/module_state.h"
#include "sandbox/embed/raw_block.h"
#include "sandbox/fast/tier.h"
#include "sandbox/inplace/tier.h"
#include "sandbox/numeric/fp_environment.h"

namespace sandbox {
namespace {

// Of Tier::kAuto (TierTable::patience). docs/decisions/0011 says what others give.
[[maybe_unused]] constexpr uint32_t kPatience = 16;

template <bool kTail>
Result<TierTable> ChooseTier(Tier tier) {
#if SANDBOX_FAST_TIER
  if (tier != Tier::kInPlace) {
    TierTable table = kTail ? fast::TailTier() : fast::LoopTier();
    if (tier == Tier::kAuto) table.patience = kPatience;
    return table;
  }
#endif
  if (tier == Tier::kFast) return Fail(ErrorCode::kBadConfiguration);
  return TierTable{.run = kTail ? &inplace::RunTail : &inplace::RunLoop};
}

// The tier that a configuration asks for.
Result<TierTable> ChooseTier(const Config& config) {
  if (config.tier > Tier::kAuto || config.dispatch > Dispatch::kLoop) return Fail(ErrorCode::kBadConfiguration);
  if (config.dispatch != Dispatch::kLoop && kTailDispatch) return ChooseTier<true>(config.tier);
  if (config.dispatch == Dispatch::kTail) return Fail(ErrorCode::kBadConfiguration);
  return ChooseTier<false>(config.tier);
}

void DropModule(void* keep_alive) { static_cast<ModuleState*>(keep_alive)->Drop(); }

}  // namespace

// --- Life ----------------------------------------------------------------------------------------------------------

StoreState::StoreState(const Config& config, const TierTable& tier, StoreAnchor* anchor) noexcept
    : budget(config.limits.store_bytes, config.allocator),
      data(config.limits, budget),
      machine(data, tier),
      anchor_(anchor),
      allocator_(config.allocator),
      values_(budget),
      arguments_(budget),
      slots_(budget) {
  data.release_module = &DropModule;
  machine.SetFuel(config.fuel);
}

StoreState::~StoreState() {
  while (!machine.runs.empty()) machine.EndRun();
  budget.Release(charged_bytes_);
}

Result<StoreRef> StoreState::Create(const Config& config) {
  SANDBOX_TRY(config.limits.Check());
  SANDBOX_ASSIGN(const TierTable tier, ChooseTier(config));
  SANDBOX_ASSIGN(StoreAnchor* const anchor,
                 (NewUncounted<StoreAnchor>(config.allocator, nullptr, config.allocator, uint64_t{0})));
  StoreRef ref(anchor);
  SANDBOX_ASSIGN(StoreState* const state, NewUncounted<StoreState>(config.allocator, config, tier, anchor));
  anchor->store = state;
  if (const Result<void> allocated = state->Allocate(); !allocated) {
    state->Destroy();
    return std::unexpected(allocated.error());
  }
  return ref;
}

Result<void> StoreState::Allocate() {
  SANDBOX_TRY(budget.Charge(sizeof(StoreState)));
  charged_bytes_ = sizeof(StoreState);
  return machine.Allocate();
}

void StoreState::Destroy() noexcept {
  anchor_->store = nullptr;
  if (drive_depth_ > 0) {
    machine.is_doomed = true;
    return;
  }
  DeleteUncounted(allocator_, this);
}

Result<void> StoreState::Reset(const ResetOptions& options) {
  if (is_driving()) return Fail(ErrorCode::kOutOfTurn);
  while (!machine.runs.empty()) machine.EndRun();
  data.DestroyInstances();
  if (!options.keep_links) {
    data.DestroyLinks();
    ++links_epoch_;
  }
  ++epoch_;
  values_serial_ = trap_serial_ = 0;
  has_trace_ = false;
  has_link_failure_ = false;
  failed_module_ = Module();
  return {};
}

// --- Values --------------------------------------------------------------------------------------------------------

Result<Slot> StoreState::SlotOfValue(const Value& value, ValType type, ErrorCode mismatch) const {
  if (type.is_number() && value.type() == type) return value.number_cell();
  if (!type.is_ref() || !value.is_ref()) return Fail(mismatch);
  if (value.is_null()) {
    const bool fits = type.is_nullable() && data.types.TopOf(value.type().heap()) == data.types.TopOf(type.heap());
    if (!fits) return Fail(mismatch);
    return Slot{kNullRef};
  }
  if (const std::optional<FuncHandle> handle = value.func()) {
    SANDBOX_ASSIGN(const FuncAddr function, Find(*handle));
    const ValType given = ValType::Ref(HeapType::Defined(data.functions[function].type), false);
    if (!data.types.Matches(given, type)) return Fail(mismatch);
    return Slot{RefOfAddress(function)};
  }
  if (!data.types.Matches(value.type(), type)) return Fail(mismatch);
  return Slot{RefOfAddress(value.extern_handle().value_or(0))};
}

Result<CellPair> StoreState::CellsOfValue(const Value& value, ValType type) const {
  if (type.kind() == ValKind::kV128 && value.kind() == ValKind::kV128) return std::bit_cast<CellPair>(value.v128());
  SANDBOX_ASSIGN(const Slot slot, SlotOfValue(value, type, ErrorCode::kWrongArguments));
  return CellPair{slot, 0};
}

Result<void> StoreState::AppendSlots(std::span<const Value> values, std::span<const ValType> types, ErrorCode mismatch,
                                     Vec<Slot>& slots) const {
  if (values.size() != types.size()) return Fail(mismatch);
  const size_t before = slots.size();
  SANDBOX_TRY(slots.ReserveMore(SlotsOf(types)));
  if (AreNumbers(values, types)) [[likely]] {
    for (const Value& number : values) slots.PushReserved(number.number_cell());
    return {};
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (types[i].kind() == ValKind::kV128 && values[i].kind() == ValKind::kV128) {
      for (Slot half : std::bit_cast<CellPair>(values[i].v128())) slots.PushReserved(half);
      continue;
    }
    const Result<Slot> slot = SlotOfValue(values[i], types[i], mismatch);
    if (!slot) {
      slots.Truncate(before);
      return std::unexpected(slot.error());
    }
    slots.PushReserved(*slot);
  }
  return {};
}

Value StoreState::ValueOfSlot(Slot low, Slot high, ValType type) const {
  if (type.is_number()) return Value::Number(type, low);
  if (type.kind() == ValKind::kV128) return Value::V128(std::bit_cast<std::array<uint8_t, 16>>(CellPair{low, high}));
  if (!type.is_ref()) return Value();
  const HeapType::Abstract top = data.types.TopOf(type.heap());
  const Ref ref = static_cast<Ref>(low);
  if (ref != kNullRef && top == HeapType::kFunc) return Value::FuncRef(HandleOf(AddressOfRef(ref)));
  if (ref != kNullRef && top == HeapType::kExtern) return Value::ExternRef(AddressOfRef(ref));
  return Value::Null(type.heap().is_abstract() ? type.heap().abstract() : top);
}

std::span<const Value> StoreState::FillValues(std::span<const Slot> slots, std::span<const ValType> types,
                                              std::span<Value> values) const {
  const std::span<Value> filled = values.first(types.size());
  size_t at = 0;
  for (size_t i = 0; i < types.size(); ++i) {
    const ValType type = types[i];
    if (type.is_number()) [[likely]] {
      filled[i] = Value::Number(type, slots[at++]);
    } else {
      filled[i] = ValueOfSlot(slots[at], type.slots() == 2 ? slots[at + 1] : 0, type);
      at += type.slots();
    }
  }
  return filled;
}

// --- Handles -------------------------------------------------------------------------------------------------------

Result<Instance*> StoreState::Find(InstanceId wanted) const {
  if (wanted.store() != id()) return Fail(ErrorCode::kWrongStore);
  if (wanted.epoch() != epoch_ || wanted.index() >= data.instances.size()) return Fail(ErrorCode::kStaleHandle);
  Instance* const instance = data.instances[wanted.index()];
  if (instance == nullptr) return Fail(ErrorCode::kStaleHandle);
  return instance;
}

Result<FuncAddr> StoreState::Find(const FuncHandle& function) const {
  if (function.store_key() != id().key()) return Fail(ErrorCode::kWrongStore);
  if (function.epoch() != epoch_ || function.address() >= data.functions.size()) return Fail(ErrorCode::kStaleHandle);
  if (data.functions[function.address()].is_dead()) return Fail(ErrorCode::kStaleHandle);
  return function.address();
}

Result<uint32_t> StoreState::FindExport(const Instance& instance, std::string_view name, ExternKind kind) const {
  const ExportRecord* const record = instance.module->FindExport(name);
  if (record == nullptr) return Fail(ErrorCode::kNoSuchExport);
  if (record->kind != kind) return Fail(ErrorCode::kWrongExportKind);
  return record->index;
}

ObjectPlace StoreState::PlaceOf(const Instance& instance, uint32_t index) const {
  return {ref(), epoch_, false, instance.id, index};
}

Result<ObjectPlace> StoreState::PlaceOfMemory(std::optional<uint32_t> instance, MemIdx index) const {
  if (!instance) return Fail(ErrorCode::kStaleHandle);
  SANDBOX_ASSIGN(const Instance* const found, Find(IdOf(*instance)));
  if (index >= found->memories.size()) return Fail(ErrorCode::kOutOfRange);
  return PlaceOf(*found, index);
}

ObjectPlace StoreState::PlaceOfLastHostObject() const {
  return {ref(), links_epoch_, true, 0, static_cast<uint32_t>(data.host_objects.size() - 1)};
}

FuncTypeView StoreState::SignatureOf(FuncAddr function) const {
  return data.types.FuncType(data.functions[function].type);
}

// --- Runs ----------------------------------------------------------------------------------------------------------

Result<RunResult> StoreState::Invoke(FuncAddr function, std::span<const Value> arguments) {
  slots_.Clear();
  // The values may lie in values_ or arguments_: they are read before those change.
  SANDBOX_TRY(AppendSlots(arguments, SignatureOf(function).params, ErrorCode::kWrongArguments, slots_));
  return InvokeSlots(function, slots_.span());
}

Result<RunResult> StoreState::InvokeSlots(FuncAddr function, std::span<const Slot> arguments) {
  SANDBOX_TRY(ReserveValues(values_, data.types.ResultCount(data.functions[function].type)));
  SANDBOX_TRY(machine.BeginInvoke(function, arguments));
  return DriveInnermost();
}

// A suspending host function may be called with as many arguments as any imported function has.
Result<void> StoreState::ReserveForImports(const Module& module) {
  size_t most = 0;
  for (CanonIdx type : module.data()->imported_functions) {
    most = std::max(most, module.data()->types.FuncType(type).params.size());
  }
  return ReserveArguments(most);
}

Result<Instantiation> StoreState::Instantiate(const Module& module, const InstanceOptions& options) {
  if (module.is_empty()) return Fail(ErrorCode::kBadConfiguration);
  SANDBOX_TRY(ReserveForImports(module));
  // The run comes first: nothing is to be undone when there is no room for it.
  SANDBOX_TRY(machine.BeginInstantiate(0));
  InstantiateOptions link_options;
  link_options.memory_span = options.memory_span;
  link_options.memory = options.memory;
  LinkFailure failure;
  module.state()->Hold();
  const Result<uint32_t> linked = LinkInstance(data, *module.data(), module.state(), link_options, &failure);
  if (!linked) {
    module.state()->Drop();
    machine.EndRun();
    if (ClassOf(linked.error().code) == ErrorClass::kLink) {
      link_failure_ = failure;
      has_link_failure_ = true;
      failed_module_ = module;
    }
    return std::unexpected(linked.error());
  }
  machine.runs.back().instantiate.instance = *linked;
  const InstanceId instance = IdOf(*linked);
  SANDBOX_ASSIGN(RunResult run, DriveInnermost());
  return Instantiation{instance, std::move(run)};
}

RunStanding StoreState::Drive() {
  Machine::Outcome outcome;
  ++drive_depth_;
  {
    const numeric::FpEnvironmentScope environment;
    outcome = machine.innermost->kind == RunKind::kInstantiate ? DriveInstantiation(machine) : machine.Drive();
  }
  --drive_depth_;
  if (machine.is_doomed) [[unlikely]]
    return EndDoomed();
  return Finish(outcome);
}

RunStanding StoreState::EndDoomed() {
  if (drive_depth_ == 0) DeleteUncounted(allocator_, this);
  return {.is_store_gone = true};
}

namespace {

Outcome OutcomeOf(RunState state) {
  if (state == RunState::kOutOfFuel) return Outcome::kOutOfFuel;
  return state == RunState::kInterrupted ? Outcome::kInterrupted : Outcome::kHostCall;
}

}  // namespace

// Each pause gets a number of its own, so that what names an earlier one of the same run is stale.
RunStanding StoreState::Finish(Machine::Outcome outcome) {
  const uint64_t serial = machine.next_serial++;
  machine.innermost->serial = serial;
  if (outcome != Machine::Outcome::kHostCall) [[unlikely]]
    return FinishOther(outcome);
  return {.outcome = Outcome::kHostCall, .serial = serial};
}

// Anything but a host call.
RunStanding StoreState::FinishOther(Machine::Outcome outcome) {
  const Run& run = *machine.innermost;
  const uint64_t serial = run.serial;
  if (outcome == Machine::Outcome::kTrapped) {
    trap_serial_ = serial;
    has_trace_ = true;
    machine.EndRun();
    return {.outcome = Outcome::kTrapped, .trap = machine.trap, .serial = serial};
  }
  if (outcome != Machine::Outcome::kDone) return {.outcome = OutcomeOf(run.state), .serial = serial};
  value_count_ = 0;
  if (run.type != kNoIndex) {
    value_count_ = FillValues(machine.Results(), data.types.FuncType(run.type).results, values_.span()).size();
  }
  values_serial_ = serial;
  machine.EndRun();
  return {.outcome = Outcome::kDone, .serial = serial};
}

RunResult StoreState::ResultOfPending() const {
  const Run& run = machine.runs.back();
  return RunResult(OutcomeOf(run.state), ref(), run.serial);
}

const Run* StoreState::FindRun(uint64_t serial) const {
  for (const Run& run : machine.runs) {
    if (run.serial == serial) return run.state == RunState::kRunning ? nullptr : &run;
  }
  return nullptr;
}

Result<void> StoreState::CheckTurn(uint64_t serial) const {
  const Run* const run = FindRun(serial);
  if (run == nullptr) return Fail(ErrorCode::kStaleHandle);
  if (run != &machine.runs.back()) return Fail(ErrorCode::kOutOfTurn);
  return {};
}

bool StoreState::HasParams(const HostFunction& function, std::span<const ValType> types) const {
  return std::ranges::equal(types, data.types.FuncType(function.type).params);
}

Result<void> StoreState::AnswerChecked(std::span<const Value> results) {
  const HostFunction& function = data.host_functions[machine.runs.back().host_call.host_function];
  slots_.Clear();
  SANDBOX_TRY(AppendSlots(results, data.types.FuncType(function.type).results, ErrorCode::kWrongResults, slots_));
  machine.AnswerHostCall(slots_.span());
  return {};
}

Result<RunResult> StoreState::AnswerWithTrap(TrapCode code) {
  machine.trap = code;
  machine.is_trap_behind_call = true;
  if (machine.tier.has_fast() && machine.frame->fast != nullptr) {
    machine.registers.pc = Pc::At(machine.bytes, machine.tier.offset_after_call(machine.frame));
  }
  machine.Unwind();
  return ResultOf(Finish(Machine::Outcome::kTrapped), anchor_);
}

std::span<const Value> StoreState::ArgumentsOfAnyTypes(const Run& run) {
  const HostFunction& function = data.host_functions[run.host_call.host_function];
  const std::span<const Slot> cells = run.host_call.arguments.Range(function.param_slots);
  return FillValues(cells, data.types.FuncType(function.type).params, arguments_.span());
}

// --- Host functions that run at once -------------------------------------------------------------------------------

HostResult<void> StoreState::RunWithCaller(void* context, Machine& machine, std::span<Slot> slots) {
  HostClosure* const closure = static_cast<HostClosure*>(context);
  const Instance* const instance = machine.instance;
  Caller caller(closure->store->ref(), instance == nullptr ? std::nullopt : std::optional(instance->id));
  return closure->run_with_caller(closure, caller, slots);
}

// --- Traps ---------------------------------------------------------------------------------------------------------

TraceFrame StoreState::TraceAt(size_t i) const {
  if (i >= trace_size()) return {};
  const BacktraceFrame& frame = machine.backtrace()[i];
  TraceFrame trace;
  trace.function = frame.function;
  trace.offset = frame.offset;
  const Instance* const instance = frame.instance < data.instances.size() ? data.instances[frame.instance] : nullptr;
  if (instance != nullptr) {
    trace.instance = IdOf(frame.instance);
    trace.name = instance->module->FunctionName(frame.function);
  }
  return trace;
}

TrapInfo StoreState::TrapOf(uint64_t serial, TrapCode code) const {
  TrapInfo info;
  info.code = code;
  if (serial == trap_serial_ && trace_size() > 0) info.where = TraceAt(0);
  return info;
}

}  // namespace sandbox
