// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Loops that use few locals much, as compilers write them for arrays and sums: what a tier keeps in registers while the
// loop runs. A counter steps and is compared with a limit; how that may end is found out before.
#include <algorithm>
#include <array>

#include "fuzz/gen/function_generator.h"

namespace sandbox::fuzz {
namespace {

constexpr uint32_t kMostRounds = 400;

// What the comparison with this number, in the order of the opcodes, says.
bool Holds(uint32_t compare, int64_t a, int64_t b) {
  const uint64_t ua = static_cast<uint64_t>(a);
  const uint64_t ub = static_cast<uint64_t>(b);
  switch (compare) {
    case 0: return a == b;
    case 1: return a != b;
    case 2: return a < b;
    case 3: return ua < ub;
    case 4: return a > b;
    case 5: return ua > ub;
    case 6: return a <= b;
    case 7: return ua <= ub;
    case 8: return a >= b;
    default: return ua >= ub;
  }
}

// Sign-extended, numbers of 32 bits are in the same order as before, signed and unsigned.
int64_t Wrapped(uint64_t bits, bool is_64) {
  return is_64 ? static_cast<int64_t>(bits) : static_cast<int32_t>(static_cast<uint32_t>(bits));
}

}  // namespace

// How often the counter steps until the comparison ends the loop, or kMostRounds.
uint32_t FunctionGenerator::RoundsOf(const Rounds& rounds) const {
  int64_t counter = rounds.start;
  for (uint32_t i = 0; i < kMostRounds; ++i) {
    counter = Wrapped(static_cast<uint64_t>(counter) + static_cast<uint64_t>(rounds.step), rounds.is_64);
    const bool holds = rounds.is_limit_first ? Holds(rounds.compare, rounds.limit, counter)
                                             : Holds(rounds.compare, counter, rounds.limit);
    if (!holds) return i;
  }
  return kMostRounds;
}

FunctionGenerator::Rounds FunctionGenerator::AnyRounds() {
  constexpr std::array kSteps = {1, 1, 1, 2, 3, 4, 8, 16, -1, -1, -2, -4};
  Rounds rounds;
  const uint32_t most = hot_.empty() ? (source_.OneIn(12) ? 200 : 24) : 4;
  const uint32_t count = source_.Between(1, most);
  rounds.step = source_.Pick(kSteps);
  rounds.is_small = !source_.OneIn(5);
  rounds.start = source_.Below(64) + (rounds.step < 0 ? -rounds.step * int64_t{count} : 0);
  if (!rounds.is_small) rounds.start = Wrapped(source_.Interesting(), false);
  const std::optional<uint32_t> wide = source_.OneIn(4) ? SomeLocal(ValType::I64()) : std::nullopt;
  rounds.is_64 = wide.has_value();
  rounds.counter = wide ? *wide : CounterLocal(counters_++);
  rounds.limit = Wrapped(static_cast<uint64_t>(rounds.start + rounds.step * int64_t{count}), rounds.is_64);
  rounds.compare = source_.Below(10);
  rounds.is_limit_first = source_.OneIn(4);
  // One that goes on for ever, or for long, is made an inequality: that one comes to the limit.
  if (RoundsOf(rounds) == kMostRounds) rounds.compare = 1;
  if (!rounds.is_64 && source_.OneIn(2)) rounds.limit_local = CounterLocal(counters_++);
  if (!rounds.is_64 && source_.OneIn(6)) rounds.next = CounterLocal(counters_++);
  if (!rounds.is_64 && source_.OneIn(4)) rounds.step_local = CounterLocal(counters_++);
  return rounds;
}

// Pushes whether there is another round.
void FunctionGenerator::CompareRound(const Rounds& rounds, bool is_on_stack) {
  const auto limit = [&] {
    if (rounds.limit_local != kNoIndex) Emit(Op::kLocalGet, {rounds.limit_local});
    else EmitNumber(rounds.limit, rounds.is_64);
  };
  const uint32_t counter = rounds.next != kNoIndex ? rounds.next : rounds.counter;
  if (is_on_stack && rounds.is_limit_first) Emit(Op::kDrop);
  if (rounds.is_limit_first) limit();
  if (!is_on_stack || rounds.is_limit_first) Emit(Op::kLocalGet, {counter});
  if (!rounds.is_limit_first) limit();
  const Op first = rounds.is_64 ? Op::kI64Eq : Op::kI32Eq;
  Emit(static_cast<Op>(static_cast<uint32_t>(first) + rounds.compare));
}

// The counter steps.
void FunctionGenerator::StepRound(const Rounds& rounds, bool keeps) {
  if (rounds.step_local != kNoIndex) {
    const bool is_counter_first = source_.OneIn(2);
    Emit(Op::kLocalGet, {is_counter_first ? rounds.counter : rounds.step_local});
    Emit(Op::kLocalGet, {is_counter_first ? rounds.step_local : rounds.counter});
    Emit(Op::kI32Add);
  } else {
    Emit(Op::kLocalGet, {rounds.counter});
    const bool is_sum = source_.OneIn(2) || rounds.step > 0;
    EmitNumber(is_sum ? rounds.step : -rounds.step, rounds.is_64);
    Emit(is_sum ? (rounds.is_64 ? Op::kI64Add : Op::kI32Add) : (rounds.is_64 ? Op::kI64Sub : Op::kI32Sub));
  }
  Emit(keeps ? Op::kLocalTee : Op::kLocalSet, {rounds.next != kNoIndex ? rounds.next : rounds.counter});
}

// The end of a round: back to the label at `depth` if there is another one; the label behind it is outside.
void FunctionGenerator::EndRound(const Rounds& rounds, uint32_t depth) {
  // Operands that the branch leaves where they are, and that are used where it is not taken.
  const size_t below = stack_.size();
  for (uint32_t i = source_.OneIn(3) ? source_.Between(1, 3) : 0; i > 0; --i) Make(AnyType(source_, plan_));
  BranchRound(rounds, depth);
  while (stack_.size() > below) Consume();
}

void FunctionGenerator::BranchRound(const Rounds& rounds, uint32_t depth) {
  const bool keeps = source_.OneIn(2);
  StepRound(rounds, keeps);
  CompareRound(rounds, keeps);
  switch (source_.Below(8)) {
    case 0:
      code_.Begin(Op::kIf);
      Emit(Op::kBr, {depth + 1});
      code_.End();
      return;
    case 1:
      code_.BrTable({depth + 1}, depth);
      return;
    case 2:
      Emit(Op::kI32Eqz);
      Emit(Op::kBrIf, {depth + 1});
      Emit(Op::kBr, {depth});
      return;
    default: Emit(Op::kBrIf, {depth});
  }
}

// The locals that the loop uses much. Those that addresses are made of stay small: nothing else writes them.
void FunctionGenerator::ChooseHot(const Rounds& rounds) {
  const ValType counter_type = rounds.is_64 ? ValType::I64() : ValType::I32();
  hot_.push_back({rounds.counter, counter_type, true, rounds.is_small && !rounds.is_64});
  if (rounds.limit_local != kNoIndex) hot_.push_back({rounds.limit_local, ValType::I32(), true, rounds.is_small});
  if (rounds.next != kNoIndex) hot_.push_back({rounds.next, ValType::I32(), true, false});
  // There twice, like the counter: if two locals are kept in registers, these are they.
  for (uint32_t times = rounds.step_local != kNoIndex ? 2 : 0; times > 0; --times) {
    hot_.push_back({rounds.step_local, ValType::I32(), true, false});
  }
  for (uint32_t i = source_.Between(1, 3); i > 0; --i) {
    const std::optional<uint32_t> local = SomeLocal(source_.OneIn(3)   ? AnyType(source_, plan_)
                                                    : source_.OneIn(3) ? ValType::I64()
                                                                       : ValType::I32());
    if (!local || IsKept(*local)) continue;
    const ValType type = locals_[*local];
    const bool is_small = type == ValType::I32() && source_.OneIn(3);
    if (is_small) {
      SmallTree();
      Pop(1);
      Emit(Op::kLocalSet, {*local});
    }
    // One that is there twice is used twice as much.
    for (uint32_t times = source_.Between(1, 2); times > 0; --times) hot_.push_back({*local, type, is_small, is_small});
  }
}

// More reads of hot locals than what is done between them costs.
void FunctionGenerator::ReadMuch() {
  const ValType type = source_.OneIn(4) ? ValType::I64() : ValType::I32();
  if (!GetLocal(type)) MakeConst(type);
  for (uint32_t i = source_.Between(3, 9); i > 0; --i) {
    if (!GetLocal(type)) MakeConst(type);
    Emit(type == ValType::I32() ? Op::kI32Add : Op::kI64Xor);
    Pop(1);
  }
  Keep();
}

// The last thing that a loop does.
void FunctionGenerator::AddToHot() {
  const bool is_64 = source_.OneIn(4);
  const std::optional<uint32_t> local = SomeLocal(is_64 ? ValType::I64() : ValType::I32());
  if (!local) return;
  Emit(Op::kLocalGet, {*local});
  EmitNumber(source_.Byte(), is_64);
  Emit(is_64 ? Op::kI64Add : Op::kI32Add);
  Emit(Op::kLocalSet, {*local});
}

// A local that addresses are made of gets another value of that kind.
void FunctionGenerator::MoveSmall() {
  std::vector<uint32_t> small;
  for (const Hot& hot : hot_) {
    if (hot.is_small && hot.local < locals_.size()) small.push_back(hot.local);
  }
  if (small.empty()) return ReadMuch();
  SmallTree();
  Pop(1);
  Emit(Op::kLocalSet, {source_.Pick(small)});
}

// Something that a tier does out of line.
void FunctionGenerator::Aside() {
  if (!plan_.memories.empty() && source_.OneIn(2)) {
    const bool is_64 = plan_.memories[0].is_64;
    if (source_.OneIn(2)) {
      EmitNumber(source_.Below(2), is_64);
      Emit(Op::kMemoryGrow, {0});
    } else {
      Emit(Op::kMemorySize, {0});
    }
    Push(plan_.memories[0].index_type());
    return Keep();
  }
  if (source_.OneIn(2) && plan_.options.reference_types) {
    Emit(Op::kTableSize, {0});
    Push(plan_.tables[0].limits.index_type());
    return Keep();
  }
  Tree(source_.OneIn(2) ? ValType::I32() : ValType::I64(), 1, true);
  Consume();
}

// A local that steps on is compared with another one, which the loop uses much as a rule.
void FunctionGenerator::SteppedCondition() {
  const std::optional<uint32_t> stepped = SomeLocal(ValType::I32());
  if (!stepped) return JoinedCondition();
  Emit(Op::kLocalGet, {*stepped});
  EmitI32(static_cast<int32_t>(source_.Between(1, 8)));
  Emit(Op::kI32Add);
  Emit(Op::kLocalTee, {*stepped});
  Push(ValType::I32());
  if (!GetLocal(ValType::I32())) MakeConst(ValType::I32());
  Emit(static_cast<Op>(static_cast<uint32_t>(Op::kI32Eq) + source_.Below(10)));
  Pop(1);
}

// A block that is left with one value or ends with another one.
void FunctionGenerator::LeaveWithValue() {
  const ValType type = AnyType(source_, plan_);
  code_.Begin(Op::kBlock, type);
  Make(type);
  source_.OneIn(2) ? SteppedCondition() : source_.OneIn(3) ? Condition() : JoinedCondition();
  Pop(1);
  Emit(Op::kBrIf, {0});
  Consume();
  Make(type);
  code_.End();
  Keep();
}

void FunctionGenerator::TightStep(const Rounds& rounds) {
  switch (source_.Below(16)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const bool is_float = plan_.swarm.floats && source_.OneIn(3);
      Tree(is_float             ? (source_.OneIn(2) ? ValType::F32() : ValType::F64())
           : source_.OneIn(8) ? AnyType(source_, plan_)
           : source_.OneIn(4) ? ValType::I64()
                              : ValType::I32(),
           3);
      return Keep();
    }
    case 4:
    case 5:
    case 6: return HotAccess();
    case 7: return source_.OneIn(3) ? StoreFinite() : StoreKept();
    case 8: return source_.OneIn(2) ? LocalHazard() : StoreComputed();
    case 9: return MoveSmall();
    case 10:
      if (source_.OneIn(2)) return LeaveWithValue();
      Condition();
      Pop(1);
      Emit(Op::kBrIf, {1});
      return;
    case 11:
      Condition();
      Pop(1);
      code_.Begin(Op::kIf);
      LocalArithmetic();
      if (source_.OneIn(3)) {
        EndRound(rounds, 1);
        Emit(Op::kBr, {2});
      } else if (source_.OneIn(2)) {
        Emit(Op::kElse);
        HotAccess();
      }
      code_.End();
      return;
    case 12:
      CallAndKeep();
      return ReadMuch();
    case 13: return Aside();
    case 14: return ReadMuch();
    default: return LocalArithmetic();
  }
}

// Up to three deep; or the same once, without the loop.
void FunctionGenerator::TightLoop() {
  if (counters_ + 4 > kCounters) return LocalArithmetic();
  const uint32_t counters = counters_;
  const size_t hot = hot_.size();
  const size_t outer = stack_.size();
  const Rounds rounds = AnyRounds();
  const size_t base = std::exchange(labels_.back().base, outer);
  const auto set = [&](uint32_t local, int64_t value) {
    if (local == kNoIndex) return;
    EmitNumber(value, rounds.is_64);
    Emit(Op::kLocalSet, {local});
  };
  set(rounds.counter, rounds.start);
  set(rounds.next, rounds.start);
  set(rounds.limit_local, rounds.limit);
  set(rounds.step_local, rounds.step);
  ChooseHot(rounds);
  const bool is_loop = !source_.OneIn(6);
  code_.Begin(Op::kBlock).Begin(is_loop ? Op::kLoop : Op::kBlock);
  if (is_loop) CountDown();
  if (rounds.next != kNoIndex) {
    Emit(Op::kLocalGet, {rounds.next});
    Emit(Op::kLocalSet, {rounds.counter});
  }
  // Tested before each round, or behind it.
  const bool is_tested_first = source_.OneIn(4);
  if (is_tested_first) {
    CompareRound(rounds, false);
    Emit(Op::kI32Eqz);
    Emit(Op::kBrIf, {1});
  }
  for (uint32_t i = source_.Between(1, 7); i > 0; --i) TightStep(rounds);
  if (source_.OneIn(5)) TightLoop();
  while (stack_.size() > outer) Consume();
  if (is_tested_first) {
    StepRound(rounds, false);
    if (source_.OneIn(2)) {
      // Whatever this says: a round more is counted.
      source_.OneIn(2) ? JoinedCondition() : Condition();
      Pop(1);
      Emit(Op::kBrIf, {0});
    } else {
      Emit(Op::kBr, {0});
    }
  } else {
    EndRound(rounds, 0);
    if (source_.OneIn(3)) AddToHot();
  }
  code_.End();
  // Before any label: what is known of the loop's last instructions is of use, or of the past.
  if (source_.OneIn(3)) ReadMuch();
  code_.End();
  labels_.back().base = base;
  hot_.resize(hot);
  counters_ = counters;
}

}  // namespace sandbox::fuzz
