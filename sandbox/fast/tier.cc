// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/tier.h"

#include "sandbox/fast/opcode.h"
#include "sandbox/fast/regions.h"
#include "sandbox/fast/translator.h"
#include "sandbox/fast/verify.h"
#include "sandbox/inplace/tier.h"

namespace sandbox::fast {
namespace {

// --- Translating ----------------------------------------------------------------------------------------------------

// The table of a module's functions, made at the first call into an instance.
Translated* MakeTable(const ModuleData& module) {
  Budget& budget = module.functions.budget();
  auto made = budget.New<Translated>(budget);
  if (!made) return nullptr;
  Vec<FastFunction>& functions = (*made)->functions;
  if (!functions.Reserve(module.functions.size())) {
    budget.Delete(*made);
    return nullptr;
  }
  for (const FunctionRecord& record : module.functions) {
    FastFunction function;
    function.code.store(&kFastStubs[kTranslateStubAt], std::memory_order_relaxed);
    function.local_slots = record.local_slots;
    function.needed_slots = record.local_slots + 1 + record.operand_slots;
    function.param_slots = record.param_slots;
    function.call_cost = record.call_cost;
    function.number = static_cast<uint32_t>(functions.size());
    functions.PushReserved(function);
  }
  return *made;
}

Translated* TableOf(const ModuleData& module) {
  if (Translated* const made = module.translated.get()) return made;
  if (!module.translated.TryLock()) return nullptr;
  Translated* made = module.translated.get();
  if (made == nullptr && (made = MakeTable(module)) != nullptr) module.translated.Publish(made);
  module.translated.Unlock();
  return made;
}

// The function as calls see it; null when there is no memory for the table, or somebody else is making it.
const FastFunction* FunctionOf(const ModuleData& module, uint32_t number) {
  Translated* const translated = TableOf(module);
  return translated == nullptr ? nullptr : &translated->functions[number];
}

bool IsStub(const FastFunction& function, size_t at) {
  return function.code.load(std::memory_order_acquire) == &kFastStubs[at];
}

void TranslateInto(const ModuleData& module, Translator& translator, FastFunction& function) {
  Budget& budget = module.functions.budget();
  auto body = budget.New<FunctionCode>(budget);
  const uint16_t* code = &kFastStubs[kInPlaceStubAt];
  if (body && translator.Translate(function.number, **body)) {
    if constexpr (kVerifies) VerifyCode(module, function, **body);
    function.body = *body;
    code = &function.body->code.span()[1];
  } else if (body) {
    budget.Delete(*body);
  }
  function.code.store(code, std::memory_order_release);
}

}  // namespace

bool Translate(const ModuleData& module, uint32_t number) {
  Translated* const translated = module.translated.get();
  FastFunction& function = translated->functions[number];
  if (IsStub(function, kTranslateStubAt)) {
    if (!module.translated.TryLock()) return false;
    if (IsStub(function, kTranslateStubAt)) {
      Translator translator(module, module.functions.budget());
      TranslateInto(module, translator, function);
    }
    module.translated.Unlock();
  }
  return !IsStub(function, kInPlaceStubAt);
}

Result<void> TranslateModule(const ModuleData& module) {
  Translated* const translated = TableOf(module);
  if (translated == nullptr) return Fail(ErrorCode::kOutOfMemory);
  Translator translator(module, module.functions.budget());
  for (FastFunction& function : translated->functions) {
    if (IsStub(function, kTranslateStubAt)) TranslateInto(module, translator, function);
  }
  return {};
}

// --- From one tier to the other -------------------------------------------------------------------------------------

void BecomeInPlace(Machine& m, uint32_t offset, uint32_t side_table, uint32_t height) {
  const FunctionRecord& record = m.instance->module->functions[m.frame->fast->number];
  Frame& frame = *m.frame.operator->();
  frame.fast = nullptr;
  frame.function = &record;
  frame.locals = m.registers.locals;
  frame.end = m.end = Pc::At(m.bytes, record.code_end - 1);
  Registers& r = m.registers;
  r.pc = Pc::At(m.bytes, offset);
  r.side_table = SideTablePos(m.side_table.At(record.side_table + side_table));
  r.sp = r.locals + static_cast<ptrdiff_t>(uint64_t{record.param_slots} + record.local_slots + height);
  r.entry_cost = 0;
  m.PrepareReturn();
}

namespace {

BodyView BodyOf(const Machine& m, uint32_t number) {
  const ModuleData& module = *m.instance->module;
  return {module, module.functions[number]};
}

// Several regions may begin at the same place of the code, with nothing but `end`s between them: what is to be paid tells
// them apart.
Region FindRegion(const BodyView& body, const FunctionCode& function, uint32_t code, uint32_t cost) {
  RegionReader reader = RegionReader::BeforeCode(function, code);
  while (reader.region().code < code && reader.Next()) {
  }
  Region found = reader.region();
  while (CostToRegionEnd(body, found.offset, found.side_table) != cost && reader.Next() && reader.region().code == code) {
    found = reader.region();
  }
  return found;
}

// The region that begins at an offset of the module and may be entered there.
bool FindEntry(const FunctionCode& function, uint32_t offset, Region& found) {
  RegionReader reader = RegionReader::BeforeOffset(function, offset);
  while (reader.region().offset < offset) {
    if (!reader.Next()) return false;
  }
  for (found = reader.region(); found.offset == offset; found = reader.region()) {
    if (found.is_enterable) return true;
    if (!reader.Next()) return false;
  }
  return false;
}

// The running frame, in place, becomes one of the fast tier if a region begins at its pc that so much fuel covers.
bool TryEnterFast(Machine& m, const FastFunction& function, uint64_t fuel) {
  const BodyView body = BodyOf(m, function.number);
  Region region;
  if (!FindEntry(*function.body, body.offset_of(m.registers.pc), region)) return false;
  // A branch to the function's own label leaves in place what lies below the results.
  const uint64_t locals = uint64_t{body.function.param_slots} + body.function.local_slots;
  if (m.registers.sp - m.registers.locals != static_cast<ptrdiff_t>(locals + region.height)) return false;
  const uint32_t cost = CostToRegionEnd(body, region.offset, region.side_table);
  if (cost > fuel) return false;
  m.frame->fast = &function;
  m.registers.code = CodePos::At(function.body->code.span(), region.code);
  m.registers.entry_cost = cost;
  m.registers.has_accumulators = false;
  m.PrepareReturn();
  return true;
}

// Goes on in place one instruction at a time until the fast tier can take over. What is left of the slice is in `rest`.
// True: it has; else `why` says why the in-place tier stopped.
bool StepToRegion(Machine& m, TierEntry in_place, const FastFunction& function, bool must_step, Exit& why) {
  constexpr int kMaxSteps = 256;
  uint64_t rest = std::exchange(m.registers.fuel, 0);
  const FramePos frame = m.frame;
  for (int i = 0; i < kMaxSteps; ++i) {
    if (!must_step && m.frame == frame && TryEnterFast(m, function, rest)) {
      m.registers.fuel = rest;
      return true;
    }
    must_step = false;
    // Without fuel it says what the instruction costs.
    why = in_place(m);
    if (why != Exit::kFuel || m.fuel_needed > rest) break;
    rest -= m.fuel_needed;
    m.registers.fuel = m.fuel_needed;
    why = in_place(m);
    if (why != Exit::kFuel) break;
  }
  m.registers.fuel += rest;
  return false;
}

Exit RunInPlace(Machine& m, TierEntry in_place) {
  const bool must_step = std::exchange(m.must_step, false);
  const FunctionRecord* const record = m.frame->function;
  const Translated* const translated = m.instance == nullptr ? nullptr : m.instance->module->translated.get();
  if (record != nullptr && translated != nullptr) {
    const size_t number = IndexIn(m.instance->module->functions.span(), record);
    const FastFunction& function = translated->functions[number];
    Exit why = Exit::kFuel;
    if (function.code.load(std::memory_order_acquire) != nullptr && !IsStub(function, kTranslateStubAt) &&
        !IsStub(function, kInPlaceStubAt)) {
      if (StepToRegion(m, in_place, function, must_step, why)) return Exit::kSwitch;
      if (why != Exit::kFuel || m.registers.fuel < m.fuel_needed) return why;
    }
  }
  return in_place(m);
}

template <TierEntry kFast, TierEntry kInPlace>
Exit Run(Machine& m) {
  for (;;) {
    const Exit why = m.frame->fast != nullptr ? kFast(m) : RunInPlace(m, kInPlace);
    if (why != Exit::kSwitch) return why;
  }
}

uint32_t OffsetAfterCall(const Frame& frame) {
  const FunctionCode& function = *frame.fast->body;
  const uint32_t code = Machine::ResumeCode(frame).OffsetFrom(function.code.span());
  RegionReader reader = RegionReader::BeforeCode(function, code);
  while (reader.region().code < code && reader.Next()) {
  }
  return reader.region().offset;
}

}  // namespace

void LeaveFast(Machine& m) {
  const FastFunction& function = *m.frame->fast;
  const uint32_t code = m.registers.code.OffsetFrom(function.body->code.span());
  const Region region = FindRegion(BodyOf(m, function.number), *function.body, code, m.registers.entry_cost);
  BecomeInPlace(m, region.offset, region.side_table, region.height);
}

// Every instruction that can trap has its counterpart, in the same order.
TrapSite FindTrap(const BodyView& body, const FunctionCode& function, CodePos at) {
  const uint32_t halfword = at.OffsetFrom(function.code.span());
  RegionReader reader = RegionReader::BeforeCode(function, halfword);
  Region region = reader.region();
  while (reader.Next() && reader.region().code <= halfword) region = reader.region();
  uint32_t ordinal = 0;
  for (uint32_t i = region.code; i < halfword;) {
    const uint16_t opcode = function.code[i++];
    const Shape shape = ShapeOf(opcode);
    ordinal += shape.traps ? 1 : 0;
    for (const char field : shape.text()) i += static_cast<uint32_t>(SizeOfField(field));
  }
  uint32_t table_index = region.side_table;
  for (Pc pc = body.at(region.offset);;) {
    const Instruction in = ReadInstruction(body, pc, table_index);
    const Pc here = pc;
    pc = in.next;
    table_index += in.table_words;
    if (!in.traps || ordinal-- > 0) continue;
    const bool is_last = in.rule == RegionRule::kEnds;
    return {body.offset_of(here), is_last ? 0 : CostToRegionEnd(body, body.offset_of(pc), table_index)};
  }
}

TierTable TailTier() { return {&Run<&RunTail, &inplace::RunTail>, &FunctionOf, &LeaveFast, &OffsetAfterCall}; }
TierTable LoopTier() { return {&Run<&RunLoop, &inplace::RunLoop>, &FunctionOf, &LeaveFast, &OffsetAfterCall}; }

}  // namespace sandbox::fast
