// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/tier.h"

#include "sandbox/fast/opcode.h"
#include "sandbox/fast/regions.h"
#include "sandbox/fast/translator.h"
#include "sandbox/fast/verify.h"

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

bool IsStub(const FastFunction& function, size_t at) {
  return function.code.load(std::memory_order_acquire) == &kFastStubs[at];
}

// Translates one function after the other: what they are made in is used again.
class Translation {
 public:
  explicit Translation(const ModuleData& module) noexcept
      : module_(module), translator_(module, budget()), made_(budget()) {}

  void Of(FastFunction& function) {
    function.code.store(TryMake(function) ? &ViewOf(*function.body).code[1] : &kFastStubs[kInPlaceStubAt],
                        std::memory_order_release);
  }

 private:
  Budget& budget() const { return module_.functions.budget(); }
  bool TryMake(FastFunction& function) {
    if (!translator_.Translate(function.number, made_)) return false;
    if constexpr (kVerifies) VerifyCode(module_, function, made_);
    const auto stored = Keep(budget(), made_);
    function.body = stored ? *stored : nullptr;
    return stored.has_value();
  }

  const ModuleData& module_;
  Translator translator_;
  FunctionCode made_;
};

}  // namespace

const FastFunction* FunctionOf(const ModuleData& module, uint32_t number) {
  Translated* const translated = TableOf(module);
  return translated == nullptr ? nullptr : &translated->functions[number];
}

bool Translate(const ModuleData& module, uint32_t number) {
  Translated* const translated = module.translated.get();
  FastFunction& function = translated->functions[number];
  if (IsStub(function, kTranslateStubAt)) {
    if (!module.translated.TryLock()) return false;
    if (IsStub(function, kTranslateStubAt)) {
      Translation(module).Of(function);
    }
    module.translated.Unlock();
  }
  return !IsStub(function, kInPlaceStubAt);
}

Result<void> TranslateModule(const ModuleData& module) {
  Translated* const translated = TableOf(module);
  if (translated == nullptr) return Fail(ErrorCode::kOutOfMemory);
  Translation translation(module);
  for (FastFunction& function : translated->functions) {
    if (IsStub(function, kTranslateStubAt)) translation.Of(function);
  }
  return {};
}

// --- From one tier to the other -------------------------------------------------------------------------------------

void BecomeInPlace(Machine& m, uint32_t offset, uint32_t side_table, uint32_t height) {
  const FunctionRecord& record = m.instance->module->functions[m.frame->fast->number];
  Frame& frame = *m.frame;
  frame.fast = nullptr;
  frame.function = &record;
  frame.locals = m.registers.locals;
  frame.end = m.end = Pc::At(m.bytes, record.code_end - 1);
  Registers& r = m.registers;
  r.pc = Pc::At(m.bytes, offset);
  r.side_table = SideTablePos(m.side_table.At(record.side_table + side_table));
  r.sp = r.locals + static_cast<ptrdiff_t>(uint64_t{record.param_slots} + record.local_slots + height);
  r.entry_cost = 0;
  r.is_behind_call = false;
  m.PrepareReturn();
}

namespace {

BodyView BodyOf(const Machine& m, uint32_t number) {
  const ModuleData& module = *m.instance->module;
  return {module, module.functions[number]};
}

// Several regions may begin at the same place of the code, with nothing but instructions between them that need no code:
// what is to be paid tells them apart.
Region FindRegion(const BodyView& body, const CodeView& function, uint32_t code, uint32_t cost) {
  RegionReader reader = RegionReader::AtCode(function, code);
  Region found = reader.region();
  uint32_t left = CostToRegionEnd(body, found.offset, found.side_table);
  while (left != cost && reader.Next() && reader.region().code == code) {
    // What lies between is paid for by the one and not by the other.
    uint32_t table_index = found.side_table;
    for (Pc pc = body.at(found.offset); body.offset_of(pc) < reader.region().offset;) {
      const Instruction in = ReadInstruction(body, pc, table_index);
      left -= in.cost;
      table_index += in.table_words;
      pc = in.next;
    }
    found = reader.region();
  }
  return found;
}

// The region that begins at an offset of the module and may be entered there.
bool FindEntry(const CodeView& function, uint32_t offset, Region& found) {
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

// Who enters a loop in the middle finds its pins loaded.
void LoadPins(Registers& registers, const CodeView& function, uint32_t code) {
  const LoopCode* const loop = LoopAround(function, code);
  if (loop == nullptr) return;
  registers.pins = {registers.locals[loop->pin0], registers.locals[loop->pin1]};
  registers.loop_head = CodePos::At(function.code, loop->begin);
}

enum class Entry : uint8_t { kNone, kTooDear, kEntered };

// The running frame, in place, becomes one of the fast tier if a region begins at its pc that so much fuel covers.
Entry TryEnterFast(Machine& m, const Translated& translated, const FastFunction& function, uint64_t fuel) {
  const BodyView body = BodyOf(m, function.number);
  Region region;
  if (!FindEntry(ViewOf(*function.body), body.offset_of(m.registers.pc), region)) return Entry::kNone;
  // A branch to the function's own label leaves in place what lies below the results.
  const uint64_t locals = uint64_t{body.function.param_slots} + body.function.local_slots;
  if (m.registers.sp - m.registers.locals != static_cast<ptrdiff_t>(locals + region.height)) return Entry::kNone;
  const uint32_t cost = CostToRegionEnd(body, region.offset, region.side_table);
  if (cost > fuel) return Entry::kTooDear;
  // The table may be younger than the frame.
  m.fast_functions = TrustedArray<const FastFunction>(translated.functions.span());
  m.frame->fast = &function;
  m.registers.code = CodePos::At(ViewOf(*function.body).code, region.code);
  m.registers.entry_cost = cost;
  m.registers.has_accumulators = m.registers.is_behind_call = false;
  m.PrepareReturn();
  LoadPins(m.registers, ViewOf(*function.body), region.code);
  return Entry::kEntered;
}

// What the in-place tier runs, in its own form.
struct Running {
  FramePos frame;
  const FunctionRecord* function;
  const Instance* instance;
  explicit Running(const Machine& m) : frame(m.frame), function(m.frame->function), instance(m.instance) {}
  friend bool operator==(const Running&, const Running&) = default;
};

// Runs one instruction in place; the rest of the slice is held meanwhile. kFuel: the instruction has run and the next one is
// to come, or (the fuel is back) it is not covered.
Exit StepInPlace(Machine& m, TierEntry in_place, bool& has_run) {
  has_run = false;
  m.held_fuel += std::exchange(m.registers.fuel, 0);
  // Without fuel it says what the instruction costs.
  Exit why = in_place(m);
  if (why == Exit::kFuel && m.fuel_needed <= m.held_fuel) {
    m.held_fuel -= m.fuel_needed;
    m.registers.fuel = m.fuel_needed;
    has_run = true;
    why = in_place(m);
  }
  m.registers.fuel += std::exchange(m.held_fuel, 0);
  return why;
}

// Goes on in place one instruction at a time until the fast tier can take over (kSwitch), for a while. kFuel: go on in place.
Exit StepToRegion(Machine& m, TierEntry in_place, const Translated& translated, const FastFunction& function,
                  bool must_step) {
  constexpr int kMaxSteps = 256;
  const Running before(m);
  for (int i = 0; i < kMaxSteps; ++i) {
    if (!must_step) {
      const Entry entry = TryEnterFast(m, translated, function, m.registers.fuel);
      if (entry == Entry::kEntered) return Exit::kSwitch;
      if (entry == Entry::kTooDear) return Exit::kFuel;
    }
    must_step = false;
    bool has_run = false;
    const Exit why = StepInPlace(m, in_place, has_run);
    if (why != Exit::kFuel || !has_run) return why;
    // Another function: not for this code.
    if (!(Running(m) == before)) return Exit::kSwitch;
  }
  return Exit::kFuel;
}

// The translation of the running function, in place, if there is one, or is worth making.
const FastFunction* TranslationOf(const Machine& m, const Translated* translated, bool has_used_slice) {
  const FunctionRecord* const record = m.frame->function;
  if (record == nullptr || translated == nullptr) return nullptr;
  const FastFunction& function = translated->functions[IndexIn(m.instance->module->functions.span(), record)];
  const bool may_wait = m.tier.patience != 0 && IsStub(function, kTranslateStubAt);
  if (may_wait && !m.IsTooCold(function, has_used_slice ? Machine::kHeatOfSlice : 1)) {
    (void)Translate(*m.instance->module, function.number);
  }
  return IsStub(function, kTranslateStubAt) || IsStub(function, kInPlaceStubAt) ? nullptr : &function;
}

Exit RunInPlace(Machine& m, TierEntry in_place, bool has_used_slice) {
  const bool must_step = std::exchange(m.must_step, false);
  const Translated* const translated = m.instance == nullptr ? nullptr : m.instance->module->translated.get();
  if (const FastFunction* const function = TranslationOf(m, translated, has_used_slice)) {
    const Exit why = StepToRegion(m, in_place, *translated, *function, must_step);
    if (why != Exit::kFuel) return why;
  }
  return in_place(m);
}

}  // namespace

Exit RunBoth(Machine& m, TierEntry fast, TierEntry in_place) {
  bool has_used_slice = std::exchange(m.has_used_slice, false);
  for (;;) {
    const Exit why = m.frame->fast != nullptr ? fast(m) : RunInPlace(m, in_place, has_used_slice);
    has_used_slice = false;
    if (why != Exit::kSwitch) return why;
  }
}

uint32_t OffsetAfterCall(FramePos frame) {
  const CodeView function = ViewOf(*frame->fast->body);
  const uint32_t code = Machine::ResumeCode(frame).OffsetFrom(function.code);
  return RegionReader::AtCode(function, code).region().offset;
}

void LeaveFast(Machine& m) {
  const FastFunction& function = *m.frame->fast;
  const uint32_t code = m.registers.code.OffsetFrom(ViewOf(*function.body).code);
  const Region region = FindRegion(BodyOf(m, function.number), ViewOf(*function.body), code, m.registers.entry_cost);
  BecomeInPlace(m, region.offset, region.side_table, region.height);
}

// Every instruction that can trap has its counterpart, in the same order.
TrapSite FindTrap(const BodyView& body, const CodeView& function, CodePos at) {
  const uint32_t halfword = at.OffsetFrom(function.code);
  RegionReader reader = RegionReader::BeforeCode(function, halfword);
  Region region = reader.region();
  while (reader.Next() && reader.region().code <= halfword) region = reader.region();
  uint32_t ordinal = 0;
  for (uint32_t i = region.code; i < halfword;) {
    const Shape shape = ShapeOf(function.code[i]);
    ordinal += shape.traps ? 1 : 0;
    i = static_cast<uint32_t>(EndOf(function.code, i, shape));
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

}  // namespace sandbox::fast
