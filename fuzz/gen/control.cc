// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {
namespace {

constexpr uint32_t kMostInstructions = 400;
constexpr size_t kMostNesting = 24;
constexpr uint32_t kMostCounters = 3;

}  // namespace

FunctionGenerator::FunctionGenerator(ByteSource& source, const ModulePlan& plan, uint32_t function)
    : source_(source),
      plan_(plan),
      function_(function),
      type_(plan.types[plan.functions[function]]),
      locals_(type_.params),
      budget_(0) {
  const uint32_t runs = source_.Below(4);
  for (uint32_t i = 0; i < runs; ++i) {
    const ValType type = AnyType(source_, plan_);
    const uint32_t count = source_.OneIn(24) ? source_.Below(200) : source_.Below(4);
    declared_locals_.emplace_back(count, type);
    locals_.insert(locals_.end(), count, type);
  }
  if (plan_.options.canonical_nans) {
    declared_locals_.emplace_back(1, ValType::F32());
    declared_locals_.emplace_back(1, ValType::F64());
  }
  declared_locals_.emplace_back(kMostCounters, ValType::I32());
  // Functions share what bytes there are.
  const size_t rest = plan_.functions.size() - function;
  budget_ = static_cast<uint32_t>(std::min<size_t>(kMostInstructions, 8 + source_.left() / (2 * rest)));
}

void FunctionGenerator::Generate() {
  labels_.push_back({{}, type_.results, 0, Op::kBlock, false});
  CountDown();
  if (!source_.OneIn(6)) BeginCountedLoop();
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
  code_.Op(Op::kGlobalGet, {plan_.counter}).Op(Op::kI32Eqz).Begin(Op::kIf).Op(Op::kUnreachable).End();
  code_.Op(Op::kGlobalGet, {plan_.counter}).I32Const(1).Op(Op::kI32Sub).Op(Op::kGlobalSet, {plan_.counter});
}

void FunctionGenerator::BeginBlock(Op op) {
  Label label;
  label.op = op;
  const uint32_t form = source_.Below(4);
  if (form == 0 && !plan_.types.empty()) {
    const uint32_t type = source_.Below(static_cast<uint32_t>(plan_.types.size()));
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
  if (counters_ == kMostCounters || labels_.size() + 2 > kMostNesting) return;
  const uint32_t behind_nans = plan_.options.canonical_nans ? 2 : 0;
  const uint32_t counter = static_cast<uint32_t>(locals_.size()) + behind_nans + counters_++;
  code_.I32Const(static_cast<int32_t>(source_.Between(4, 32))).LocalSet(counter);
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
  Label& label = labels_.back();
  const size_t height = stack_.size() - label.base;
  if (height == label.results.size() && TopIs(label.results)) return;
  if (label.is_unreachable && height == 0 && source_.OneIn(2)) {
    Push(label.results);  // bottom stands for them
    return;
  }
  for (size_t i = 0; i < height; ++i) code_.Op(Op::kDrop);
  stack_.resize(label.base);
  for (ValType type : label.results) Make(type);
}

void FunctionGenerator::EndBlock() {
  CloseWithResults();
  Label& label = labels_.back();
  if (label.op == Op::kIf) {
    // Without an else the parameters would have to be the results.
    code_.Op(Op::kElse);
    stack_.resize(label.base);
    Push(label.params);
    label.op = Op::kElse;
    label.is_unreachable = false;
    return;
  }
  if (label.is_counted) {
    code_.Op(Op::kBr, {0}).End();
    labels_.pop_back();
    --counters_;
  }
  code_.End();
  labels_.pop_back();
}

bool FunctionGenerator::MayLeave() { return source_.OneIn(labels_.size() > floor_ ? 4 : 24); }

// Mostly a function behind this one: cycles of calls are left to some modules, they end by the stack or the fuel.
uint32_t FunctionGenerator::AnyCallee() {
  const uint32_t count = static_cast<uint32_t>(plan_.functions.size());
  const uint32_t callee = source_.Below(count);
  if (plan_.swarm.recursion || callee < plan_.imported_functions || callee > function_) return callee;
  const uint32_t behind = count - 1 - function_;
  if (behind > 0) return function_ + 1 + source_.Below(behind);
  return plan_.imported_functions > 0 ? source_.Below(plan_.imported_functions) : kNoIndex;
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
    code_.Op(Op::kBr, {depth});
    return AfterUnconditional();
  }
  Make(ValType::I32());
  code_.Op(Op::kBrIf, {depth});
  Pop(1);
}

void FunctionGenerator::BranchTable() {
  const uint32_t depth = AnyLabel();
  const Types types = LabelAt(depth).branch_types();
  std::vector<uint32_t> alike;
  for (uint32_t i = 0; i < labels_.size(); ++i) {
    if (LabelAt(i).branch_types() == types) alike.push_back(i);
  }
  std::vector<uint32_t> chosen;
  const uint32_t count = source_.OneIn(16) ? source_.Below(300) : source_.Below(6);
  for (uint32_t i = 0; i < count; ++i) chosen.push_back(source_.Pick(alike));
  Require(types);
  Make(ValType::I32());
  code_.BrTable(chosen, depth);
  AfterUnconditional();
}

void FunctionGenerator::BranchOnReference() {
  if (source_.OneIn(2)) {
    // The label's last operand is the reference: a block of its own takes it.
    code_.Begin(Op::kBlock, ValType::FuncRef());
    MakeRef(ValType::FuncRef());
    code_.Op(Op::kBrOnNonNull, {0}).Op(Op::kRefNull).Byte(0x70).End();
    return;
  }
  const uint32_t depth = AnyLabel();
  const Types types = LabelAt(depth).branch_types();
  Require(types);
  Make(ValType::FuncRef());
  code_.Op(Op::kBrOnNull, {depth}).Op(Op::kDrop);
  Pop(1);
}

void FunctionGenerator::Return() {
  Require(type_.results);
  code_.Op(Op::kReturn);
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
      if (!plan_.swarm.traps || !source_.OneIn(8)) return Numeric();
      code_.Op(Op::kUnreachable);
      return AfterUnconditional();
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
  const TableType& table = plan_.tables[0];
  Require(callee.params);
  // What lies in the table is anyone's guess: it traps more often than not.
  if (form == 0 && (plan_.swarm.traps || (table.limits.min > 0 && source_.OneIn(4)))) {
    MakeIndex(table.limits.min, table.limits.is_64);
    code_.Op(Op::kCallIndirect, {type, 0});
    Pop(1);
  } else if (form == 1 && plan_.swarm.references && plan_.options.typed_references) {
    MakeRef(ValType::Ref(HeapType::Defined(type), true));
    code_.Op(Op::kCallRef, {type});
    Pop(1);
  } else {
    code_.Call(function);
  }
  Pop(callee.params.size());
  Push(callee.results);
}

void FunctionGenerator::TailCall() {
  const uint32_t start = source_.Below(static_cast<uint32_t>(plan_.functions.size()));
  for (uint32_t i = 0; i < plan_.functions.size(); ++i) {
    const uint32_t function = (start + i) % static_cast<uint32_t>(plan_.functions.size());
    const uint32_t type = plan_.functions[function];
    if (plan_.types[type].results != type_.results) continue;
    Require(plan_.types[type].params);
    const uint32_t form = source_.Below(4);
    if (form == 0) {
      MakeIndex(plan_.tables[0].limits.min, plan_.tables[0].limits.is_64);
      code_.Op(Op::kReturnCallIndirect, {type, 0});
    } else if (form == 1 && plan_.swarm.references && plan_.options.typed_references) {
      MakeRef(ValType::Ref(HeapType::Defined(type), true));
      code_.Op(Op::kReturnCallRef, {type});
    } else {
      code_.Op(Op::kReturnCall, {function});
    }
    return AfterUnconditional();
  }
  Numeric();
}

}  // namespace sandbox::fuzz
