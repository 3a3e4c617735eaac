// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/translator.h (translator_pins.cc: loops that keep locals in registers do what they do in place, at
// once and in steps of few units of fuel, each of which ends anywhere in a loop)

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "tests/fast/pinned_loops.h"

namespace sandbox::testing {
namespace {

TEST(PinsTest, Steps) {
  for (const int32_t by : {1, 2, 8}) {
    Subject one;
    one.Export(Code().Begin(Op::kLoop).Raw(Mix(2)).Raw(AddTo(2, 0)).Raw(StepAndGoBack(0, by)).End()
        .Raw(Subject::Sum()));
    one.Check();
  }
  // Against itself, a constant, what is no pin; by `if`; out of the loop; with the old value below it.
  Subject().CheckLoop(Code().LocalGet(2).I32Const(1).Op(Op::kI32Add).Op(Op::kLocalTee, {2}).LocalGet(2).Op(Op::kI32LeU)
                          .Begin(Op::kIf).Raw(Mix(2)).End());
  Subject().CheckLoop(Code().Raw(Mix(0)).I32Const(100).LocalGet(0).I32Const(1).Op(Op::kI32Add).Op(Op::kLocalTee, {0})
                          .Op(Op::kI32LtS).Begin(Op::kIf).LocalGet(2).Op(Op::kReturn).End().LocalGet(3).LocalGet(0)
                              .I32Const(1).Op(Op::kI32Add)
                          .Op(Op::kLocalTee, {3}).Op(Op::kI32LtU).Begin(Op::kIf).Raw(AddTo(3, 2)).End());
  Subject().CheckLoop(Code().LocalGet(2).LocalGet(2).I32Const(3).Op(Op::kI32Add).Op(Op::kLocalTee, {2}).Op(Op::kI32GtU)
                          .Begin(Op::kIf).Op(Op::kUnreachable).End());
  // No steps: what is compared is not what was counted up; an operand below is to be put into its slot.
  const Code up = Update(2, Op::kI32Add, Code().I32Const(1));
  const Code skip = Code().Begin(Op::kIf).Raw(Mix(3)).End();
  Subject().CheckLoop(Code().Raw(up).LocalGet(0).I32Const(4).Op(Op::kI32LtS).Raw(skip).Raw(AddTo(2, 0)).Raw(AddTo(3, 2)));
  Subject().CheckLoop(Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).LocalSet(2).LocalGet(0).I32Const(4).Op(Op::kI32LtS)
                          .Raw(skip).Raw(AddTo(2, 0)).Raw(AddTo(3, 2)));
  Subject().CheckLoop(Code().LocalGet(3).Raw(StepAndGoBack(0, 2)).LocalSet(2).Raw(AddTo(3, 0)).Raw(AddTo(3, 2)));
}

// Behind a call, in whatever way, pins and head are those of the caller again.
TEST(PinsTest, CallsInALoop) {
  const Code reads = Times(9, Code().Raw(AddTo(2, 0)).Raw(Mix(2)));
  const auto check = [&](auto call, uint32_t rounds) {
    Subject one;
    one.Export(Code().Begin(Op::kLoop).Raw(reads).Raw(call(one)).Raw(AddTo(3, 2)).Raw(StepAndGoBack(0, 1)).End()
        .Raw(Subject::Sum()));
    one.Check({Value::I32(0), Value::I32(rounds)});
  };
  check([](Subject& one) { return Code().LocalGet(0).Call(one.g).LocalSet(2); }, 7);
  check([](Subject& one) { return Code().LocalGet(0).I32Const(0).Op(Op::kCallIndirect, {one.unary, 0})
      .LocalSet(4); }, 7);
  check([](Subject&) { return Code().I32Const(1).Op(Op::kMemoryGrow, {0}).LocalSet(2); }, 5);
  check([](Subject& one) { return Code().LocalGet(2).Call(one.host).LocalGet(0).Op(Op::kI32Add).LocalSet(2); }, 3);
  // The loop goes on at its head at once.
  check([](Subject& one) {
    return Code().LocalGet(0).Call(one.g).LocalSet(4).Raw(StepAndGoBack(0, 1)).LocalGet(4).LocalSet(2);
  }, 7);
}

// The outer loop is interrupted in the middle, and another run has the registers.
TEST(PinsTest, AnotherRunMeanwhile) {
  Subject one;
  one.Export(Code().Begin(Op::kLoop).Raw(Mix(2)).Raw(AddTo(2, 0)).Begin(Op::kBlock).LocalGet(2).I32Const(4)
      .Op(Op::kI32And)
                 .Op(Op::kBrIf, {0}).Raw(AddTo(3, 2)).End().Raw(StepAndGoBack(0, 1)).End().Raw(Subject::Sum()));
  Machines machines;
  machines.Each([&](Machinery& m) {
    one.Start(m, true);
    for (uint64_t pause = 1; pause < 60; ++pause) {
      m.store().SetFuel(pause);
      Result<RunResult> run = m.store().Invoke(m["m"], "f", {Value::I32(0), Value::I32(9)});
      ASSERT_TRUE(run.has_value() && run->is_pending());
      m.Log("paused with " + std::to_string(m.store().fuel()));
      m.Run("m", "g", {Value::I32(1000)});
      m.Run("m", "f", {Value::I32(2), Value::I32(4)});
      m.store().SetFuel(1'000);
      run = run->Resume();
      ASSERT_TRUE(run.has_value() && run->is_done());
      m.Log(std::to_string(run->values()[0].u32()) + " left " + std::to_string(m.store().fuel()));
    }
  });
}

// The old value is on the operand stack when the local is written.
TEST(PinsTest, CopiesAcrossAWrite) {
  Subject().CheckLoop(Code().LocalGet(2).LocalGet(2).Raw(Mix(2)).Raw(AddTo(2, 0)).LocalGet(2).Op(Op::kI32Sub)
      .Op(Op::kI32Xor)
                          .LocalSet(2));
  Subject().CheckLoop(Code().LocalGet(2).I32Const(7).Op(Op::kI32Add).LocalGet(0).LocalSet(2).LocalGet(2).Op(Op::kI32Sub)
      .LocalSet(3)
                          .Raw(Mix(2)));
  Subject().CheckLoop(Code().LocalGet(2).LocalGet(0).Op(Op::kI32Xor).LocalGet(2).I32Const(5).Op(Op::kI32Or)
      .Op(Op::kLocalTee, {2})
                          .Op(Op::kI32Add).Op(Op::kLocalTee, {3}).LocalGet(3).Op(Op::kI32Add).LocalSet(2));
}

// One instruction reads and writes the same pin, or both; what is written is none, a constant, another pin, of the
// host's.
TEST(PinsTest, ReadAndWritten) {
  const std::initializer_list<sandbox::Op> ops = {Op::kI32Add, Op::kI32Sub, Op::kI32Mul, Op::kI32And,
      Op::kI32Or,  Op::kI32Xor,
                                                  Op::kI32Shl, Op::kI32ShrS, Op::kI32ShrU, Op::kI32Rotl, Op::kI32LtS,
                                                      Op::kI32GtU};
  Code all;
  for (const sandbox::Op op : ops) {
    all.Raw(Update(2, op, Code().LocalGet(2))).Raw(Update(2, op, Code().LocalGet(0))).Raw(Update(2, Op::kI32Xor, Code()
        .I32Const(0x1235)));
    all.LocalGet(0).LocalGet(2).Op(op).LocalSet(2).I32Const(77).LocalGet(2).Op(op).LocalSet(2).Raw(Update(2, op, Code()
        .I32Const(13)));
    all.Raw(Update(2, op, Code().LocalGet(3).Op(Op::kI32Clz))).LocalGet(3).LocalGet(2).Op(op).LocalSet(3)
        .Raw(AddTo(2, 3));
  }
  Subject().CheckLoop(all);
  Subject().CheckLoop(Code().LocalGet(0).LocalSet(2).Raw(AddTo(3, 2)).I32Const(-5).LocalSet(2).Raw(AddTo(3, 2))
      .LocalGet(3).LocalSet(2)
                          .Raw(Mix(2)).LocalGet(2).Op(Op::kI32Eqz).LocalSet(2).Raw(AddTo(3, 2)));
  // Of 64 bits, all of them.
  Code wide = Code().LocalGet(0).Op(Op::kI64ExtendI32S).LocalGet(5).Op(Op::kI64Add).LocalSet(5);
  wide.Raw(Update(5, Op::kI64Mul, Code().I64Const(0x123456789abcdef))).Raw(Update(5, Op::kI64Shl, Code().LocalGet(5)));
  wide.I64Const(-2).LocalGet(5).Op(Op::kI64Sub).Op(Op::kLocalTee, {5}).LocalGet(5).I64Const(33).Op(Op::kI64ShrU)
      .Op(Op::kI64Xor);
  wide.LocalSet(5).LocalGet(5).LocalGet(6).Op(Op::kI64LtS).Begin(Op::kIf).I64Const(int64_t{1} << 40).LocalSet(5).End();
  Subject().CheckLoop(Code(wide).LocalGet(5).I64Const(32).Op(Op::kI64ShrU).LocalSet(6));
}

TEST(PinsTest, Memory) {
  Code all;
  for (const uint32_t at : {0u, 2u}) {
    all.LocalGet(at).LocalGet(at).Op(Op::kI32Store, {0, 16}).LocalGet(at).I32Const(4).Op(Op::kI32Add).LocalGet(2 - at);
    all.Op(Op::kI32Store8, {0, 20}).LocalGet(at).I32Const(99).Op(Op::kI32Store16, {0, 40});
    all.LocalGet(at).LocalGet(2 - at).Op(Op::kI32Add).LocalGet(at).Op(Op::kI32Store, {0, 48});
    all.LocalGet(at).I32Const(2).Op(Op::kI32Shl).LocalGet(2 - at).Op(Op::kI32Store, {0, 64});
    // Into itself.
    all.LocalGet(at == 0 ? 3 : 2).Load(Op::kI32Load, 0, 14).I32Const(255).Op(Op::kI32And).LocalSet(2);
    all.LocalGet(2).Load(Op::kI32Load8U, 0, 18).LocalSet(2).LocalGet(2).I32Const(3).Op(Op::kI32Add)
        .Load(Op::kI32Load16U).LocalSet(3);
    all.LocalGet(0).I32Const(1).Op(Op::kI32Shl).LocalGet(2).Op(Op::kI32Add).Load(Op::kI32Load8S, 0, 60).LocalSet(3);
  }
  Subject().CheckLoop(all);
  // It traps in the middle of a round, at the end of memory.
  Subject one;
  one.Export(Code().Begin(Op::kLoop).LocalGet(2).LocalGet(0).Op(Op::kI32Store, {0, 65'500}).LocalGet(0)
      .Load(Op::kI32Load, 0, 65'500)
                 .LocalGet(2).Op(Op::kI32Add).I32Const(0).Op(Op::kI32Or).LocalSet(3).Raw(Mix(3)).LocalGet(0).LocalSet(2)
                 .Raw(StepAndGoBack(0, 3)).End().Raw(Subject::Sum()));
  one.Check({Value::I32(0), Value::I32(100)});
}

// Wherever floats and references are taken for pins, they hold what they should.
TEST(PinsTest, WhatIsNoInteger) {
  Subject refs;
  const uint32_t f = refs.b.AddFunction(
      refs.unary,
      Code().Begin(Op::kLoop).LocalGet(1).Op(Op::kRefIsNull).LocalGet(0).I32Const(1).Op(Op::kI32And).Op(Op::kI32Xor)
          .LocalGet(2).Op(Op::kI32Add)
          .LocalSet(2).LocalGet(0).I32Const(2).Op(Op::kI32And).Begin(Op::kIf).Op(Op::kRefFunc, {refs.g}).LocalSet(1)
              .Op(Op::kElse)
          .Op(Op::kRefNull).Byte(0x70).LocalSet(1).End().LocalGet(1).LocalGet(1).LocalSet(1).Op(Op::kRefIsNull)
              .Op(Op::kDrop).Raw(Times(20, Code().LocalGet(1).Op(Op::kDrop)))
          .LocalGet(0).I32Const(-1).Op(Op::kI32Add).Op(Op::kLocalTee, {0}).Op(Op::kBrIf, {0}).End().LocalGet(2).End(),
      {{1, ValType::FuncRef()}, {1, kI32}});
  refs.b.ExportFunction("f", f);
  EXPECT_EQ(PinnedLoops(refs.b, f, 1), 1u);
  refs.Check({Value::I32(9)});
  if (!kFloats) return;
  Subject one;
  const Code pi = Code().Op(Op::kF64Const).Raw({0x18, 0x2d, 0x44, 0x54, 0xfb, 0x21, 0x09, 0x40});
  const uint32_t floats = one.b.AddFunction(
      one.unary,
      // Nothing in the loop says that 1 is a float: not what becomes of it, nor what it is given.
      Code().Raw(pi).LocalSet(1).Raw(pi).LocalSet(2).Begin(Op::kLoop)
          .LocalGet(1).LocalGet(2).Raw(pi).Op(Op::kF64Add).LocalSet(2).Begin(Op::kBlock).End().LocalSet(1)
          .LocalGet(1).LocalGet(2).LocalGet(0).I32Const(1).Op(Op::kI32And).Op(Op::kSelect).LocalSet(1)
          .LocalGet(1).Op(Op::kDrop).LocalGet(1).Op(Op::kDrop).LocalGet(1).Op(Op::kDrop).LocalGet(1).Op(Op::kDrop)
          .LocalGet(0).I32Const(-1).Op(Op::kI32Add).Op(Op::kLocalTee, {0}).Op(Op::kBrIf, {0}).End()
          .LocalGet(1).Op(Op::kI64ReinterpretF64).Op(Op::kI32WrapI64).End(),
      {{2, ValType::F64()}});
  one.b.ExportFunction("f", floats);
  EXPECT_EQ(PinnedLoops(one.b, floats, 1), 1u);
  one.Check({Value::I32(9)});
}

}  // namespace
}  // namespace sandbox::testing
