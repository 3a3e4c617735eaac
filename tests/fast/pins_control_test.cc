// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/translator.h (ways into loops with pins, round in them, and out: as in place)

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/fast/pinned_loops.h"

namespace sandbox::testing {
namespace {

// Enough for two pins where the loop leaves them once or twice.
Code Reads() { return Times(5, Code().Raw(AddTo(2, 0)).Raw(Mix(2))); }

// What was computed last in the loop is used behind its end.
TEST(PinsControlTest, BehindTheEnd) {
  const auto check = [](const Code& last, const Code& then) {
    Subject one;
    one.Export(Code().Begin(Op::kBlock).Begin(Op::kLoop, kI32).Raw(Reads()).Raw(StepAndGoBack(0, 1)).Raw(last).End()
        .Raw(then).End()
                   .Raw(Subject::Sum()));
    one.Check();
  one.CheckEachPause();
  };
  const Code use = Code().Op(Op::kBrIf, {0}).Raw(Mix(1)).Raw(AddTo(1, 2));
  check(Code().LocalGet(2).LocalGet(0).Op(Op::kI32LtU), use);
  check(Code().LocalGet(0).LocalGet(2).Op(Op::kI32LtU), Code().Op(Op::kI32Eqz).Raw(use));
  check(Code().LocalGet(2).I32Const(1).Op(Op::kI32Add).Op(Op::kLocalTee, {2}).LocalGet(0).Op(Op::kI32LtS), use);
  check(Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).Op(Op::kLocalTee, {0}), Code().LocalGet(1).Op(Op::kI32LtS)
      .Raw(use));
  check(Code().LocalGet(2).I32Const(0xfff).Op(Op::kI32And), Code().Load(Op::kI32Load8U).LocalSet(3));
  check(Code().LocalGet(2).I32Const(1).Op(Op::kI32Add), Code().LocalSet(2));
  check(Code().LocalGet(0).LocalGet(0).Op(Op::kI32Add), Code().Load(Op::kI32Load8U, 0, 3).LocalSet(0));
  check(Code().LocalGet(0).I32Const(1).Op(Op::kI32Shl).I32Const(5).Op(Op::kI32Add), Code().Load(Op::kI32Load8U)
      .LocalSet(0));
  // The accumulator had the local before it was written last.
  check(Code().LocalGet(2).Op(Op::kI32Clz).LocalSet(2).I32Const(9).LocalSet(2).LocalGet(0), Code().LocalGet(2)
      .Op(Op::kI32Add).LocalSet(3));
  // The old value is below.
  check(Code().LocalGet(2), Code().I32Const(9).LocalSet(2).Raw(AddTo(2, 0)).LocalGet(2).Op(Op::kI32Sub).LocalSet(3));
}

TEST(PinsControlTest, Tables) {
  // To the head, out of the loop, to the end of a block in it.
  const Code index = Code().LocalGet(2).I32Const(3).Op(Op::kI32And);
  const Code rounds = Code().LocalGet(0).LocalGet(1).Op(Op::kI32GeS).Op(Op::kBrIf, {1}).Raw(AddTo(2, 0)).Raw(Mix(2))
      .LocalGet(0)
                          .I32Const(1).Op(Op::kI32Add).LocalSet(0);
  Subject plain;
  plain.Export(Code().Begin(Op::kBlock).Begin(Op::kLoop).Raw(rounds).Begin(Op::kBlock).Begin(Op::kBlock).Raw(index)
                   .BrTable({2, 0, 1}, 2).End().Raw(AddTo(3, 2)).Op(Op::kBr, {1}).End().Raw(AddTo(4, 2)).Raw(Mix(0))
                       .End().End()
                   .Raw(Subject::Sum()));
  plain.Check();
  plain.CheckEachPause();
  // With values, over others: to the head of a loop that takes one.
  Subject carry;
  carry.Export(Code().Begin(Op::kBlock).LocalGet(0).BeginIndexed(Op::kLoop, carry.unary).LocalSet(3).Raw(rounds)
                   .Begin(Op::kBlock, kI32).LocalGet(4).LocalGet(2).LocalGet(0).Raw(index).BrTable({1, 0, 1, 1}, 1)
                       .End()
                   .LocalGet(3).LocalGet(2).Op(Op::kI32Xor).LocalGet(0).I32Const(1).Op(Op::kI32Add)
                       .Op(Op::kLocalTee, {0})
                   .LocalGet(1).Op(Op::kI32LtS).Op(Op::kBrIf, {0}).Op(Op::kI32Add).End().LocalSet(3).End()
                       .Raw(Subject::Sum()));
  carry.Check();
  carry.CheckEachPause();
}

// Loops with parameters; branches to their heads over other values run in place for an instruction, in the middle of
// the loop.
TEST(PinsControlTest, LoopsWithParameters) {
  const Code below = Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).Op(Op::kLocalTee, {0}).LocalGet(1).Op(Op::kI32LtS);
  for (const bool is_over : {false, true}) {
    Subject one;
    Code code = Code().LocalGet(1).BeginIndexed(Op::kLoop, one.unary).LocalGet(2).Op(Op::kI32Add).LocalSet(2)
        .Raw(Reads()).Raw(Mix(0));
    code.Raw(Update(0, Op::kI32And, Code().I32Const(7)));
    if (is_over) code.LocalGet(0);
    code.LocalGet(2).Raw(below).Op(Op::kBrIf, {0});
    if (is_over) code.Op(Op::kI32Xor);
    one.Export(code.End().LocalSet(3).Raw(Subject::Sum()));
    one.Check({Value::I32(0), Value::I32(5)});
    one.Check({Value::I32(3), Value::I32(1)});
  }
  // Two, the last of which is what decides.
  Subject two;
  const uint32_t pair = two.b.AddType({kI32, kI32}, {kI32, kI32});
  two.Export(Code().LocalGet(0).LocalGet(1).BeginIndexed(Op::kLoop, pair).LocalSet(3).LocalSet(2).Raw(Reads())
      .I32Const(4).LocalGet(2)
                 .LocalGet(0).Raw(below).Op(Op::kBrIf, {0}).Op(Op::kI32Add).End().LocalSet(4).LocalSet(3)
                     .Raw(Subject::Sum()));
  two.Check();
  two.CheckEachPause();
}

TEST(PinsControlTest, EndsOfLoops) {
  // By a branch back, left from the middle; what follows in it is dead, a loop, too.
  const Code dead = Code().Begin(Op::kLoop).Raw(Reads()).LocalGet(0).Op(Op::kBrIf, {0}).End();
  const Code leave = Code().LocalGet(0).LocalGet(1).Op(Op::kI32GeS).Op(Op::kBrIf, {1});
  const Code count = Code().Raw(Update(0, Op::kI32Add, Code().I32Const(1)));
  const auto check = [&](const Code& body) {
    Subject one;
    one.Export(Code().Begin(Op::kBlock).Begin(Op::kLoop).Raw(body).End().End().Raw(Subject::Sum()));
    one.Check();
  one.CheckEachPause();
  };
  check(Code().Raw(leave).Raw(Reads()).Raw(count).Op(Op::kBr, {0}));
  check(Code().Raw(Reads()).Raw(StepAndGoBack(0, 1)).LocalGet(2).Op(Op::kReturn));
  check(Code().Raw(Reads()).Raw(StepAndGoBack(0, 1)).Op(Op::kUnreachable));
  check(Code().Raw(Reads()).Raw(StepAndGoBack(0, 1)).LocalGet(2).Op(Op::kReturnCall, {1}));
  // With dead loops in and behind it: it is not innermost, but the one after it is.
  Subject one;
  one.Export(Code().Begin(Op::kBlock).Begin(Op::kLoop).Raw(leave).Raw(count).Op(Op::kBr, {0}).Raw(dead).End().Raw(dead)
      .End()
                 .I32Const(0).LocalSet(0).Begin(Op::kLoop).Raw(Reads()).Raw(StepAndGoBack(0, 1)).End()
                     .Raw(Subject::Sum()));
  one.Check();
  one.CheckEachPause();
  // Its body is no code at all.
  Subject empty;
  empty.Export(Code().Begin(Op::kLoop).Raw(Times(4, Code().LocalGet(0).Op(Op::kDrop))).End().Raw(Subject::Sum()));
  empty.Check();
}

// Each innermost loop has its own pins and its own head; the outer one has none.
TEST(PinsControlTest, ManyLoops) {
  const auto count = [](uint32_t counter, uint32_t local) {
    return Code().I32Const(0).LocalSet(counter).Begin(Op::kLoop).Raw(AddTo(local, counter)).Raw(Mix(local))
        .Raw(StepAndGoBack(counter, 2)).End();
  };
  Subject one;
  const uint32_t memory_of = 32;
  one.Export(Code().Begin(Op::kLoop).Raw(count(3, 2)).Begin(Op::kBlock).Raw(count(4, 3)).LocalGet(3).I32Const(1)
      .Op(Op::kI32And)
                 .Op(Op::kBrIf, {0}).Raw(count(3, 4)).End().LocalGet(0).LocalGet(2).Op(Op::kI32Store, {0, memory_of})
                     .Raw(count(4, 2))
                 .Raw(StepAndGoBack(0, 1)).End().Raw(Subject::Sum()),
             4);
  one.Check();
  one.CheckEachPause();
}

// The last locals that register code can name.
TEST(PinsControlTest, SlotsAtTheirLimit) {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  // All locals, the spare slot, and three operands: what can be named.
  const uint32_t last = UINT16_MAX - 1 - 3 - 1;
  const Code loop = Code().Begin(Op::kLoop).Raw(AddTo(last, last - 1)).Raw(Mix(last)).LocalGet(0).LocalGet(last - 1)
      .I32Const(1)
                        .Op(Op::kI32Add).Op(Op::kLocalTee, {last - 1}).Op(Op::kI32GtU).Op(Op::kBrIf, {0}).End();
  const uint32_t f = b.AddFunction(type, Code(loop).LocalGet(last).LocalGet(last).LocalGet(last).Op(Op::kI32Add)
      .Op(Op::kI32Xor).End(),
                                   {{last, kI32}});
  b.ExportFunction("f", f);
  EXPECT_EQ(PinnedLoops(b, f), 1u);
  ExpectSame(b, "f", {Value::I32(6)});
}

}  // namespace
}  // namespace sandbox::testing
