// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/tier.h (where traps are, and what comes back)

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

// A trap below translated frames, frames in place, and those of another instance; the way down is by calls of all kinds.
class TrapTest : public ::testing::TestWithParam<int> {};

TEST_P(TrapTest, DeepInCallees) {
  const bool is_huge = GetParam() / 4 != 0;  // a frame on the way that cannot be translated
  const int kind = GetParam() % 4;
  Machines machines;
  machines.Each([&](Machinery& m) {
    ModuleBuilder inner;
    const uint32_t inner_type = inner.AddType({kI32}, {kI32});
    const uint32_t divide =
        inner.AddFunction(inner_type, Code().I32Const(5).I32Const(100).LocalGet(0).Op(Op::kI32DivU).Op(Op::kI32Add).End());
    inner.ExportFunction("divide", inner.AddFunction(inner_type, Code().I32Const(1).LocalGet(0).Call(divide).Op(Op::kI32Sub).End()));
    m.Add(inner, "inner");

    ModuleBuilder outer;
    const uint32_t type = outer.AddType({kI32}, {kI32});
    const uint32_t imported = outer.ImportFunction("inner", "divide", type);
    outer.AddTable({ValType::FuncRef(), Limits{2, 2, false}});
    Code call;
    call.LocalGet(0).Op(Op::kNop);
    switch (kind) {
      case 0: call.Call(imported); break;
      case 1: call.I32Const(0).Op(Op::kCallIndirect, {type, 0}); break;
      case 2: call.Op(Op::kRefFunc, {imported}).Op(Op::kCallRef, {type}); break;
      default: call.Op(Op::kReturnCall, {imported}); break;
    }
    const uint32_t caller = outer.AddFunction(type, Code(call).End(), is_huge ? kHugeLocals : NoLocals());
    const uint32_t middle =
        outer.AddFunction(type, Code().I32Const(7).LocalGet(0).Call(caller).Op(Op::kI32Add).Op(Op::kNop).End());
    outer.AddElements(0, Code().I32Const(0).End(), {imported, middle});
    outer.ExportFunction("f", outer.AddFunction(type, Code()
                                                          .I32Const(3)
                                                          .LocalGet(0)
                                                          .I32Const(1)
                                                          .Op(Op::kCallIndirect, {type, 0})
                                                          .Op(Op::kI32Mul)
                                                          .End()));
    m.Add(outer, "outer");
    m.Run("outer", "f", {Value::I32(7)});
    m.Run("outer", "f", {Value::I32(0)});
    m.Run("outer", "f", {Value::I32(7)});
  });
}
INSTANTIATE_TEST_SUITE_P(Calls, TrapTest, ::testing::Range(0, 8));

// Everything that ends a run by a trap in the middle of a region: what was paid for the rest comes back.
TEST(TierTrapTest, InTheMiddle) {
  for (const int kind : {0, 1, 2, 3, 4, 5}) {
    ModuleBuilder b;
    b.AddMemory({1, 1, false});
    const uint32_t type = b.AddType({kI32}, {kI32});
    const uint32_t deep = b.AddFunction(type, Code().LocalGet(0).Call(0).End());
    Code code;
    code.LocalGet(0).I32Const(8).Op(Op::kI32DivU).Op(Op::kDrop).I32Const(0).Load(Op::kI32Load).Op(Op::kDrop);
    switch (kind) {
      case 0: code.LocalGet(0).Load(Op::kI32Load, 0, 70'000); break;
      case 1: code.LocalGet(0).LocalGet(0).LocalGet(0).Op(Op::kI32Xor).Op(Op::kI32RemS); break;
      case 2: code.I32Const(-1).I32Const(1).Op(Op::kI32Store, {0, 0}).I32Const(1); break;
      case 3: code.Op(Op::kRefNull).Byte(0x70).Op(Op::kRefAsNonNull).Op(Op::kDrop).I32Const(1); break;
      case 4: code.LocalGet(0).Call(deep); break;
      default: code.Op(Op::kNop).Op(Op::kUnreachable); break;
    }
    code.I32Const(3).Op(Op::kI32Add).Op(Op::kNop).Op(Op::kNop).End();
    b.ExportFunction("f", b.AddFunction(type, code));
    ExpectSame(b, "f", {Value::I32(9)});
  }
}

// Instructions that access memory and do what follows as well, at the memory's end, one behind it, and far out.
TEST(TierTrapTest, InAccessesThatDoMore) {
  for (const int kind : {0, 1, 2, 3, 4, 5, 6, 7}) {
    ModuleBuilder b;
    b.AddMemory({1, 1, false});
    Code code;
    code.LocalGet(0).I32Const(8).Op(Op::kI32DivU).Op(Op::kDrop);
    switch (kind) {
      case 0: code.LocalGet(0).Load(Op::kI32Load).LocalGet(0).Op(Op::kI32Add).LocalSet(1); break;
      case 1: code.LocalGet(0).LocalGet(0).LocalGet(1).Op(Op::kI32Xor).Op(Op::kI32Store, {0, 0}); break;
      case 2: code.LocalGet(0).LocalGet(0).I32Const(3).Op(Op::kI32Mul).Op(Op::kI32Store8, {0, 3}); break;
      case 3: code.Begin(Op::kBlock).LocalGet(0).Load(Op::kI32Load).LocalGet(0).Op(Op::kI32LtU).Op(Op::kBrIf, {0}).End(); break;
      case 4:
        code.Begin(Op::kBlock).LocalGet(0).Load(Op::kI32Load8U, 0, 3).Op(Op::kLocalTee, {1}).I32Const(7).Op(Op::kI32Ne);
        code.Op(Op::kBrIf, {0}).End();
        break;
      case 5: code.LocalGet(0).Load(Op::kI32Load, 0, 1).I32Const(1).Op(Op::kI32And).LocalSet(1); break;
      default:
        // In rounds of which one is the first to be out.
        code.I32Const(0).LocalSet(0).Begin(Op::kLoop).LocalGet(0).I32Const(16384).Op(Op::kI32Add).LocalSet(0);
        code.LocalGet(0).Load(Op::kI32Load, 0, 16380);
        if (kind == 7) code.Op(Op::kLocalTee, {1});
        code.I32Const(77).Op(Op::kI32Ne).Op(Op::kBrIf, {0}).End();
    }
    code.LocalGet(1).I32Const(3).Op(Op::kI32Add).Op(Op::kNop).End();
    b.ExportFunction("f", b.AddFunction(b.AddType({kI32}, {kI32}), code, {{1, kI32}}));
    for (const uint32_t address : {65532u, 65533u, 0xffffffffu}) ExpectSame(b, "f", {Value::I32(address)});
  }
}

// The same of floats.
TEST(TierTrapTest, InAccessesOfFloatsThatDoMore) {
  if (!kFloats) GTEST_SKIP() << "no floats in this build";
  for (const bool is_store : {false, true}) {
    ModuleBuilder b;
    b.AddMemory({1, 1, false});
    Code code;
    if (is_store) {
      code.LocalGet(0).LocalGet(1).LocalGet(1).Op(Op::kF64Add).Op(Op::kF64Store, {0, 0});
    } else {
      code.LocalGet(0).Load(Op::kF64Load).LocalGet(1).Op(Op::kF64Add).LocalSet(1);
    }
    code.LocalGet(1).Op(Op::kI64ReinterpretF64).Op(Op::kI32WrapI64).End();
    b.ExportFunction("f", b.AddFunction(b.AddType({kI32}, {kI32}), code, {{1, ValType::F64()}}));
    for (const uint32_t address : {65528u, 65529u}) ExpectSame(b, "f", {Value::I32(address)});
  }
}

// One call through a table too many.
TEST(TierTrapTest, DeepThroughATable) {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  b.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
  const uint32_t deep = b.AddFunction(type, Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).I32Const(0)
                                                .Op(Op::kCallIndirect, {type, 0}).I32Const(3).Op(Op::kI32Add).End());
  b.AddElements(0, Code().I32Const(0).End(), {deep});
  b.ExportFunction("f", b.AddFunction(type, Code().LocalGet(0).Call(deep).Op(Op::kNop).End()));
  ExpectSame(b, "f", {Value::I32(9)});
}

// Landing pads of a br_table, and the table itself, lie between the code that is entered and the trap; and a trap behind a
// table in the same function is counted from its own region on.
TEST(TierTrapTest, BehindATable) {
  for (const uint32_t divisor : {0u, 1u}) {
    ModuleBuilder b;
    const uint32_t type = b.AddType({kI32}, {kI32});
    Code code;
    code.I32Const(100).LocalGet(0).Op(Op::kI32DivU).Op(Op::kDrop);
    code.Begin(Op::kBlock, kI32).Begin(Op::kBlock, kI32).I32Const(5).I32Const(6).LocalGet(0).I32Const(1).Op(Op::kI32Sub);
    code.Op(Op::kBrTable, {3, 0, 1, 0, 1}).End().I32Const(7).LocalGet(0).I32Const(1).Op(Op::kI32Sub).Op(Op::kI32DivU);
    code.Op(Op::kI32Add).End().I32Const(9).I32Const(static_cast<int32_t>(divisor)).Op(Op::kI32RemS).Op(Op::kI32Add);
    code.Op(Op::kNop).End();
    b.ExportFunction("f", b.AddFunction(type, code));
    for (const uint32_t n : {0u, 1u, 2u, 3u, 9u}) ExpectSame(b, "f", {Value::I32(n)});
  }
}

// The host function of a tail call traps, at once or later: in the caller of the one that is gone, at its call.
TEST(TierTrapTest, OfHostFunctionsInTheTail) {
  Machines machines;
  machines.Each([](Machinery& m) {
    const auto trap = []() -> HostResult<void> { return Trap(TrapCode::kHost); };
    ASSERT_TRUE(m.store().Link("env", "at_once", trap).has_value());
    ASSERT_TRUE(m.store().LinkFunc("env", "later", {}, {}).has_value());
    m.answer = [](sandbox::Call call) { return call.Trap(); };
    for (const char* name : {"at_once", "later"}) {
      ModuleBuilder b;
      const uint32_t type = b.AddType({}, {});
      const uint32_t host = b.ImportFunction("env", name, type);
      const uint32_t tail = b.AddFunction(type, Code().Op(Op::kReturnCall, {host}).End());
      const Code code = Code().Op(Op::kNop).Op(Op::kNop).Call(tail).Op(Op::kNop).End();
      const uint32_t caller = b.AddFunction(type, code);
      b.ExportFunction("f", b.AddFunction(type, Code().Op(Op::kNop).Call(caller).End()));
      m.Add(b, name);
      m.Run(name, "f");
      m.Run(name, "f");
    }
  });
}

}  // namespace
}  // namespace sandbox::testing
