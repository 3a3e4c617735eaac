// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/side_table_verify.h"

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"
#include "tests/valid/loaded.h"

namespace sandbox {
namespace {

using testing::Code;
using testing::Loaded;
using testing::ModuleBuilder;

testing::Bytes SomeModule() {
  ModuleBuilder builder;
  builder.AddType({}, {});
  builder.AddFunction(0, Code().Begin(Op::kBlock).Op(Op::kBr, {0}).End().End());
  builder.AddFunction(0, Code().End());
  builder.AddFunction(0, Code().Begin(Op::kLoop).I32Const(1).Op(Op::kBrIf, {0}).End().End());
  return builder.Build();
}

class SideTableVerifyTest : public ::testing::Test {
 protected:
  // The function that is found to differ; kNoIndex: none.
  uint32_t Differing() {
    const auto verified = VerifySideTable(loaded_.module, limits_);
    if (verified.has_value()) return kNoIndex;
    EXPECT_EQ(verified.error().code, ErrorCode::kSideTableMismatch);
    return verified.error().detail;
  }

  ImplementationLimits limits_;
  Loaded loaded_{SomeModule()};
};

TEST_F(SideTableVerifyTest, WhatWasDerivedIsRight) {
  EXPECT_EQ(Differing(), kNoIndex);
  EXPECT_EQ(loaded_.module.bytes.size(), loaded_.bytes.size());
}

TEST_F(SideTableVerifyTest, ChangedWordsAreFound) {
  loaded_.module.side_table[1] ^= 2;
  EXPECT_EQ(Differing(), 2u);
  loaded_.module.side_table[0] ^= 1u << 31;
  EXPECT_EQ(Differing(), 0u);
}

TEST_F(SideTableVerifyTest, ChangedRecordsAreFound) {
  loaded_.module.functions[1].operand_slots += 1;
  EXPECT_EQ(Differing(), 1u);
}

TEST_F(SideTableVerifyTest, MissingAndSurplusWordsAreFound) {
  ASSERT_TRUE(loaded_.module.side_table.Push(0).has_value());
  EXPECT_NE(Differing(), kNoIndex);
  loaded_.module.side_table.Truncate(1);
  EXPECT_NE(Differing(), kNoIndex);
  loaded_.module.side_table.Truncate(0);
  EXPECT_NE(Differing(), kNoIndex);
}

TEST_F(SideTableVerifyTest, MemoryIsLimited) {
  limits_.load_bytes = 100;
  const auto verified = VerifySideTable(loaded_.module, limits_);
  ASSERT_FALSE(verified.has_value());
  EXPECT_EQ(verified.error().code, ErrorCode::kBudgetExceeded);
}

}  // namespace
}  // namespace sandbox
