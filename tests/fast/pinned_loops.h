// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Modules of loops that keep locals in registers, and code to fill such loops with.
#ifndef TESTS_FAST_PINNED_LOOPS_H_
#define TESTS_FAST_PINNED_LOOPS_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/fast/translated_module.h"
#include "tests/fast/two_tiers.h"

namespace sandbox::testing {

// The loops with pins of a function.
inline size_t PinnedLoops(const ModuleBuilder& b, uint32_t function, uint32_t imports = 0) {
  ImplementationLimits limits;
  limits.locals = 1 << 20;
  const LoadedModule loaded(b, limits);
  Budget budget(uint64_t{1} << 30);
  FunctionCode code(budget);
  EXPECT_TRUE(fast::Translator(loaded.module, budget).Translate(function - imports, code));
  return code.loops.size();
}

// Local `local` goes up by `by` and is compared with local 1: round again if below.
inline Code StepAndGoBack(uint32_t local, int32_t by, uint32_t depth = 0) {
  return Code().LocalGet(local).I32Const(by).Op(Op::kI32Add).Op(Op::kLocalTee, {local}).LocalGet(1).Op(Op::kI32LtS)
      .Op(Op::kBrIf, {depth});
}
inline Code Update(uint32_t local, sandbox::Op op, const Code& by) {
  return Code().LocalGet(local).Raw(by).Op(op).LocalSet(local);
}
inline Code AddTo(uint32_t local, uint32_t what) { return Update(local, Op::kI32Add, Code().LocalGet(what)); }
inline Code Mix(uint32_t local) { return Update(local, Op::kI32Mul, Code().I32Const(31)); }

// f(i32, i32) -> i32, which has i32 2, 3, 4, i64 5, 6 besides. A memory of a page, a table of g(i32) -> i32, whose own
// loop has other pins and another head.
struct Subject {
  ModuleBuilder b;
  uint32_t unary = b.AddType({kI32}, {kI32});
  uint32_t type = b.AddType({kI32, kI32}, {kI32});
  uint32_t host = b.ImportFunction("env", "host", unary);
  uint32_t g = 0;

  Subject() {
    b.Export("memory", ExternKind::kMemory, b.AddMemory({1, 3, false}));
    b.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
    const Code loop = Code().Begin(Op::kLoop).Raw(Mix(1)).Raw(AddTo(1, 0)).LocalGet(0).I32Const(1).Op(Op::kI32ShrU);
    g = b.AddFunction(unary, Code(loop).Op(Op::kLocalTee, {0}).Op(Op::kBrIf, {0}).End().LocalGet(1).End(), {{1, kI32}});
    b.ExportFunction("g", g);
    b.AddElements(0, Code().I32Const(0).End(), {g});
    EXPECT_EQ(PinnedLoops(b, g, 1), 1u);
  }
  void Export(const Code& code, size_t pinned_loops = 1) {
    const uint32_t f = b.AddFunction(type, Code(code).End(), {{3, kI32}, {2, ValType::I64()}});
    b.ExportFunction("f", f);
    EXPECT_EQ(PinnedLoops(b, f, 1), pinned_loops);
  }
  // Twice, so that the second time finds everything translated; with a host that answers later, and one that does at
  // once.
  void Check(std::initializer_list<Value> arguments = {Value::I32(0), Value::I32(9)}) {
    for (const bool is_at_once : {false, true}) {
      Machines machines;
      machines.Each([&](Machinery& m) {
        Start(m, is_at_once);
        m.Run("m", "f", arguments);
        m.Run("m", "f", arguments);
      });
    }
  }
  // Runs so far as each amount of fuel carries it, then to the end: the first stretch is the fast tier's, wherever it
  // ends.
  void CheckEachPause(std::initializer_list<Value> arguments = {Value::I32(0), Value::I32(4)}) {
    Machines machines;
    machines.steps = {0};
    machines.Each([&](Machinery& m) {
      Start(m, true);
      for (uint64_t pause = 1; pause < 150; ++pause) {
        m.store().SetFuel(pause);
        Result<RunResult> run = m.store().Invoke(m["m"], "f", arguments);
        ASSERT_TRUE(run.has_value());
        if (!run->is_pending()) break;
        m.Log("short of " + std::to_string(run->fuel_needed()) + " with " + std::to_string(m.store().fuel()));
        m.store().SetFuel(1 << 20);
        run = run->Resume();
        ASSERT_TRUE(run.has_value() && !run->is_pending());
        const std::string end = run->is_done() ? std::to_string(run->values()[0].u32()) : "trap";
        m.Log(end + " left " + std::to_string(m.store().fuel()));
      }
    });
  }
  // The host runs others' loops meanwhile, and grows memory.
  void Start(Machinery& m, bool is_at_once) const {
    const auto work = [&m] {
      m.Finish(m.store().Invoke(m["m"], "g", {Value::I32(21)}));
      (void)m.store().GetMemory(m["m"], "memory")->Grow(1);
      return 77;
    };
    m.answer = [work](sandbox::Call call) { return call.Resume(Value::I32(work())); };
    const Result<uint32_t> linked = is_at_once ? m.store().Link("env", "host", [work](int32_t) { return work(); })
                                               : m.store()
                                                   .LinkFunc("env", "host", std::vector{kI32}, std::vector{kI32});
    ASSERT_TRUE(linked.has_value());
    m.Add(b, "m");
  }
  // A loop from local 0 to local 1 around `body`, and what all locals are in the end.
  void CheckLoop(const Code& body, size_t pinned_loops = 1) {
    Export(Code().Begin(Op::kLoop).Raw(body).Raw(StepAndGoBack(0, 1)).End().Raw(Sum()), pinned_loops);
    Check();
    CheckEachPause();
  }
  static Code Sum() {
    Code sum = Code().LocalGet(0);
    for (const uint32_t local : {1u, 2u, 3u, 4u}) sum.I32Const(31).Op(Op::kI32Mul).LocalGet(local).Op(Op::kI32Add);
    for (const uint32_t local : {5u, 6u}) sum.LocalGet(local).Op(Op::kI32WrapI64).Op(Op::kI32Xor);
    return sum;
  }
};

}  // namespace sandbox::testing

#endif  // TESTS_FAST_PINNED_LOOPS_H_
