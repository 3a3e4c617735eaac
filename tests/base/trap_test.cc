// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/trap.h"

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(TrapTest, EveryCodeHasItsText) {
#define SANDBOX_TRAP(name, text) EXPECT_EQ(TextOf(TrapCode::name), text);
#include "sandbox/base/trap.def"
#undef SANDBOX_TRAP
}

TEST(TrapTest, TravelsInOrTrap) {
  const OrTrap<int> trapped = Trap(TrapCode::kIntegerOverflow);
  ASSERT_FALSE(trapped.has_value());
  EXPECT_EQ(trapped.error(), TrapCode::kIntegerOverflow);
}

}  // namespace
}  // namespace sandbox
