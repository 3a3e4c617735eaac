// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Branches, jumps and returns that do the work of the instruction before them as well: most of what is compared was
// computed, loaded, stepped on or copied just before. Like chains (chains.h), whose numbers these follow.
#ifndef SANDBOX_FAST_JOINS_H_
#define SANDBOX_FAST_JOINS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "sandbox/fast/chains.h"

namespace sandbox::fast {

// A comparison whose first operand is what comes before. With a constant only the first six: x > c is x >= c + 1.
struct Test {
  Op op;
  Src other;
};

namespace join_internal {

using chain_internal::Grid;
using chain_internal::kBases;

inline constexpr std::array<Op, 10> kCompares = {Op::kI32Eq,  Op::kI32Ne,  Op::kI32LtU, Op::kI32GeU, Op::kI32LtS,
                                                 Op::kI32GeS, Op::kI32GtU, Op::kI32LeU, Op::kI32GtS, Op::kI32LeS};
inline constexpr size_t kConstTests = 6;
inline constexpr auto kTests = [] {
  std::array<Test, kConstTests + kCompares.size()> tests{};
  for (size_t i = 0; i < tests.size(); ++i) {
    tests[i] = i < kConstTests ? Test{kCompares[i], Src::kConst} : Test{kCompares[i - kConstTests], Src::kSlot};
  }
  return tests;
}();

// What is computed and compared: bits that are tested, ranges, differences.
inline constexpr std::array<Inner, 12> kTested = {{
    {Op::kI32And, Pair::kSlotConst}, {Op::kI32And, Pair::kAccConst}, {Op::kI32And, Pair::kPin0Const},
    {Op::kI32And, Pair::kPin1Const}, {Op::kI32Add, Pair::kSlotConst}, {Op::kI32Add, Pair::kAccConst},
    {Op::kI32Add, Pair::kPin0Const}, {Op::kI32Add, Pair::kPin1Const}, {Op::kI32And, Pair::kSlotSlot},
    {Op::kI32And, Pair::kAccSlot},   {Op::kI32Sub, Pair::kSlotSlot},  {Op::kI32Sub, Pair::kAccSlot},
}};
// What is loaded and compared, ...
inline constexpr std::array<Op, 3> kTestedLoads = {Op::kI32Load, Op::kI32Load8U, Op::kI32Load8S};
// ... and, for the next round, kept in a local: links of lists, bytes of texts. Compared with a constant, for being (not) equal.
inline constexpr std::array<Op, 2> kKeptLoads = {Op::kI32Load, Op::kI32Load8U};
inline constexpr size_t kKeptTests = 2;
inline constexpr std::array<Dst, 3> kKeptIn = {Dst::kSlot, Dst::kPin0, Dst::kPin1};

// What is copied before another operand is compared with a constant.
inline constexpr std::array<Plain, 4> kMoves = {kCopy, kConst32, kPinSlot0, kPinSlot1};
inline constexpr std::array<Src, 4> kMoveSources = {Src::kSlot, Src::kAcc, Src::kPin0, Src::kPin1};
// ... before a jump.
inline constexpr std::array<Plain, 8> kJumpMoves = {kCopy,     kConst32,  kPinSlot0, kPinSlot1,
                                                    kCopyAcc, kPinAcc0, kPinAcc1, kAddConst};

// Pins that step by a slot or by the other pin, and are compared with a slot or a constant.
struct VarStep {
  Src stepped;
  Src by;
};
inline constexpr std::array<VarStep, 4> kVarSteps = {{
    {Src::kPin0, Src::kSlot}, {Src::kPin0, Src::kPin1}, {Src::kPin1, Src::kSlot}, {Src::kPin1, Src::kPin0},
}};

// Forms of branches: forward; back to the head of the loop whose locals are pinned.
inline constexpr size_t kWays = 2;
inline constexpr Grid kTestBranches{kChainsEnd, kTested.size(), kTests.size(), kWays};
inline constexpr Grid kLoadBranches{kTestBranches.end(), kTestedLoads.size() * kBases, kTests.size(), kWays};
inline constexpr Grid kKeptBranches{kLoadBranches.end(), kKeptLoads.size() * kBases, kKeptIn.size() * kKeptTests, kWays};
inline constexpr Grid kMoveBranches{kKeptBranches.end(), kMoves.size(), kMoveSources.size() * kConstTests, kWays};
inline constexpr Grid kVarStepBranches{kMoveBranches.end(), kVarSteps.size(), kTests.size(), kWays};
inline constexpr Grid kMoveJumps{kVarStepBranches.end(), kJumpMoves.size(), 1, kWays};
// A sum or a shifted operand that is the result.
inline constexpr Grid kSumReturns{kMoveJumps.end(), chain_internal::kSums.size(), 1, 1};
inline constexpr Grid kShiftReturns{kSumReturns.end(), chain_internal::kShifts.size(), 1, 1};

}  // namespace join_internal

inline constexpr size_t kOpcodeCount = join_internal::kShiftReturns.end();
static_assert(kOpcodeCount < 65536);

// 0, which is no join's number, where there is no such instruction in this build.
inline constexpr uint16_t kNoJoin = 0;

// The same comparison as one of those that there are, if there is one.
bool TryToTest(Op& compare, Src other, uint64_t& constant);

// What computes (op, pair), compares it and branches; what loads from an address of that base plus a constant does; and the
// same if the value stays in a local, compared with a constant.
uint16_t TestBranchCode(Inner inner, Test test, bool is_back);
uint16_t LoadBranchCode(Op load, Src base, Test test, bool is_back);
uint16_t KeptBranchCode(Op load, Src base, Dst kept, Op compare, bool is_back);
// What copies, and branches when the operand compares so with a constant.
uint16_t MoveBranchCode(uint16_t move, Src operand, Op compare, bool is_back);
uint16_t VarStepBranchCode(Src stepped, Src by, Test test, bool is_back);
// What copies and jumps; what computes the result and returns.
uint16_t MoveJumpCode(uint16_t move, bool is_back);
uint16_t ReturnCode(Inner inner);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_JOINS_H_
