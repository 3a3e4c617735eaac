// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Code as compilers make it and as tiers that keep operands in registers fear it: loops, locals that change while
// their old value is an operand, branches out of several levels with values, many operands at once.
#include <algorithm>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {

void FunctionGenerator::Shape() {
  if (!plan_.swarm.shapes) return Control();
  if (plan_.swarm.tight && !source_.OneIn(4)) return TightLoop();
  switch (source_.Below(15)) {
    case 0:
    case 1: return LocalHazard();
    case 2: return SelectChain();
    case 3: return CompareAndBranch();
    case 4: return ValuedBranches();
    case 5: return ManyOperands();
    case 6:
    case 7: return HotLoop();
    case 8: return LoopWithValues();
    case 9: return BranchTableLoop();
    case 10: return source_.OneIn(3) ? DeepNest() : CallAndKeep();
    case 11:
    case 12:
    case 13: return TightLoop();
    default: return CallMyself();
  }
}

// local op local, into a local.
void FunctionGenerator::LocalArithmetic() {
  const Op op = AnyNumeric();
  const OpInfo& info = InfoOf(op);
  const bool is_deep = source_.OneIn(3);
  for (ValType type : ParamsOf(info, ValType())) {
    if (is_deep) Tree(type, 1);
    else if (source_.OneIn(4) || !GetLocal(type)) MakeConst(type);
  }
  GuardDivisor(op);
  Emit(op);
  Pop(info.signature.param_count());
  const ValType result = TypeOf(info.signature.result(), ValType());
  Push(result);
  Canonicalize(op);
  Keep();
}

// Pushes an i32 that is a condition: a comparison more often than not.
void FunctionGenerator::Condition() {
  if (source_.OneIn(2)) return JoinedCondition();
  const Op op = AnyCondition();
  const OpInfo& info = InfoOf(op);
  if (source_.OneIn(4)) {
    if (!GetLocal(ValType::I32())) MakeConst(ValType::I32());
    return;
  }
  const std::optional<uint32_t> local = SomeLocal(TypeOf(info.signature.param(0), ValType()));
  if (local && info.signature.param_count() == 2 && source_.OneIn(3)) {
    // Equal, or nearly so: what tells "less" from "less or equal".
    const ValType type = locals_[*local];
    const uint64_t bits = source_.BitsOf(type);
    MakeConst(type, bits);
    Emit(Op::kLocalSet, {*local});
    // Either comes first: what exchanges them must turn the comparison round.
    const bool is_const_first = source_.OneIn(2);
    if (!is_const_first) Emit(Op::kLocalGet, {*local});
    MakeConst(type, RelatedBits(bits, type, source_.OneIn(2) ? 0 : source_.Below(5)));
    if (is_const_first) Emit(Op::kLocalGet, {*local});
  } else {
    const bool is_deep = source_.OneIn(3);
    for (ValType type : ParamsOf(info, ValType())) {
      if (is_deep) Tree(type, 1);
      else if (source_.OneIn(3) || !GetLocal(type)) MakeConst(type);
    }
  }
  GuardDivisor(op);
  Emit(op);
  Pop(info.signature.param_count());
  Push(ValType::I32());
  if (source_.OneIn(4)) Emit(Op::kI32Eqz);
}

// The value of a local is an operand, and the local gets another one before it is used.
void FunctionGenerator::LocalHazard() {
  if (locals_.empty()) return Numeric();
  uint32_t local = source_.Below(static_cast<uint32_t>(locals_.size()));
  const std::optional<uint32_t> hot = HotLocal(source_.OneIn(4) ? locals_[local] : ValType::I32(), true);
  if (hot) local = *hot;
  if (IsKept(local)) return LocalArithmetic();
  const ValType type = locals_[local];
  const uint32_t copies = source_.Between(1, 3);
  for (uint32_t i = 0; i < copies; ++i) Emit(Op::kLocalGet, {local});
  // In a block that may be left before, in an if, or straight on.
  const uint32_t form = source_.Below(4);
  if (form == 0) {
    code_.Begin(Op::kBlock);
    Condition();
    Emit(Op::kBrIf, {0});
    Pop(1);
  } else if (form == 1) {
    Condition();
    code_.Begin(Op::kIf);
    Pop(1);
  }
  Make(type);
  Pop(1);
  if (source_.OneIn(4)) {
    Emit(Op::kLocalTee, {local});
    Emit(Op::kDrop);
  } else {
    Emit(Op::kLocalSet, {local});
  }
  if (form <= 1) code_.End();
  uint32_t pushed = copies;
  if (source_.OneIn(2)) {
    Emit(Op::kLocalGet, {local});
    ++pushed;
  }
  for (uint32_t i = 0; i < pushed; ++i) Push(type);
}

void FunctionGenerator::SelectChain() {
  const ValType type = AnyType(source_, plan_);
  Make(type);
  for (uint32_t i = source_.Between(2, 6); i > 0; --i) {
    Make(type);
    Condition();
    if (type.is_ref()) {
      Emit(Op::kSelectTyped);
      code_.U(1).Raw(testing::EncodeType(type));
    } else {
      Emit(Op::kSelect);
    }
    Pop(2);
  }
}

void FunctionGenerator::CompareAndBranch() {
  const BlockShape shape = AnyShape();
  if (source_.OneIn(2)) {
    Condition();
    Pop(1);
    Open(Op::kIf, shape);
    LocalArithmetic();
    for (ValType type : shape.results) Make(type);
    Pop(shape.results.size());
    Emit(Op::kElse);
    if (source_.OneIn(2)) LocalArithmetic();
    for (ValType type : shape.results) Make(type);
    code_.End();
    return;
  }
  Open(Op::kBlock, shape);
  for (ValType type : shape.results) Make(type);
  for (uint32_t i = source_.Between(1, 3); i > 0; --i) {
    Condition();
    Pop(1);
    Emit(Op::kBrIf, {0});
    LocalArithmetic();
  }
  code_.End();
}

FunctionGenerator::BlockShape FunctionGenerator::AnyShape() {
  BlockShape shape;
  const uint32_t start = source_.Below(static_cast<uint32_t>(plan_.types.size()));
  for (uint32_t i = 0; i < plan_.types.size(); ++i) {
    const uint32_t type = (start + i) % static_cast<uint32_t>(plan_.types.size());
    if (!plan_.types[type].params.empty()) continue;
    shape.type = type;
    shape.results = plan_.types[type].results;
    return shape;
  }
  if (source_.OneIn(3)) return shape;
  shape.results = {AnyType(source_, plan_)};
  return shape;
}

void FunctionGenerator::Open(Op op, const BlockShape& shape) {
  if (shape.type != kNoIndex) {
    code_.BeginIndexed(op, shape.type);
  } else if (shape.results.empty()) {
    code_.Begin(op);
  } else {
    code_.Begin(op, shape.results[0]);
  }
}

// Blocks in blocks, all with the same results, left for any of them with other operands below.
void FunctionGenerator::ValuedBranches() {
  const BlockShape shape = AnyShape();
  const uint32_t depth = source_.Between(2, 5);
  const size_t outer = stack_.size();
  const auto make_results = [&] {
    for (ValType type : shape.results) Make(type);
  };
  for (uint32_t i = 0; i < depth; ++i) Open(Op::kBlock, shape);
  for (uint32_t i = 0; i < depth; ++i) {
    // Mostly none below: values that lie where the label wants them need not be moved.
    for (uint32_t below = source_.OneIn(2) ? 0 : source_.Below(4); below > 0; --below) Make(AnyType(source_, plan_));
    make_results();
    Condition();
    Pop(1);
    Emit(Op::kBrIf, {source_.Below(depth)});
    while (stack_.size() > outer) Consume();
  }
  for (uint32_t left = depth; left > 0; --left) {
    if (left == depth && source_.OneIn(3)) {
      const size_t base = stack_.size();
      for (uint32_t below = source_.Below(4); below > 0; --below) Make(AnyType(source_, plan_));
      const size_t surplus = stack_.size() - base;
      make_results();
      std::vector<uint32_t> targets;
      for (uint32_t i = source_.Below(4); i > 0; --i) targets.push_back(source_.Below(depth));
      MakeLabelIndex(static_cast<uint32_t>(targets.size()));
      Pop(1);
      code_.BrTable(targets, source_.Below(depth));
      code_.End();
      stack_.erase(stack_.begin() + static_cast<ptrdiff_t>(base), stack_.begin() + static_cast<ptrdiff_t>(base + surplus));
      continue;
    }
    if (left == depth) make_results();
    if (source_.OneIn(4)) {
      Emit(Op::kBr, {source_.Below(left)});
    } else if (source_.OneIn(2)) {
      Condition();
      Pop(1);
      Emit(Op::kBrIf, {source_.Below(left)});
    }
    code_.End();
  }
}

// More operands than registers; used up from the top.
void FunctionGenerator::ManyOperands() {
  const bool is_64 = source_.OneIn(2);
  const ValType type = is_64 ? ValType::I64() : ValType::I32();
  const uint32_t count = source_.Between(6, plan_.swarm.big_frames ? 200 : 40);
  for (uint32_t i = 0; i < count; ++i) {
    Make(type);
    if (i % 5 == 4) LocalArithmetic();
  }
  constexpr Op kOps32[] = {Op::kI32Add, Op::kI32Sub, Op::kI32Xor, Op::kI32Mul};
  constexpr Op kOps64[] = {Op::kI64Add, Op::kI64Sub, Op::kI64Xor, Op::kI64Mul};
  const uint32_t op = source_.Below(4);
  for (uint32_t i = 1; i < count; ++i) Emit(is_64 ? kOps64[op] : kOps32[op]);
  Pop(count - 1);
}

void FunctionGenerator::CountRound(uint32_t counter) {
  Emit(Op::kLocalGet, {counter});
  EmitI32(1);
  Emit(Op::kI32Sub);
  Emit(Op::kLocalTee, {counter});
}

void FunctionGenerator::LoopBody() {
  // Nothing in it may take an operand from outside of it.
  const size_t base = std::exchange(labels_.back().base, stack_.size());
  for (uint32_t i = source_.Between(1, 6); i > 0; --i) {
    switch (source_.Below(8)) {
      case 0: CallAndKeep(); break;
      case 1: EdgeAccess(); break;
      case 2: LocalHazard(); break;
      default: LocalArithmetic();
    }
  }
  labels_.back().base = base;
}

// Small rounds that end with a conditional branch back, or begin with one out.
void FunctionGenerator::HotLoop() {
  if (counters_ >= kCounters) return LocalArithmetic();
  const uint32_t counter = CounterLocal(counters_++);
  const size_t outer = stack_.size();
  EmitI32(static_cast<int32_t>(source_.OneIn(8) ? source_.Between(100, 600) : source_.Between(2, 40)));
  Emit(Op::kLocalSet, {counter});
  const bool ends_at_top = source_.OneIn(2);
  code_.Begin(Op::kBlock).Begin(Op::kLoop);
  CountDown();
  if (ends_at_top) {
    Emit(Op::kLocalGet, {counter});
    Emit(Op::kI32Eqz);
    Emit(Op::kBrIf, {1});
  }
  LoopBody();
  if (source_.OneIn(3)) {
    Condition();
    Pop(1);
    Emit(Op::kBrIf, {1});
  }
  // What the body left on the stack is seen once more and gone.
  while (stack_.size() > outer) Consume();
  if (source_.OneIn(4) && counters_ < kCounters) HotLoop();
  CountRound(counter);
  if (ends_at_top) {
    Emit(Op::kDrop);
    Emit(Op::kBr, {0});
  } else {
    Emit(Op::kBrIf, {0});
  }
  code_.End().End();
  --counters_;
}

// A loop whose parameters go round: [t] -> [t] and the like.
void FunctionGenerator::LoopWithValues() {
  if (counters_ >= kCounters) return LocalArithmetic();
  uint32_t type = kNoIndex;
  for (uint32_t i = 0; i < plan_.types.size(); ++i) {
    const FunctionType& candidate = plan_.types[i];
    if (plan_.options.block_params && !candidate.params.empty() && candidate.params == candidate.results) type = i;
  }
  if (type == kNoIndex) return HotLoop();
  const Types& values = plan_.types[type].params;
  const uint32_t counter = CounterLocal(counters_++);
  EmitI32(static_cast<int32_t>(source_.Between(2, 60)));
  Emit(Op::kLocalSet, {counter});
  for (ValType value : values) Make(value);
  code_.BeginIndexed(Op::kLoop, type);
  CountDown();
  const size_t outer = stack_.size();
  LoopBody();
  while (stack_.size() > outer) Consume();
  if (values.back() == ValType::I32() || values.back() == ValType::I64()) {
    if (!GetLocal(values.back())) MakeConst(values.back());
    Emit(values.back() == ValType::I32() ? Op::kI32Sub : Op::kI64Add);
    Pop(1);
  } else {
    Consume();
    Make(values.back());
  }
  CountRound(counter);
  Emit(Op::kBrIf, {0});
  code_.End();
  --counters_;
}

// A switch in a loop.
void FunctionGenerator::BranchTableLoop() {
  if (counters_ >= kCounters) return LocalArithmetic();
  const uint32_t counter = CounterLocal(counters_++);
  const uint32_t cases = source_.Between(1, 6);
  EmitI32(static_cast<int32_t>(source_.Between(2, 60)));
  Emit(Op::kLocalSet, {counter});
  code_.Begin(Op::kLoop);
  CountDown();
  for (uint32_t i = 0; i <= cases; ++i) code_.Begin(Op::kBlock);
  Emit(Op::kLocalGet, {counter});
  if (source_.OneIn(2)) {
    if (!GetLocal(ValType::I32())) MakeConst(ValType::I32());
    Pop(1);
    Emit(Op::kI32Xor);
  }
  EmitI32(7);
  Emit(Op::kI32And);
  std::vector<uint32_t> targets;
  for (uint32_t i = source_.Below(8); i > 0; --i) targets.push_back(source_.Below(cases + 1));
  code_.BrTable(targets, source_.Below(cases + 1));
  for (uint32_t i = 0; i <= cases; ++i) {
    code_.End();
    LocalArithmetic();
    if (i < cases && source_.OneIn(2)) Emit(Op::kBr, {source_.Below(cases - i)});
  }
  CountRound(counter);
  Emit(Op::kBrIf, {0});
  code_.End();
  --counters_;
}

// A call on locals; its results are kept in locals and globals.
void FunctionGenerator::CallAndKeep() {
  if (!plan_.swarm.calls) return LocalArithmetic();
  const uint32_t function = AnyCallee();
  if (function == kNoIndex) return LocalArithmetic();
  const FunctionType& callee = plan_.types[plan_.functions[function]];
  const size_t outer = stack_.size();
  for (ValType type : callee.params) {
    if (!GetLocal(type)) Make(type);
  }
  const bool is_imported = function < plan_.imported_functions;
  if (source_.OneIn(callee.super != kNoIndex || is_imported ? 2 : 4)) IndirectCallee(function, false);
  else Emit(Op::kCall, {function});
  Pop(callee.params.size());
  Push(callee.results);
  // The host may have let the memory grow.
  if (is_imported && source_.OneIn(3)) EdgeAccess();
  // A result goes to a local right away, as a rule.
  if (stack_.size() == outer + 1 && !source_.OneIn(3)) return Keep();
  if (source_.OneIn(3)) LocalArithmetic();
  while (stack_.size() > outer) Consume();
}

// Blocks, loops and ifs as deep as wanted, left from the inside.
void FunctionGenerator::DeepNest() {
  const uint32_t depth = source_.OneIn(8) ? source_.Between(100, 1500) : source_.Between(10, 60);
  const uint32_t form = source_.Below(3);
  for (uint32_t i = 0; i < depth; ++i) {
    if (form == 1 && i % 3 == 1) {
      Condition();
      Pop(1);
      code_.Begin(Op::kIf);
    } else {
      code_.Begin(form == 2 && i % 2 == 1 ? Op::kLoop : Op::kBlock);
    }
  }
  LocalArithmetic();
  uint32_t target = source_.Below(depth);
  if (form == 2 && (depth - 1 - target) % 2 == 1) target = target > 0 ? target - 1 : depth - 1;
  // The outermost is a block in every form, and an odd number of levels further in is a loop: never back to one.
  if (form == 2 && (depth - 1 - target) % 2 == 1) target = depth - 1;
  Condition();
  Pop(1);
  Emit(Op::kBrIf, {target});
  LocalArithmetic();
  for (uint32_t i = 0; i < depth; ++i) code_.End();
}

// Recursion that ends: a parameter counts down. As a call, whose results are kept, or as a tail call.
void FunctionGenerator::CallMyself() {
  const auto found = std::find(type_.params.begin(), type_.params.end(), ValType::I32());
  if (found == type_.params.end() || !plan_.swarm.calls) return CallAndKeep();
  const uint32_t parameter = static_cast<uint32_t>(found - type_.params.begin());
  const uint32_t depth = source_.OneIn(4) ? 63 : 3;
  Emit(Op::kLocalGet, {parameter});
  EmitI32(static_cast<int32_t>(depth));
  Emit(Op::kI32And);
  code_.Begin(Op::kIf);
  CountRound(parameter);
  Emit(Op::kDrop);
  const size_t outer = stack_.size();
  for (uint32_t i = 0; i < type_.params.size(); ++i) Emit(Op::kLocalGet, {i});
  if (plan_.swarm.tail_calls && source_.OneIn(2)) {
    Emit(Op::kReturnCall, {function_});
  } else {
    if (source_.OneIn(3)) IndirectCallee(function_, false);
    else Emit(Op::kCall, {function_});
    Push(type_.results);
    while (stack_.size() > outer) Consume();
  }
  code_.End();
}

}  // namespace sandbox::fuzz
