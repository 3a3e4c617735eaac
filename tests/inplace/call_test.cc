// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/inplace/handlers.inc, sandbox/inplace/cold.cc (calls, in every form of running)

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "tests/inplace/forms.h"

namespace sandbox::testing {
namespace {

const ValType kI32 = ValType::I32();

class CallTest : public FormTest {};
INSTANTIATE_FORMS(CallTest);

// sum(n) = n == 0 ? 0 : n + sum(n - 1)
TEST_P(CallTest, Recursion) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({kI32}, {kI32});
  AddExport(builder, "sum", type,
            Code()
                .LocalGet(0)
                .Begin(Op::kIf, kI32)
                .LocalGet(0)
                .LocalGet(0)
                .I32Const(1)
                .Op(Op::kI32Sub)
                .Call(0)
                .Op(Op::kI32Add)
                .Op(Op::kElse)
                .I32Const(0)
                .End());
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "sum", {I32(0)}), I32(0));
  EXPECT_EQ(Call(store, instance, "sum", {I32(10'000)}), I32(50'005'000));
}

// Locals of a callee begin as zero, whatever an earlier callee left there.
TEST_P(CallTest, LocalsAreZeroed) {
  ModuleBuilder builder;
  const uint32_t none = builder.AddType({}, {});
  const uint32_t type = builder.AddType({}, {kI32});
  const uint32_t dirty = builder.AddFunction(
      none, Code().I32Const(-1).LocalSet(0).I32Const(-1).LocalSet(8).I32Const(-1).LocalSet(199).End(), {{200, kI32}});
  const uint32_t clean = builder.AddFunction(
      type, Code().LocalGet(0).LocalGet(8).Op(Op::kI32Or).LocalGet(199).Op(Op::kI32Or).End(), {{200, kI32}});
  AddExport(builder, "f", type, Code().Call(dirty).Call(clean));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "f"), I32(0));
}

TEST_P(CallTest, ManyValuesInAndOut) {
  for (const size_t count : {1, 2, 3, 7, 8, 9, 16, 17, 1000}) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType(I32s(count), I32s(count));
    Code reverse;
    for (size_t i = count; i-- > 0;) reverse.LocalGet(static_cast<uint32_t>(i));
    const uint32_t callee = builder.AddFunction(type, Code(reverse).End());
    Code again;
    for (uint32_t i = 0; i < count; ++i) again.LocalGet(i);
    AddExport(builder, "once", type, Code(again).Call(callee));
    AddExport(builder, "twice", type, Code(again).Call(callee).Call(callee));
    AddExport(builder, "return", type, Code(again).I32Const(1).I32Const(2).Op(Op::kDrop).Op(Op::kDrop).Op(Op::kReturn));
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    std::vector<Value> arguments;
    for (size_t i = 0; i < count; ++i) arguments.push_back(I32(static_cast<int32_t>(i + 5)));
    const std::vector<Value> reversed(arguments.rbegin(), arguments.rend());
    EXPECT_EQ(Run(store, *store.GetFunc(instance, "once"), arguments).values, reversed) << count;
    EXPECT_EQ(Run(store, *store.GetFunc(instance, "twice"), arguments).values, arguments) << count;
    EXPECT_EQ(Run(store, *store.GetFunc(instance, "return"), arguments).values, arguments) << count;
  }
}

// call_indirect: every way to fail, and the right function.
TEST_P(CallTest, Indirect) {
  ModuleBuilder builder;
  const uint32_t unary = builder.AddType({kI32}, {kI32});
  const uint32_t nullary = builder.AddType({}, {kI32});
  builder.AddTable({ValType::FuncRef(), Limits{4, 4, false}});
  const uint32_t increment = builder.AddFunction(unary, Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).End());
  const uint32_t seven = builder.AddFunction(nullary, Code().I32Const(7).End());
  builder.AddElements(0, Code().I32Const(0).End(), {increment, seven, increment});
  AddExport(builder, "unary", unary, Code().I32Const(40).LocalGet(0).Op(Op::kCallIndirect, {unary, 0}));
  AddExport(builder, "nullary", unary, Code().LocalGet(0).Op(Op::kCallIndirect, {nullary, 0}));
  AddExport(builder, "tail", unary, Code().I32Const(40).LocalGet(0).Op(Op::kReturnCallIndirect, {unary, 0}));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  for (const char* name : {"unary", "tail"}) {
    EXPECT_EQ(Call(store, instance, name, {I32(0)}), I32(41)) << name;
    EXPECT_EQ(Call(store, instance, name, {I32(2)}), I32(41)) << name;
    EXPECT_EQ(Run(store, instance, name, {I32(1)}).trap, TrapCode::kIndirectCallMismatch) << name;
    EXPECT_EQ(Run(store, instance, name, {I32(3)}).trap, TrapCode::kUninitializedElement) << name;
    EXPECT_EQ(Run(store, instance, name, {I32(4)}).trap, TrapCode::kUndefinedElement) << name;
    EXPECT_EQ(Run(store, instance, name, {I32(-1)}).trap, TrapCode::kUndefinedElement) << name;
  }
  EXPECT_EQ(Call(store, instance, "nullary", {I32(1)}), I32(7));
}

TEST_P(CallTest, ByReference) {
  ModuleBuilder builder;
  const uint32_t unary = builder.AddType({kI32}, {kI32});
  const ValType nullable = ValType::Ref(HeapType::Defined(unary), true);
  const uint32_t increment = builder.AddFunction(unary, Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).End());
  builder.AddPassiveElements({increment});
  AddExport(builder, "call", unary, Code().LocalGet(0).Op(Op::kRefFunc, {increment}).Op(Op::kCallRef, {unary}));
  AddExport(builder, "tail", unary, Code().LocalGet(0).Op(Op::kRefFunc, {increment}).Op(Op::kReturnCallRef, {unary}));
  AddExport(builder, "null", unary, Code().LocalGet(0).LocalGet(1).Op(Op::kCallRef, {unary}), {{1, nullable}});
  AddExport(builder, "tail_null", unary, Code().LocalGet(0).LocalGet(1).Op(Op::kReturnCallRef, {unary}),
            {{1, nullable}});
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "call", {I32(5)}), I32(6));
  EXPECT_EQ(Call(store, instance, "tail", {I32(5)}), I32(6));
  EXPECT_EQ(Run(store, instance, "null", {I32(5)}).trap, TrapCode::kNullFunction);
  EXPECT_EQ(Run(store, instance, "tail_null", {I32(5)}).trap, TrapCode::kNullFunction);
}

// Tail calls need one frame, however many there are: down(n, ...) with other numbers of parameters each time.
TEST_P(CallTest, TailCallsDoNotPileUp) {
  ModuleBuilder builder;
  const uint32_t one = builder.AddType({kI32}, {kI32});
  const uint32_t three = builder.AddType({kI32, kI32, kI32}, {kI32});
  // one(n) = three(n, n, n); three(a, b, c) = a == 0 ? b : one(c - 1), with locals and operands that are thrown away.
  const uint32_t first =
      AddExport(builder, "down", one, Code().I32Const(-7).LocalGet(0).LocalGet(0).LocalGet(0).Op(Op::kReturnCall, {1}),
                {{50, ValType::I64()}});
  builder.AddFunction(three,
                      Code()
                          .LocalGet(0)
                          .Begin(Op::kIf, kI32)
                          .LocalGet(2)
                          .I32Const(1)
                          .Op(Op::kI32Sub)
                          .Op(Op::kReturnCall, {first})
                          .Op(Op::kElse)
                          .LocalGet(1)
                          .End()
                          .End(),
                      {{3, kI32}});
  Config config = MakeConfig();
  config.limits.call_depth = 3;
  Store store = MakeStore(config);
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "down", {I32(3000)}), I32(0));
}

// Two instances of which each has a memory and a global: a call runs in the callee's, and comes back to the caller's.
class AcrossInstancesTest : public FormTest {
 protected:
  // A module whose memory holds `mark` at 0, with functions that read it.
  static ModuleBuilder Callee(uint8_t mark) {
    ModuleBuilder builder;
    const uint32_t unary = builder.AddType({kI32}, {kI32});
    builder.AddMemory(Limits{1, 1, false});
    builder.AddData(0, Code().I32Const(0).End(), {mark});
    builder.AddGlobal({kI32, true}, Code().I32Const(mark * 100).End());
    AddExport(
        builder, "mark", unary,
        Code().I32Const(0).Load(Op::kI32Load8U).LocalGet(0).Op(Op::kI32Add).Op(Op::kGlobalGet, {0}).Op(Op::kI32Add));
    return builder;
  }

  static ModuleBuilder Caller(uint8_t mark) {
    ModuleBuilder builder;
    const uint32_t unary = builder.AddType({kI32}, {kI32});
    const uint32_t other = builder.ImportFunction("callee", "mark", unary);
    builder.AddMemory(Limits{1, 1, false});
    builder.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
    builder.AddElements(0, Code().I32Const(0).End(), {other});
    builder.AddData(0, Code().I32Const(0).End(), {mark});
    builder.AddGlobal({kI32, true}, Code().I32Const(mark * 100).End());
    const Code own = Code().I32Const(0).Load(Op::kI32Load8U).Op(Op::kGlobalGet, {0}).Op(Op::kI32Add);
    // own * 10000 + mark(n)
    const auto around = [&](const Code& call) {
      return Code().LocalGet(0).Raw(call).Raw(own).I32Const(10'000).Op(Op::kI32Mul).Op(Op::kI32Add);
    };
    AddExport(builder, "call", unary, around(Code().Call(other)));
    AddExport(builder, "indirect", unary, around(Code().I32Const(0).Op(Op::kCallIndirect, {unary, 0})));
    AddExport(builder, "ref", unary, around(Code().Op(Op::kRefFunc, {other}).Op(Op::kCallRef, {unary})));
    const uint32_t tail = AddExport(builder, "tail", unary, Code().LocalGet(0).Op(Op::kReturnCall, {other}));
    const uint32_t tail_indirect = AddExport(builder, "tail_indirect", unary,
                                             Code().LocalGet(0).I32Const(0).Op(Op::kReturnCallIndirect, {unary, 0}));
    const uint32_t tail_ref = AddExport(builder, "tail_ref", unary,
                                        Code().LocalGet(0).Op(Op::kRefFunc, {other}).Op(Op::kReturnCallRef, {unary}));
    AddExport(builder, "around_tail", unary, around(Code().Call(tail)));
    AddExport(builder, "around_tail_indirect", unary, around(Code().Call(tail_indirect)));
    AddExport(builder, "around_tail_ref", unary, around(Code().Call(tail_ref)));
    return builder;
  }
};
INSTANTIATE_FORMS(AcrossInstancesTest);

TEST_P(AcrossInstancesTest, EachSeesItsOwn) {
  Store store = MakeStore();
  const InstanceId callee = Instantiate(store, Callee(3));
  ASSERT_TRUE(store.SetName(callee, "callee"));
  const InstanceId caller = Instantiate(store, Caller(5));
  for (const char* name : {"call", "indirect", "ref", "around_tail", "around_tail_indirect", "around_tail_ref"}) {
    EXPECT_EQ(Call(store, caller, name, {I32(9)}), I32(505 * 10'000 + 303 + 9)) << name;
  }
  for (const char* name : {"tail", "tail_indirect", "tail_ref"}) {
    EXPECT_EQ(Call(store, caller, name, {I32(9)}), I32(303 + 9)) << name;
  }
}

// A function of a released instance traps, and the caller goes on afterwards.
TEST_P(AcrossInstancesTest, ReleasedCallee) {
  Store store = MakeStore();
  const InstanceId callee = Instantiate(store, Callee(3));
  ASSERT_TRUE(store.SetName(callee, "callee"));
  const InstanceId caller = Instantiate(store, Caller(5));
  ASSERT_TRUE(store.Release(callee));
  for (const char* name : {"call", "indirect", "ref", "tail", "tail_indirect", "tail_ref", "around_tail"}) {
    const Ran ran = Run(store, caller, name, {I32(9)});
    EXPECT_EQ(ran.outcome, Outcome::kTrapped) << name;
    EXPECT_EQ(ran.trap, TrapCode::kReleasedFunction) << name;
  }
}

// Instances that call each other back and forth, as tail calls: neither stack grows.
TEST_P(AcrossInstancesTest, TailCallsBackAndForth) {
  ModuleBuilder ping;
  const uint32_t unary = ping.AddType({kI32}, {kI32});
  ping.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
  ping.Export("table", ExternKind::kTable, 0);
  ping.AddGlobal({kI32, true}, Code().I32Const(0).End());
  // count += 1; n == 0 ? count : table[0](n - 1)
  const Code count = Code().Op(Op::kGlobalGet, {0}).I32Const(1).Op(Op::kI32Add).Op(Op::kGlobalSet, {0});
  AddExport(ping, "ping", unary,
            Code()
                .Raw(count)
                .LocalGet(0)
                .Begin(Op::kIf)
                .LocalGet(0)
                .I32Const(1)
                .Op(Op::kI32Sub)
                .I32Const(0)
                .Op(Op::kReturnCallIndirect, {unary, 0})
                .End()
                .Op(Op::kGlobalGet, {0}));
  ModuleBuilder pong;
  pong.AddType({kI32}, {kI32});
  const uint32_t imported = pong.ImportFunction("ping", "ping", 0);
  pong.ImportTable("ping", "table", {ValType::FuncRef(), Limits{1, 1, false}});
  pong.AddGlobal({kI32, true}, Code().I32Const(1'000'000).End());
  const uint32_t own = AddExport(pong, "pong", 0,
                                 Code()
                                     .Raw(count)
                                     .LocalGet(0)
                                     .Begin(Op::kIf)
                                     .LocalGet(0)
                                     .I32Const(1)
                                     .Op(Op::kI32Sub)
                                     .Op(Op::kReturnCall, {imported})
                                     .End()
                                     .Op(Op::kGlobalGet, {0}));
  pong.AddElements(0, Code().I32Const(0).End(), {own});
  Config config = MakeConfig();
  config.limits.call_depth = 2;
  Store store = MakeStore(config);
  const InstanceId first = Instantiate(store, ping);
  ASSERT_TRUE(store.SetName(first, "ping"));
  const InstanceId second = Instantiate(store, pong);
  EXPECT_EQ(Call(store, first, "ping", {I32(1000)}), I32(501));
  EXPECT_EQ(Call(store, second, "pong", {I32(0)}), I32(1'000'501));
}

// Host functions of both kinds get the arguments and give the results, in tail position too.
TEST_P(CallTest, HostFunctions) {
  ModuleBuilder builder;
  const uint32_t binary = builder.AddType({kI32, ValType::I64()}, {ValType::I64(), kI32});
  const uint32_t now = builder.ImportFunction("env", "now", binary);
  const uint32_t later = builder.ImportFunction("env", "later", binary);
  AddExport(builder, "now", binary, Code().LocalGet(0).LocalGet(1).Call(now).Op(Op::kNop));
  AddExport(builder, "tail_now", binary, Code().I32Const(1).LocalGet(0).LocalGet(1).Op(Op::kReturnCall, {now}));
  AddExport(builder, "later", binary, Code().LocalGet(0).LocalGet(1).Call(later).Op(Op::kNop));
  const uint32_t tail =
      AddExport(builder, "tail_later", binary, Code().I32Const(1).LocalGet(0).LocalGet(1).Op(Op::kReturnCall, {later}));
  AddExport(builder, "around", binary, Code().LocalGet(0).LocalGet(1).Call(tail).Op(Op::kNop));
  Store store = MakeStore();
  ASSERT_TRUE(
      store.Link("env", "now", [](int32_t a, int64_t b) { return std::tuple<int64_t, int32_t>(b + 1, a + 1); }));
  const ValType params[] = {kI32, ValType::I64()};
  const ValType results[] = {ValType::I64(), kI32};
  ASSERT_TRUE(store.LinkFunc("env", "later", params, results));
  const InstanceId instance = Instantiate(store, builder);
  const std::vector<Value> expected = {I64(-4), I32(8)};
  for (const char* name : {"now", "tail_now"}) {
    EXPECT_EQ(Run(store, instance, name, {I32(7), I64(-5)}).values, expected) << name;
  }
  for (const char* name : {"later", "tail_later", "around"}) {
    store.SetFuel(100);
    const auto run = store.Invoke(instance, name, {I32(7), I64(-5)});
    ASSERT_TRUE(run);
    ASSERT_EQ(run->outcome(), Outcome::kHostCall) << name;
    EXPECT_EQ(run->call().instance(), instance);
    ASSERT_EQ(run->call().args().size(), 2u);
    EXPECT_EQ(run->call().args()[0], I32(7));
    EXPECT_EQ(run->call().args()[1], I64(-5));
    const auto done = run->call().Resume({I64(-4), I32(8)});
    ASSERT_TRUE(done);
    ASSERT_EQ(done->outcome(), Outcome::kDone) << name;
    EXPECT_EQ(std::vector<Value>(done->values().begin(), done->values().end()), expected) << name;
  }
}

// A host function's memory growth is seen by the guest that called it.
TEST_P(CallTest, HostGrowsTheCallersMemory) {
  ModuleBuilder builder;
  const uint32_t none = builder.AddType({}, {});
  const uint32_t unary = builder.AddType({kI32}, {kI32});
  const uint32_t grow = builder.ImportFunction("env", "grow", none);
  builder.AddMemory(Limits{1, 5, false});
  AddExport(builder, "f", unary, Code().Call(grow).LocalGet(0).Load(Op::kI32Load8U));
  Store store = MakeStore();
  ASSERT_TRUE(store.Link("env", "grow", [](Caller& caller) {
    const auto memory = caller.memory();
    EXPECT_TRUE(memory.has_value());
    const auto before = memory->Grow(1);
    EXPECT_TRUE(before.has_value());
    EXPECT_TRUE(memory->Write<uint8_t>(*before * 65536, 99).has_value());
  }));
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "f", {I32(65536)}), I32(99));
  EXPECT_EQ(Call(store, instance, "f", {I32(2 * 65536)}), I32(99));
}

}  // namespace
}  // namespace sandbox::testing
