// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/translator.h (translator_call.cc: a local that takes the result of a call is written by who returns,
// whoever that is)
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/fast/translated_module.h"
#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

// Calls of functions [i32] -> [i32], by everything that calls: the argument lies on the stack.
struct Callees {
  explicit Callees(ModuleBuilder& b) {
    type = b.AddType({kI32}, {kI32});
    const uint32_t at_once = b.ImportFunction("env", "at_once", type);
    const uint32_t later = b.ImportFunction("env", "later", type);
    b.AddTable({ValType::FuncRef(), Limits{8, 8, false}});
    const uint32_t local = b.AddFunction(type, Code().LocalGet(0).LocalSet(1).LocalGet(1).End(), {{1, kI32}});
    const uint32_t sum = b.AddFunction(type, Code().LocalGet(0).I32Const(3).Op(Op::kI32Add).End());
    const uint32_t middle = b.AddFunction(type, Code().LocalGet(0).I32Const(5).Op(Op::kI32Xor).Op(Op::kReturn).End());
    const uint32_t in_place = b.AddFunction(type, EndsInPlace());
    const uint32_t tail = b.AddFunction(type, Code().LocalGet(0).Op(Op::kReturnCall, {sum}).End());
    const uint32_t tail_host = b.AddFunction(type, Code().LocalGet(0).Op(Op::kReturnCall, {at_once}).End());
    const uint32_t tail_later = b.AddFunction(type, Code().LocalGet(0).Op(Op::kReturnCall, {later}).End());
    // More locals than a call of register code pays for.
    const uint32_t large = b.AddFunction(type, Code().LocalGet(0).I32Const(9).Op(Op::kI32Mul).End(), kHugeLocals);
    for (const uint32_t function : {at_once, later, local, sum, middle, in_place, tail, tail_host, tail_later, large}) {
      calls.push_back(Code().Call(function));
    }
    b.AddElements(0, Code().I32Const(0).End(), {at_once, later, sum, in_place, tail_host, middle});
    for (int32_t place = 0; place < 6; ++place) {
      calls.push_back(Code().I32Const(place).Op(Op::kCallIndirect, {type, 0}));
      // The index is computed.
      calls.push_back(Code().LocalGet(3).I32Const(place).Op(Op::kI32Or).Op(Op::kCallIndirect, {type, 0}));
    }
  }

  uint32_t type = 0;
  std::vector<Code> calls;
};

void Run(const ModuleBuilder& builder) {
  Machines machines;
  machines.steps = {0, 1, 3};
  machines.Each([&](Machinery& m) {
    ASSERT_TRUE(m.store().Link("env", "at_once", [](uint32_t given) { return given * 7 + 1; }).has_value());
    ASSERT_TRUE(m.store().LinkFunc("env", "later", std::vector{kI32}, std::vector{kI32}).has_value());
    m.answer = [](sandbox::Call call) { return call.Resume(Value::I32(call.args()[0].u32() * 11 + 2)); };
    m.Add(builder, "m");
    m.Run("m", "f", {Value::I32(4)});
    m.Run("m", "f", {Value::I32(4)});
  });
}

// Local 1 is the result, 2 is set, 3 is zero.
void RunEach(const std::function<Code(const Code& call)>& body) {
  ModuleBuilder counted;
  const size_t count = Callees(counted).calls.size();
  for (size_t i = 0; i < count; ++i) {
    ModuleBuilder b;
    const Callees callees(b);
    AddCountdown(b, "f", 2, [&](Code& code) {
      code.Raw(body(callees.calls[i]));
      code.LocalGet(1).I32Const(31).Op(Op::kI32Mul).LocalGet(2).Op(Op::kI32Add).LocalSet(1);
    });
    Run(b);
    if (::testing::Test::HasFailure()) FAIL() << "call " << i;
  }
}

TEST(ReturnedLocalTest, IsSet) {
  RunEach([](const Code& call) { return Code().LocalGet(0).Raw(call).LocalSet(2); });
}

TEST(ReturnedLocalTest, IsSetAndKept) {
  RunEach([](const Code& call) { return Code().LocalGet(0).Raw(call).Op(Op::kLocalTee, {2}).LocalGet(2).Op(Op::kI32Xor).LocalSet(1); });
}

// The call's own argument, which other operands still hold.
TEST(ReturnedLocalTest, IsAnOperandToo) {
  RunEach([](const Code& call) {
    return Code().LocalGet(2).LocalGet(2).I32Const(1).Op(Op::kI32Add).LocalGet(2).Raw(call).LocalSet(2).Op(Op::kI32Mul)
        .LocalGet(2).Op(Op::kI32Sub).LocalSet(1);
  });
}

// A parameter; and a block that ends right behind it, so that two regions begin at the same place of the code.
TEST(ReturnedLocalTest, IsTheLastOfABlock) {
  RunEach([](const Code& call) {
    return Code().Begin(Op::kBlock).LocalGet(2).I32Const(1).Op(Op::kI32And).Op(Op::kBrIf, {0}).LocalGet(0).Raw(call).LocalSet(2).End()
        .LocalGet(2).LocalGet(0).Op(Op::kI32Add).LocalSet(2);
  });
}

// Two calls that follow one another: what the first one returned is the second one's argument.
TEST(ReturnedLocalTest, IsTheNextArgument) {
  RunEach([](const Code& call) {
    return Code().LocalGet(0).Raw(call).LocalSet(2).LocalGet(2).Raw(call).Op(Op::kLocalTee, {2}).Raw(call).LocalSet(2);
  });
}

// The callee is of another instance: called by name, through a table, and by a tail call.
TEST(ReturnedLocalTest, ComesFromAnotherInstance) {
  ModuleBuilder theirs;
  const uint32_t their_type = theirs.AddType({kI32}, {kI32});
  theirs.ExportFunction("sum", theirs.AddFunction(their_type, Code().LocalGet(0).I32Const(3).Op(Op::kI32Add).End()));
  theirs.ExportFunction("in_place", theirs.AddFunction(their_type, EndsInPlace()));
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const uint32_t sum = b.ImportFunction("theirs", "sum", type);
  const uint32_t in_place = b.ImportFunction("theirs", "in_place", type);
  b.AddTable({ValType::FuncRef(), Limits{2, 2, false}});
  b.AddElements(0, Code().I32Const(0).End(), {sum, in_place});
  const uint32_t tail = b.AddFunction(type, Code().LocalGet(0).Op(Op::kReturnCall, {sum}).End());
  AddCountdown(b, "f", 1, [&](Code& code) {
    for (const Code& call : {Code().Call(sum), Code().Call(in_place), Code().Call(tail), Code().I32Const(0).Op(Op::kCallIndirect, {type, 0}),
                             Code().I32Const(1).Op(Op::kCallIndirect, {type, 0})}) {
      code.LocalGet(0).Raw(call).LocalSet(2).LocalGet(1).I32Const(31).Op(Op::kI32Mul).LocalGet(2).Op(Op::kI32Add).LocalSet(1);
    }
  });
  Machines machines;
  machines.steps = {0, 1, 3};
  machines.Each([&](Machinery& m) {
    m.Add(theirs, "theirs");
    m.Add(b, "m");
    m.Run("m", "f", {Value::I32(4)});
    m.Run("m", "f", {Value::I32(4)});
  });
}

TEST(ReturnedLocalTest, IsOfEachType) {
  std::vector<ValType> types = {kI32, ValType::I64(), ValType::FuncRef()};
#if SANDBOX_FLOATS
  types.push_back(ValType::F32());
  types.push_back(ValType::F64());
#endif
  for (const ValType type : types) {
    ModuleBuilder b;
    const uint32_t callee = b.AddFunction(b.AddType({type, kI32}, {type}), Code().LocalGet(0).End());
    b.ExportFunction("f", b.AddFunction(b.AddType({type}, {type}), Code().LocalGet(0).I32Const(3).Call(callee).LocalSet(2)
                                                                    .LocalGet(2).End(), {{1, kI32}, {1, type}}));
    Machines machines;
    machines.Each([&](Machinery& m) {
      m.Add(b, "m");
      Result<FuncHandle> f = m.store().GetFunc(m["m"], "f");
      ASSERT_TRUE(f.has_value());
      const Value given = type.is_ref() ? Value::FuncRef(*f) : Value::Number(type, 0x4009'21fb'5444'2d18);
      m.Fill();
      m.Finish(m.store().Invoke(*f, {given}));
    });
  }
}

// A local so far below that the distance has no room in its field.
TEST(ReturnedLocalTest, IsFarAway) {
  for (const uint32_t locals : {32'700u, 32'764u, 32'765u, 32'766u, 32'767u, 32'768u, 40'000u}) {
    ModuleBuilder b;
    const uint32_t type = b.AddType({kI32}, {kI32});
    const uint32_t callee = b.AddFunction(type, Code().LocalGet(0).I32Const(3).Op(Op::kI32Add).End());
    b.ExportFunction("f", b.AddFunction(type, Code().LocalGet(0).Call(callee).LocalSet(0).LocalGet(0).Call(callee).LocalSet(1)
                                                  .LocalGet(0).LocalGet(1).Op(Op::kI32Mul).End(), {{locals, kI32}}));
    ExpectSame(b, "f", {Value::I32(6)}, 3);
  }
}

// Nothing is left to do behind a call for who sets a local.
TEST(ReturnedLocalTest, NeedsNoInstruction) {
  if (!kFastTier) GTEST_SKIP() << "no fast tier";
  const auto count = [](bool sets) {
    ModuleBuilder b;
    const uint32_t type = b.AddType({kI32}, {kI32});
    const uint32_t callee = b.AddFunction(type, Code().LocalGet(0).End());
    Code code = Code().LocalGet(0).Call(callee);
    if (sets) code.LocalSet(1).LocalGet(1);
    b.AddFunction(type, code.End(), {{1, kI32}});
    return OpcodesOf(b, 1).size();
  };
  EXPECT_EQ(count(true), count(false));
}

}  // namespace
}  // namespace sandbox::testing
