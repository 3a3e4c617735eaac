// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/function_validator.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"
#include "tests/valid/loaded.h"

namespace sandbox {
namespace {

using testing::Bytes;
using testing::Code;
using testing::Join;
using testing::Loaded;
using testing::ModuleBuilder;

constexpr ValType kI32 = ValType::I32();
constexpr ValType kI64 = ValType::I64();
constexpr ValType kNonNullFunc = ValType::Ref(HeapType::kFunc, false);

// The type indices of every test module.
enum TypeIndex : uint32_t { kNothing, kUnary, kTwoResults, kSwap, kReturns64, kStruct, kTakesRef };

// A module whose function 2 has the body under test. Function 0 is imported, of type kUnary; function 1 is exported;
// function 3 takes a reference to a function and is not declared.
ModuleBuilder BuilderOf() {
  ModuleBuilder builder;
  builder.AddType({}, {});
  builder.AddType({kI32}, {kI32});
  builder.AddType({}, {kI32, kI64});
  builder.AddType({kI32, kI64}, {kI64, kI32});
  builder.AddType({}, {kI64});
  builder.AddRawType({0x5f, 0});
  builder.AddType({kNonNullFunc}, {});
  builder.ImportFunction("env", "f", kUnary);
  builder.ImportGlobal("env", "constant", {kI32, false});
  builder.AddFunction(kNothing, Code().End());
  builder.ExportFunction("declared", 1);
  builder.AddGlobal({kI64, true}, Code().I64Const(0).End());
  builder.AddGlobal({ValType::FuncRef(), true}, Code().Op(Op::kRefNull).Byte(0x70).End());
  builder.AddMemory({1, {}, false});
  builder.AddMemory({1, {}, true});
  builder.AddTable({ValType::FuncRef(), {1, {}, false}});
  builder.AddTable({ValType::FuncRef(), {1, {}, true}});
  builder.AddTable({ValType::ExternRef(), {1, {}, false}});
  builder.AddPassiveElements({0});
  builder.AddRawElement({0x05, 0x6f, 0});
  builder.AddPassiveData({1, 2});
  builder.AddDataCount();
  return builder;
}

struct Body {
  Bytes code;
  uint32_t type = kNothing;
  std::vector<std::pair<uint32_t, ValType>> locals = {};
};

Bytes ModuleOf(const Body& body) {
  ModuleBuilder builder = BuilderOf();
  builder.AddFunction(body.type, body.code, body.locals);
  builder.AddFunction(kTakesRef, Code().End());
  return builder.Build();
}

std::string Check(const Body& body) { return Loaded(ModuleOf(body)).text(); }

void ExpectValid(const std::vector<Body>& bodies) {
  for (size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(Check(bodies[i]), "") << "body " << i;
}
void ExpectError(ErrorCode code, const std::vector<Body>& bodies) {
  for (size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(Check(bodies[i]), TextOf(code)) << "body " << i;
}

// What the record says about the function under test.
FunctionRecord RecordOf(const Body& body) {
  Loaded loaded(ModuleOf(body));
  EXPECT_EQ(loaded.text(), "");
  return loaded.module.functions[1];
}

// Operands of the given types, out of nothing, in reachable code.
Code Operands(std::initializer_list<ValType> types) {
  Code code;
  for (const ValType type : types) {
    if (type == kI32) code.I32Const(1);
    else if (type == kI64) code.I64Const(1);
    else if (type == ValType::F32()) code.Op(Op::kF32Const).Raw({0, 0, 0, 0});
    else if (type == ValType::F64()) code.Op(Op::kF64Const).Raw({0, 0, 0, 0, 0, 0, 0, 0});
    else code.Op(Op::kRefNull).Byte(0x70);
  }
  return code;
}

TEST(FunctionValidatorTest, EmptyBodies) {
  ExpectValid({{Code().End()}, {Operands({kI32, kI64}).End(), kTwoResults}});
  ExpectError(ErrorCode::kTypeMismatch, {{Code().I32Const(0).End()},
                                         {Code().End(), kReturns64},
                                         {Operands({kI64, kI32}).End(), kTwoResults},
                                         {Code().I32Const(0).End(), kReturns64}});
}

// Every instruction with a signature takes exactly its operands and leaves exactly its result.
TEST(FunctionValidatorTest, SignaturesOfTheTableHold) {
  const auto type_of = [](Operand operand, bool is_64) {
    switch (operand) {
      case Operand::kI32: return kI32;
      case Operand::kI64: return kI64;
      case Operand::kF32: return ValType::F32();
      case Operand::kF64: return ValType::F64();
      case Operand::kAddress: return is_64 ? kI64 : kI32;
      default: return ValType();
    }
  };
  size_t checked = 0;
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const OpInfo& info = InfoOf(op);
    if (info.signature.by_hand() || !IsBuiltIn(op)) continue;
    for (const bool is_64 : {false, true}) {
      Bytes immediates;
      const uint8_t memory = is_64 ? 1 : 0;
      switch (info.immediates) {
        case Immediate::kNone: break;
        case Immediate::kMemarg: immediates = {0x40, memory, 5}; break;
        case Immediate::kMemory: immediates = {memory}; break;
        case Immediate::kData: immediates = {0}; break;
        case Immediate::kElem: immediates = {1}; break;
        case Immediate::kDataMemory: immediates = {0, memory}; break;
        case Immediate::kI32:
        case Immediate::kI64: immediates = {0x7f}; break;
        case Immediate::kF32: immediates = Bytes(4, 0xff); break;
        case Immediate::kF64: immediates = Bytes(8, 0xff); break;
        default: FAIL() << TextOf(op);
      }
      std::vector<ValType> params;
      for (size_t p = 0; p < info.signature.param_count(); ++p) {
        params.push_back(type_of(info.signature.param(p), is_64));
      }
      const ValType result = type_of(info.signature.result(), is_64);
      // The operands are parameters of the function.
      const auto check = [&](const std::vector<ValType>& operands, const std::vector<ValType>& results) {
        ModuleBuilder builder = BuilderOf();
        const uint32_t type = builder.AddType(operands, results);
        Code code;
        for (uint32_t local = 0; local < operands.size(); ++local) code.LocalGet(local);
        builder.AddFunction(type, code.Op(op).Raw(immediates).End());
        return Loaded(builder.Build()).text();
      };
      const std::vector<ValType> results = result == ValType() ? std::vector<ValType>() : std::vector{result};
      EXPECT_EQ(check(params, results), "") << TextOf(op);
      EXPECT_NE(check(params, {ValType::FuncRef()}), "") << TextOf(op);
      for (size_t p = 0; p < params.size(); ++p) {
        std::vector<ValType> wrong = params;
        wrong[p] = params[p] == kI32 ? kI64 : kI32;
        EXPECT_EQ(check(wrong, results), TextOf(ErrorCode::kTypeMismatch)) << TextOf(op);
        wrong = params;
        wrong.erase(wrong.begin());
        EXPECT_EQ(check(wrong, results), TextOf(ErrorCode::kTypeMismatch)) << TextOf(op);
      }
      // In unreachable code the operands come from nowhere.
      ModuleBuilder builder = BuilderOf();
      const uint32_t type = builder.AddType({}, results);
      builder.AddFunction(type, Code().Op(Op::kUnreachable).Op(op).Raw(immediates).End());
      EXPECT_EQ(Loaded(builder.Build()).text(), "") << TextOf(op);
      ++checked;
    }
  }
  EXPECT_GT(checked, kFloats ? 300u : 150u);
}

TEST(FunctionValidatorTest, WhatIsNotBuiltInSaysSo) {
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (IsBuiltIn(op)) continue;
    const Bytes bytes = ModuleOf({Code().Op(Op::kUnreachable).Op(op).End()});
    Loaded loaded(bytes);
    EXPECT_EQ(loaded.code(), ErrorCode::kUnsupportedInstruction) << TextOf(op);
    EXPECT_EQ(loaded.result.error().detail, i);
    EXPECT_EQ(loaded.result.error().offset, Loaded(ModuleOf({Code().Op(Op::kUnreachable).Byte(0x06).End()}))
                                                .result.error().offset);
  }
}

TEST(FunctionValidatorTest, OpcodesWithoutMeaning) {
  for (int byte = 0; byte < 256; ++byte) {
    if (IsPrefix(static_cast<uint8_t>(byte)) || OpFromByte(static_cast<uint8_t>(byte)) != kInvalidOp) continue;
    ExpectError(ErrorCode::kIllegalOpcode, {{Code().Byte(static_cast<uint8_t>(byte)).End()}});
  }
  for (const uint8_t prefix : {0xfb, 0xfc, 0xfd}) {
    ExpectError(ErrorCode::kIllegalOpcode, {{Code().Byte(prefix).U(1000).End()}});
  }
  // Codes behind a prefix are numbers, so they may be padded.
  ExpectValid({{Code().Byte(0xfc).Raw({0x89, 0x80, 0x00}).U(0).End()}});
  ExpectError(ErrorCode::kUnexpectedEnd, {{Code().Byte(0xfc)}});
}

TEST(FunctionValidatorTest, Blocks) {
  ExpectValid({
      {Code().Begin(Op::kBlock).End().End()},
      {Code().Begin(Op::kBlock, kI64).I64Const(0).End().End(), kReturns64},
      {Operands({kI32, kI64}).BeginIndexed(Op::kBlock, kSwap).Op(Op::kDrop).Op(Op::kDrop).I64Const(0).I32Const(0).End()
           .Op(Op::kDrop).End(), kReturns64},
      {Code().BeginIndexed(Op::kLoop, kTwoResults).I32Const(0).I64Const(0).End().End(), kTwoResults},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().I32Const(0).Begin(Op::kBlock).Op(Op::kDrop).End().End()},        // operands outside are out of reach
      {Code().Begin(Op::kBlock).I32Const(0).End().End()},                      // one too many
      {Code().Begin(Op::kBlock, kI32).End().Op(Op::kDrop).End()},
      {Code().I32Const(0).BeginIndexed(Op::kBlock, kSwap).End().End()},        // one parameter too few
      {Code().Begin(Op::kLoop, kI32).I64Const(0).End().Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kEndExpected, {{Code().Begin(Op::kBlock).End()}, {Code().Op(Op::kNop)}});
  ExpectError(ErrorCode::kUnknownType, {{Code().BeginIndexed(Op::kBlock, 99).End().End()}});
  ExpectError(ErrorCode::kNotFunctionType, {{Code().BeginIndexed(Op::kBlock, kStruct).End().End()}});
  ExpectError(ErrorCode::kBadBlockType, {{Code().Op(Op::kBlock).Byte(0x41).End().End()}});
}

TEST(FunctionValidatorTest, IfAndElse) {
  ExpectValid({
      {Code().I32Const(0).Begin(Op::kIf).End().End()},
      {Code().I32Const(0).Begin(Op::kIf).Op(Op::kElse).End().End()},
      {Code().I32Const(0).Begin(Op::kIf, kI64).I64Const(1).Op(Op::kElse).I64Const(2).End().End(), kReturns64},
      {Code().I32Const(7).I32Const(0).BeginIndexed(Op::kIf, kUnary).End().Op(Op::kDrop).End()},  // params are results
      {Code().I32Const(0).Begin(Op::kIf, kI64).Op(Op::kUnreachable).Op(Op::kElse).I64Const(2).End().End(), kReturns64},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().Begin(Op::kIf).End().End()},
      {Code().I64Const(0).Begin(Op::kIf).End().End()},
      {Code().I32Const(0).Begin(Op::kIf, kI32).I32Const(1).End().Op(Op::kDrop).End()},
      {Code().I32Const(0).Begin(Op::kIf, kI32).Op(Op::kUnreachable).End().Op(Op::kDrop).End()},  // no else, no result
      {Code().I32Const(0).Begin(Op::kIf, kI32).I32Const(1).Op(Op::kElse).End().Op(Op::kDrop).End()},
      {Code().I32Const(0).Begin(Op::kIf).I32Const(1).Op(Op::kElse).End().End()},
      {Operands({kI32, kI64, kI32}).BeginIndexed(Op::kIf, kSwap).End().Op(Op::kDrop).Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kElseWithoutIf, {
      {Code().Op(Op::kElse).End()},
      {Code().Begin(Op::kBlock).Op(Op::kElse).End().End()},
      {Code().I32Const(0).Begin(Op::kIf).Op(Op::kElse).Op(Op::kElse).End().End()},
  });
}

TEST(FunctionValidatorTest, Branches) {
  ExpectValid({
      {Code().Begin(Op::kBlock).Op(Op::kBr, {0}).End().Op(Op::kBr, {0}).End()},
      {Code().Begin(Op::kLoop, kI32).Op(Op::kBr, {0}).End().Op(Op::kDrop).End()},  // to a loop: its parameters
      {Code().Begin(Op::kBlock, kI64).I64Const(1).I32Const(0).Op(Op::kBrIf, {0}).End().End(), kReturns64},
      {Code().I64Const(1).I32Const(0).Op(Op::kBrIf, {0}).End(), kReturns64},
      {Operands({kI64, kI64, kI32, kI64}).Op(Op::kReturn).End(), kTwoResults},  // what lies below does not matter
      {Operands({kI64, kI32, kI64}).Op(Op::kBr, {0}).End(), kTwoResults},
      {Operands({kI32, kI64}).BeginIndexed(Op::kLoop, kSwap).I32Const(0).Op(Op::kBrIf, {0}).Op(Op::kBr, {0}).End()
           .Op(Op::kUnreachable).End()},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().Begin(Op::kBlock, kI64).Op(Op::kBr, {0}).End().End(), kReturns64},
      {Code().Begin(Op::kBlock, kI64).I32Const(0).Op(Op::kBr, {0}).End().End(), kReturns64},
      {Code().Begin(Op::kBlock, kI64).I32Const(0).Op(Op::kBrIf, {0}).I64Const(0).End().End(), kReturns64},
      {Code().Op(Op::kReturn).End(), kReturns64},
      {Code().Begin(Op::kBlock).Op(Op::kBrIf, {0}).End().End()},
      {Operands({kI32, kI64}).BeginIndexed(Op::kLoop, kSwap).Op(Op::kDrop).Op(Op::kBr, {0}).End().End()},
  });
  ExpectError(ErrorCode::kUnknownLabel, {{Code().Op(Op::kBr, {1}).End()},
                                         {Code().I32Const(0).Op(Op::kBrIf, {1}).End()},
                                         {Code().Begin(Op::kBlock).Op(Op::kBr, {2}).End().End()},
                                         {Code().I32Const(0).BrTable({0, 1}, 0).End()},
                                         {Code().I32Const(0).BrTable({0}, 0xffff'ffff).End()}});
}

TEST(FunctionValidatorTest, BrTable) {
  ExpectValid({
      {Code().I32Const(0).BrTable({}, 0).End()},
      {Code().Begin(Op::kBlock).Begin(Op::kLoop).I32Const(0).BrTable({0, 1, 2, 0}, 1).End().End().End()},
      {Code().Begin(Op::kBlock, kI64).I64Const(1).I32Const(0).BrTable({0, 1}, 0).End().End(), kReturns64},
      // Unreachable operands are of whatever type each label wants.
      {Code().Begin(Op::kBlock, kI32).Begin(Op::kBlock, kI64).Op(Op::kUnreachable).BrTable({0, 1}, 0).End()
           .Op(Op::kDrop).I32Const(0).End().Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().BrTable({}, 0).End()},
      {Code().I64Const(0).BrTable({}, 0).End()},
      {Code().Begin(Op::kBlock, kI64).I64Const(1).I32Const(0).BrTable({0, 1}, 0).End().Op(Op::kDrop).End()},  // arity
      {Code().Begin(Op::kBlock, kI32).Begin(Op::kBlock, kI64).I64Const(0).I32Const(0).BrTable({0, 1}, 0).End()
           .Op(Op::kDrop).I32Const(0).End().Op(Op::kDrop).End()},
      // The arities differ, also where nothing is reachable.
      {Code().Begin(Op::kBlock, kI32).Op(Op::kUnreachable).BrTable({0, 1}, 0).End().Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kLengthOutOfBounds, {{Code().I32Const(0).Op(Op::kBrTable).U(1000).U(0).End()}});
}

TEST(FunctionValidatorTest, UnreachableCodeIsPolymorphicButNotUnchecked) {
  for (const Op op : {Op::kUnreachable, Op::kReturn}) {
    ExpectValid({
        {Code().Op(op).End()},
        {Code().Op(op).Op(Op::kI32Add).Op(Op::kDrop).End()},
        {Code().Op(op).I32Const(1).Op(Op::kI32Add).Op(Op::kDrop).End()},
        {Code().Op(op).Op(Op::kSelect).Op(Op::kDrop).End()},
        {Code().Op(op).Op(Op::kDrop).Op(Op::kDrop).End()},
        {Code().Op(op).Op(Op::kRefIsNull).Op(Op::kDrop).End()},
        {Code().Op(op).Op(Op::kRefAsNonNull).Call(3).Op(Op::kUnreachable).Op(Op::kDrop).End()},
        {Code().Op(op).Begin(Op::kIf).End().End()},
    });
    ExpectError(ErrorCode::kTypeMismatch, {
        {Code().Op(op).I64Const(1).Op(Op::kI32Add).Op(Op::kDrop).End()},
        {Code().Op(op).I32Const(1).End()},
        {Code().Op(op).Begin(Op::kBlock).Op(Op::kI32Add).Op(Op::kDrop).End().End()},  // a block inside is not
        {Code().Op(op).I32Const(0).Op(Op::kI32Const).S(0).I64Const(0).Op(Op::kSelect).Op(Op::kDrop).End()},
        {Code().Op(op).I32Const(0).Op(Op::kRefIsNull).Op(Op::kDrop).End()},
    });
  }
  // A branch in unreachable code pushes the label's types.
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().Begin(Op::kBlock, kI64).Op(Op::kUnreachable).Op(Op::kBrIf, {0}).Op(Op::kI32Eqz).Op(Op::kDrop).I64Const(0)
           .End().Op(Op::kDrop).End()}});
}

TEST(FunctionValidatorTest, DropAndSelect) {
  const Bytes typed_i64 = {0x1c, 1, 0x7e};
  ExpectValid({
      {Operands({kI64}).Op(Op::kDrop).End()},
      {Operands({kI64, kI64, kI32}).Op(Op::kSelect).End(), kReturns64},
      {Operands({kI64, kI64, kI32}).Raw(typed_i64).End(), kReturns64},
      {Operands({ValType::FuncRef(), ValType::FuncRef(), kI32}).Raw({0x1c, 1, 0x70}).Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().Op(Op::kDrop).End()},
      {Operands({kI64, kI32, kI32}).Op(Op::kSelect).Op(Op::kDrop).End()},
      {Operands({kI64, kI64, kI64}).Op(Op::kSelect).Op(Op::kDrop).End()},
      {Operands({ValType::FuncRef(), ValType::FuncRef(), kI32}).Op(Op::kSelect).Op(Op::kDrop).End()},
      {Operands({kI32, kI64, kI32}).Raw(typed_i64).Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kBadResultArity, {{Operands({kI64, kI64, kI32}).Raw({0x1c, 0}).End()},
                                           {Operands({kI64, kI64, kI32}).Raw({0x1c, 2, 0x7e, 0x7e}).End()}});
}

TEST(FunctionValidatorTest, Locals) {
  ExpectValid({
      {Code().LocalGet(0).LocalSet(1).LocalGet(1).End(), kUnary, {{1, kI32}}},
      {Code().LocalGet(0).Op(Op::kLocalTee, {0}).End(), kUnary},
      // Many runs; indices of one, two and three bytes; empty runs.
      {Code().LocalGet(300).LocalSet(200).LocalGet(20'000).Op(Op::kDrop).End(), kNothing,
       {{100, kI32}, {0, ValType::FuncRef()}, {250, kI64}, {0, kI32}, {40'000, ValType::ExternRef()}}},
  });
  ExpectError(ErrorCode::kUnknownLocal, {
      {Code().LocalGet(0).Op(Op::kDrop).End()},
      {Code().LocalGet(3).Op(Op::kDrop).End(), kNothing, {{3, kI32}}},
      {Code().I32Const(0).LocalSet(1).LocalGet(0).End(), kUnary},
      {Code().Op(Op::kUnreachable).Op(Op::kLocalTee, {200}).End()},
      {Code().LocalGet(0xffff'ffff).Op(Op::kDrop).End(), kNothing, {{3, kI32}}},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().I64Const(0).LocalSet(0).End(), kNothing, {{1, kI32}}},
      {Code().LocalSet(0).End(), kNothing, {{1, kI32}}},
      {Code().LocalGet(0).End(), kReturns64, {{1, kI32}}},
  });
}

TEST(FunctionValidatorTest, LocalRunsAreFoundAtTheirEdges) {
  // The last locals are beyond what the loop expands: the body is short.
  const std::vector<std::pair<uint32_t, ValType>> locals = {{30'000, kI32}, {1, kI64}, {15'000, kI32}, {2, kI64}};
  for (const uint32_t index : {0u, 29'999u, 30'000u, 30'001u, 45'000u, 45'001u, 45'002u}) {
    const bool is_64 = index == 30'000 || index >= 45'001;
    EXPECT_EQ(Check({Code().LocalGet(index).Op(is_64 ? Op::kI64Eqz : Op::kI32Eqz).Op(Op::kDrop).End(), kNothing, locals}),
              "") << index;
    EXPECT_NE(Check({Code().LocalGet(index).Op(is_64 ? Op::kI32Eqz : Op::kI64Eqz).Op(Op::kDrop).End(), kNothing, locals}),
              "") << index;
  }
}

TEST(FunctionValidatorTest, LocalDeclarations) {
  ModuleBuilder builder = BuilderOf();
  builder.AddRawFunction(kNothing, Join({{2}, testing::EncodeU(0xffff'ffff), {0x7f, 1, 0x7f}, Code().End()}));
  EXPECT_EQ(Loaded(builder.Build()).code(), ErrorCode::kTooManyLocals);
  ModuleBuilder unknown = BuilderOf();
  unknown.AddRawFunction(kNothing, Join({{1, 1, 0x63}, testing::EncodeS(99), Code().End()}));
  EXPECT_EQ(Loaded(unknown.Build()).code(), ErrorCode::kUnknownType);
}

TEST(FunctionValidatorTest, LocalsWithoutDefaultAreSetBeforeTheyAreRead) {
  const std::vector<std::pair<uint32_t, ValType>> locals = {{1, kI32}, {2, kNonNullFunc}};
  const auto set = [](uint32_t local) { return Code().Op(Op::kRefFunc, {1}).LocalSet(local).bytes(); };
  const auto get = [](uint32_t local) { return Code().LocalGet(local).Op(Op::kDrop).bytes(); };
  ExpectValid({
      {Code().Raw(set(1)).Raw(get(1)).Raw(get(1)).End(), kNothing, locals},
      {Code().Op(Op::kRefFunc, {1}).Op(Op::kLocalTee, {2}).Op(Op::kDrop).Raw(get(2)).End(), kNothing, locals},
      {Code().Raw(set(1)).Begin(Op::kBlock).Raw(get(1)).End().Raw(get(1)).End(), kNothing, locals},
      {Code().Begin(Op::kBlock).Raw(set(1)).Raw(get(1)).End().End(), kNothing, locals},
      {Code().LocalGet(0).Op(Op::kDrop).End(), kTakesRef},  // parameters are set
      {Code().Raw(set(1)).Raw(set(1)).Raw(get(1)).End(), kNothing, locals},
  });
  ExpectError(ErrorCode::kUninitializedLocal, {
      {Code().Raw(get(1)).End(), kNothing, locals},
      {Code().Raw(set(1)).Raw(get(2)).End(), kNothing, locals},
      {Code().Begin(Op::kBlock).Raw(set(1)).End().Raw(get(1)).End(), kNothing, locals},
      {Code().I32Const(0).Begin(Op::kIf).Raw(set(1)).Op(Op::kElse).Raw(get(1)).End().End(), kNothing, locals},
      {Code().I32Const(0).Begin(Op::kIf).Raw(set(1)).Op(Op::kElse).Raw(set(1)).End().Raw(get(1)).End(), kNothing, locals},
      {Code().Op(Op::kUnreachable).Raw(get(1)).End(), kNothing, locals},
  });
  // What one function has set is not set in the next.
  ModuleBuilder builder = BuilderOf();
  builder.AddFunction(kNothing, Code().Raw(set(1)).Raw(get(1)).End(), locals);
  builder.AddFunction(kNothing, Code().Raw(get(1)).End(), locals);
  EXPECT_EQ(Loaded(builder.Build()).code(), ErrorCode::kUninitializedLocal);
}

TEST(FunctionValidatorTest, Globals) {
  ExpectValid({{Code().Op(Op::kGlobalGet, {0}).Op(Op::kDrop).End()},
               {Code().Op(Op::kGlobalGet, {1}).Op(Op::kGlobalSet, {1}).End()}});
  ExpectError(ErrorCode::kImmutableGlobal, {{Code().I32Const(0).Op(Op::kGlobalSet, {0}).End()}});
  ExpectError(ErrorCode::kUnknownGlobal, {{Code().Op(Op::kGlobalGet, {3}).Op(Op::kDrop).End()},
                                          {Code().I32Const(0).Op(Op::kGlobalSet, {3}).End()}});
  ExpectError(ErrorCode::kTypeMismatch, {{Code().I32Const(0).Op(Op::kGlobalSet, {1}).End()}});
}

TEST(FunctionValidatorTest, Calls) {
  ExpectValid({
      {Code().LocalGet(0).Call(0).End(), kUnary},
      {Code().LocalGet(0).Op(Op::kReturnCall, {0}).End(), kUnary},
      {Operands({kI32, kI32}).Op(Op::kCallIndirect, {kUnary, 0}).Op(Op::kDrop).End()},
      {Operands({kI32, kI64}).Op(Op::kCallIndirect, {kUnary, 1}).Op(Op::kDrop).End()},
      {Operands({kI32, kI32}).Op(Op::kReturnCallIndirect, {kUnary, 0}).End(), kUnary},
      {Code().I32Const(0).Op(Op::kRefNull).Byte(kUnary).Op(Op::kCallRef, {kUnary}).Op(Op::kDrop).End()},
      {Code().I32Const(0).Op(Op::kRefNull).Byte(0x73).Op(Op::kCallRef, {kUnary}).Op(Op::kDrop).End()},  // nofunc
      {Code().I32Const(0).Op(Op::kRefNull).Byte(kUnary).Op(Op::kReturnCallRef, {kUnary}).End(), kUnary},
      {Code().Op(Op::kUnreachable).Op(Op::kCallRef, {kUnary}).Op(Op::kDrop).End()},
      {Code().Op(Op::kRefFunc, {1}).Call(3).End()},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().Call(0).Op(Op::kDrop).End()},
      {Code().I64Const(0).Call(0).Op(Op::kDrop).End()},
      {Code().LocalGet(0).Op(Op::kReturnCall, {0}).End(), kTakesRef},
      {Code().I32Const(0).Op(Op::kReturnCall, {0}).End(), kReturns64},  // the results differ
      {Code().I32Const(0).Op(Op::kReturnCall, {0}).End()},
      {Operands({kI32, kI64}).Op(Op::kCallIndirect, {kUnary, 0}).Op(Op::kDrop).End()},
      {Operands({kI32, kI32}).Op(Op::kCallIndirect, {kUnary, 2}).Op(Op::kDrop).End()},  // a table of externref
      {Code().I32Const(0).Op(Op::kRefNull).Byte(kNothing).Op(Op::kCallRef, {kUnary}).Op(Op::kDrop).End()},
      {Code().I32Const(0).Op(Op::kRefNull).Byte(0x70).Op(Op::kCallRef, {kUnary}).Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kUnknownFunction, {{Code().Call(4).End()}, {Code().Op(Op::kRefFunc, {4}).Op(Op::kDrop).End()}});
  ExpectError(ErrorCode::kUnknownTable, {{Operands({kI32, kI32}).Op(Op::kCallIndirect, {kUnary, 3}).End()}});
  ExpectError(ErrorCode::kUnknownType, {{Operands({kI32, kI32}).Op(Op::kCallIndirect, {50, 0}).End()}});
  ExpectError(ErrorCode::kNotFunctionType, {{Operands({kI32, kI32}).Op(Op::kCallIndirect, {kStruct, 0}).End()},
                                            {Code().Op(Op::kUnreachable).Op(Op::kCallRef, {kStruct}).End()}});
}

TEST(FunctionValidatorTest, References) {
  const Bytes null_func = {0xd0, 0x70};
  ExpectValid({
      {Code().Raw(null_func).Op(Op::kRefIsNull).Op(Op::kDrop).End()},
      {Code().Raw(null_func).Op(Op::kRefAsNonNull).Call(3).End()},
      {Code().Op(Op::kRefFunc, {1}).Op(Op::kRefIsNull).Op(Op::kDrop).End()},
      {Code().Begin(Op::kBlock).Raw(null_func).Op(Op::kBrOnNull, {0}).Call(3).End().End()},
      {Code().Begin(Op::kBlock, kNonNullFunc).Raw(null_func).Op(Op::kBrOnNonNull, {0}).Op(Op::kReturn).End()
           .Call(3).End()},
      {Code().Begin(Op::kBlock, kI64).I64Const(1).Raw(null_func).Op(Op::kBrOnNull, {0}).Op(Op::kDrop).End().End(),
       kReturns64},
      {Code().Op(Op::kRefNull).Byte(0x6e).Op(Op::kRefIsNull).Op(Op::kDrop).End()},
      {Code().Op(Op::kRefNull).Byte(kStruct).Op(Op::kRefIsNull).Op(Op::kDrop).End()},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Code().I32Const(0).Op(Op::kRefIsNull).Op(Op::kDrop).End()},
      {Code().I32Const(0).Op(Op::kRefAsNonNull).Op(Op::kDrop).End()},
      {Code().Raw(null_func).Call(3).End()},  // nullable
      {Code().Begin(Op::kBlock).Raw(null_func).Op(Op::kBrOnNonNull, {0}).End().End()},  // the label takes nothing
      {Code().Begin(Op::kBlock, kI32).Raw(null_func).Op(Op::kBrOnNonNull, {0}).I32Const(0).End().Op(Op::kDrop).End()},
      {Code().Op(Op::kRefNull).Byte(0x6f).Call(3).End()},
  });
  ExpectError(ErrorCode::kUndeclaredReference, {{Code().Op(Op::kRefFunc, {3}).Op(Op::kDrop).End()}});
  ExpectError(ErrorCode::kUnknownType, {{Code().Op(Op::kRefNull).S(50).Op(Op::kDrop).End()}});
  ExpectError(ErrorCode::kBadHeapType, {{Code().Op(Op::kRefNull).Byte(0x40).Op(Op::kDrop).End()}});
}

TEST(FunctionValidatorTest, MemoryAccess) {
  const auto load = [](std::initializer_list<uint64_t> memarg, ValType address = kI32) {
    return Operands({address}).Op(Op::kI32Load, memarg).Op(Op::kDrop).End();
  };
  ExpectValid({
      {load({2, 0})}, {load({0, 0xffff'ffff})}, {load({0x42, 0, 0})}, {load({0x42, 1, 0}, kI64)},
      {load({0x40, 1, ~uint64_t{0}}, kI64)},
      {Operands({kI32, kI64}).Op(Op::kI64Store, {3, 1u << 28}).End()},
  });
  ExpectError(ErrorCode::kBadAlignment, {{load({3, 0})}, {load({0x43, 1, 0}, kI64)}, {load({63, 0})}});
  ExpectError(ErrorCode::kBadMemarg, {{load({0x80, 0})}, {load({0xffff'ffff, 0})}});
  ExpectError(ErrorCode::kUnknownMemory, {{load({0x42, 2, 0})}, {Code().Op(Op::kMemorySize, {2}).Op(Op::kDrop).End()}});
  ExpectError(ErrorCode::kOffsetTooLarge, {{load({2, 0x1'0000'0000})}, {load({0x42, 0, ~uint64_t{0}})}});
  ExpectError(ErrorCode::kTypeMismatch, {{load({0x42, 1, 0})}, {load({2, 0}, kI64)}});
  ExpectError(ErrorCode::kLebTooLong, {{Operands({kI32}).Op(Op::kI32Load).Byte(2).Raw(testing::EncodePadded(0, 11)).End()}});
}

TEST(FunctionValidatorTest, WithoutMemoryThereIsNoAccess) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), Code().I32Const(0).Op(Op::kI32Load, {0, 0}).Op(Op::kDrop).End());
  EXPECT_EQ(Loaded(builder.Build()).code(), ErrorCode::kUnknownMemory);
}

TEST(FunctionValidatorTest, BulkOperationsAcrossIndexTypes) {
  ExpectValid({
      {Operands({kI32, kI32, kI32}).Op(Op::kMemoryCopy, {0, 0}).End()},
      {Operands({kI64, kI32, kI32}).Op(Op::kMemoryCopy, {1, 0}).End()},
      {Operands({kI32, kI64, kI32}).Op(Op::kMemoryCopy, {0, 1}).End()},
      {Operands({kI64, kI64, kI64}).Op(Op::kMemoryCopy, {1, 1}).End()},
      {Operands({kI64, kI32, kI32}).Op(Op::kTableCopy, {1, 0}).End()},
      {Operands({kI32, kI64, kI32}).Op(Op::kTableCopy, {0, 1}).End()},
      {Operands({kI64, kI32, kI32}).Op(Op::kTableInit, {0, 1}).End()},
      {Operands({kI64, kI32, kI32}).Op(Op::kMemoryInit, {0, 1}).End()},
      {Code().I64Const(0).Raw({0xd0, 0x70}).I64Const(0).Op(Op::kTableFill, {1}).End()},
      {Code().Raw({0xd0, 0x70}).I64Const(0).Op(Op::kTableGrow, {1}).End(), kReturns64},
      {Code().Op(Op::kTableSize, {1}).End(), kReturns64},
      {Code().I64Const(0).I64Const(0).Op(Op::kTableGet, {1}).Op(Op::kTableSet, {1}).End()},
  });
  ExpectError(ErrorCode::kTypeMismatch, {
      {Operands({kI64, kI32, kI64}).Op(Op::kMemoryCopy, {1, 0}).End()},
      {Operands({kI32, kI64, kI32}).Op(Op::kMemoryCopy, {1, 0}).End()},
      {Operands({kI32, kI32, kI32}).Op(Op::kTableCopy, {0, 2}).End()},  // of other elements
      {Operands({kI32, kI32, kI32}).Op(Op::kTableInit, {1, 0}).End()},
      {Operands({kI64, kI32, kI64}).Op(Op::kTableInit, {0, 1}).End()},
      {Code().I32Const(0).I32Const(0).Op(Op::kTableSet, {0}).End()},
      {Code().I32Const(0).Raw({0xd0, 0x70}).Op(Op::kTableSet, {2}).End()},
  });
  ExpectError(ErrorCode::kUnknownTable, {{Operands({kI32}).Op(Op::kTableGet, {3}).End()},
                                         {Operands({kI32, kI32, kI32}).Op(Op::kTableInit, {0, 3}).End()}});
  ExpectError(ErrorCode::kUnknownElementSegment, {{Operands({kI32, kI32, kI32}).Op(Op::kTableInit, {2, 0}).End()},
                                                  {Code().Op(Op::kElemDrop, {2}).End()}});
  ExpectError(ErrorCode::kUnknownDataSegment, {{Operands({kI32, kI32, kI32}).Op(Op::kMemoryInit, {1, 0}).End()},
                                               {Code().Op(Op::kDataDrop, {1}).End()}});
}

TEST(FunctionValidatorTest, LongestNumbersAreReadToTheBit) {
  const auto constant = [](Bytes bytes) { return Code().Op(Op::kI32Const).Raw(bytes).Op(Op::kDrop).End(); };
  ExpectValid({{constant({0xff, 0xff, 0xff, 0xff, 0x7f})}, {constant({0xff, 0xff, 0xff, 0xff, 0x07})}});
  ExpectError(ErrorCode::kLebTooLarge, {{constant({0xff, 0xff, 0xff, 0xff, 0x0f})}, {constant({0x80, 0x80, 0x80, 0x80, 0x10})}});
  ExpectError(ErrorCode::kLebTooLong, {{constant({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})}});
  const auto wide = [](size_t size, uint8_t last) {
    return Code().Op(Op::kI64Const).Raw(Bytes(size - 1, 0x80)).Byte(last).Op(Op::kDrop).End();
  };
  for (size_t size = 1; size < 10; ++size) ExpectValid({{wide(size, 0x3f)}, {wide(size, 0x40)}});
  ExpectValid({{wide(10, 0x00)}, {wide(10, 0x7f)}});
  ExpectError(ErrorCode::kLebTooLarge, {{wide(10, 0x01)}, {wide(10, 0x40)}});
  ExpectError(ErrorCode::kLebTooLong, {{wide(11, 0x00)}});
}

// The loop reads ahead; an instruction that crosses the end of its body must be found all the same, whatever follows.
TEST(FunctionValidatorTest, InstructionsDoNotCrossTheEndOfTheBody) {
  const std::vector<Bytes> instructions = {
      {0x41, 0x80}, {0x42, 0x80}, {0x43, 0, 0, 0}, {0x44, 0, 0, 0}, {0x20}, {0x20, 0x80}, {0x02}, {0x10}, {0x0c},
      {0x28, 0x00}, {0x28, 0x00, 0x80}, {0x41}, {0x23}, {0xfc}, {0xfc, 0x0a, 0x00},
  };
  for (const Bytes& instruction : instructions) {
    if (!IsBuiltIn(OpFromByte(instruction[0] == 0xfc ? 0x01 : instruction[0]))) continue;
    for (const size_t more : {0, 1, 100}) {
      ModuleBuilder builder;
      const uint32_t type = builder.AddType({kI32}, {});
      builder.AddMemory({1, {}, false});
      builder.AddGlobal({kI32, true}, Code().I32Const(0).End());
      const bool is_load = instruction[0] == 0x28;
      const Bytes operand = is_load ? Code().I32Const(0).bytes() : Bytes();
      const Bytes body = Join({{0}, operand, instruction});
      builder.AddRawFunction(type, body);
      for (size_t i = 0; i < more; ++i) builder.AddFunction(type, Code().Op(Op::kNop).End());
      Loaded loaded(builder.Build());
      ASSERT_FALSE(loaded.is_ok());
      EXPECT_EQ(ClassOf(loaded.code()), ErrorClass::kMalformed) << int{instruction[0]} << " " << loaded.text();
      // Nor is the error behind it.
      const auto found = std::ranges::search(loaded.bytes, Join({testing::EncodeU(body.size()), body}));
      EXPECT_LE(loaded.result.error().offset, found.end() - loaded.bytes.begin()) << int{instruction[0]};
    }
  }
}

TEST(FunctionValidatorTest, OperandSlotsAreTheGreatestHeight) {
  EXPECT_EQ(RecordOf({Code().End()}).operand_slots, 0u);
  EXPECT_EQ(RecordOf({Operands({kI32, kI32, kI32}).Op(Op::kI32Add).Op(Op::kI32Add).Op(Op::kDrop).End()}).operand_slots, 3u);
  EXPECT_EQ(RecordOf({Code().Op(Op::kUnreachable).End(), kTwoResults}).operand_slots, 2u) << "results count";
  EXPECT_EQ(RecordOf({Code().I32Const(0).Begin(Op::kBlock, kI32).Op(Op::kUnreachable).End().Op(Op::kI32Add)
                          .Op(Op::kDrop).End()}).operand_slots, 2u);
  EXPECT_EQ(RecordOf({Code().Call(1).I32Const(0).Call(0).Op(Op::kDrop).End()}).operand_slots, 1u);
}

TEST(FunctionValidatorTest, RecordsDescribeTheBody) {
  const Bytes body = Code().LocalGet(0).End();
  Loaded loaded(ModuleOf({body, kUnary, {{9, kI32}, {8, kI64}}}));
  ASSERT_EQ(loaded.text(), "");
  const FunctionRecord& record = loaded.module.functions[1];
  EXPECT_EQ(record.code_end - record.code_begin, body.size());
  EXPECT_TRUE(std::equal(body.begin(), body.end(), loaded.bytes.begin() + record.code_begin));
  EXPECT_EQ(record.local_slots, 17u);
  EXPECT_EQ(record.param_slots, 1u);
  EXPECT_EQ(record.result_slots, 1u);
  EXPECT_EQ(record.call_cost, 1u + 3u);
}

}  // namespace
}  // namespace sandbox
