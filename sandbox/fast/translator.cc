// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/translator.h"

#include <algorithm>

#include "sandbox/exec/fuel.h"
#include "sandbox/fast/translator_inline.h"
#include "sandbox/inplace/handler_support.h"

namespace sandbox::fast {

Translator::Translator(const ModuleData& module, Budget& budget) noexcept
    : module_(module),
      planner_(budget),
      stack_(budget),
      local_heads_(budget),
      blocks_(budget),
      fixups_(budget),
      tables_(budget),
      pending_(budget),
      loop_costs_(budget) {}

bool Translator::Translate(uint32_t number, FunctionCode& out) {
  const bool is_translated = Start(number, out) && Run() && FillTables();
  out.code.Truncate(std::min<size_t>(end_, out.code.size()));
  // The lists of locals are empty again.
  is_ok_ = true;
  PopMany(height());
  return is_translated;
}

bool Translator::Start(uint32_t number, FunctionCode& out) {
  function_ = &module_.functions[number];
  out_ = &out;
  out.code.Clear();
  out.regions.Clear();
  out.checkpoints.Clear();
  out.loops.Clear();
  code_ = {};
  end_ = 0;
  regions_ = RegionWriter();
  is_dead_ = false;
  dead_depth_ = 0;
  table_index_ = cost_ = flushed_ = 0;
  returned_into_ = kNoLocal;
  Seal();
  pins_ = {kNoLocal, kNoLocal};
  head_ = kNone;
  ForgetAccumulators();
  blocks_.Clear();
  fixups_.Clear();
  tables_.Clear();
  pending_.Clear();
  loop_costs_.Clear();
  const uint64_t locals = uint64_t{function_->param_slots} + function_->local_slots;
  if (locals + 1 + function_->operand_slots > UINT16_MAX) return false;
  first_operand_ = static_cast<uint32_t>(locals) + 1;
  if (locals > local_heads_.size() && !Ok(local_heads_.Resize(locals, kNone))) return false;
  // One more: i32.eqz compares with a constant.
  if (!Ok(stack_.ReserveMore(size_t{function_->operand_slots} + 1))) return false;
  if (!Ok(planner_.Start(locals))) return false;
  // A guess that is right for most.
  if (!GrowCode(function_->code_end - function_->code_begin + kMaxLine)) return false;
  pc_ = start_ = Pc::At(module_.bytes, function_->code_begin);
  if (!Ok(blocks_.Push({.kind = BlockKind::kFunction, .results = function_->result_slots}))) return false;
  Put16(0);
  AwaitCost(0);
  StartRegion(true);
  return is_ok_;
}

bool Translator::Run() {
  const BodyView body{module_, *function_};
  while (is_ok_ && !blocks_.empty()) {
    start_ = pc_;
    if (!is_dead_ && StepCommon(body)) continue;
    const Instruction in = ReadInstruction(body, pc_, table_index_);
    pc_ = in.next;
    table_index_ += in.table_words;
    if (is_dead_) StepDead(in);
    else StepOther(in);
  }
  return is_ok_;
}

void Translator::StepDead(const Instruction& in) {
  switch (in.op) {
    case Op::kBlock:
    case Op::kLoop:
    case Op::kIf: ++dead_depth_; return;
    case Op::kElse:
      if (dead_depth_ == 0) Else();
      return;
    case Op::kEnd:
      if (dead_depth_ == 0) End();
      else --dead_depth_;
      return;
    default: return;
  }
}

// --- The common instructions ----------------------------------------------------------------------------------------

namespace {

// What is done about an instruction that its first byte names.
enum class Way : uint8_t {
  kOther,  // ReadInstruction has to look at it
  kLocalGet,
  kLocalSet,
  kLocalTee,
  kI32Const,
  kI64Const,
  kF32Const,
  kF64Const,
  kGlobalGet,
  kGlobalSet,
  kDrop,
  kSelect,
  kUnary,
  kBinary,
  kLoad,
  kStore,
  kControl,
};

constexpr Way WayOf(Op op) {
  switch (op) {
    case Op::kLocalGet: return Way::kLocalGet;
    case Op::kLocalSet: return Way::kLocalSet;
    case Op::kLocalTee: return Way::kLocalTee;
    case Op::kI32Const: return Way::kI32Const;
    case Op::kI64Const: return Way::kI64Const;
    case Op::kF32Const: return Way::kF32Const;
    case Op::kF64Const: return Way::kF64Const;
    case Op::kGlobalGet: return Way::kGlobalGet;
    case Op::kGlobalSet: return Way::kGlobalSet;
    case Op::kDrop: return Way::kDrop;
    case Op::kSelect: return Way::kSelect;
    case Op::kBlock:
    case Op::kLoop:
    case Op::kIf:
    case Op::kEnd:
    case Op::kBr:
    case Op::kBrIf:
    case Op::kCall: return Way::kControl;
    default: break;
  }
  const OpInfo& info = InfoOf(op);
  switch (info.family) {
    case Family::kLoad: return Way::kLoad;
    case Family::kStore: return Way::kStore;
    case Family::kNumeric: return info.signature.param_count() == 1 ? Way::kUnary : Way::kBinary;
    default: return Way::kOther;
  }
}

struct Common {
  Op op = kInvalidOp;
  Way way = Way::kOther;
};

constexpr auto kCommon = [] {
  std::array<Common, 256> common{};
  for (size_t byte = 0; byte < common.size(); ++byte) {
    const Op op = OpFromByte(static_cast<uint8_t>(byte));
    if (op != kInvalidOp) common[byte] = {op, WayOf(op)};
  }
  return common;
}();

}  // namespace

// Those that compute, or name values. False, and nothing has happened: the instruction is not one of the common ones.
SANDBOX_INLINE bool Translator::StepCommon(const BodyView& body) {
  const Common common = kCommon[pc_.Byte()];
  Pc pc = pc_ + 1;
  switch (common.way) {
    case Way::kOther: return false;
    case Way::kControl: return StepControl(body, common.op, pc);
    case Way::kLocalGet: PushLocal(pc.U32()); break;
    case Way::kLocalSet: SetLocal(pc.U32(), false); break;
    case Way::kLocalTee: SetLocal(pc.U32(), true); break;
    case Way::kI32Const: PushConst(static_cast<uint32_t>(pc.S32())); break;
    case Way::kI64Const: PushConst(static_cast<uint64_t>(pc.S64())); break;
    case Way::kF32Const: PushConst(pc.Read<uint32_t>()); break;
    case Way::kF64Const: PushConst(pc.Read<uint64_t>()); break;
    case Way::kGlobalGet: GlobalGet(pc.U32()); break;
    case Way::kGlobalSet: GlobalSet(pc.U32()); break;
    case Way::kDrop: (void)Pop(); break;
    case Way::kSelect: Select(); break;
    case Way::kUnary: Unary(common.op); break;
    case Way::kBinary: Binary(common.op); break;
    case Way::kLoad:
    case Way::kStore: {
      if (!body.IsPlainAccess(pc)) return false;
      pc.Skip(1);
      const uint32_t offset = static_cast<uint32_t>(pc.U64());
      if (common.way == Way::kLoad) Load(common.op, offset);
      else Store(common.op, offset);
      break;
    }
  }
  ++cost_;
  pc_ = pc;
  return true;
}

// Those whose work depends on what follows, or on what has been paid for. The same is true of the result.
bool Translator::StepControl(const BodyView& body, Op op, Pc pc) {
  switch (op) {
    case Op::kBlock:
    case Op::kLoop:
    case Op::kIf: {
      const Pc type = pc;
      inplace::SkipBlockType(pc);
      pc_ = pc;
      ++cost_;
      if (op == Op::kIf) table_index_ += BranchAt(body, table_index_).words;
      OpenBlock(op, type);
      return true;
    }
    case Op::kEnd:
      pc_ = pc;
      // The function's own `end` is where its label lies: it pays when it has been placed.
      if (blocks_.size() > 1) ++cost_;
      End();
      return true;
    case Op::kBr:
    case Op::kBrIf: {
      const uint32_t depth = pc.U32();
      const BranchWords branch = BranchAt(body, table_index_);
      pc_ = pc;
      table_index_ += branch.words;
      cost_ += 1 + static_cast<uint32_t>(SlotsCost(branch.keep));
      if (op == Op::kBr) Br(depth);
      else BrIf(depth);
      return true;
    }
    case Op::kCall: {
      uint32_t cost = 0;
      const uint32_t function = pc.U32();
      if (!HasCallCost(body, function, cost)) return false;
      pc_ = pc;
      cost_ += 1 + cost;
      Call(function - static_cast<uint32_t>(module_.imported_functions.size()));
      return true;
    }
    default: return false;
  }
}

// --- All others -----------------------------------------------------------------------------------------------------

void Translator::StepOther(const Instruction& in) {
  if (in.rule == RegionRule::kCharges) {
    EndRegion();
    Flush();
    const uint32_t table_index = table_index_ - in.table_words;
    StartRegionAt(start_, table_index, true);
    Charging(in);
    return;
  }
  cost_ += in.cost;
  switch (InfoOf(in.op).family) {
    case Family::kControl: Control(in); return;
    case Family::kParametric: Select(); return;
    case Family::kReference: Reference(in); return;
    case Family::kNumeric: Unary(in.op); return;
    default: Fail();
  }
}

}  // namespace sandbox::fast
