// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Blocks, branches and the end of a function.

#include "sandbox/exec/fuel.h"
#include "sandbox/fast/translator_inline.h"

namespace sandbox::fast {
namespace {

constexpr uint8_t kEmptyBlock = 0x40;

// The comparison that gives the opposite; integers only.
Op Opposite(Op compare) {
  switch (compare) {
    case Op::kI32Eq: return Op::kI32Ne;
    case Op::kI32Ne: return Op::kI32Eq;
    case Op::kI32LtS: return Op::kI32GeS;
    case Op::kI32LtU: return Op::kI32GeU;
    case Op::kI32GtS: return Op::kI32LeS;
    case Op::kI32GtU: return Op::kI32LeU;
    case Op::kI32LeS: return Op::kI32GtS;
    case Op::kI32LeU: return Op::kI32GtU;
    case Op::kI32GeS: return Op::kI32LtS;
    case Op::kI32GeU: return Op::kI32LtU;
    case Op::kI64Eq: return Op::kI64Ne;
    case Op::kI64Ne: return Op::kI64Eq;
    case Op::kI64LtS: return Op::kI64GeS;
    case Op::kI64LtU: return Op::kI64GeU;
    case Op::kI64GtS: return Op::kI64LeS;
    case Op::kI64GtU: return Op::kI64LeU;
    case Op::kI64LeS: return Op::kI64GtS;
    case Op::kI64LeU: return Op::kI64GtU;
    case Op::kI64GeS: return Op::kI64LtS;
    case Op::kI64GeU: return Op::kI64LtU;
    default: return kInvalidOp;
  }
}

}  // namespace

void Translator::Control(const Instruction& in) {
  switch (in.op) {
    case Op::kNop: return;
    case Op::kUnreachable:
      EndRegion();
      Begin(kUnreachable);
      Die();
      return;
    case Op::kElse: Else(); return;
    case Op::kBrTable: BrTable(in); return;
    case Op::kReturn: Return(); return;
    default: Fail();
  }
}

// Until the innermost block ends there is nothing to translate.
void Translator::Die() {
  is_dead_ = true;
  dead_depth_ = 0;
}

void Translator::ResetStack(uint32_t height_below, uint32_t more) {
  PopMany(height() - height_below);
  for (; more > 0; --more) PushSlot();
  flushed_ = height();
}

// --- Blocks ---------------------------------------------------------------------------------------------------------

void Translator::OpenBlock(Op op, Pc at) {
  Block block{.kind = op == Op::kLoop ? BlockKind::kLoop : op == Op::kIf ? BlockKind::kIf : BlockKind::kBlock};
  const uint8_t first = at.Byte();
  if ((first & 0xc0) != 0x40) {
    const FuncTypeView type = module_.types.FuncType(module_.type_index[at.U32()]);
    block.params = static_cast<uint32_t>(type.params.size());
    block.results = static_cast<uint32_t>(type.results.size());
  } else if (first != kEmptyBlock) {
    block.results = 1;
  }
  Branch over{};
  if (block.kind == BlockKind::kIf) over = EmitBranchOn(false, false);
  if (!is_ok_ || block.params > height()) {
    Fail();
    return;
  }
  block.height = height() - block.params;
  if (block.kind == BlockKind::kIf) AimAhead(block.otherwise, over.instruction, over.target, over.cost);
  if (block.kind == BlockKind::kLoop) {
    Flush();
    PlanLoop(block);
    block.code = here();
    block.loop = static_cast<uint32_t>(loop_costs_.size());
    if (!Append(loop_costs_, 0u) || !Append(pending_, Pending{block.loop, cost_, true})) return;
    PlaceLabel(kNone, kNone);
  }
  (void)Append(blocks_, block);
}

void Translator::Else() {
  Block& block = blocks_.back();
  if (!is_dead_) {
    Flush();
    EndRegion();
    const uint32_t jump = EmitJump(false);
    AimAhead(block.fixups, jump, jump + 1, jump + 3);
  }
  is_dead_ = false;
  ResetStack(block.height, block.params);
  block.kind = BlockKind::kElse;
  PlaceLabel(std::exchange(block.otherwise, kNone), kNone);
}

void Translator::End() {
  if (blocks_.size() == 1) {
    EndFunction();
    return;
  }
  const Block block = blocks_.PopBack();
  if (block.has_pins) LeaveLoop(block);
  // A loop's label is at its beginning. Nobody comes out of it but by running on.
  if (block.kind == BlockKind::kLoop || !block.has_label()) return;
  if (is_dead_) {
    is_dead_ = false;
    ResetStack(block.height, block.results);
  } else {
    Flush();
  }
  PlaceLabel(block.fixups, block.otherwise);
}

void Translator::EndFunction() {
  const Block block = blocks_.PopBack();
  if (block.has_label()) {
    if (is_dead_) ResetStack(block.height, block.results);
    else Flush();
    is_dead_ = false;
    pc_ = start_;
    PlaceLabel(block.fixups, kNone);
  }
  if (is_dead_) return;
  ++cost_;
  EndRegion();
  EmitReturn();
}

// --- Branches -------------------------------------------------------------------------------------------------------

Translator::Condition Translator::TakeCondition() {
  Condition condition;
  const Computed& last = computed_[0];
  if (IsTopFrom(last) && IsCompare(last.op)) {
    // The comparison is part of the branch.
    condition = {last.op, last.first, last.second};
    TakeBack(last.at, kInt);
  } else if (stack_.back().kind == Kind::kConst) {
    condition.first.slot = TakeInSlot();
  } else {
    condition.first = TakePinned(Operand::kI32);
  }
  return condition;
}

// The sum of a local and a constant is the last thing that was computed, is in that local or another one, and is
// compared.
const Translator::Computed* Translator::StepOf(const Condition& condition) const {
  const Computed& sum = computed_[0];
  if (sum.at == kNone || sum.end != here() || !sum.IsSum() || sum.slot >= first_operand_ || flushed_ != height())
    return nullptr;
  if (!HasStepBranch(condition.op) || condition.second.src == Src::kAcc) return nullptr;
  const bool is_pinned = PinOf(sum.slot) < kPins;
  // One that is pinned steps by itself.
  const bool is_step = is_pinned
                           ? sum.first.slot == sum.slot && IsPin(sum.first.src) && condition.first.src == sum.first.src
                           : sum.first.src != Src::kAcc && condition.first.src == Src::kAcc;
  return is_step ? &sum : nullptr;
}

Translator::Branch Translator::EmitBranchOn(bool sense, bool is_back) {
  const Branch branch = EmitConditional(sense, is_back);
  RunOn(branch.fall_cost);
  return branch;
}

// The next region begins, of those who do not branch; they have paid for it.
void Translator::RunOn(uint32_t cost) {
  AwaitCost(cost);
  StartRegion(false);
  Seal();
}

Translator::Branch Translator::EmitConditional(bool sense, bool is_back) {
  if (stack_.empty()) {
    Fail();
    return {};
  }
  Condition condition = TakeCondition();
  const Operand type = InfoOf(condition.op).signature.param(0);
  if (!sense && !IsFloat(type)) {
    condition.op = Opposite(condition.op);
    sense = true;
  }
  is_back = is_back && sense && !IsFloat(type);
  Branch joined{};
  if (sense && TryJoin(condition, is_back, joined)) return joined;
  if (const Computed* const step = StepOf(condition)) return EmitStep(*step, condition, is_back);
  Flush();
  const BranchForm form = !sense ? BranchForm::kIfNot : is_back ? BranchForm::kBackIf : BranchForm::kIf;
  if (!HasRoom()) return {};
  Line line = OpenBranch(BranchCode(condition.op, PairAt(condition.first.src, condition.second.src), form));
  line.Put(condition.first, type);
  line.Put(condition.second, type);
  return CloseBranch(line);
}

// A local steps on by a constant, is compared, and branched on.
Translator::Branch Translator::EmitStep(const Computed& step, const Condition& condition, bool is_back) {
  const Place by = step.second;
  const uint16_t slot = step.slot;
  const Place stepped = PinOf(slot) == kPins ? WithoutPin(step.first) : step.first;
  end_ = step.at;
  if (!HasRoom()) return {};
  Line line = OpenBranch(StepBranchCode(condition.op, {stepped.src, condition.second.src, is_back}));
  line.Put16(slot);
  line.Put(stepped, Operand::kI32);
  line.Put32(static_cast<uint32_t>(by.bits));
  line.Put(condition.second, Operand::kI32);
  return CloseBranch(line);
}

// Of all operands only those that the label keeps matter, and those below the block.
void Translator::MoveForLabel(const Block& block) {
  const uint32_t keep = LabelArity(block);
  Flush();
  if (keep == 0 || keep > height() || height() - keep == block.height) return;
  if (keep == 1) {
    Begin(kCopy);
    Put16(Home(block.height));
    Put16(Home(height() - 1));
  } else {
    Begin(kMoveDown);
    Put16(Home(block.height));
    Put16(Home(height() - keep));
    Put16(keep);
  }
}

void Translator::PutJump(uint32_t depth) {
  const uint32_t jump = EmitJump(IsBack(depth));
  Aim(jump, jump + 1, jump + 3, depth);
}

void Translator::Br(uint32_t depth) {
  MoveForLabel(At(depth));
  EndRegion();
  PutJump(depth);
  Die();
}

void Translator::BrIf(uint32_t depth) {
  const uint32_t keep = LabelArity(At(depth));
  if (keep != 0) {
    BrIfWith(keep, depth);
    return;
  }
  const Branch branch = EmitBranchOn(true, IsBack(depth));
  if (is_ok_) Aim(branch.instruction, branch.target, branch.cost, depth);
}

// A branch that carries values. What the region costs includes carrying them.
void Translator::BrIfWith(uint32_t keep, uint32_t depth) {
  const Block& block = At(depth);
  if (height() < uint64_t{keep} + 1) {
    Fail();
    return;
  }
  const bool moves = height() - 1 - keep != block.height;
  // If they must be moved, who does not branch steps over what does that.
  const Branch branch = EmitConditional(!moves, !moves && IsBack(depth));
  Seal();
  if (!is_ok_) return;
  if (moves) {
    MoveForLabel(block);
    PutJump(depth);
    Patch32(branch.target, here() - branch.instruction);
  } else {
    Aim(branch.instruction, branch.target, branch.cost, depth);
  }
  Begin(kRefund);
  Put16(static_cast<uint32_t>(SlotsCost(keep)));
  const uint32_t cost = here();
  Put16(0);
  RunOn(cost);
}

void Translator::BrTable(const Instruction& in) {
  Pc at = in.immediates;
  const uint32_t labels = at.U32();
  Place index;
  if (!stack_.empty() && stack_.back().kind == Kind::kConst) index.slot = TakeInSlot();
  else index = Take(Operand::kI32);
  Flush();
  EndRegion();
  const uint32_t table = Begin(index.src == Src::kAcc ? kBrTableAcc : kBrTable);
  if (index.src == Src::kSlot) Put16(index.slot);
  Put32(labels);
  const uint32_t entries = here();
  for (uint64_t i = 0; i <= labels && is_ok_; ++i) {
    PutTarget();
    Put16(0);
  }
  if (!Append(tables_, LabelTable{table, entries, labels})) return;
  for (uint32_t i = 0; i <= labels && is_ok_; ++i) {
    const uint32_t depth = at.U32();
    const Block& block = At(depth);
    const uint32_t keep = LabelArity(block);
    const uint32_t entry = entries + kTableEntrySize * i;
    if (keep == 0 || height() - keep == block.height) {
      Aim(table, entry, entry + kTableEntryCost, depth);
      continue;
    }
    // A piece of code of its own moves the values. Who gets there has paid for what lies between: nothing.
    Patch32(entry, here() - table);
    MoveForLabel(block);
    PutJump(depth);
  }
  Die();
}

bool Translator::FillTables() {
  for (const LabelTable& table : tables_) {
    for (uint64_t i = 0; i <= table.labels && is_ok_; ++i) {
      const uint32_t entry = table.entries + kTableEntrySize * static_cast<uint32_t>(i);
      const uint32_t displacement = code_[entry] | uint32_t{code_[entry + 1]} << 16;
      const uint32_t target = table.instruction + displacement;
      if (target >= here()) Fail();
      else Patch16(entry + kTableEntryOpcode, code_[target]);
    }
  }
  return is_ok_;
}

// --- Returns --------------------------------------------------------------------------------------------------------

void Translator::Return() {
  EndRegion();
  EmitReturn();
  Die();
}

void Translator::EmitReturn() {
  const auto results = module_.types.FuncType(function_->type).results;
  if (results.empty()) {
    Begin(kReturn);
    return;
  }
  if (results.size() > 1) {
    Flush();
    Begin(kReturnMany);
    Put16(Home(height() - static_cast<uint32_t>(results.size())));
    Put16(static_cast<uint32_t>(results.size()));
    return;
  }
  if (stack_.empty()) {
    Fail();
    return;
  }
  if (TryReturnOf()) return;
  if (stack_.back().kind == Kind::kConst) Materialize(height() - 1);
  const ValKind kind = results[0].kind();
  const bool is_float = kind == ValKind::kF32 || kind == ValKind::kF64;
  const Place place = Take(is_float ? Operand::kF64 : Operand::kI64);
  if (place.src == Src::kAcc) {
    Begin(is_float ? kReturnFloatAcc : kReturnAcc);
  } else {
    Begin(kReturnSlot);
    Put16(place.slot);
  }
}

}  // namespace sandbox::fast
