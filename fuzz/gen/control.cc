// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {
namespace {

constexpr uint32_t kMostInstructions = 400;
constexpr size_t kMostNesting = 24;
constexpr uint32_t kOpenCounters = 3;  // of loops whose bodies are open to every instruction

}  // namespace

FunctionGenerator::FunctionGenerator(ByteSource& source, const ModulePlan& plan, uint32_t function)
    : source_(source),
      plan_(plan),
      function_(function),
      type_(plan.types[plan.functions[function]]),
      is_dense_probe_(plan.swarm.dense_probes && plan.probes[function] != kInvalidOp),
      may_trap_(plan.swarm.traps || is_dense_probe_),
      locals_(type_.params),
      budget_(0) {
  if (plan_.probes[function] == Op::kReturnCall) return;
  const uint32_t runs = source_.Below(4);
  for (uint32_t i = 0; i < runs; ++i) {
    const ValType type = AnyType(source_, plan_);
    const uint32_t most = plan_.swarm.big_frames ? 3000 : 200;
    const uint32_t count = source_.OneIn(plan_.swarm.big_frames ? 3 : 24) ? source_.Below(most) : source_.Below(4);
    declared_locals_.emplace_back(count, type);
    locals_.insert(locals_.end(), count, type);
  }
  if (plan_.options.canonical_nans) {
    declared_locals_.emplace_back(1, ValType::F32());
    declared_locals_.emplace_back(1, ValType::F64());
  }
  if (HasNonNullLocal()) declared_locals_.emplace_back(1, ValType::Ref(HeapType::kFunc, false));
  declared_locals_.emplace_back(kCounters, ValType::I32());
  // Functions share what bytes there are.
  const size_t rest = plan_.functions.size() - function;
  budget_ = static_cast<uint32_t>(std::min<size_t>(kMostInstructions, 8 + source_.left() / (2 * rest)));
}

void FunctionGenerator::Generate() {
  const Op probe = plan_.probes[function_];
  if (probe == Op::kReturnCall) return Forward();
  if (probe != kInvalidOp) return Probe(probe);
  labels_.push_back({{}, type_.results, 0, Op::kBlock, false});
  CountDown();
  // The last of the locals is zero before it is written.
  if (source_.OneIn(3)) Emit(Op::kLocalGet, {CounterLocal(kCounters - 1)}).Begin(Op::kIf).Op(Op::kUnreachable).End();
  // Whoever is forwarded to shows what arrived.
  for (uint32_t i = 0; function_ == plan_.forwards_to && i < type_.params.size(); ++i) {
    Emit(Op::kLocalGet, {i});
    Push(type_.params[i]);
    Consume();
  }
  if (plan_.swarm.tight) TightLoop();
  else if (!source_.OneIn(6)) BeginCountedLoop();
  floor_ = labels_.size();
  while (!labels_.empty()) {
    if (budget_ == 0 || source_.is_empty() || source_.OneIn(40)) {
      if (labels_.size() <= floor_ && budget_ > 0 && !source_.is_empty()) {
        --budget_;
        Step();
        continue;
      }
      EndBlock();
      continue;
    }
    --budget_;
    Step();
  }
}

// Ends the module when it has done what it may: without fuel nothing else would.
void FunctionGenerator::CountDown() {
  if (plan_.counter == kNoIndex) return;
  Emit(Op::kGlobalGet, {plan_.counter}).Op(Op::kI32Eqz).Begin(Op::kIf).Op(Op::kUnreachable).End();
  Emit(Op::kGlobalGet, {plan_.counter}).I32Const(1).Op(Op::kI32Sub).Op(Op::kGlobalSet, {plan_.counter});
}

void FunctionGenerator::BeginBlock(Op op) {
  Label label;
  label.op = op;
  const uint32_t form = source_.Below(4);
  const uint32_t type = form == 0 ? source_.Below(static_cast<uint32_t>(plan_.types.size())) : 0;
  if (form == 0 && !plan_.types.empty() && (plan_.options.block_params || plan_.types[type].params.empty())) {
    label.params = plan_.types[type].params;
    label.results = plan_.types[type].results;
    Require(label.params);
    if (op == Op::kIf) Make(ValType::I32());
    code_.BeginIndexed(op, type);
  } else {
    if (op == Op::kIf) Require({ValType::I32()});
    if (form == 1) {
      label.results = {AnyType(source_, plan_)};
      code_.Begin(op, label.results[0]);
    } else {
      code_.Begin(op);
    }
  }
  if (op == Op::kIf) Pop(1);
  label.base = stack_.size() - label.params.size();
  labels_.push_back(label);
  if (op == Op::kLoop) CountDown();
}

void FunctionGenerator::BeginCountedLoop() {
  if (counters_ >= kOpenCounters || labels_.size() + 2 > kMostNesting) return;
  const uint32_t counter = CounterLocal(counters_++);
  EmitI32(static_cast<int32_t>(source_.Between(4, 32)));
  code_.LocalSet(counter);
  code_.Begin(Op::kBlock).Begin(Op::kLoop);
  // Counted where each round begins: a branch to the loop counts like its end.
  code_.LocalGet(counter).Op(Op::kI32Eqz).Op(Op::kBrIf, {1});
  code_.LocalGet(counter).I32Const(1).Op(Op::kI32Sub).LocalSet(counter);
  CountDown();
  labels_.push_back({{}, {}, stack_.size(), Op::kBlock, false, false});
  labels_.push_back({{}, {}, stack_.size(), Op::kLoop, false, true});
}

// Leaves exactly the results on the stack: what is there, or new ones.
void FunctionGenerator::CloseWithResults() {
  const Label label = labels_.back();
  const size_t height = stack_.size() - label.base;
  if (height == label.results.size() && TopIs(label.results)) return;
  if (label.is_unreachable && height == 0 && source_.OneIn(2)) {
    Push(label.results);  // bottom stands for them
    return;
  }
  while (stack_.size() > label.base) Consume();
  for (ValType type : label.results) Make(type);
}

void FunctionGenerator::EndBlock() {
  CloseWithResults();
  Label& label = labels_.back();
  // Without an else the parameters are the results.
  if (label.op == Op::kIf && !(label.params == label.results && source_.OneIn(2))) {
    Emit(Op::kElse);
    stack_.resize(label.base);
    Push(label.params);
    label.op = Op::kElse;
    label.is_unreachable = false;
    return;
  }
  if (label.is_counted) {
    Emit(Op::kBr, {0}).End();
    labels_.pop_back();
    --counters_;
  }
  code_.End();
  labels_.pop_back();
}

bool FunctionGenerator::MayLeave() { return source_.OneIn(labels_.size() > floor_ ? 4 : 24); }

// Whether a function traps for what it is, not for what it is given.
bool FunctionGenerator::MayTrapBySelf(uint32_t function) const {
  const Op op = plan_.probes[function];
  if (op == kInvalidOp || plan_.swarm.traps) return false;
  return InfoOf(op).family != Family::kNumeric || Divides(op) || TruncatesWithTrap(op);
}

// Mostly a function behind this one: cycles of calls are left to some modules, they end by the stack or the fuel.
uint32_t FunctionGenerator::AnyCallee() {
  const uint32_t count = static_cast<uint32_t>(plan_.functions.size());
  uint32_t callee = source_.Below(count);
  const uint32_t behind = count - 1 - function_;
  if (!plan_.swarm.recursion && callee >= plan_.imported_functions && callee <= function_) {
    callee = behind > 0 ? function_ + 1 + source_.Below(behind) : kNoIndex;
  }
  if (callee == kNoIndex || MayTrapBySelf(callee)) {
    callee = plan_.imported_functions > 0 ? source_.Below(plan_.imported_functions) : kNoIndex;
  }
  return callee;
}

uint32_t FunctionGenerator::AnyLabel() { return source_.Below(static_cast<uint32_t>(labels_.size())); }

void FunctionGenerator::AfterUnconditional() {
  labels_.back().is_unreachable = true;
  stack_.resize(labels_.back().base);
  if (!plan_.swarm.unreachable_code || !source_.OneIn(2)) EndBlock();
}

void FunctionGenerator::Branch() {
  const uint32_t depth = AnyLabel();
  const Types types = LabelAt(depth).branch_types();
  Require(types);
  if (MayLeave()) {
    Emit(Op::kBr, {depth});
    return AfterUnconditional();
  }
  Make(ValType::I32());
  Emit(Op::kBrIf, {depth});
  Pop(1);
}

// What a br_table of so many labels besides the default is asked for.
void FunctionGenerator::MakeLabelIndex(uint32_t labels) {
  if (labels == 0 || source_.OneIn(2)) return Make(ValType::I32());
  // The last one, or one too many.
  MakeConst(ValType::I32(), labels - 1 + source_.Below(2));
}

void FunctionGenerator::BranchTable() {
  const uint32_t depth = AnyLabel();
  const Types types = LabelAt(depth).branch_types();
  std::vector<uint32_t> alike;
  for (uint32_t i = 0; i < labels_.size(); ++i) {
    if (LabelAt(i).branch_types() == types) alike.push_back(i);
  }
  std::vector<uint32_t> chosen;
  const uint32_t count = source_.OneIn(16) ? source_.Below(source_.OneIn(8) ? 6000 : 300) : source_.Below(6);
  for (uint32_t i = 0; i < count; ++i) chosen.push_back(source_.Pick(alike));
  Require(types);
  MakeLabelIndex(count);
  code_.BrTable(chosen, depth);
  AfterUnconditional();
}

void FunctionGenerator::BranchOnReference() {
  if (source_.OneIn(2)) {
    // The label's last operand is the reference: a block of its own takes it.
    code_.Begin(Op::kBlock, ValType::FuncRef());
    MakeRef(ValType::FuncRef());
    Emit(Op::kBrOnNonNull, {0});
    EmitNull(HeapType::kFunc);
    code_.End();
    return;
  }
  const uint32_t depth = AnyLabel();
  const Types types = LabelAt(depth).branch_types();
  Require(types);
  Make(ValType::FuncRef());
  Emit(Op::kBrOnNull, {depth}).Op(Op::kDrop);
  Pop(1);
}

void FunctionGenerator::Return() {
  Require(type_.results);
  Emit(Op::kReturn);
  AfterUnconditional();
}

void FunctionGenerator::Control() {
  if (!plan_.swarm.control && labels_.size() > 1) return Numeric();
  switch (source_.Below(12)) {
    case 0:
    case 1:
    case 2:
      if (labels_.size() > kMostNesting) return Numeric();
      if (source_.OneIn(4)) return BeginCountedLoop();
      return BeginBlock(source_.Pick(std::vector{Op::kBlock, Op::kLoop, Op::kIf, Op::kIf}));
    case 3:
    case 4:
    case 5: return Branch();
    case 6: return labels_.size() > floor_ ? BranchTable() : Branch();
    case 7: return plan_.swarm.references && plan_.options.typed_references ? BranchOnReference() : Branch();
    case 8:
      if (!MayLeave()) return Numeric();
      return Return();
    case 9:
      if (plan_.swarm.tail_calls && MayLeave()) return TailCall();
      return CallSomething();
    case 10:
      if (!plan_.swarm.traps || !source_.OneIn(3)) return Numeric();
      if (source_.OneIn(2)) {
        Emit(Op::kUnreachable);
        return AfterUnconditional();
      }
      // Perhaps.
      Condition();
      Pop(1);
      code_.Begin(Op::kIf);
      Emit(Op::kUnreachable);
      code_.End();
      return;
    default:
      if (labels_.size() > floor_) return EndBlock();
      return Numeric();
  }
}

void FunctionGenerator::CallSomething() {
  if (!plan_.swarm.calls) return Numeric();
  const uint32_t function = AnyCallee();
  if (function == kNoIndex) return Numeric();
  const uint32_t type = plan_.functions[function];
  const FunctionType& callee = plan_.types[type];
  const uint32_t form = source_.Below(8);
  Require(callee.params);
  if (form <= (callee.super != kNoIndex ? 4u : 1u)) {
    IndirectCallee(function, false);
  } else if (form == 5 && plan_.swarm.references && plan_.options.typed_references) {
    MakeRef(ValType::Ref(HeapType::Defined(type), true));
    Emit(Op::kCallRef, {type});
    Pop(1);
  } else {
    Emit(Op::kCall, {function});
  }
  Pop(callee.params.size());
  Push(callee.results);
}

void FunctionGenerator::ComputeNumber(uint32_t number) {
  EmitI32(0);
  Emit(Op::kI32And);
  EmitI32(static_cast<int32_t>(number));
  Emit(Op::kI32Or);
}

void FunctionGenerator::IndirectCallee(uint32_t function, bool is_tail) {
  uint32_t type = plan_.functions[function];
  // A function is also of every type that its own is derived from.
  if (plan_.types[type].super != kNoIndex && source_.OneIn(2)) type = plan_.types[type].super;
  const Op op = is_tail ? Op::kReturnCallIndirect : Op::kCallIndirect;
  uint32_t table = 0;
  if (plan_.options.reference_types && source_.OneIn(3)) {
    table = source_.Below(static_cast<uint32_t>(plan_.tables.size()));
    if (plan_.tables[table].element != ValType::FuncRef()) table = 0;
  }
  const Limits& limits = plan_.tables[table].limits;
  const bool is_declared = std::find(plan_.declared.begin(), plan_.declared.end(), function) != plan_.declared.end();
  if (plan_.options.reference_types && limits.min > 0 && is_declared && !source_.OneIn(4)) {
    // What lies in the table is anyone's guess: the function is put where it will be looked for.
    const uint32_t size = static_cast<uint32_t>(limits.min);
    const uint32_t place = source_.Below(size);
    const auto index = [&](uint32_t at) { limits.is_64 ? EmitI64(at) : EmitI32(static_cast<int32_t>(at)); };
    const auto put = [&](uint32_t at, uint32_t what) {
      index(at);
      Emit(Op::kRefFunc, {what});
      Emit(Op::kTableSet, {table});
    };
    put(place, function);
    const Types& params = plan_.types[type].params;
    if (!params.empty() && params.back() == ValType::I32() && source_.OneIn(3)) {
      // What was computed last lies below the index; as an index it would be that of another function, if there is one.
      const uint32_t other = DeclaredFunction(type, function);
      if (other != kNoIndex && size > 1) {
        const uint32_t elsewhere = (place + source_.Between(1, size - 1)) % size;
        put(elsewhere, other);
        ComputeNumber(elsewhere);
      } else {
        EmitI32(static_cast<int32_t>(source_.Below(8)));
        Emit(Op::kI32Xor);
      }
    }
    if (!limits.is_64 && source_.OneIn(3) && GetLocal(ValType::I32())) {
      Pop(1);
      ComputeNumber(place);
    } else {
      index(place);
    }
    Emit(op, {type, table});
    return;
  }
  // Elsewhere it traps more often than not.
  if (!plan_.swarm.traps && (limits.min == 0 || !source_.OneIn(4)) && !is_tail) {
    Emit(Op::kCall, {function});
    return;
  }
  MakeIndex(limits.min, limits.is_64);
  Emit(op, {type, table});
  Pop(1);
}

// The whole body, in a frame without locals: nothing that needs one may be asked for.
void FunctionGenerator::Forward() {
  CountDown();
  for (const ValType type : plan_.types[plan_.functions[plan_.forwards_to]].params) {
    if (source_.OneIn(3) || !GetLocal(type)) MakeConst(type);
  }
  Emit(Op::kReturnCall, {plan_.forwards_to});
  code_.End();
}

void FunctionGenerator::TailCall() {
  const uint32_t start = source_.Below(static_cast<uint32_t>(plan_.functions.size()));
  for (uint32_t i = 0; i < plan_.functions.size(); ++i) {
    const uint32_t function = (start + i) % static_cast<uint32_t>(plan_.functions.size());
    const uint32_t type = plan_.functions[function];
    if (plan_.types[type].results != type_.results || MayTrapBySelf(function)) continue;
    Require(plan_.types[type].params);
    const uint32_t form = source_.Below(4);
    if (form == 0) {
      IndirectCallee(function, true);
    } else if (form == 1 && plan_.swarm.references && plan_.options.typed_references) {
      MakeRef(ValType::Ref(HeapType::Defined(type), true));
      Emit(Op::kReturnCallRef, {type});
    } else {
      Emit(Op::kReturnCall, {function});
    }
    return AfterUnconditional();
  }
  Numeric();
}

}  // namespace sandbox::fuzz
