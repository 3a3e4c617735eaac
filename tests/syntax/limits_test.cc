// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/limits.h"

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(ImplementationLimitsTest, DefaultsAreUsable) { EXPECT_TRUE(ImplementationLimits().Check().has_value()); }

TEST(ImplementationLimitsTest, EachIsAcceptedAtItsHardMaximumAndRefusedBeyond) {
#define SANDBOX_LIMIT(name, def, hard, what)                                              \
  {                                                                                       \
    ImplementationLimits limits;                                                          \
    limits.name = hard;                                                                   \
    EXPECT_TRUE(limits.Check().has_value()) << #name;                                     \
    if (uint64_t{hard} != ~uint64_t{0}) {                                                 \
      limits.name = uint64_t{hard} + 1;                                                   \
      const auto checked = limits.Check();                                                \
      ASSERT_FALSE(checked.has_value()) << #name;                                         \
      EXPECT_EQ(checked.error().code, ErrorCode::kBadConfiguration);                      \
      EXPECT_EQ(static_cast<LimitId>(checked.error().detail), LimitId::name);             \
    }                                                                                     \
    EXPECT_EQ(NameOf(LimitId::name), #name);                                              \
    EXPECT_EQ(DescriptionOf(LimitId::name), what);                                        \
  }
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
}

TEST(CheckLimitTest, IsInclusive) {
  EXPECT_TRUE(CheckLimit(5, 5, LimitId::tables, 7).has_value());
  const auto refused = CheckLimit(6, 5, LimitId::tables, 7);
  EXPECT_EQ(refused.error(), (Error{ErrorCode::kLimitExceeded, static_cast<uint32_t>(LimitId::tables), 7}));
}

}  // namespace
}  // namespace sandbox
