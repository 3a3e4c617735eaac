// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/error.h"

#include <string>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(ErrorTest, EveryCodeHasClassTextAndAnchor) {
#define SANDBOX_ERROR(name, cls, text, anchor)                   \
  EXPECT_EQ(ClassOf(ErrorCode::name), ErrorClass::cls) << #name; \
  EXPECT_EQ(TextOf(ErrorCode::name), text) << #name;             \
  EXPECT_EQ(AnchorOf(ErrorCode::name), anchor) << #name;
#include "sandbox/base/error.def"
#undef SANDBOX_ERROR
}

TEST(ErrorTest, ClassesHaveNames) {
  EXPECT_EQ(NameOf(ErrorClass::kMalformed), "malformed");
  EXPECT_EQ(NameOf(ErrorClass::kMisuse), "misuse");
}

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(ErrorCode::kOutOfRange, 7, static_cast<uint32_t>(n));
  return n / 2;
}

Result<int> Quarter(int n) {
  SANDBOX_ASSIGN(const int half, Half(n));
  SANDBOX_TRY(Half(half));
  return half / 2;
}

TEST(ErrorTest, MacrosPropagate) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(7).error(), (Error{ErrorCode::kOutOfRange, 7, 7}));
  EXPECT_EQ(Quarter(6).error(), (Error{ErrorCode::kOutOfRange, 3, 7}));
}

}  // namespace
}  // namespace sandbox
