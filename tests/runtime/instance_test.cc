// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/instance.h"

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(InstanceTest, AddressesImportedFunctionsFirst) {
  Budget budget(1 << 20);
  Instance instance(budget);
  ASSERT_TRUE(instance.imported_functions.Push(70));
  ASSERT_TRUE(instance.imported_functions.Push(3));
  instance.first_function = 100;
  EXPECT_EQ(instance.AddressOf(0), 70u);
  EXPECT_EQ(instance.AddressOf(1), 3u);
  EXPECT_EQ(instance.AddressOf(2), 100u);
  EXPECT_EQ(instance.AddressOf(5), 103u);
}

TEST(InstanceTest, NothingIsAllocatedBeforeItIsLinked) {
  Budget budget(0);
  Instance instance(budget);
  EXPECT_FALSE(instance.is_initialized);
  EXPECT_TRUE(instance.name.empty());
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace sandbox
