// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/joins.h"

#include <limits>
#include <span>

#include "sandbox/base/build_config.h"

namespace sandbox::fast {
namespace {

using namespace join_internal;

constexpr size_t kNone = ~size_t{0};

// The place of the first element that is as wanted.
template <typename Elements, typename IsWanted>
size_t Find(const Elements& elements, IsWanted is_wanted) {
  for (size_t i = 0; i < elements.size(); ++i) {
    if (is_wanted(elements[i])) return i;
  }
  return kNone;
}

size_t FindInner(std::span<const Inner> inners, Inner wanted) {
  return Find(inners, [&](const Inner& inner) { return inner.op == wanted.op && inner.pair == wanted.pair; });
}

size_t FindTest(Test wanted) {
  return Find(kTests, [&](const Test& test) { return test.op == wanted.op && test.other == wanted.other; });
}

size_t FindConstTest(Op compare) {
  return Find(std::span(kCompares).first(kConstTests), [&](Op op) { return op == compare; });
}

// The row of a load from that base.
size_t FindLoad(std::span<const Op> loads, Op load, Src base) {
  const size_t at = base == Src::kConst ? kNone : Find(loads, [&](Op op) { return op == load; });
  return at == kNone ? kNone : at * kBases + chain_internal::NumberOfBase(base);
}

uint16_t CodeIn(const Grid& grid, size_t row, size_t column, bool is_back = false) {
  if (!kFastJoins || row == kNone || column == kNone) return kNoJoin;
  return grid.Code(row, column, is_back ? 1 : 0);
}

// x > c is x >= c + 1, unless there is no such number.
bool TryToStepOver(Op& compare, Op instead, uint64_t& constant, uint32_t greatest) {
  if (constant == greatest) return false;
  compare = instead;
  constant = static_cast<uint32_t>(constant) + 1;
  return true;
}

}  // namespace

bool TryToTest(Op& compare, Src other, uint64_t& constant) {
  constexpr uint32_t kMaxU = std::numeric_limits<uint32_t>::max();
  constexpr uint32_t kMaxS = std::numeric_limits<int32_t>::max();
  if (other == Src::kConst) {
    switch (compare) {
      case Op::kI32GtU: return TryToStepOver(compare, Op::kI32GeU, constant, kMaxU);
      case Op::kI32LeU: return TryToStepOver(compare, Op::kI32LtU, constant, kMaxU);
      case Op::kI32GtS: return TryToStepOver(compare, Op::kI32GeS, constant, kMaxS);
      case Op::kI32LeS: return TryToStepOver(compare, Op::kI32LtS, constant, kMaxS);
      default: break;
    }
  }
  return FindTest({compare, other}) != kNone;
}

uint16_t TestBranchCode(Inner inner, Test test, bool is_back) {
  return CodeIn(kTestBranches, FindInner(kTested, inner), FindTest(test), is_back);
}

uint16_t LoadBranchCode(Op load, Src base, Test test, bool is_back) {
  return CodeIn(kLoadBranches, FindLoad(kTestedLoads, load, base), FindTest(test), is_back);
}

uint16_t KeptBranchCode(Op load, Src base, Dst kept, Op compare, bool is_back) {
  const size_t test = FindConstTest(compare);
  const size_t in = Find(kKeptIn, [&](Dst dst) { return dst == kept; });
  if (test >= kKeptTests || in == kNone) return kNoJoin;
  return CodeIn(kKeptBranches, FindLoad(kKeptLoads, load, base), in * kKeptTests + test, is_back);
}

uint16_t MoveBranchCode(uint16_t move, Src operand, Op compare, bool is_back) {
  const size_t row = Find(kMoves, [&](Plain plain) { return plain == move; });
  const size_t source = Find(kMoveSources, [&](Src src) { return src == operand; });
  const size_t test = FindConstTest(compare);
  if (source == kNone || test == kNone) return kNoJoin;
  return CodeIn(kMoveBranches, row, source * kConstTests + test, is_back);
}

uint16_t VarStepBranchCode(Src stepped, Src by, Test test, bool is_back) {
  const size_t row = Find(kVarSteps, [&](const VarStep& step) { return step.stepped == stepped && step.by == by; });
  return CodeIn(kVarStepBranches, row, FindTest(test), is_back);
}

uint16_t MoveJumpCode(uint16_t move, bool is_back) {
  return CodeIn(kMoveJumps, Find(kJumpMoves, [&](Plain plain) { return plain == move; }), 0, is_back);
}

uint16_t ReturnCode(Inner inner) {
  const uint16_t shift = CodeIn(kShiftReturns, FindInner(chain_internal::kShifts, inner), 0);
  return shift != kNoJoin ? shift : CodeIn(kSumReturns, FindInner(chain_internal::kSums, inner), 0);
}

}  // namespace sandbox::fast
