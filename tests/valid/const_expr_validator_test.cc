// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/const_expr_validator.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"
#include "tests/valid/loaded.h"

namespace sandbox {
namespace {

using testing::Bytes;
using testing::Code;
using testing::Loaded;
using testing::ModuleBuilder;

constexpr ValType kI32 = ValType::I32();
constexpr ValType kI64 = ValType::I64();

// A module whose global 3 has the initializer under test. Globals 0 and 1 are imported, a constant and a variable.
Bytes ModuleOf(ValType type, const Bytes& init) {
  ModuleBuilder builder;
  builder.AddType({}, {});
  builder.ImportGlobal("env", "constant", {kI32, false});
  builder.ImportGlobal("env", "variable", {kI32, true});
  builder.AddFunction(0, Code().End());
  builder.AddGlobal({kI64, false}, Code().I64Const(5).End());
  builder.AddGlobal({type, false}, init);
  builder.AddGlobal({kI32, false}, Code().I32Const(1).End());
  return builder.Build();
}

std::string Check(ValType type, const Bytes& init) { return Loaded(ModuleOf(type, init)).text(); }

TEST(ConstExprValidatorTest, Constants) {
  EXPECT_EQ(Check(kI32, Code().I32Const(-1).End()), "");
  EXPECT_EQ(Check(kI64, Code().I64Const(-1).End()), "");
  if (kFloats) {
    EXPECT_EQ(Check(ValType::F32(), Code().Op(Op::kF32Const).Raw(Bytes(4, 1)).End()), "");
    EXPECT_EQ(Check(ValType::F64(), Code().Op(Op::kF64Const).Raw(Bytes(8, 1)).End()), "");
  }
  EXPECT_EQ(Check(ValType::FuncRef(), Code().Op(Op::kRefNull).Byte(0x70).End()), "");
  EXPECT_EQ(Check(ValType::FuncRef(), Code().Op(Op::kRefNull).Byte(0x00).End()), "") << "null of a defined type";
  EXPECT_EQ(Check(ValType::Ref(HeapType::Defined(0), false), Code().Op(Op::kRefFunc, {0}).End()), "");
}

TEST(ConstExprValidatorTest, ExtendedArithmetic) {
  EXPECT_EQ(Check(kI32, Code().I32Const(1).I32Const(2).Op(Op::kI32Add).Op(Op::kGlobalGet, {0}).Op(Op::kI32Mul)
                            .I32Const(3).Op(Op::kI32Sub).End()), "");
  EXPECT_EQ(Check(kI64, Code().I64Const(1).Op(Op::kGlobalGet, {2}).Op(Op::kI64Add).I64Const(3).Op(Op::kI64Mul)
                            .I64Const(3).Op(Op::kI64Sub).End()), "");
  for (const Op op : {Op::kI32Add, Op::kI64Mul}) {
    EXPECT_EQ(Check(kI32, Code().I32Const(1).Op(op).End()), TextOf(ErrorCode::kTypeMismatch));
    EXPECT_EQ(Check(kI32, Code().I32Const(1).I64Const(1).Op(op).End()), TextOf(ErrorCode::kTypeMismatch));
  }
}

TEST(ConstExprValidatorTest, MakesOneValueOfTheType) {
  for (const Bytes& init : {Code().End().bytes(), Code().I64Const(1).End().bytes(),
                            Code().I32Const(1).I32Const(1).End().bytes()}) {
    EXPECT_EQ(Check(kI32, init), TextOf(ErrorCode::kTypeMismatch));
  }
  EXPECT_EQ(Check(ValType::Ref(HeapType::kFunc, false), Code().Op(Op::kRefNull).Byte(0x70).End()),
            TextOf(ErrorCode::kTypeMismatch));
}

TEST(ConstExprValidatorTest, SeesEarlierConstantGlobalsOnly) {
  EXPECT_EQ(Check(kI32, Code().Op(Op::kGlobalGet, {0}).End()), "");
  EXPECT_EQ(Check(kI64, Code().Op(Op::kGlobalGet, {2}).End()), "");
  EXPECT_EQ(Check(kI32, Code().Op(Op::kGlobalGet, {1}).End()), TextOf(ErrorCode::kConstantRequired));
  EXPECT_EQ(Check(kI32, Code().Op(Op::kGlobalGet, {3}).End()), TextOf(ErrorCode::kUnknownGlobal)) << "itself";
  EXPECT_EQ(Check(kI32, Code().Op(Op::kGlobalGet, {4}).End()), TextOf(ErrorCode::kUnknownGlobal)) << "a later one";
}

TEST(ConstExprValidatorTest, OtherInstructionsAreNotConstant) {
  for (const Op op : {Op::kNop, Op::kI32DivS, Op::kI32Eqz, Op::kUnreachable, Op::kDrop, Op::kMemorySize, Op::kBlock}) {
    EXPECT_EQ(Check(kI32, Code().I32Const(1).I32Const(1).Op(op).End()), TextOf(ErrorCode::kConstantRequired));
  }
  EXPECT_EQ(Check(kI32, {0x06, 0x0b}), TextOf(ErrorCode::kIllegalOpcode));
  EXPECT_EQ(Check(kI32, Code().Op(Op::kStructNewDefault, {0}).End()), TextOf(ErrorCode::kUnsupportedInstruction));
  EXPECT_EQ(Check(ValType::FuncRef(), Code().Op(Op::kRefFunc, {1}).End()), TextOf(ErrorCode::kUnknownFunction));
  EXPECT_EQ(Check(ValType::FuncRef(), Code().Op(Op::kRefNull).Byte(0x09).End()), TextOf(ErrorCode::kUnknownType));
}

TEST(ConstExprValidatorTest, NamedFunctionsAreDeclared) {
  for (const bool is_declared : {false, true}) {
    ModuleBuilder builder;
    builder.AddType({}, {});
    builder.AddFunction(0, Code().Op(Op::kRefFunc, {0}).Op(Op::kDrop).End());
    if (is_declared) builder.AddGlobal({ValType::FuncRef(), false}, Code().Op(Op::kRefFunc, {0}).End());
    EXPECT_EQ(Loaded(builder.Build()).is_ok(), is_declared);
  }
}

TEST(ConstExprValidatorTest, ErrorsNameTheInstruction) {
  const Bytes bytes = ModuleOf(kI32, Code().I32Const(1).Op(Op::kNop).End());
  Loaded loaded(bytes);
  ASSERT_FALSE(loaded.is_ok());
  EXPECT_EQ(bytes[loaded.result.error().offset], 0x01);
}

}  // namespace
}  // namespace sandbox
