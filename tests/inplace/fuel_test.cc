// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/exec/fuel.h (what each instruction costs, in every form of running)

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/exec/fuel.h"
#include "tests/inplace/forms.h"

namespace sandbox::testing {
namespace {

const ValType kI32 = ValType::I32();

using Costs = std::vector<uint64_t>;

class FuelTest : public FormTest {
 protected:
  // Stepped: the cost of each instruction in turn. At once: their sum.
  void ExpectCosts(const Ran& ran, const Costs& costs, const std::string& what) const {
    EXPECT_EQ(ran.fuel, std::accumulate(costs.begin(), costs.end(), uint64_t{0})) << what;
    if (GetParam().is_stepped) {
      EXPECT_EQ(ran.costs, costs) << what;
    }
  }
};
INSTANTIATE_FORMS(FuelTest);

// A function body, and what its instructions cost one by one.
struct Case {
  std::string name;
  Code body;
  Costs costs;
  TrapCode trap = TrapCode::kHost;  // how it ends, kHost: it returns
  size_t results = 0;               // i32s that it returns
};

// What the bodies can use.
struct Surroundings {
  ModuleBuilder builder;
  uint32_t nothing, nine_params, many_locals, nine_results, host, ten_in, nine_out, unary;
};

Surroundings MakeSurroundings() {
  Surroundings s;
  ModuleBuilder& b = s.builder;
  s.nothing = b.AddType({}, {});
  s.ten_in = b.AddType(I32s(9), {});
  s.nine_out = b.AddType({}, I32s(9));
  s.unary = b.AddType({kI32}, {kI32});
  s.host = b.ImportFunction("env", "host", s.ten_in);
  b.AddMemory(Limits{1, 4, false});
  b.AddTable({ValType::FuncRef(), Limits{20, 40, false}});
  b.AddGlobal({kI32, true}, Code().I32Const(0).End());
  b.AddFunction(s.nothing, Code().End());                 // 1
  s.nine_params = b.AddFunction(s.ten_in, Code().End());  // 2
  s.many_locals = b.AddFunction(s.nothing, Code().End(), {{17, kI32}});
  Code nine;
  for (int i = 0; i < 9; ++i) nine.I32Const(i);
  s.nine_results = b.AddFunction(s.nine_out, nine.End());
  b.AddElements(0, Code().I32Const(0).End(), {1, s.nine_params, s.many_locals, s.nine_results});
  b.AddPassiveElements(std::vector<uint32_t>(20, 1));
  b.AddPassiveData(Bytes(200, 7));
  b.AddDataCount();
  return s;
}

Code Push(size_t count) { return Repeat(count, Code().I32Const(0)); }
Code Drop(size_t count) { return Repeat(count, Code().Op(Op::kDrop)); }
Costs Ones(size_t count) { return Costs(count, 1); }
Costs operator+(Costs a, const Costs& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<Case> ControlCases(const Surroundings& s) {
  return {
      {"empty", Code(), {1}},
      {"nop", Code().Op(Op::kNop), Ones(2)},
      {"block", Code().Begin(Op::kBlock).End(), Ones(3)},
      {"loop", Code().Begin(Op::kLoop).End(), Ones(3)},
      // A branch goes behind the block's end.
      {"br", Code().Begin(Op::kBlock).Op(Op::kBr, {0}).Op(Op::kNop).End(), Ones(3)},
      {"br with one value",
       Code().Begin(Op::kBlock, kI32).I32Const(1).Op(Op::kBr, {0}).End().Op(Op::kDrop),
       {1, 1, 2, 1, 1}},
      {"br with nine values",
       Code().BeginIndexed(Op::kBlock, s.nine_out).Raw(Push(9)).Op(Op::kBr, {0}).End().Raw(Drop(9)),
       Ones(10) + Costs{3} + Ones(10)},
      {"br to the body", Code().Op(Op::kBr, {0}).Op(Op::kNop), Ones(2)},
      {"br to the body with a value", Code().I32Const(1).Op(Op::kBr, {0}), {1, 2, 1}, TrapCode::kHost, 1},
      {"br_if taken", Code().Begin(Op::kBlock).I32Const(1).Op(Op::kBrIf, {0}).Op(Op::kNop).End(), Ones(4)},
      {"br_if not taken", Code().Begin(Op::kBlock).I32Const(0).Op(Op::kBrIf, {0}).Op(Op::kNop).End(), Ones(6)},
      {"br_if taken with a value",
       Code().Begin(Op::kBlock, kI32).I32Const(5).I32Const(1).Op(Op::kBrIf, {0}).End().Op(Op::kDrop),
       {1, 1, 1, 2, 1, 1}},
      {"br_if not taken with a value",
       Code().Begin(Op::kBlock, kI32).I32Const(5).I32Const(0).Op(Op::kBrIf, {0}).End().Op(Op::kDrop), Ones(7)},
      {"br_table", Code().Begin(Op::kBlock).I32Const(0).BrTable({0}, 0).End(), Ones(4)},
      {"br_table with a value",
       Code().Begin(Op::kBlock, kI32).I32Const(5).I32Const(9).BrTable({0}, 0).End().Op(Op::kDrop),
       {1, 1, 1, 2, 1, 1}},
      {"br_on_null taken",
       Code().Begin(Op::kBlock).Op(Op::kRefNull).Byte(0x6f).Op(Op::kBrOnNull, {0}).Op(Op::kDrop).End(), Ones(4)},
      {"if taken", Code().I32Const(1).Begin(Op::kIf).Op(Op::kNop).End(), Ones(5)},
      {"if not taken", Code().I32Const(0).Begin(Op::kIf).Op(Op::kNop).End(), Ones(3)},
      // `else` costs when the first arm comes to it; the second ends with `end`.
      {"if, first arm", Code().I32Const(1).Begin(Op::kIf).Op(Op::kElse).Op(Op::kNop).End(), Ones(4)},
      {"if, second arm", Code().I32Const(0).Begin(Op::kIf).Op(Op::kElse).Op(Op::kNop).End(), Ones(5)},
      {"return", Code().Op(Op::kReturn).Op(Op::kNop), {1}},
      {"return of one", Code().I32Const(1).Op(Op::kReturn), {1, 2}, TrapCode::kHost, 1},
      {"end of one", Code().I32Const(1), Ones(2), TrapCode::kHost, 1},
      {"return of nine", Code().Raw(Push(9)).Op(Op::kReturn), Ones(9) + Costs{3}, TrapCode::kHost, 9},
      {"end of nine", Code().Raw(Push(9)), Ones(10), TrapCode::kHost, 9},
  };
}

std::vector<Case> CallCases(const Surroundings& s) {
  return {
      {"call", Code().Call(1), Ones(3)},
      {"call with nine parameters", Code().Raw(Push(9)).Call(s.nine_params), Ones(9) + Costs{3, 1, 1}},
      {"call with seventeen locals", Code().Call(s.many_locals), {4, 1, 1}},
      {"call of a host function", Code().Raw(Push(9)).Call(s.host), Ones(9) + Costs{3, 1}},
      {"call_indirect", Code().I32Const(2).Op(Op::kCallIndirect, {s.nothing, 0}), {1, 4, 1, 1}},
      {"call_indirect, wrong type", Code().I32Const(3).Op(Op::kCallIndirect, {s.nothing, 0}), Ones(2),
       TrapCode::kIndirectCallMismatch},
      {"call_indirect, no element", Code().I32Const(99).Op(Op::kCallIndirect, {s.nothing, 0}), Ones(2),
       TrapCode::kUndefinedElement},
      {"call_ref", Code().Op(Op::kRefFunc, {s.many_locals}).Op(Op::kCallRef, {s.nothing}), {1, 4, 1, 1}},
      {"return_call", Code().Op(Op::kReturnCall, {s.many_locals}), {4, 1}},
      {"return_call_indirect", Code().I32Const(2).Op(Op::kReturnCallIndirect, {s.nothing, 0}), {1, 4, 1}},
      {"return_call_ref", Code().Op(Op::kRefFunc, {s.many_locals}).Op(Op::kReturnCallRef, {s.nothing}), {1, 4, 1}},
  };
}

std::vector<Case> PlainCases() {
  const auto null = [] { return Code().Op(Op::kRefNull).Byte(0x70); };
  const TrapCode none = TrapCode::kHost;
  return {
      {"drop", Code().I32Const(1).Op(Op::kDrop), Ones(3)},
      {"select", Code().Raw(Push(3)).Op(Op::kSelect).Op(Op::kDrop), Ones(6)},
      {"locals", Code().LocalGet(0).Op(Op::kLocalTee, {1}).LocalSet(0).LocalGet(200).LocalSet(200), Ones(6)},
      {"globals", Code().Op(Op::kGlobalGet, {0}).Op(Op::kGlobalSet, {0}), Ones(3)},
      {"load and store", Code().I32Const(8).I32Const(8).Load(Op::kI32Load).Op(Op::kI32Store, {0, 0}), Ones(5)},
      {"load out of bounds", Code().I32Const(-1).Load(Op::kI32Load).Op(Op::kDrop), Ones(2),
       TrapCode::kOutOfBoundsMemory},
      {"references", Code().Raw(null()).Op(Op::kRefIsNull).Op(Op::kDrop).Op(Op::kRefFunc, {1}).Op(Op::kDrop), Ones(6)},
      {"ref.as_non_null", Code().Raw(null()).Op(Op::kRefAsNonNull).Op(Op::kDrop), Ones(2), TrapCode::kNullReference},
      {"unreachable", Code().Op(Op::kNop).Op(Op::kUnreachable), Ones(2), TrapCode::kUnreachable},
      {"division by zero", Code().Raw(Push(2)).Op(Op::kI32DivU).Op(Op::kDrop), Ones(3), TrapCode::kIntegerDivideByZero},
      {"table.get and set", Code().I32Const(1).I32Const(0).Op(Op::kTableGet, {0}).Op(Op::kTableSet, {0}), Ones(5),
       none},
      {"table.get out of bounds", Code().I32Const(20).Op(Op::kTableGet, {0}).Op(Op::kDrop), Ones(2),
       TrapCode::kOutOfBoundsTable},
      {"sizes", Code().Op(Op::kMemorySize, {0}).Op(Op::kTableSize, {0}).Op(Op::kDrop).Op(Op::kDrop), Ones(5)},
      {"data.drop, elem.drop", Code().Op(Op::kDataDrop, {0}).Op(Op::kElemDrop, {1}), Ones(3)},
  };
}

Case Bulk(const std::string& name, Op op, std::initializer_list<uint64_t> immediates, int32_t target, int32_t source,
          int32_t length, uint64_t cost, TrapCode trap = TrapCode::kHost) {
  Costs costs = Ones(3) + Costs{cost};
  if (trap == TrapCode::kHost) costs.push_back(1);
  return {name, Code().I32Const(target).I32Const(source).I32Const(length).Op(op, immediates), costs, trap};
}

std::vector<Case> MemoryCases() {
  const auto grow = [](int32_t pages) { return Code().I32Const(pages).Op(Op::kMemoryGrow, {0}).Op(Op::kDrop); };
  const TrapCode trap = TrapCode::kOutOfBoundsMemory;
  return {
      {"memory.grow of none", grow(0), Ones(4)},
      {"memory.grow of two", grow(2), {1, 1 + 2 * 1024, 1, 1}},
      {"memory.grow refused", grow(9), Ones(4)},
      {"memory.grow refused far", grow(-1), Ones(4)},
      Bulk("fill of 0", Op::kMemoryFill, {0}, 0, 1, 0, 1),
      Bulk("fill of 1", Op::kMemoryFill, {0}, 0, 1, 1, 2),
      Bulk("fill of 64", Op::kMemoryFill, {0}, 0, 1, 64, 2),
      Bulk("fill of 65", Op::kMemoryFill, {0}, 0, 1, 65, 3),
      Bulk("fill out of bounds", Op::kMemoryFill, {0}, 65000, 1, 1000, 17, trap),
      Bulk("fill far out of bounds", Op::kMemoryFill, {0}, 0, 1, -1, 1 + 0x400'0000, trap),
      Bulk("copy of 0", Op::kMemoryCopy, {0, 0}, 0, 1, 0, 1),
      Bulk("copy of 129", Op::kMemoryCopy, {0, 0}, 0, 1, 129, 4),
      Bulk("copy out of bounds", Op::kMemoryCopy, {0, 0}, 0, 65500, 129, 4, trap),
      Bulk("init of 128", Op::kMemoryInit, {0, 0}, 0, 1, 128, 3),
      Bulk("init out of bounds", Op::kMemoryInit, {0, 0}, 0, 100, 128, 3, trap),
  };
}

std::vector<Case> TableCases() {
  const auto null = [] { return Code().Op(Op::kRefNull).Byte(0x70); };
  const auto grow = [&](int32_t n) { return null().I32Const(n).Op(Op::kTableGrow, {0}).Op(Op::kDrop); };
  const auto fill = [&](int32_t n) { return Code().I32Const(0).Raw(null()).I32Const(n).Op(Op::kTableFill, {0}); };
  const TrapCode trap = TrapCode::kOutOfBoundsTable;
  return {
      {"table.grow of none", grow(0), Ones(5)},
      {"table.grow of nine", grow(9), {1, 1, 3, 1, 1}},
      {"table.grow refused", grow(21), Ones(5)},
      {"table.fill of 8", fill(8), {1, 1, 1, 2, 1}},
      {"table.fill of 9", fill(9), {1, 1, 1, 3, 1}},
      {"table.fill out of bounds", fill(41), {1, 1, 1, 7}, trap},
      Bulk("table.copy of 16", Op::kTableCopy, {0, 0}, 0, 1, 16, 3),
      Bulk("table.copy out of bounds", Op::kTableCopy, {0, 0}, 0, 10, 16, 3, trap),
      Bulk("table.init of 17", Op::kTableInit, {1, 0}, 0, 1, 17, 4),
      Bulk("table.init out of bounds", Op::kTableInit, {1, 0}, 0, 19, 2, 2, trap),
  };
}

TEST_P(FuelTest, EveryKindOfInstruction) {
  const Surroundings s = MakeSurroundings();
  std::vector<Case> cases = PlainCases();
  for (const auto& more : {ControlCases(s), CallCases(s), MemoryCases(), TableCases()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  for (const Case& one : cases) {
    // Afresh for each: some change the table or the memory.
    Surroundings around = MakeSurroundings();
    const uint32_t type = around.builder.AddType({}, I32s(one.results));
    AddExport(around.builder, "f", type, one.body, {{250, kI32}});
    Store store = MakeStore();
    ASSERT_TRUE(store.Link("env", "host", [](int, int, int, int, int, int, int, int, int) {}));
    const InstanceId instance = Instantiate(store, around.builder);
    const Ran ran = Run(store, instance, "f");
    EXPECT_EQ(ran.outcome, one.trap == TrapCode::kHost ? Outcome::kDone : Outcome::kTrapped) << one.name;
    if (one.trap != TrapCode::kHost) {
      EXPECT_EQ(ran.trap, one.trap) << one.name;
    }
    ExpectCosts(ran, one.costs, one.name);
  }
}

// Every numeric instruction costs 1, whatever it does.
TEST_P(FuelTest, NumericInstructions) {
  ModuleBuilder builder;
  const uint32_t nothing = builder.AddType({}, {});
  std::vector<std::pair<Op, size_t>> ops;
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (InfoOf(op).family != Family::kNumeric || !IsBuiltIn(InfoOf(op).feature)) continue;
    Code code;
    for (size_t k = 0; k < InfoOf(op).signature.param_count(); ++k) {
      switch (InfoOf(op).signature.param(k)) {
        case Operand::kI64:
          code.I64Const(3);
          break;
        case Operand::kF32:
          code.Op(Op::kF32Const).Raw(Bytes(4));
          break;
        case Operand::kF64:
          code.Op(Op::kF64Const).Raw(Bytes(8));
          break;
        default:
          code.I32Const(3);
          break;
      }
    }
    AddExport(builder, std::to_string(i), nothing, code.Op(op).Op(Op::kDrop));
    ops.emplace_back(op, InfoOf(op).signature.param_count());
  }
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  for (const auto& [op, params] : ops) {
    const Ran ran = Run(store, instance, std::to_string(static_cast<size_t>(op)));
    EXPECT_EQ(ran.outcome, Outcome::kDone) << TextOf(op);
    ExpectCosts(ran, Ones(params + 3), std::string(TextOf(op)));
  }
}

// Nothing has happened when a run pauses for lack of fuel, and everything once it goes on.
TEST_P(FuelTest, PausesBeforeTheEffect) {
  Surroundings s = MakeSurroundings();
  AddExport(s.builder, "fill", s.nothing, Code().I32Const(0).I32Const(7).I32Const(640).Op(Op::kMemoryFill, {0}));
  AddExport(s.builder, "grow", s.nothing, Code().I32Const(1).Op(Op::kMemoryGrow, {0}).Op(Op::kDrop));
  Store store = MakeStore();
  ASSERT_TRUE(store.Link("env", "host", [](int, int, int, int, int, int, int, int, int) {}));
  const InstanceId instance = Instantiate(store, s.builder);
  const MemoryView memory = *store.GetMemory(instance);

  store.SetFuel(3 + 10);
  auto run = store.Invoke(instance, "fill");
  ASSERT_TRUE(run);
  ASSERT_EQ(run->outcome(), Outcome::kOutOfFuel);
  EXPECT_EQ(run->fuel_needed(), 11u);
  EXPECT_EQ(store.fuel(), 10u);
  EXPECT_EQ(*memory.Read<uint8_t>(0), 0);
  store.AddFuel(2);
  run = run->Resume();
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->is_done());
  EXPECT_EQ(store.fuel(), 0u);
  EXPECT_EQ(*memory.Read<uint8_t>(639), 7);
  EXPECT_EQ(*memory.Read<uint8_t>(640), 0);

  store.SetFuel(1024);
  run = store.Invoke(instance, "grow");
  ASSERT_TRUE(run);
  ASSERT_EQ(run->outcome(), Outcome::kOutOfFuel);
  EXPECT_EQ(run->fuel_needed(), 1025u);
  EXPECT_EQ(*memory.pages(), 1u);
  ASSERT_TRUE(run->Drop());
  EXPECT_EQ(*memory.pages(), 1u);
}

// Slices are the engine's own business: a loop longer than several of them, with fuel for exactly all of it.
TEST_P(FuelTest, ExactOverManySlices) {
  ModuleBuilder builder;
  const uint32_t unary = builder.AddType({kI32}, {kI32});
  AddExport(builder, "count", unary,
            Code()
                .Begin(Op::kLoop)
                .LocalGet(1)
                .I32Const(1)
                .Op(Op::kI32Add)
                .Op(Op::kLocalTee, {1})
                .LocalGet(0)
                .Op(Op::kI32LtU)
                .Op(Op::kBrIf, {0})
                .End()
                .LocalGet(1),
            {{1, kI32}});
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  const uint32_t turns = GetParam().is_stepped ? 1000 : 100'000;
  const uint64_t all = 1 + 7 * uint64_t{turns} + 3;
  EXPECT_EQ(Run(store, instance, "count", {Value::I32(turns)}).fuel, all);
  ASSERT_GT(all, GetParam().is_stepped ? 0 : 10 * kFuelSlice);
  store.SetFuel(all);
  auto run = store.Invoke(instance, "count", {Value::I32(turns)});
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->is_done());
  EXPECT_EQ(store.fuel(), 0u);
  // One unit too few: the last `end` waits.
  store.SetFuel(all - 1);
  run = store.Invoke(instance, "count", {Value::I32(turns)});
  ASSERT_TRUE(run);
  ASSERT_EQ(run->outcome(), Outcome::kOutOfFuel);
  EXPECT_EQ(run->fuel_needed(), 1u);
  EXPECT_EQ(store.fuel(), 0u);
  // Unlimited: nothing is counted.
  store.SetFuel(kUnlimitedFuel);
  run = run->Resume();
  ASSERT_TRUE(run);
  EXPECT_EQ(run->values()[0], Value::I32(turns));
  EXPECT_EQ(store.fuel(), kUnlimitedFuel);
}

// Memories and tables, constant expressions, segments, the start function.
TEST_P(FuelTest, Instantiation) {
  ModuleBuilder builder;
  const uint32_t nothing = builder.AddType({}, {});
  builder.AddMemory(Limits{1, 1, false});
  builder.AddTable({ValType::FuncRef(), Limits{9, 9, false}});
  builder.AddGlobal({kI32, false}, Code().I32Const(1).End());
  builder.AddGlobal({kI32, false}, Code().I32Const(1).I32Const(2).Op(Op::kI32Add).End());
  const uint32_t start = builder.AddFunction(nothing, Code().Op(Op::kNop).End());
  builder.SetStart(start);
  builder.AddElements(0, Code().I32Const(0).End(), std::vector<uint32_t>(9, start));
  builder.AddPassiveElements({start});
  builder.AddData(0, Code().I32Const(0).End(), Bytes(65));
  builder.AddPassiveData(Bytes(1000));
  Store store = MakeStore();
  const uint64_t given = Fill(store);
  const auto made = store.Instantiate(Load(builder));
  ASSERT_TRUE(made);
  // The memory's page, the table's 9 elements; two globals; the element segment: its offset, 1 and its elements; the
  // data segment likewise; the start function.
  ExpectCosts(Finish(store, made->run, given), {1024, 2, 2, 4, 2 + 1 + 2, 2 + 1 + 2, 1, 1}, "instantiation");
}

}  // namespace
}  // namespace sandbox::testing
