// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/ops_call.h"

#include "gtest/gtest.h"

namespace sandbox {
namespace {

class OpsCallTest : public ::testing::Test {
 protected:
  OpsCallTest() : store_(ImplementationLimits(), budget_), table_(budget_, {ValType::FuncRef(), {4, {}, true}}) {
    const ValType params[] = {ValType::I32()};
    type_ = *store_.InternFuncType(params, {});
    other_type_ = *store_.InternFuncType({}, {});
    EXPECT_TRUE(store_.AddHostFunction("", "other", other_type_));
    EXPECT_TRUE(store_.AddHostFunction("", "f", type_));
    EXPECT_TRUE(table_.Allocate(kNullRef, store_.limits));
    table_.elements()[3] = RefOfAddress(1);
  }

  // Types: an open one, and a final one below it.
  void InternSubtypes(CanonIdx& super, CanonIdx& sub) {
    TypeDefinition open;
    open.is_final = false;
    super = *store_.types.Intern({&open, 1}, {}, 100, 63);
    TypeDefinition below;
    below.super = super;
    sub = *store_.types.Intern({&below, 1}, {}, 100, 63);
  }

  Budget budget_{1 << 20};
  StoreData store_;
  Table table_;
  CanonIdx type_ = 0;
  CanonIdx other_type_ = 0;
};

TEST_F(OpsCallTest, FindsTheFunction) { EXPECT_EQ(ops::IndirectCallee(store_, table_, 3, type_), 1u); }

TEST_F(OpsCallTest, EveryWayToTrap) {
  EXPECT_EQ(ops::IndirectCallee(store_, table_, 4, type_).error(), TrapCode::kUndefinedElement);
  EXPECT_EQ(ops::IndirectCallee(store_, table_, ~uint64_t{0}, type_).error(), TrapCode::kUndefinedElement);
  EXPECT_EQ(ops::IndirectCallee(store_, table_, 0, type_).error(), TrapCode::kUninitializedElement);
  EXPECT_EQ(ops::IndirectCallee(store_, table_, 3, other_type_).error(), TrapCode::kIndirectCallMismatch);
}

TEST_F(OpsCallTest, ASubtypeWillDoButNotASupertype) {
  CanonIdx super = 0;
  CanonIdx sub = 0;
  InternSubtypes(super, sub);
  const uint32_t number = *store_.AddHostFunction("", "sub", sub);
  const uint32_t super_number = *store_.AddHostFunction("", "super", super);
  table_.elements()[0] = RefOfAddress(store_.host_functions[number].address);
  table_.elements()[1] = RefOfAddress(store_.host_functions[super_number].address);
  EXPECT_TRUE(ops::IndirectCallee(store_, table_, 0, super));
  EXPECT_TRUE(ops::IndirectCallee(store_, table_, 0, sub));
  EXPECT_TRUE(ops::IndirectCallee(store_, table_, 1, super));
  EXPECT_FALSE(ops::IndirectCallee(store_, table_, 1, sub));
}

}  // namespace
}  // namespace sandbox
