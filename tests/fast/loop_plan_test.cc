// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/loop_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "sandbox/base/build_config.h"
#include "tests/fast/translated_module.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox::fast {
namespace {

using testing::Code;
using testing::FailingAllocator;
using testing::LoadedModule;
using testing::ModuleBuilder;

using Pins = std::vector<uint32_t>;
const ValType kI32 = ValType::I32();
// 0, 1, 2: i32; 3, 4: i64; 5: f32; 6: f64 (where there are floats); 7: funcref.
const std::vector<std::pair<uint32_t, ValType>> kLocals = {{3, kI32},
                                                           {2, ValType::I64()},
                                                           {1, kFloats ? ValType::F32() : kI32},
                                                           {1, kFloats ? ValType::F64() : kI32},
                                                           {1, ValType::FuncRef()}};
constexpr uint64_t kLocalCount = 8;

Code Times(size_t count, const Code& code) {
  Code all;
  for (size_t i = 0; i < count; ++i) all.Raw(code);
  return all;
}
Code Read(uint32_t local, size_t count = 1) { return Times(count, Code().LocalGet(local).Op(Op::kDrop)); }
Code Write(uint32_t local) { return Code().I32Const(1).LocalSet(local); }
Code Loop(const Code& body) { return Code().Begin(Op::kLoop).Raw(body).End(); }

// Function 0 does nothing; 1 consists of this.
ModuleBuilder ModuleOf(const Code& code) {
  ModuleBuilder b;
  const uint32_t none = b.AddType({}, {});
  b.AddMemory({1, 1, false});
  b.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
  b.AddFunction(none, Code().End());
  b.AddFunction(none, Code(code).End(), kLocals);
  return b;
}

Pins PinsOf(const LoopPlan& plan) {
  Pins pins;
  for (const uint32_t local : plan.locals) {
    if (local != kNoLocal) pins.push_back(local);
  }
  EXPECT_EQ(plan.has_pins(), !pins.empty());
  return pins;
}

// Asks for the plans of the loops of function 1, but for those with the numbers `unasked`, in the order of the code.
Result<std::vector<Pins>> Plan(const LoadedModule& loaded,
    LoopPlanner& planner, const std::vector<size_t>& unasked = {}) {
  const BodyView body{loaded.module, loaded.module.functions[1]};
  SANDBOX_TRY(planner.Start(kLocalCount));
  std::vector<Pins> plans;
  size_t number = 0;
  uint32_t table_index = 0;
  for (Pc pc = body.at(body.function.code_begin); body.offset_of(pc) < body.function.code_end;) {
    const Instruction in = ReadInstruction(body, pc, table_index);
    pc = in.next;
    table_index += in.table_words;
    if (in.op != Op::kLoop || std::ranges::find(unasked, number++) != unasked.end()) continue;
    const LoopPlan plan = planner.PlanOf(pc);
    plans.push_back(PinsOf(plan));
  }
  return plans;
}

std::vector<Pins> PlansOf(const Code& code, const std::vector<size_t>& unasked = {}) {
  const LoadedModule loaded(ModuleOf(code));
  Budget budget(uint64_t{1} << 30);
  LoopPlanner planner(budget);
  const auto plans = Plan(loaded, planner, unasked);
  EXPECT_TRUE(plans.has_value());
  return plans ? *plans : std::vector<Pins>();
}
Pins PlanOf(const Code& body) {
  const std::vector<Pins> plans = PlansOf(Loop(body));
  return plans.empty() ? Pins{99} : plans[0];
}

TEST(LoopPlanTest, TheLocalsThatAreReadMost) {
  EXPECT_EQ(PlanOf(Code().Raw(Read(0, 2)).Raw(Read(1, 4)).Raw(Read(2, 3))), (Pins{1, 2}));
  EXPECT_EQ(PlanOf(Read(2, 3)), (Pins{2}));
  EXPECT_EQ(PlanOf(Read(3, 3)), (Pins{3}));  // of 64 bits
  EXPECT_EQ(PlanOf(Read(7, 3)), (Pins{7}));
}

TEST(LoopPlanTest, TooFewReads) {
  EXPECT_EQ(PlanOf(Code()), Pins());
  EXPECT_EQ(PlanOf(Read(0, 2)), Pins());
  EXPECT_EQ(PlanOf(Code().Raw(Read(0, 2)).Raw(Read(1))), (Pins{0, 1}));
  // Writing alone gains nothing.
  EXPECT_EQ(PlanOf(Times(9, Write(0))), Pins());
}

TEST(LoopPlanTest, WhatIsWrittenCountsForMore) {
  const Code others = Code().Raw(Read(0, 3)).Raw(Read(1, 4));
  EXPECT_EQ(PlanOf(Code(others).Raw(Read(2, 2))), (Pins{1, 0}));
  EXPECT_EQ(PlanOf(Code(others).Raw(Read(2, 2)).Raw(Write(2))), (Pins{1, 2}));
  // local.tee is both.
  EXPECT_EQ(PlanOf(Code(others).I32Const(1).Op(Op::kLocalTee, {2}).Op(Op::kLocalTee, {2}).Op(Op::kDrop)), (Pins{1, 2}));
}

TEST(LoopPlanTest, FloatsAreNotPinned) {
  if (!kFloats) GTEST_SKIP() << "no floats";
  const Code add = Code().LocalGet(6).LocalGet(6).Op(Op::kF64Add).LocalSet(6);
  EXPECT_EQ(PlanOf(Code().Raw(Times(5, add)).Raw(Read(0, 3))), (Pins{0}));
  // By what becomes of them, by what they are given.
  EXPECT_EQ(PlanOf(Times(5, Code().LocalGet(0).LocalGet(5).Op(Op::kF32Store, {0, 0}))), (Pins{0}));
  EXPECT_EQ(PlanOf(Times(5, Code().LocalGet(0).Load(Op::kF64Load).Op(Op::kLocalTee, {6}).Op(Op::kDrop))), (Pins{0}));
  EXPECT_EQ(PlanOf(Times(5, Code().LocalGet(6).LocalGet(0).Op(Op::kF64ConvertI32S).Op(Op::kF64Lt)
      .Op(Op::kDrop))), (Pins{0}));
  // Who uses integers in between is not taken for one.
  EXPECT_EQ(PlanOf(Times(5, Code().LocalGet(5).Op(Op::kF32Neg).LocalGet(1).Op(Op::kF32ConvertI32S).Op(Op::kF32Add)
      .Op(Op::kDrop))),
            (Pins{1}));
}

TEST(LoopPlanTest, InnermostLoopsOnly) {
  const Code inner = Loop(Read(1, 3));
  EXPECT_EQ(PlansOf(Loop(Code().Raw(Read(0, 9)).Raw(inner).Raw(Read(0, 9)))), (std::vector<Pins>{{}, {1}}));
  EXPECT_EQ(PlansOf(Loop(Code().Raw(inner).Raw(Loop(Code().Raw(Read(2, 9)).Raw(inner))).Raw(Loop(Read(0, 4))))),
            (std::vector<Pins>{{}, {1}, {}, {1}, {0}}));
  // Blocks in it are of the loop, what is around it is not.
  const Code blocks = Code().Begin(Op::kBlock).Raw(Read(0)).I32Const(1).Begin(Op::kIf).Raw(Read(0)).Op(Op::kElse)
      .Raw(Read(0));
  EXPECT_EQ(PlansOf(Code().Raw(Read(1, 9)).Raw(Loop(Code(blocks).End().End()))
      .Raw(Read(2, 9))), (std::vector<Pins>{{0}}));
  // One does not count for the other.
  EXPECT_EQ(PlansOf(Code().Raw(Loop(Read(0, 2))).Raw(Loop(Read(0, 2)))), (std::vector<Pins>{{}, {}}));
}

TEST(LoopPlanTest, CallsInTheLoopRaiseTheBar) {
  const Code ways[] = {Code().Call(0), Code().I32Const(0).Op(Op::kCallIndirect, {0, 0}),
                       Code().I32Const(0).Op(Op::kMemoryGrow, {0}).Op(Op::kDrop)};
  for (const Code& call : ways) {
    EXPECT_EQ(PlanOf(Code().Raw(call).Raw(Read(0, 6))), Pins());
    EXPECT_EQ(PlanOf(Code().Raw(call).Raw(Read(0, 7))), (Pins{0}));
    EXPECT_EQ(PlanOf(Code().Raw(call).Raw(Read(0, 10)).Raw(call)), Pins());
    EXPECT_EQ(PlanOf(Code().Raw(call).Raw(Read(0, 6)).Raw(Read(2, 5)).Raw(call)), (Pins{0, 2}));
  }
  // Those of another loop do not.
  EXPECT_EQ(PlansOf(Loop(Code().Call(0).Raw(Loop(Read(0, 3))))), (std::vector<Pins>{{}, {0}}));
  EXPECT_EQ(PlansOf(Code().Raw(Loop(Times(5, Code().Call(0)))).Raw(Loop(Read(0, 3)))), (std::vector<Pins>{{}, {0}}));
}

// Nobody asks for loops in dead code; the others get what is theirs.
TEST(LoopPlanTest, SomeLoopsAreNotAskedFor) {
  const Code four = Code()
                        .Raw(Loop(Read(0, 3)))
                        .Raw(Loop(Code().Raw(Loop(Read(1, 3))).Raw(Loop(Read(2, 3)))))
                        .Raw(Loop(Read(3, 3)));
  EXPECT_EQ(PlansOf(four), (std::vector<Pins>{{0}, {}, {1}, {2}, {3}}));
  EXPECT_EQ(PlansOf(four, {0}), (std::vector<Pins>{{}, {1}, {2}, {3}}));
  EXPECT_EQ(PlansOf(four, {2}), (std::vector<Pins>{{0}, {}, {2}, {3}}));
  EXPECT_EQ(PlansOf(four, {2, 3}), (std::vector<Pins>{{0}, {}, {3}}));
  EXPECT_EQ(PlansOf(four, {0, 1, 2, 3}), (std::vector<Pins>{{3}}));
}

// A planner that was stopped in the middle, or served another function, has nothing left of that.
TEST(LoopPlanTest, OneAfterTheOther) {
  const LoadedModule first(ModuleOf(Loop(Code().Raw(Read(1, 4)).Call(0).Raw(Loop(Read(0, 4))))));
  const LoadedModule second(ModuleOf(Loop(Code().Raw(Read(1, 2)).Raw(Read(2, 2)))));
  Budget budget(uint64_t{1} << 30);
  LoopPlanner planner(budget);
  for (const auto& unasked : {std::vector<size_t>{}, {1}, {0}}) {
    EXPECT_TRUE(Plan(first, planner, unasked).has_value());
    EXPECT_EQ(*Plan(second, planner), (std::vector<Pins>{{1, 2}}));
  }
}

// One with many calls is given up, however often it reads.
TEST(LoopPlanTest, ManyCalls) {
  const Code call = Code().Call(0);
  EXPECT_EQ(PlanOf(Code().Raw(Times(8, call)).Raw(Read(0, 100))), (Pins{0}));
  EXPECT_EQ(PlanOf(Code().Raw(Times(9, call)).Raw(Read(0, 100))), Pins());
}

TEST(LoopPlanTest, MemoryIsRefused) {
  const LoadedModule loaded(ModuleOf(Code().Raw(Times(9, Loop(Loop(Read(0, 3))))).Raw(Loop(Code().Raw(Read(1, 3))
      .Raw(Write(2))))));
  FailingAllocator allocator;
  Budget budget(uint64_t{1} << 30, &allocator);
  const LoadedModule other(ModuleOf(Loop(Read(2, 3))));
  size_t refusals = 0;
  for (uint64_t n = 0;; ++n) {
    LoopPlanner planner(budget);
    allocator.FailAt(n);
    const auto plans = Plan(loaded, planner);
    allocator.FailNever();
    EXPECT_EQ(plans.has_value(), !allocator.has_failed());
    // It goes on with the next function.
    EXPECT_EQ(*Plan(other, planner), (std::vector<Pins>{{2}}));
    if (plans) {
      EXPECT_EQ(plans->back(), (Pins{1}));
      break;
    }
    ++refusals;
  }
  EXPECT_GT(refusals, 0u);
}

}  // namespace
}  // namespace sandbox::fast
