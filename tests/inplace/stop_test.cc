// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/exec/machine.h (what stops a run: stacks at their limits, traps and their backtraces, interrupts; in
// every form of running)

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sandbox/exec/fuel.h"
#include "tests/inplace/forms.h"

namespace sandbox::testing {
namespace {

const ValType kI32 = ValType::I32();

// Where a piece of code, which occurs once, lies in a module.
uint32_t OffsetOf(const Bytes& module, const Bytes& code) {
  const auto at = std::search(module.begin(), module.end(), code.begin(), code.end());
  EXPECT_NE(at, module.end());
  EXPECT_EQ(std::search(at + 1, module.end(), code.begin(), code.end()), module.end());
  return static_cast<uint32_t>(at - module.begin());
}

class StackTest : public FormTest {
 protected:
  // "down" of n calls itself n times, by each kind of call; with `locals` i64s in each frame.
  static ModuleBuilder Recursive(uint32_t locals) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({kI32}, {});
    builder.AddTable({ValType::FuncRef(), Limits{3, 3, false}});
    const Code calls[] = {Code().Call(0), Code().I32Const(1).Op(Op::kCallIndirect, {type, 0}),
                          Code().Op(Op::kRefFunc, {2}).Op(Op::kCallRef, {type})};
    const char* const names[] = {"direct", "indirect", "ref"};
    for (int i = 0; i < 3; ++i) {
      AddExport(builder, names[i], type,
                Code().LocalGet(0).Begin(Op::kIf).LocalGet(0).I32Const(1).Op(Op::kI32Sub).Raw(calls[i]).End(),
                {{locals, ValType::I64()}});
    }
    builder.AddElements(0, Code().I32Const(0).End(), {0, 1, 2});
    return builder;
  }
};
INSTANTIATE_FORMS(StackTest);

TEST_P(StackTest, CallDepth) {
  Config config = MakeConfig();
  config.limits.call_depth = 100;
  Store store = MakeStore(config);
  const InstanceId instance = Instantiate(store, Recursive(3));
  for (const char* name : {"direct", "indirect", "ref"}) {
    EXPECT_EQ(Run(store, instance, name, {I32(99)}).outcome, Outcome::kDone) << name;
    const Ran ran = Run(store, instance, name, {I32(100)});
    EXPECT_EQ(ran.outcome, Outcome::kTrapped) << name;
    EXPECT_EQ(ran.trap, TrapCode::kStackExhausted) << name;
    EXPECT_EQ(store.trace_depth(), 100u) << name;
    EXPECT_EQ(Run(store, instance, name, {I32(99)}).outcome, Outcome::kDone) << name;
  }
}

// Cells: one below the arguments of the run; for each frame its parameter, its locals and a spare cell; and room for
// the operands of the innermost.
TEST_P(StackTest, ValueStackBytes) {
  constexpr uint64_t kFrames = 50;
  constexpr uint32_t kLocals = 11;
  constexpr uint64_t kOperands = 2;
  constexpr uint64_t kSlots = 1 + kFrames * (1 + kLocals + 1) + kOperands;
  for (const bool is_enough : {true, false}) {
    Config config = MakeConfig();
    config.limits.value_stack_bytes = 8 * (is_enough ? kSlots : kSlots - 1);
    Store store = MakeStore(config);
    const InstanceId instance = Instantiate(store, Recursive(kLocals));
    const Ran ran = Run(store, instance, "direct", {I32(kFrames - 1)});
    EXPECT_EQ(ran.outcome, is_enough ? Outcome::kDone : Outcome::kTrapped);
    if (!is_enough) {
      EXPECT_EQ(ran.trap, TrapCode::kStackExhausted);
    }
  }
}

// The call that does not fit costs what it would have cost, and nothing more.
TEST_P(StackTest, ExhaustionIsCharged) {
  Config config = MakeConfig();
  config.limits.call_depth = 10;
  Store store = MakeStore(config);
  const InstanceId instance = Instantiate(store, Recursive(9));
  // local.get, if, local.get, i32.const, i32.sub, call: 1 + 1 + 2.
  EXPECT_EQ(Run(store, instance, "direct", {I32(1000)}).fuel, 10u * (5 + 4));
}

// No tail call needs more room than its caller and its callee.
TEST_P(StackTest, TailCallOfALargerFrame) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  const uint32_t large = builder.AddFunction(type, Code().End(), {{100, ValType::I64()}});
  AddExport(builder, "f", type, Code().Op(Op::kReturnCall, {large}));
  for (const bool is_enough : {true, false}) {
    Config config = MakeConfig();
    config.limits.value_stack_bytes = 8 * (is_enough ? 102 : 101);
    config.limits.call_depth = 1;
    Store store = MakeStore(config);
    const InstanceId instance = Instantiate(store, builder);
    EXPECT_EQ(Run(store, instance, "f").outcome, is_enough ? Outcome::kDone : Outcome::kTrapped);
  }
}

class TrapTest : public FormTest {};
INSTANTIATE_FORMS(TrapTest);

// The innermost frame is at the instruction that trapped, the others at the last byte of their calls.
TEST_P(TrapTest, Backtrace) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  const uint32_t unary = builder.AddType({kI32}, {kI32});
  builder.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
  const Code inner_code = Code().I32Const(77).Op(Op::kDrop).Op(Op::kUnreachable);
  const uint32_t inner = builder.AddFunction(type, Code(inner_code).End());
  builder.AddElements(0, Code().I32Const(0).End(), {inner});
  const Code middle_code = Code().I32Const(0).Op(Op::kCallIndirect, {type, 0});
  const uint32_t middle = builder.AddFunction(type, Code(middle_code).I32Const(5).Op(Op::kDrop).End());
  const Code tail_code = Code().I32Const(78).Op(Op::kDrop).Op(Op::kReturnCall, {middle});
  const uint32_t tail = builder.AddFunction(type, Code(tail_code).End());
  const Code outer_code = Code().I32Const(79).Op(Op::kDrop).Call(tail);
  AddExport(builder, "outer", unary, Code(outer_code).LocalGet(0));
  const Bytes names = Join({EncodeU(2), EncodeU(inner), EncodeName("inner"), EncodeU(3), EncodeName("outer")});
  builder.AddCustom("name", Join({{1}, EncodeU(names.size()), names}));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  const uint64_t given = Fill(store);
  const Ran ran = Finish(store, store.Invoke(instance, "outer", {I32(0)}), given);
  ASSERT_EQ(ran.outcome, Outcome::kTrapped);
  EXPECT_EQ(ran.trap, TrapCode::kUnreachable);
  const Bytes module = builder.Build();
  // The tail-calling function is gone.
  ASSERT_EQ(store.trace_size(), 3u);
  EXPECT_EQ(store.trace_depth(), 3u);
  EXPECT_EQ(store.trace_at(0).function, inner);
  EXPECT_EQ(store.trace_at(0).name, "inner");
  EXPECT_EQ(store.trace_at(0).offset, OffsetOf(module, inner_code) + inner_code.bytes().size() - 1);
  EXPECT_EQ(store.trace_at(1).function, middle);
  EXPECT_EQ(store.trace_at(1).name, "");
  EXPECT_EQ(store.trace_at(1).offset, OffsetOf(module, middle_code) + middle_code.bytes().size() - 1);
  EXPECT_EQ(store.trace_at(2).name, "outer");
  EXPECT_EQ(store.trace_at(2).offset, OffsetOf(module, outer_code) + outer_code.bytes().size() - 1);
  EXPECT_EQ(store.trace_at(2).instance, instance);
}

// Each way to trap, at the place where it happens.
TEST_P(TrapTest, EveryPlace) {
  struct Case {
    std::string name;
    Code before;
    Op op;
    Bytes immediates;
    TrapCode trap;
  };
  const std::vector<Case> cases = {
      {"unreachable", Code(), Op::kUnreachable, {}, TrapCode::kUnreachable},
      {"div", Code().I32Const(1).I32Const(0), Op::kI32DivS, {}, TrapCode::kIntegerDivideByZero},
      {"overflow", Code().I32Const(INT32_MIN).I32Const(-1), Op::kI32DivS, {}, TrapCode::kIntegerOverflow},
      {"rem64", Code().I64Const(1).I64Const(0), Op::kI64RemU, {}, TrapCode::kIntegerDivideByZero},
      {"load", Code().I32Const(-1), Op::kI32Load, {0, 0}, TrapCode::kOutOfBoundsMemory},
      {"load of memory 1", Code().I32Const(-1), Op::kI64Load8U, {0x40, 1, 0}, TrapCode::kOutOfBoundsMemory},
      {"load, wide offset", Code().I32Const(-1), Op::kI32Load, {0, 0x80, 0x01}, TrapCode::kOutOfBoundsMemory},
      {"store", Code().I32Const(-1).I32Const(0), Op::kI32Store8, {0, 0}, TrapCode::kOutOfBoundsMemory},
      {"fill", Code().I32Const(-1).I32Const(0).I32Const(2), Op::kMemoryFill, {0}, TrapCode::kOutOfBoundsMemory},
      {"copy", Code().I32Const(-1).I32Const(0).I32Const(2), Op::kMemoryCopy, {0, 0}, TrapCode::kOutOfBoundsMemory},
      {"table.get", Code().I32Const(5), Op::kTableGet, {0}, TrapCode::kOutOfBoundsTable},
      {"table.fill",
       Code().I32Const(5).Op(Op::kRefNull).Byte(0x70).I32Const(2),
       Op::kTableFill,
       {0},
       TrapCode::kOutOfBoundsTable},
      {"ref.as_non_null", Code().Op(Op::kRefNull).Byte(0x70), Op::kRefAsNonNull, {}, TrapCode::kNullReference},
      {"call_indirect", Code().I32Const(9), Op::kCallIndirect, {0, 0}, TrapCode::kUndefinedElement},
      {"call_indirect of null", Code().I32Const(0), Op::kCallIndirect, {0, 0}, TrapCode::kUninitializedElement},
      {"return_call_indirect", Code().I32Const(9), Op::kReturnCallIndirect, {0, 0}, TrapCode::kUndefinedElement},
      {"call_ref", Code().Op(Op::kRefNull).Byte(0x00), Op::kCallRef, {0}, TrapCode::kNullFunction},
  };
  for (const Case& one : cases) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({}, {});
    builder.AddMemory(Limits{1, 1, false});
    builder.AddMemory(Limits{1, 1, false});
    builder.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
    const Code before = Code().I32Const(12'345).Op(Op::kDrop).Raw(one.before);
    AddExport(builder, "f", type, Code(before).Op(one.op).Raw(one.immediates).Op(Op::kUnreachable));
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    const Ran ran = Run(store, instance, "f");
    EXPECT_EQ(ran.outcome, Outcome::kTrapped) << one.name;
    EXPECT_EQ(ran.trap, one.trap) << one.name;
    ASSERT_EQ(store.trace_size(), 1u) << one.name;
    EXPECT_EQ(store.trace_at(0).offset, OffsetOf(builder.Build(), before) + before.bytes().size()) << one.name;
  }
}

// What happened before a trap stays, and the next run is not disturbed.
TEST_P(TrapTest, StoreStaysUsable) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({kI32}, {kI32});
  builder.AddGlobal({kI32, true}, Code().I32Const(0).End());
  AddExport(builder, "f", type,
            Code()
                .Op(Op::kGlobalGet, {0})
                .I32Const(1)
                .Op(Op::kI32Add)
                .Op(Op::kGlobalSet, {0})
                .I32Const(100)
                .LocalGet(0)
                .Op(Op::kI32DivS)
                .Op(Op::kGlobalGet, {0})
                .Op(Op::kI32Add));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  for (int32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Run(store, instance, "f", {I32(0)}).trap, TrapCode::kIntegerDivideByZero);
    EXPECT_EQ(Call(store, instance, "f", {I32(10)}), I32(10 + 2 * i + 2));
  }
}

class InterruptTest : public FormTest {
 protected:
  // "spin" never ends; "ask" calls the host again and again; "one" returns 1.
  static ModuleBuilder Spinning() {
    ModuleBuilder builder;
    const uint32_t none = builder.AddType({}, {});
    const uint32_t asks = builder.AddType({}, {kI32});
    const uint32_t host = builder.ImportFunction("env", "host", none);
    builder.AddGlobal({kI32, true}, Code().I32Const(0).End());
    AddExport(builder, "spin", none, Code().Begin(Op::kLoop).Op(Op::kBr, {0}).End());
    AddExport(builder, "ask", none, Code().Begin(Op::kLoop).Call(host).Op(Op::kBr, {0}).End());
    AddExport(builder, "one", asks, Code().I32Const(1));
    return builder;
  }
};
INSTANTIATE_FORMS(InterruptTest);

TEST_P(InterruptTest, BeforeARunAndTwice) {
  Store store = MakeStore();
  ASSERT_TRUE(store.Link("env", "host", [] {}));
  const InstanceId instance = Instantiate(store, Spinning());
  store.SetFuel(1000);
  store.interrupt()->Request();
  store.interrupt()->Request();
  auto run = store.Invoke(instance, "one");
  ASSERT_TRUE(run);
  ASSERT_EQ(run->outcome(), Outcome::kInterrupted);
  EXPECT_EQ(store.fuel(), 1000u);
  run = run->Resume();
  ASSERT_TRUE(run);
  ASSERT_TRUE(run->is_done());
  EXPECT_EQ(run->values()[0], I32(1));
  EXPECT_EQ(store.fuel(), 998u);
  // It was cleared.
  run = store.Invoke(instance, "one");
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->is_done());
}

// Requested while the guest runs: it stops within a slice, and goes on from there.
TEST_P(InterruptTest, WithinASlice) {
  Store store = MakeStore();
  Interrupt* const interrupt = store.interrupt();
  ASSERT_TRUE(store.Link("env", "host", [interrupt] { interrupt->Request(); }));
  const InstanceId instance = Instantiate(store, Spinning());
  for (const uint64_t tank : {uint64_t{1} << 40, kUnlimitedFuel}) {
    store.SetFuel(tank);
    auto run = store.Invoke(instance, "ask");
    for (uint64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(run);
      ASSERT_EQ(run->outcome(), Outcome::kInterrupted);
      if (tank != kUnlimitedFuel) {
        EXPECT_LE(tank - store.fuel(), i * (kFuelSlice + 1));
      }
      run = run->Resume();
    }
    ASSERT_TRUE(run->Drop());
    interrupt->Clear();
  }
}

// Out of fuel and interrupted at once: the interrupt is told first, then the lack of fuel.
TEST_P(InterruptTest, WhileOutOfFuel) {
  Store store = MakeStore();
  ASSERT_TRUE(store.Link("env", "host", [] {}));
  const InstanceId instance = Instantiate(store, Spinning());
  store.SetFuel(10);
  auto run = store.Invoke(instance, "spin");
  ASSERT_TRUE(run);
  ASSERT_EQ(run->outcome(), Outcome::kOutOfFuel);
  store.interrupt()->Request();
  run = run->Resume();
  ASSERT_TRUE(run);
  ASSERT_EQ(run->outcome(), Outcome::kInterrupted);
  run = run->Resume();
  ASSERT_TRUE(run);
  ASSERT_EQ(run->outcome(), Outcome::kOutOfFuel);
  EXPECT_EQ(run->fuel_needed(), 1u);
  EXPECT_EQ(store.fuel(), 0u);
}

}  // namespace
}  // namespace sandbox::testing
