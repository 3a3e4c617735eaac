// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/translator.h (translator_control.cc: a br_if that carries values, to be moved or where they are wanted,
// which is paid for only if it is taken)
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

constexpr ValType kI32 = ValType::I32();

std::vector<ValType> Many(uint32_t count) { return std::vector<ValType>(count, kI32); }

// The values x, x + 1, ... of local 0.
Code Values(uint32_t count) {
  Code code;
  for (uint32_t i = 0; i < count; ++i) code.LocalGet(0).I32Const(static_cast<int32_t>(i)).Op(Op::kI32Add);
  return code;
}
// Adds up what is there and multiplies: the order counts.
Code AddUp(uint32_t count) {
  Code code;
  for (uint32_t i = 1; i < count; ++i) code.I32Const(31).Op(Op::kI32Mul).Op(Op::kI32Add);
  return code;
}
Code Drops(uint32_t count) {
  Code code;
  for (uint32_t i = 0; i < count; ++i) code.Op(Op::kDrop);
  return code;
}

// Conditions that become part of the branch, or not.
std::vector<Code> Conditions() {
  std::vector<Code> conditions = {
      Code().LocalGet(0).I32Const(1).Op(Op::kI32And),
      Code().LocalGet(0).I32Const(3).Op(Op::kI32LtS),
      Code().LocalGet(0).LocalGet(1).Op(Op::kI32LtU),
      Code().LocalGet(0).Op(Op::kI32Eqz),
      Code().LocalGet(0).I32Const(5).Op(Op::kI32Add).Op(Op::kLocalTee, {2}).I32Const(9).Op(Op::kI32GtS),
      Code().I32Const(1),
      Code().I32Const(0),
  };
#if SANDBOX_FLOATS
  conditions.push_back(
      Code().LocalGet(0).Op(Op::kF64ConvertI32S).LocalGet(1).Op(Op::kF64ConvertI32S).Op(Op::kF64Lt));
#endif
  return conditions;
}

// `keep` values over `below` others go out of a block, if so.
Code OutOfBlock(uint32_t type, uint32_t keep, uint32_t below, const Code& condition) {
  return Code().BeginIndexed(Op::kBlock, type).Raw(Values(below)).Raw(Values(keep)).Raw(condition).Op(Op::kBrIf, {0})
      .Raw(Drops(keep + below)).LocalGet(1).I32Const(7).Op(Op::kI32Xor).LocalSet(1).Raw(Values(keep)).End()
      .Raw(AddUp(keep)).LocalGet(1).Op(Op::kI32Add).LocalSet(1);
}

TEST(CarryTest, OutOfBlocks) {
  for (const uint32_t keep : {1u, 2u, 8u, 9u, 17u}) {
    for (const uint32_t below : {0u, 1u, 3u}) {
      for (const Code& condition : Conditions()) {
        ModuleBuilder b;
        const uint32_t type = b.AddType({}, Many(keep));
        AddCountdown(b, "f", 2, [&](Code& code) { code.Raw(OutOfBlock(type, keep, below, condition)); });
        ExpectSame(b, "f", {Value::I32(6)}, 3);
        if (HasFailure()) FAIL() << keep << " over " << below;
      }
    }
  }
}

// Back to a loop that takes values, and out of it.
TEST(CarryTest, BackToLoops) {
  for (const uint32_t keep : {1u, 2u, 9u}) {
    for (const uint32_t below : {0u, 2u}) {
      ModuleBuilder b;
      const uint32_t type = b.AddType(Many(keep), Many(keep));
      const Code step = Code().LocalGet(0).I32Const(1).Op(Op::kI32Sub).Op(Op::kLocalTee, {0});
      const Code loop = Code().Raw(Values(keep)).BeginIndexed(Op::kLoop, type).Raw(AddUp(keep)).LocalGet(1)
                            .Op(Op::kI32Add).LocalSet(1).Raw(Values(below)).Raw(Values(keep)).Raw(step)
                            .Op(Op::kBrIf, {0}).Raw(Drops(keep + below)).Raw(Values(keep)).End().Raw(AddUp(keep)).LocalGet(1)
                            .Op(Op::kI32Add).End();
      b.ExportFunction("f", b.AddFunction(b.AddType({kI32}, {kI32}), loop, {{2, kI32}}));
      ExpectSame(b, "f", {Value::I32(7)}, 3);
      if (HasFailure()) FAIL() << keep << " over " << below;
    }
  }
}

// To the function's own label, several results too; a trap in the same region; a call behind.
TEST(CarryTest, OutOfFunctions) {
  for (const uint32_t keep : {1u, 2u, 9u}) {
    for (const uint32_t below : {0u, 2u}) {
      ModuleBuilder b;
      const uint32_t type = b.AddType({kI32, kI32}, Many(keep));
      const Code divide = Code().I32Const(12).LocalGet(0).I32Const(4).Op(Op::kI32Sub).Op(Op::kI32DivS);
      const uint32_t out = b.AddFunction(
          type, Code().Raw(Values(below)).Raw(Values(keep)).Raw(divide).Op(Op::kBrIf, {0}).Raw(Drops(keep + below))
                    .Raw(Values(keep)).End(), {{1, kI32}});
      AddCountdown(b, "f", 1, [&](Code& code) {
        code.LocalGet(0).LocalGet(1).Call(out).Raw(AddUp(keep)).LocalGet(1).Op(Op::kI32Add).LocalSet(1);
      });
      for (const uint32_t rounds : {3u, 30u}) ExpectSame(b, "f", {Value::I32(rounds)}, 3);
      if (HasFailure()) FAIL() << keep << " over " << below;
    }
  }
}

}  // namespace
}  // namespace sandbox::testing
