// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/tier.h (through the public interface: whatever is observable is as in place)

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/fast/instruction.h"
#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

// Every module here is run in place and in the fast tier, at once and in steps of few units.
TEST(TierTest, Loops) {
  ModuleBuilder b;
  AddCountdown(b, "f", 1, [](Code& code) { code.Op(Op::kNop); });
  ExpectSame(b, "f", {Value::I32(0)});
  ExpectSame(b, "f", {Value::I32(17)});
}

TEST(TierTest, MemoryGrowsInALoop) {
  ModuleBuilder b;
  b.AddMemory({0, 6, false});
  // Each round stores to the last byte of the page that it has just made, and loads from it.
  AddCountdown(b, "f", 1, [](Code& code) {
    code.I32Const(1).Op(Op::kMemoryGrow, {0}).I32Const(16).Op(Op::kI32Shl).I32Const(65535).Op(Op::kI32Or);
    code.Op(Op::kLocalTee, {2}).LocalGet(0).Op(Op::kI32Store8, {0, 0});
    code.LocalGet(1).LocalGet(2).Op(Op::kI32Load8U, {0, 0}).Op(Op::kI32Add).LocalSet(1);
  });
  ExpectSame(b, "f", {Value::I32(6)});
  ExpectSame(b, "f", {Value::I32(8)});  // the seventh is refused: the address is beyond all pages
}

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
TEST(TierTest, TrapsInTheMiddle) {
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

TEST(TierTest, BranchesThatCarry) {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const uint32_t ref_type = b.AddType({ValType::FuncRef()}, {kI32});
  // Taken or not, with a value over another one; out of a loop, back into it.
  const uint32_t carry = b.AddFunction(type, Code()
                                                 .Begin(Op::kBlock, kI32)
                                                 .I32Const(11)
                                                 .LocalGet(0)
                                                 .LocalGet(0)
                                                 .I32Const(2)
                                                 .Op(Op::kI32RemU)
                                                 .Op(Op::kBrIf, {0})
                                                 .Op(Op::kI32Sub)
                                                 .End()
                                                 .End());
  const uint32_t null = b.AddFunction(ref_type, Code()
                                                    .Begin(Op::kBlock)
                                                    .LocalGet(0)
                                                    .Op(Op::kBrOnNull, {0})
                                                    .Op(Op::kDrop)
                                                    .I32Const(40)
                                                    .Op(Op::kReturn)
                                                    .End()
                                                    .I32Const(50)
                                                    .End());
  b.AddPassiveElements({carry});
  AddCountdown(b, "f", 1, [&](Code& code) {
    code.LocalGet(1).LocalGet(0).Call(carry).Op(Op::kI32Add);
    code.Op(Op::kRefNull).Byte(0x70).Call(null).Op(Op::kI32Add);
    code.Op(Op::kRefFunc, {carry}).Call(null).Op(Op::kI32Add).LocalSet(1);
  });
  ExpectSame(b, "f", {Value::I32(7)});
}

// Functions that cannot be translated, between those that can: too many slots, too long a straight line.
TEST(TierTest, TooLargeToTranslate) {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const Code increment = Code().LocalGet(0).I32Const(1).Op(Op::kI32Add).LocalSet(0);
  const auto leaf = b.AddFunction(type, Code().Raw(increment).LocalGet(0).End());
  const auto many_slots = b.AddFunction(type, Code().LocalGet(0).Call(leaf).Call(leaf).End(), kHugeLocals);
  const auto between = b.AddFunction(type, Code().LocalGet(0).Call(many_slots).I32Const(2).Op(Op::kI32Mul).End());
  const auto straight = b.AddFunction(type, Code().Raw(Times(5'000, increment)).LocalGet(0).Call(between).End());
  b.ExportFunction("f", b.AddFunction(type, Code().LocalGet(0).Call(straight).Call(between).End()));
  ExpectSame(b, "f", {Value::I32(1)}, /*step=*/997);
}

// A region of just as much as may be, and one more.
TEST(TierTest, RegionsAtTheirLimit) {
  for (const size_t nops : {fast::kMaxRegionCost - 2, fast::kMaxRegionCost - 1, fast::kMaxRegionCost}) {
    ModuleBuilder b;
    const uint32_t type = b.AddType({kI32}, {kI32});
    b.ExportFunction("f", b.AddFunction(type, Code().Raw(Times(nops, Code().Op(Op::kNop))).LocalGet(0).End()));
    ExpectSame(b, "f", {Value::I32(1)}, /*step=*/4'999);
  }
}

}  // namespace
}  // namespace sandbox::testing
