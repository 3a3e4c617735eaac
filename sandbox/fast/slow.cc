// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/slow.h"

#include <array>

#include "sandbox/fast/cold_codes.h"
#include "sandbox/fast/instruction.h"
#include "sandbox/fast/opcode.h"
#include "sandbox/fast/tier.h"
#include "sandbox/inplace/cold.h"

namespace sandbox::fast {
namespace {

constexpr std::array<Flow (*)(Machine&), cold::kCount> kColdFunctions = {
    &inplace::ColdMemorySize, &inplace::ColdMemoryGrow, &inplace::ColdTableGet,   &inplace::ColdTableSet,
    &inplace::ColdBulk,       &inplace::ColdLoad,       &inplace::ColdStore,      &inplace::ColdCallRef,
    &inplace::ColdCall,       &inplace::ColdReturnCall, &inplace::ColdReturnCallIndirect,
    &inplace::ColdReturnCallRef,
};

Step Leave(Machine& m, Exit why) {
  m.exit = why;
  return Step::kExit;
}

// The frame on top goes on as registers.code says, if it is of this tier.
Step GoOn(Machine& m) {
  return m.frame->fast != nullptr ? Step::kResume : Leave(m, Exit::kSwitch);
}

// The state that the in-place tier expects: where its instruction is, and the topmost operand.
void PointAt(Machine& m, uint32_t offset, uint16_t top) {
  m.registers.pc = Pc::At(m.bytes, offset);
  m.registers.sp = m.registers.locals + top;
  m.registers.side_table = SideTablePos();
}

// What traps in a host function traps behind the call.
void PointBehindCall(Machine& m, uint32_t offset) {
  m.registers.pc = Pc::At(m.bytes, offset) + 1;
  m.registers.pc.SkipLeb();
}

// After an instruction behind which register code goes on at `next`.
Step AfterCold(Machine& m, FramePos frame, Flow flow, CodePos next) {
  if (flow == Flow::kNext) {
    if (m.frame == frame) m.ContinueBehindCall(next);
    return GoOn(m);
  }
  if (m.exit == Exit::kSwitch) return GoOn(m);
  if (m.exit == Exit::kHostCall) m.ContinueBehindCall(next);
  return Step::kExit;
}

template <typename Function>
Step RunCold(Machine& m, uint32_t offset, uint16_t top, CodePos next, Function function) {
  const FramePos frame = m.frame;
  PointAt(m, offset, top);
  frame->return_code = next;
  return AfterCold(m, frame, function(m), next);
}

}  // namespace

Step CallIndirectSlowly(Machine& m) {
  const CodePos code = m.registers.code;
  return RunCold(m, code.U32(4), code.U16(6), code + 9, inplace::ColdCallIndirect);
}

Step CallImportSlowly(Machine& m) {
  const CodePos code = m.registers.code;
  return RunCold(m, code.U32(3), code.U16(5), code + 12, inplace::ColdCall);
}

Step TrapOfHost(Machine& m, CodePos pc, TrapCode code) {
  PointBehindCall(m, pc.U32(3));
  m.is_trap_behind_call = true;
  m.trap = code;
  return Leave(m, Exit::kTrap);
}

Step ColdInstruction(Machine& m) {
  const CodePos code = m.registers.code;
  return RunCold(m, code.U32(2), code.U16(4), code + 7, kColdFunctions[code.U16(1)]);
}

Step ColdReturnCall(Machine& m) {
  const CodePos code = m.registers.code;
  PointAt(m, code.U32(2), code.U16(4));
  const Flow flow = kColdFunctions[code.U16(1)](m);
  return flow == Flow::kNext || m.exit == Exit::kSwitch ? GoOn(m) : Step::kExit;
}

Step TrapAt(Machine& m, uint32_t offset) {
  m.registers.pc = Pc::At(m.bytes, offset);
  return Leave(m, Exit::kTrap);
}

// --- In the place of code -------------------------------------------------------------------------------------------

// The machine knows them by these numbers.
static_assert(fast_code::kReturnStub == uint16_t{kReturnStub});
static_assert(fast_code::kTranslateStub == uint16_t{kTranslateStub});
static_assert(fast_code::kInPlaceStub == uint16_t{kInPlaceStub});

// A function of this tier was left for a frame of the other one, or of another instance, or for the bottom of the run.
Step ReturnElsewhere(Machine& m) {
  const Frame& left = *(m.frame + 1);
  const uint32_t results = left.instance->module->functions[left.fast->number].result_slots;
  Registers& r = m.registers;
  r.sp = left.locals + (static_cast<ptrdiff_t>(results) - 1);
  r.locals = m.frame->locals;
  m.end = m.frame->end;
  if (m.frame->instance != m.instance) m.SwitchInstance(m.frame->instance);
  if (m.frame->fast != nullptr) {
    m.ContinueBehindCall(m.frame->resume_code);
    return GoOn(m);
  }
  // The bottom of the run: what kExitOpcode would do in place.
  if (m.frame->instance == nullptr) return Leave(m, Exit::kDone);
  r.pc = m.frame->pc;
  r.side_table = m.frame->side_table;
  return Leave(m, Exit::kSwitch);
}

Step TranslateAndEnter(Machine& m) {
  const FastFunction& function = *m.frame->fast;
  if (m.IsTooCold(function) || !Translate(*m.instance->module, function.number)) return EnterInPlace(m);
  m.ContinueAt(CodePos(function.code.load(std::memory_order_acquire)));
  // No operands yet: the spare cell.
  m.registers.sp = m.registers.locals + static_cast<ptrdiff_t>(uint64_t{function.param_slots} + function.local_slots);
  m.registers.sp[0] = 0;
  return GoOn(m);
}

Step EnterInPlace(Machine& m) {
  const FunctionRecord& record = m.instance->module->functions[m.frame->fast->number];
  BecomeInPlace(m, record.code_begin, 0, 0);
  return Leave(m, Exit::kSwitch);
}

Step StepInPlace(Machine& m) {
  const CodePos code = m.registers.code;
  BecomeInPlace(m, code.U32(1), code.U32(3), code.U16(5));
  m.must_step = true;
  return Leave(m, Exit::kSwitch);
}

// --- Ways out -------------------------------------------------------------------------------------------------------

void StopForFuel(Machine& m) {
  Registers& r = m.registers;
  r.entry_cost = static_cast<uint32_t>(m.fuel_needed);
  r.fuel += m.fuel_needed;
  // Above all that is alive: another run may begin there.
  const FastFunction& function = *m.frame->fast;
  r.sp = r.locals + (static_cast<ptrdiff_t>(function.param_slots) + static_cast<ptrdiff_t>(function.needed_slots) - 1);
}

void TrapInRegion(Machine& m) {
  const FastFunction& function = *m.frame->fast;
  const ModuleData& module = *m.instance->module;
  const BodyView body{module, module.functions[function.number]};
  const TrapSite site = FindTrap(body, ViewOf(*function.body), m.registers.code);
  m.registers.pc = body.at(site.offset);
  m.registers.fuel += site.refund;
}

}  // namespace sandbox::fast
