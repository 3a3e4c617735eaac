// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/inplace/handlers.inc, sandbox/inplace/cold.cc (control flow, in every form of running)

#include <gtest/gtest.h>

#include "tests/inplace/forms.h"

namespace sandbox::testing {
namespace {

// Makes entries of the side table wide: branches over this are too far for a narrow one.
constexpr size_t kFar = 20'000;
Code Filler(size_t bytes) { return Repeat(bytes, Code().Op(Op::kNop)); }

class ControlTest : public FormTest {};
INSTANTIATE_FORMS(ControlTest);

TEST_P(ControlTest, BlocksGiveTheirValues) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {ValType::I32()});
  AddExport(builder, "block", type, Code().Begin(Op::kBlock, ValType::I32()).I32Const(7).End());
  AddExport(builder, "br", type,
            Code()
                .I32Const(1)
                .Begin(Op::kBlock, ValType::I32())
                .I32Const(2)
                .I32Const(3)
                .Op(Op::kBr, {0})
                .End()
                .Op(Op::kI32Add));
  AddExport(builder, "body", type, Code().I32Const(1).I32Const(2).Op(Op::kBr, {0}));
  AddExport(builder, "return", type,
            Code().I32Const(1).Begin(Op::kLoop).I32Const(5).I32Const(6).Op(Op::kReturn).End().Op(Op::kUnreachable));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "block"), I32(7));
  EXPECT_EQ(Call(store, instance, "br"), I32(4));
  EXPECT_EQ(Call(store, instance, "body"), I32(2));
  EXPECT_EQ(Call(store, instance, "return"), I32(6));
}

// sum = 0; do { sum += n; n -= 1 } while (n != 0)
TEST_P(ControlTest, LoopsRepeat) {
  for (const size_t distance : {size_t{0}, kFar}) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
    AddExport(builder, "sum", type,
              Code()
                  .Begin(Op::kLoop)
                  .LocalGet(1)
                  .LocalGet(0)
                  .Op(Op::kI32Add)
                  .LocalSet(1)
                  .Begin(Op::kBlock)
                  .Op(Op::kBr, {0})
                  .Raw(Filler(distance))
                  .End()
                  .LocalGet(0)
                  .I32Const(1)
                  .Op(Op::kI32Sub)
                  .Op(Op::kLocalTee, {0})
                  .Op(Op::kBrIf, {0})
                  .End()
                  .LocalGet(1),
              {{1, ValType::I32()}});
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    EXPECT_EQ(Call(store, instance, "sum", {I32(10)}), I32(55)) << distance;
  }
}

// The arms of an `if`, each and none skipped over a far distance.
TEST_P(ControlTest, IfTakesAnArm) {
  for (const size_t distance : {size_t{0}, kFar}) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
    const Code skipped = Code().Begin(Op::kBlock).Op(Op::kBr, {0}).Raw(Filler(distance)).End();
    AddExport(builder, "choose", type,
              Code()
                  .LocalGet(0)
                  .Begin(Op::kIf, ValType::I32())
                  .Raw(skipped)
                  .I32Const(10)
                  .Op(Op::kElse)
                  .Raw(skipped)
                  .I32Const(20)
                  .End());
    AddExport(
        builder, "maybe", type,
        Code().I32Const(1).LocalSet(1).LocalGet(0).Begin(Op::kIf).Raw(skipped).I32Const(2).LocalSet(1).End().LocalGet(
            1),
        {{1, ValType::I32()}});
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    EXPECT_EQ(Call(store, instance, "choose", {I32(1)}), I32(10)) << distance;
    EXPECT_EQ(Call(store, instance, "choose", {I32(0)}), I32(20)) << distance;
    EXPECT_EQ(Call(store, instance, "maybe", {I32(-1)}), I32(2)) << distance;
    EXPECT_EQ(Call(store, instance, "maybe", {I32(0)}), I32(1)) << distance;
  }
}

// Parameters of an `if` stay where they are in both arms.
TEST_P(ControlTest, IfHandsItsParametersOn) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
  const uint32_t pair = builder.AddType({ValType::I32(), ValType::I32()}, {ValType::I32()});
  AddExport(builder, "combine", type,
            Code()
                .I32Const(30)
                .I32Const(4)
                .LocalGet(0)
                .BeginIndexed(Op::kIf, pair)
                .Op(Op::kI32Add)
                .Op(Op::kElse)
                .Op(Op::kI32Sub)
                .End());
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "combine", {I32(1)}), I32(34));
  EXPECT_EQ(Call(store, instance, "combine", {I32(0)}), I32(26));
}

// A branch that carries `keep` values over `drop` others, from near and from far.
class CarryTest : public FormTest {
 protected:
  void Check(size_t keep, size_t drop, size_t distance, bool is_conditional) {
    ModuleBuilder builder;
    const std::vector<ValType> carried = I32s(keep);
    const uint32_t block = builder.AddType({}, carried);
    const uint32_t type = builder.AddType({}, carried);
    Code code;
    code.BeginIndexed(Op::kBlock, block);
    for (size_t i = 0; i < drop; ++i) code.I32Const(-1);
    for (size_t i = 0; i < keep; ++i) code.I32Const(static_cast<int32_t>(100 + i));
    if (is_conditional) {
      code.I32Const(1).Op(Op::kBrIf, {0});
      code.Op(Op::kUnreachable);
    } else {
      code.Op(Op::kBr, {0});
    }
    code.Raw(Filler(distance)).End();
    AddExport(builder, "carry", type, code);
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    const Ran ran = Run(store, instance, "carry");
    ASSERT_EQ(ran.values.size(), keep);
    for (size_t i = 0; i < keep; ++i) {
      EXPECT_EQ(ran.values[i], I32(static_cast<int32_t>(100 + i))) << keep << " over " << drop << " by " << distance;
    }
  }
};
INSTANTIATE_FORMS(CarryTest);

TEST_P(CarryTest, AnyNumberOverAnyNumber) {
  for (const size_t distance : {size_t{0}, kFar}) {
    for (const size_t keep : {0, 1, 2, 3, 8, 9, 1000}) {
      for (const size_t drop : {0, 1, 2, 15, 16, 17, 5000}) {
        Check(keep, drop, distance, false);
        if (drop < 100) Check(keep, drop, distance, true);
      }
    }
  }
}

// br_if that is not taken leaves its values.
TEST_P(ControlTest, UntakenBranchKeepsTheStack) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
  AddExport(builder, "f", type,
            Code()
                .Begin(Op::kBlock, ValType::I32())
                .I32Const(5)
                .LocalGet(0)
                .Op(Op::kBrIf, {0})
                .I32Const(1)
                .Op(Op::kI32Add)
                .End());
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "f", {I32(0)}), I32(6));
  EXPECT_EQ(Call(store, instance, "f", {I32(9)}), I32(5));
}

// Each label, the default one and what is beyond, with narrow and wide entries.
TEST_P(ControlTest, BrTableChooses) {
  constexpr uint32_t kLabels = 20;
  for (const size_t distance : {size_t{0}, kFar}) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
    Code code;
    std::vector<uint32_t> labels;
    for (uint32_t i = 0; i <= kLabels; ++i) code.Begin(Op::kBlock);
    for (uint32_t i = 0; i < kLabels; ++i) labels.push_back(i);
    code.LocalGet(0).BrTable(labels, kLabels).End();
    for (uint32_t i = 0; i < kLabels; ++i) {
      code.I32Const(static_cast<int32_t>(1000 + i)).Op(Op::kReturn);
      if (i == 3) code.Raw(Filler(distance));
      code.End();
    }
    code.I32Const(-1);
    AddExport(builder, "choose", type, code);
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    for (uint32_t i = 0; i < kLabels; ++i) {
      EXPECT_EQ(Call(store, instance, "choose", {Value::I32(i)}), I32(static_cast<int32_t>(1000 + i))) << distance;
    }
    EXPECT_EQ(Call(store, instance, "choose", {Value::I32(kLabels)}), I32(-1));
    EXPECT_EQ(Call(store, instance, "choose", {I32(-1)}), I32(-1));
    EXPECT_EQ(Call(store, instance, "choose", {Value::I32(0x8000'0000u)}), I32(-1));
  }
}

// A br_table that carries values, backwards and forwards at once, and one without any label but the default.
TEST_P(ControlTest, BrTableCarriesValues) {
  for (const size_t distance : {size_t{0}, kFar}) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
    const uint32_t loop = builder.AddType({ValType::I32()}, {ValType::I32()});
    // loop (i32) -> (i32): adds one, then goes on while below 10 (label 0), else leaves (label 1).
    AddExport(builder, "climb", type,
              Code()
                  .Begin(Op::kBlock, ValType::I32())
                  .LocalGet(0)
                  .BeginIndexed(Op::kLoop, loop)
                  .I32Const(1)
                  .Op(Op::kI32Add)
                  .Op(Op::kLocalTee, {0})
                  .LocalGet(0)
                  .I32Const(10)
                  .Op(Op::kI32GeS)
                  .BrTable({0}, 1)
                  .Raw(Filler(distance))
                  .End()
                  .End());
    AddExport(builder, "only", type,
              Code().Begin(Op::kBlock, ValType::I32()).I32Const(3).I32Const(8).LocalGet(0).BrTable({}, 0).End());
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    EXPECT_EQ(Call(store, instance, "climb", {I32(3)}), I32(10)) << distance;
    EXPECT_EQ(Call(store, instance, "climb", {I32(50)}), I32(51)) << distance;
    EXPECT_EQ(Call(store, instance, "only", {I32(77)}), I32(8)) << distance;
  }
}

// So many entries between branch and target that the way in the side table is far too.
TEST_P(ControlTest, ManyBranchesInBetween) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
  const Code branch = Code().LocalGet(0).Op(Op::kBrIf, {0});
  AddExport(builder, "skip", type,
            Code()
                .Begin(Op::kBlock)
                .I32Const(1)
                .Op(Op::kBrIf, {0})
                .Raw(Repeat(3000, branch))
                .End()
                .Begin(Op::kBlock)
                .LocalGet(0)
                .Op(Op::kBrIf, {0})
                .I32Const(5)
                .Op(Op::kReturn)
                .End()
                .I32Const(6));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "skip", {I32(0)}), I32(5));
  EXPECT_EQ(Call(store, instance, "skip", {I32(1)}), I32(6));
}

TEST_P(ControlTest, DeepNestingLeavesAtOnce) {
  constexpr uint32_t kDepth = 2000;
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
  Code code;
  for (uint32_t i = 0; i < kDepth; ++i) code.Begin(Op::kBlock);
  code.LocalGet(0).Op(Op::kBrIf, {kDepth - 1}).I32Const(1).Op(Op::kReturn);
  for (uint32_t i = 0; i < kDepth; ++i) code.End();
  AddExport(builder, "leave", type, code.I32Const(2));
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "leave", {I32(1)}), I32(2));
  EXPECT_EQ(Call(store, instance, "leave", {I32(0)}), I32(1));
}

TEST_P(ControlTest, BranchesOnNull) {
  for (const size_t distance : {size_t{0}, kFar}) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({ValType::ExternRef()}, {ValType::I32()});
    AddExport(builder, "on_null", type,
              Code()
                  .Begin(Op::kBlock)
                  .LocalGet(0)
                  .Op(Op::kBrOnNull, {0})
                  .Op(Op::kDrop)
                  .I32Const(1)
                  .Op(Op::kReturn)
                  .Raw(Filler(distance))
                  .End()
                  .I32Const(0));
    AddExport(builder, "on_non_null", type,
              Code()
                  .Begin(Op::kBlock, ValType::Ref(HeapType::kExtern, false))
                  .LocalGet(0)
                  .Op(Op::kBrOnNonNull, {0})
                  .I32Const(0)
                  .Op(Op::kReturn)
                  .Raw(Filler(distance))
                  .End()
                  .Op(Op::kDrop)
                  .I32Const(1));
    Store store = MakeStore();
    const InstanceId instance = Instantiate(store, builder);
    for (const char* name : {"on_null", "on_non_null"}) {
      EXPECT_EQ(Call(store, instance, name, {Value::ExternRef(0)}), I32(1)) << name << distance;
      EXPECT_EQ(Call(store, instance, name, {Value::Null(HeapType::kExtern)}), I32(0)) << name << distance;
    }
  }
}

// Locals whose numbers take one, two and three bytes, of all sizes of frame.
TEST_P(ControlTest, LocalsOfEveryNumber) {
  ModuleBuilder builder;
  constexpr uint32_t kLocals = 20'000;
  const uint32_t type = builder.AddType({ValType::I64()}, {ValType::I64()});
  for (const uint32_t number : {0u, 1u, 126u, 127u, 128u, 129u, 16'383u, 16'384u, kLocals}) {
    const std::string name = std::to_string(number);
    AddExport(builder, name, type,
              Code()
                  .LocalGet(number)
                  .LocalGet(0)
                  .Op(Op::kI64Add)
                  .Op(Op::kLocalTee, {number})
                  .I64Const(1)
                  .Op(Op::kI64Add)
                  .LocalSet(number)
                  .LocalGet(number),
              {{kLocals, ValType::I64()}});
  }
  Store store = MakeStore();
  const InstanceId instance = Instantiate(store, builder);
  EXPECT_EQ(Call(store, instance, "0", {I64(50)}), I64(101));
  for (const char* name : {"1", "126", "127", "128", "129", "16383", "16384", "20000"}) {
    EXPECT_EQ(Call(store, instance, name, {I64(50)}), I64(51)) << name;
  }
}

}  // namespace
}  // namespace sandbox::testing
