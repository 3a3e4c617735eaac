// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/instruction.h (against exec/fuel.h)

#include "sandbox/fast/instruction.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sandbox/exec/fuel.h"
#include "sandbox/inplace/handler_support.h"
#include "tests/fast/translated_module.h"

namespace sandbox::fast {
namespace {

using testing::Code;
using testing::LoadedModule;
using testing::ModuleBuilder;
using enum RegionRule;

const ValType kI32 = ValType::I32();

std::vector<ValType> Many(size_t count) { return std::vector<ValType>(count, kI32); }
Code Zeros(size_t count) {
  Code code;
  for (size_t i = 0; i < count; ++i) code.I32Const(0);
  return code;
}
Code Drops(size_t count) {
  Code code;
  for (size_t i = 0; i < count; ++i) code.Op(Op::kDrop);
  return code;
}

// One function's body, read from its beginning to its end.
struct Body {
  explicit Body(const ModuleBuilder& builder, uint32_t number = 0)
      : loaded(builder), view{loaded.module, loaded.module.functions[number]} {
    uint32_t table_index = 0;
    for (Pc pc = view.at(view.function.code_begin); view.offset_of(pc) < view.function.code_end;) {
      instructions.push_back(ReadInstruction(view, pc, table_index));
      offsets.push_back(view.offset_of(pc));
      tables.push_back(table_index);
      pc = instructions.back().next;
      table_index += instructions.back().table_words;
    }
    EXPECT_EQ(view.offset_of(instructions.back().next), view.function.code_end);
  }
  // The first one of that opcode.
  const Instruction& Of(Op op) const {
    for (const Instruction& in : instructions) {
      if (in.op == op) return in;
    }
    ADD_FAILURE() << TextOf(op);
    return instructions.back();
  }
  uint32_t CostFrom(size_t i) const { return CostToRegionEnd(view, offsets[i], tables[i]); }

  LoadedModule loaded;
  BodyView view;
  std::vector<Instruction> instructions;
  std::vector<uint32_t> offsets;
  std::vector<uint32_t> tables;
};

Body BodyOf(const Code& code, const std::vector<ValType>& params = {}, const std::vector<ValType>& results = {}) {
  ModuleBuilder builder;
  builder.AddMemory({1, 1, false});
  builder.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
  const uint32_t type = builder.AddType(params, results);
  builder.AddFunction(type, Code(code).End());
  return Body(builder);
}

void Expect(const Instruction& in, uint32_t cost, RegionRule rule, bool traps = false) {
  EXPECT_EQ(in.cost, cost) << TextOf(in.op);
  EXPECT_EQ(in.rule, rule) << TextOf(in.op);
  EXPECT_EQ(in.traps, traps) << TextOf(in.op);
}

TEST(InstructionTest, BlocksAreInside) {
  const Body body = BodyOf(Code().Begin(Op::kBlock).Begin(Op::kLoop).Op(Op::kNop).End().End());
  ASSERT_EQ(body.instructions.size(), 6u);
  for (size_t i = 0; i < 5; ++i) Expect(body.instructions[i], 1, kInside);
  Expect(body.instructions[5], 1, kEnds);  // the function's own end
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(body.CostFrom(i), 6 - i);
}

TEST(InstructionTest, IfAndElseEnd) {
  const Body body = BodyOf(Code().I32Const(1).Begin(Op::kIf).Op(Op::kNop).Op(Op::kElse).Op(Op::kNop).End());
  Expect(body.Of(Op::kIf), 1, kEnds);
  Expect(body.Of(Op::kElse), 1, kEnds);
  EXPECT_EQ(body.CostFrom(0), 2u);
  EXPECT_EQ(body.CostFrom(2), 2u);
  EXPECT_EQ(body.CostFrom(4), 3u);
}

// What a branch carries costs by the eighth.
TEST(InstructionTest, BranchesCarry) {
  for (const size_t keep : {0, 1, 8, 9, 16, 17, 100}) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({}, Many(keep));
    Code br;
    br.BeginIndexed(Op::kBlock, type).I32Const(1).Raw(Zeros(keep)).Op(Op::kBr, {0}).End();
    builder.AddFunction(type, Code(br).End());
    builder.AddFunction(
        type,
        Code().BeginIndexed(Op::kBlock, type).Raw(Zeros(keep)).I32Const(0).BrTable({0, 0, 0}, 0).End().End());
    builder.AddFunction(type, Code().Raw(Zeros(keep + 2)).Op(Op::kReturn).End());
    builder.AddFunction(
        type, Code().BeginIndexed(Op::kBlock, type).Raw(Zeros(keep)).I32Const(0).Op(Op::kBrIf, {0}).End().End());
    const uint32_t cost = 1 + static_cast<uint32_t>(SlotsCost(keep));
    Expect(Body(builder, 0).Of(Op::kBr), cost, kEnds);
    Expect(Body(builder, 1).Of(Op::kBrTable), cost, kEnds);
    Expect(Body(builder, 2).Of(Op::kReturn), cost, kEnds);
    // Given back when it is not taken.
    Expect(Body(builder, 3).Of(Op::kBrIf), cost, kEnds);
  }
}

// br_table owns an entry for each label and the default: what follows finds its own.
TEST(InstructionTest, TheSideTableIsFollowed) {
  const Body body = BodyOf(Code()
                               .Begin(Op::kBlock)
                               .Begin(Op::kBlock)
                               .I32Const(0)
                               .BrTable({0, 1, 0, 1, 0}, 1)
                               .End()
                               .I32Const(0)
                               .Op(Op::kBrIf, {0})
                               .Op(Op::kBr, {0})
                               .End());
  const uint32_t words = body.Of(Op::kBr).table_words;
  EXPECT_EQ(body.Of(Op::kBrTable).table_words, 6 * words);
  EXPECT_EQ(body.Of(Op::kBrIf).table_words, words);
  EXPECT_EQ(body.tables.back(), 8 * words);
  EXPECT_EQ(body.tables.back(), body.loaded.module.side_table.size());
}

TEST(InstructionTest, ReferencesBranchForThemselves) {
  const ValType ref = ValType::FuncRef();
  const Body null = BodyOf(Code().Begin(Op::kBlock).LocalGet(0).Op(Op::kBrOnNull, {0}).Op(Op::kDrop).End(), {ref});
  Expect(null.Of(Op::kBrOnNull), 1, kCharges);
  EXPECT_EQ(null.CostFrom(0), 2u);  // block, local.get
  const Body non_null = BodyOf(Code().LocalGet(0).Op(Op::kRefAsNonNull).Op(Op::kDrop), {ref});
  Expect(non_null.Of(Op::kRefAsNonNull), 1, kInside, true);
}

TEST(InstructionTest, UnreachableEndsAndTraps) {
  Expect(BodyOf(Code().Op(Op::kUnreachable)).Of(Op::kUnreachable), 1, kEnds, true);
}

// A call of a defined function is paid with its region, parameters and locals included; all others charge.
TEST(InstructionTest, Calls) {
  for (const uint32_t params : {0u, 1u, 8u, 9u, 40u}) {
    for (const uint32_t locals : {0u, 1u, 8u, 9u, 1000u}) {
      ModuleBuilder builder;
      builder.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
      const uint32_t type = builder.AddType(Many(params), {});
      const uint32_t none = builder.AddType({}, {});
      const uint32_t host = builder.ImportFunction("env", "f", type);
      const uint32_t callee = builder.AddFunction(type, Code().End(), {{locals, kI32}});
      builder.AddFunction(none, Code().Raw(Zeros(params)).Call(callee).Op(Op::kNop).End());
      builder.AddFunction(none, Code().Raw(Zeros(params)).Call(host).End());
      builder.AddFunction(none, Code().Raw(Zeros(params + 1)).Op(Op::kCallIndirect, {type, 0}).End());
      builder.AddFunction(none, Code().Raw(Zeros(params)).Op(Op::kReturnCall, {callee}).End());
      builder.AddFunction(none, Code().Raw(Zeros(params + 1)).Op(Op::kReturnCallIndirect, {type, 0}).End());
      const uint32_t cost = 1 + static_cast<uint32_t>(SlotsCost(params) + SlotsCost(locals));
      const Body direct(builder, 1);
      Expect(direct.Of(Op::kCall), cost, kEnds, true);
      EXPECT_EQ(direct.CostFrom(0), params + cost);
      EXPECT_EQ(direct.CostFrom(params + 1), 2u);  // nop, end
      Expect(Body(builder, 2).Of(Op::kCall), 1, kCharges);
      EXPECT_EQ(Body(builder, 2).CostFrom(0), params);
      Expect(Body(builder, 3).Of(Op::kCallIndirect), 1, kCharges);
      Expect(Body(builder, 4).Of(Op::kReturnCall), 1, kCharges);
      Expect(Body(builder, 5).Of(Op::kReturnCallIndirect), 1, kCharges);
    }
  }
}

// A callee that would make a region dear is called for itself.
TEST(InstructionTest, ADearCallCharges) {
  ModuleBuilder builder;
  const uint32_t none = builder.AddType({}, {});
  const uint32_t callee = builder.AddFunction(none, Code().End(), {{49'000, kI32}});
  builder.AddFunction(none, Code().Call(callee).End());
  static_assert(SlotsCost(49'000) > kMaxRegionCost);
  Expect(Body(builder, 1).Of(Op::kCall), 1, kCharges);
}

TEST(InstructionTest, MemoryAndNumbers) {
  const Body body = BodyOf(Code()
                               .I32Const(0)
                               .Load(Op::kI64Load, 3, 8)
                               .I64Const(3)
                               .Op(Op::kI64DivS)
                               .I64Const(3)
                               .Op(Op::kI64Add)
                               .Op(Op::kDrop)
                               .I32Const(0)
                               .I32Const(0)
                               .I32Const(0)
                               .Op(Op::kMemoryFill, {0})
                               .Op(Op::kMemorySize, {0})
                               .Op(Op::kMemoryGrow, {0})
                               .Raw(Drops(1)));
  Expect(body.Of(Op::kI64Load), 1, kInside, true);
  Expect(body.Of(Op::kI64DivS), 1, kInside, true);
  Expect(body.Of(Op::kI64Add), 1, kInside, false);
  Expect(body.Of(Op::kI64Const), 1, kInside, false);
  Expect(body.Of(Op::kMemoryFill), 1, kCharges);
  Expect(body.Of(Op::kMemorySize), 1, kCharges);
  Expect(body.Of(Op::kMemoryGrow), 1, kCharges);
  EXPECT_EQ(body.CostFrom(0), 10u);   // up to memory.fill
  EXPECT_EQ(body.CostFrom(10), 0u);   // at an instruction that charges for itself
}

// Memories other than 0, and those with 64-bit indices, are accessed out of line.
TEST(InstructionTest, UncommonMemories) {
  ModuleBuilder builder;
  builder.AddMemory({1, 1, true});
  builder.AddMemory({1, 1, false});
  const uint32_t none = builder.AddType({}, {});
  builder.AddFunction(none, Code().I64Const(0).Load(Op::kI32Load, 0, uint64_t{1} << 40).Op(Op::kDrop).End());
  builder.AddFunction(none, Code().I32Const(0).Op(Op::kI32Load, {1 << 6, 1, 4}).Op(Op::kDrop).End());
  for (const uint32_t i : {0u, 1u}) {
    const Body body(builder, i);
    Expect(body.Of(Op::kI32Load), 1, kCharges);
    Pc at = body.Of(Op::kI32Load).immediates;
    const inplace::Access access = inplace::ReadMemarg(at);
    EXPECT_EQ(access.memory, i);
    EXPECT_EQ(access.offset, i == 0 ? uint64_t{1} << 40 : 4);
  }
}

}  // namespace
}  // namespace sandbox::fast
