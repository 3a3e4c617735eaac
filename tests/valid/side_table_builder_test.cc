// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/side_table_builder.h"

#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"
#include "tests/valid/loaded.h"
#include "tests/valid/side_table_oracle.h"

namespace sandbox {
namespace {

using testing::Bytes;
using testing::CheckSideTable;
using testing::Code;
using testing::Loaded;
using testing::ModuleBuilder;

constexpr ValType kI32 = ValType::I32();

// Type 0 takes and returns nothing, type 1 returns three numbers, type 2 turns two numbers into two.
Bytes ModuleOf(const Bytes& body, uint32_t type = 0) {
  ModuleBuilder builder;
  builder.AddType({}, {});
  builder.AddType({}, {kI32, kI32, kI32});
  builder.AddType({kI32, kI32}, {kI32, kI32});
  builder.AddFunction(type, body);
  return builder.Build();
}

// The entry that begins at word i.
SideTableEntry EntryAt(const ModuleData& module, size_t i) {
  const uint32_t word = module.side_table[i];
  if (!side_table::IsWide(word)) {
    return {side_table::NarrowPcDelta(word), side_table::NarrowTableDelta(word), side_table::NarrowKeep(word),
            side_table::NarrowDrop(word)};
  }
  const uint32_t third = module.side_table[i + 2];
  return {side_table::WidePcDelta(word), static_cast<int32_t>(module.side_table[i + 1]), side_table::WideKeep(third),
          side_table::WideDrop(third)};
}

Code Nops(size_t count) { return Code().Raw(Bytes(count, 0x01)); }

TEST(SideTableBuilderTest, StraightCodeHasNone) {
  Loaded loaded(ModuleOf(Code().Begin(Op::kBlock).Begin(Op::kLoop).End().End().Op(Op::kReturn).End()));
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.module.side_table.size(), 0u);
}

TEST(SideTableBuilderTest, ForwardBranchGoesBehindTheEnd) {
  // block (2 bytes), br 0 (2), nop (1), end (1)
  Loaded loaded(ModuleOf(Code().Begin(Op::kBlock).Op(Op::kBr, {0}).Op(Op::kNop).End().End()));
  ASSERT_EQ(loaded.text(), "");
  ASSERT_EQ(loaded.module.side_table.size(), 1u);
  EXPECT_EQ(EntryAt(loaded.module, 0), (SideTableEntry{4, 1, 0, 0}));
}

TEST(SideTableBuilderTest, BackwardBranchGoesBehindTheLoopOpcode) {
  // loop (2 bytes), i32.const (2), br_if 0 (2)
  Loaded loaded(ModuleOf(Code().Begin(Op::kLoop).I32Const(0).Op(Op::kBrIf, {0}).End().End()));
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(EntryAt(loaded.module, 0), (SideTableEntry{-2, 0, 0, 0}));
}

TEST(SideTableBuilderTest, BranchToTheFunctionGoesToItsEndAndDropsNothing) {
  // Two operands below the three results.
  Code code;
  for (int i = 0; i < 5; ++i) code.I32Const(i);
  Loaded loaded(ModuleOf(code.Op(Op::kBr, {0}).Op(Op::kNop).End(), 1));
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(EntryAt(loaded.module, 0), (SideTableEntry{3, 3, 3, 0})) << "wide: it keeps three";
  EXPECT_EQ(loaded.module.side_table.size(), 3u);
}

TEST(SideTableBuilderTest, IfAndElse) {
  // if (2), nop, else (1), nop, nop, end
  Loaded loaded(ModuleOf(Code().I32Const(0).Begin(Op::kIf).Op(Op::kNop).Op(Op::kElse).Raw({1, 1}).End().End()));
  ASSERT_EQ(loaded.text(), "");
  ASSERT_EQ(loaded.module.side_table.size(), 2u);
  EXPECT_EQ(EntryAt(loaded.module, 0), (SideTableEntry{4, 2, 0, 0})) << "behind else, whose own entry is skipped";
  EXPECT_EQ(EntryAt(loaded.module, 1), (SideTableEntry{4, 1, 0, 0})) << "behind end";
  Loaded without(ModuleOf(Code().I32Const(0).Begin(Op::kIf).Op(Op::kNop).End().End()));
  EXPECT_EQ(EntryAt(without.module, 0), (SideTableEntry{4, 1, 0, 0}));
}

TEST(SideTableBuilderTest, KeepAndDrop) {
  Code code;
  code.I32Const(9).Begin(Op::kBlock, kI32).I32Const(1).I32Const(2).I32Const(3).Op(Op::kBr, {0}).End();
  Loaded loaded(ModuleOf(code.Op(Op::kDrop).Op(Op::kDrop).End()));
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(EntryAt(loaded.module, 0).keep, 1u);
  EXPECT_EQ(EntryAt(loaded.module, 0).drop, 2u);
}

TEST(SideTableBuilderTest, FarTargetsAreWide) {
  for (const size_t nops : {16'380u, 16'381u, 100'000u}) {
    Loaded loaded(ModuleOf(Code().Begin(Op::kBlock).Op(Op::kBr, {0}).Raw(Nops(nops)).End().End()));
    ASSERT_EQ(loaded.text(), "");
    EXPECT_EQ(EntryAt(loaded.module, 0).pc_delta, static_cast<int32_t>(nops + 3));
    EXPECT_EQ(side_table::IsWide(loaded.module.side_table[0]), nops + 3 > 16'383);
    EXPECT_EQ(CheckSideTable(loaded.module), "");
  }
  for (const size_t nops : {16'380u, 16'383u, 100'000u}) {
    Loaded loaded(ModuleOf(Code().Begin(Op::kLoop).Raw(Nops(nops)).Op(Op::kBr, {0}).End().End()));
    ASSERT_EQ(loaded.text(), "");
    EXPECT_EQ(EntryAt(loaded.module, 0).pc_delta, -static_cast<int32_t>(nops));
    EXPECT_EQ(CheckSideTable(loaded.module), "");
  }
}

TEST(SideTableBuilderTest, ManyDropsAreWide) {
  for (const int operands : {15, 16, 1000}) {
    Code code;
    code.Begin(Op::kBlock);
    for (int i = 0; i < operands; ++i) code.I32Const(0);
    Loaded loaded(ModuleOf(code.Op(Op::kBr, {0}).End().End()));
    ASSERT_EQ(loaded.text(), "");
    EXPECT_EQ(EntryAt(loaded.module, 0).drop, static_cast<uint32_t>(operands));
    EXPECT_EQ(side_table::IsWide(loaded.module.side_table[0]), operands > 15);
  }
}

TEST(SideTableBuilderTest, ManyBranchesBetweenMakeTableDeltasWide) {
  for (const int branches : {300, 1'022, 1'023, 1'024, 5'000}) {
    Code code;
    code.Begin(Op::kBlock).I32Const(0).Op(Op::kBrIf, {0}).Begin(Op::kLoop);
    for (int i = 0; i < branches; ++i) code.I32Const(0).Op(Op::kBrIf, {i % 3 == 0 ? 0u : 1u});
    Loaded loaded(ModuleOf(code.End().End().End()));
    ASSERT_EQ(loaded.text(), "");
    EXPECT_EQ(CheckSideTable(loaded.module), "") << branches;
  }
}

TEST(SideTableBuilderTest, ABrTableHasOneWidth) {
  // One far label makes all entries wide.
  Code code;
  code.Begin(Op::kBlock).Begin(Op::kBlock).I32Const(0).BrTable({0, 0, 1, 0}, 0).End().Raw(Nops(20'000)).End();
  Loaded loaded(ModuleOf(code.End()));
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.module.side_table.size(), 15u);
  EXPECT_EQ(CheckSideTable(loaded.module), "");
  Loaded near(ModuleOf(Code().Begin(Op::kBlock).I32Const(0).BrTable({0, 1}, 1).End().End()));
  EXPECT_EQ(near.module.side_table.size(), 3u);
  EXPECT_EQ(CheckSideTable(near.module), "");
}

TEST(SideTableBuilderTest, UnreachableBranchesHaveEntries) {
  Loaded loaded(ModuleOf(Code()
                             .Begin(Op::kBlock)
                             .Op(Op::kUnreachable)
                             .Op(Op::kBr, {0})
                             .Op(Op::kBrIf, {0})
                             .BrTable({0, 1}, 0)
                             .Begin(Op::kIf)
                             .Op(Op::kElse)
                             .End()
                             .End()
                             .End()));
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.module.side_table.size(), 7u);
  EXPECT_EQ(CheckSideTable(loaded.module), "");
}

TEST(SideTableBuilderTest, FunctionsFollowEachOther) {
  ModuleBuilder builder;
  builder.AddType({}, {});
  for (int i = 0; i < 50; ++i) {
    Code code;
    for (int k = 0; k < i; ++k) code.Begin(Op::kBlock).Op(Op::kBr, {0}).Raw(Nops(i % 7 == 0 ? 20'000 : 1)).End();
    builder.AddFunction(0, code.End());
  }
  Loaded loaded(builder.Build());
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.module.functions[0].side_table, 0u);
  EXPECT_EQ(CheckSideTable(loaded.module), "");
}

// The oracle of these tests sees what is wrong.
TEST(SideTableOracleTest, NoticesEveryChangedBit) {
  Loaded loaded(ModuleOf(Code()
                             .Begin(Op::kBlock, kI32)
                             .I32Const(1)
                             .I32Const(2)
                             .I32Const(3)
                             .Op(Op::kBrIf, {0})
                             .I32Const(4)
                             .BrTable({0}, 0)
                             .End()
                             .Op(Op::kDrop)
                             .End()));
  ASSERT_EQ(loaded.text(), "");
  ASSERT_EQ(CheckSideTable(loaded.module), "");
  ASSERT_EQ(loaded.module.side_table.size(), 3u);
  for (size_t i = 0; i < loaded.module.side_table.size(); ++i) {
    for (int bit = 0; bit < 32; ++bit) {
      loaded.module.side_table[i] ^= 1u << bit;
      EXPECT_NE(CheckSideTable(loaded.module), "") << "word " << i << " bit " << bit;
      loaded.module.side_table[i] ^= 1u << bit;
    }
  }
}

}  // namespace
}  // namespace sandbox
