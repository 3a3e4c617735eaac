// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/load.h"

#include <memory>

#include "gtest/gtest.h"
#include "tests/lib/failing_allocator.h"
#include "tests/lib/module_builder.h"
#include "tests/valid/loaded.h"

namespace sandbox {
namespace {

using testing::Bytes;
using testing::Code;
using testing::ModuleBuilder;

// A module that makes every table of the loader grow.
Bytes VariedModule() {
  ModuleBuilder builder;
  for (int i = 0; i < 30; ++i) builder.AddType(std::vector<ValType>(static_cast<size_t>(i), ValType::I32()), {});
  builder.AddRawType({0x50, 0, 0x5f, 0});
  builder.AddRawType({0x50, 1, 30, 0x5f, 0});
  const ValType non_null = ValType::Ref(HeapType::kFunc, false);
  for (int i = 0; i < 6; ++i) {
    builder.ImportFunction("m", "f", 0);
    builder.ImportGlobal("m", "g", {ValType::I32(), false});
    builder.ImportMemory("m", "m", {});
    builder.ImportTable("m", "t", {ValType::FuncRef(), {}});
    builder.AddRawImport("m", "x", {4, 0, 0});
  }
  for (uint32_t i = 0; i < 12; ++i) {
    Code code;
    for (uint32_t depth = 0; depth < i; ++depth) code.Begin(Op::kBlock).I32Const(0).Op(Op::kBrIf, {0});
    code.Op(Op::kRefFunc, {0}).LocalSet(3);
    for (uint32_t k = 0; k < 8 * i; ++k) code.I32Const(1);
    for (uint32_t k = 0; k < 8 * i; ++k) code.Op(Op::kDrop);
    if (i == 7) code.Begin(Op::kBlock).Op(Op::kBr, {0}).Raw(Bytes(20'000, 0x01)).End();
    for (uint32_t depth = 0; depth < i; ++depth) code.End();
    builder.AddFunction(0, code.End(), {{3, ValType::I32()}, {i + 1, non_null}});
    builder.AddGlobal({ValType::I32(), false}, Code().I32Const(1).I32Const(1).Op(Op::kI32Add).End());
    builder.AddTable({ValType::FuncRef(), {}});
    builder.AddMemory({});
    builder.AddTag(0);
    builder.Export("f" + std::to_string(i), ExternKind::kFunc, i);
    builder.AddPassiveElements({0});
    builder.AddData(i % 2, Code().I32Const(0).End(), {1});
    builder.AddCustom("c", {});
  }
  return builder.Build();
}

// The n-th allocation fails, for every n: an error of class memory, no leak, and the next attempt succeeds.
TEST(LoadModuleTest, SurvivesEveryRefusedAllocation) {
  const Bytes bytes = VariedModule();
  testing::FailingAllocator allocator;
  uint64_t n = 0;
  for (;; ++n) {
    Budget budget(1 << 24, &allocator);
    {
      ModuleData module(budget);
      allocator.FailAt(n);
      const auto result = LoadModule(bytes, {}, module);
      const bool has_failed = allocator.has_failed();
      allocator.FailNever();
      if (!has_failed) {
        EXPECT_TRUE(result.has_value());
        break;
      }
      // Giving back unused memory may fail without consequence.
      if (!result.has_value()) {
        EXPECT_EQ(ClassOf(result.error().code), ErrorClass::kMemory) << n;
      }
    }
    EXPECT_EQ(budget.used_bytes(), 0u);
    EXPECT_EQ(allocator.live_blocks(), 0u);
  }
  EXPECT_GT(n, 50u);
}

TEST(LoadModuleTest, ChargesTheModulesBudgetAndGivesItBack) {
  const Bytes bytes = VariedModule();
  Budget budget(1 << 24);
  {
    ModuleData module(budget);
    ASSERT_TRUE(LoadModule(bytes, {}, module).has_value());
    EXPECT_GT(budget.used_bytes(), 0u);
    EXPECT_LE(budget.used_bytes(), budget.peak_bytes());
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(LoadModuleTest, KeepsTheBytesWhereTheyAre) {
  testing::Loaded loaded(VariedModule());
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.module.bytes.data(), loaded.bytes.data());
}

}  // namespace
}  // namespace sandbox
