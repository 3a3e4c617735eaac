// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/value.h"

#include <array>
#include <cstdint>
#include <optional>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

static_assert(sizeof(Value) <= 24);
static_assert(Value() == Value::I32(0));
static_assert(Value::I32(-1) == Value::I32(0xffff'ffffu));
static_assert(Value::I64(-1).u64() == ~uint64_t{0});

TEST(Value, KeepsNumbers) {
  EXPECT_EQ(Value::I32(-5).i32(), -5);
  EXPECT_EQ(Value::I32(-5).u32(), 0xffff'fffbu);
  EXPECT_EQ(Value::I64(INT64_MIN).i64(), INT64_MIN);
  EXPECT_EQ(Value::I32(1).type(), ValType::I32());
  EXPECT_NE(Value::I32(1), Value::I64(1));
  EXPECT_EQ(Value::F32Bits(0x7fa00001).f32_bits(), 0x7fa00001u);
  EXPECT_EQ(Value::F64Bits(0x7ff4000000000001).f64_bits(), 0x7ff4000000000001u);
}

TEST(Value, KeepsVectors) {
  const std::array<uint8_t, 16> bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  EXPECT_EQ(Value::V128(bytes).v128(), bytes);
  EXPECT_EQ(Value::I32(1).v128(), (std::array<uint8_t, 16>{}));
}

TEST(Value, KeepsReferences) {
  const FuncHandle function(0x1234, 5, 0xffff'fff0);
  const Value value = Value::FuncRef(function);
  EXPECT_EQ(value.func(), function);
  EXPECT_EQ(value.extern_handle(), std::nullopt);
  EXPECT_TRUE(value.is_ref());
  EXPECT_FALSE(value.is_null());
  EXPECT_NE(value, Value::FuncRef(FuncHandle(0x1234, 6, 0xffff'fff0)));
  EXPECT_NE(value, Value::FuncRef(FuncHandle(0x1235, 5, 0xffff'fff0)));
  EXPECT_EQ(Value::ExternRef(0xffff'fffe).extern_handle(), 0xffff'fffeu);
  // The one number that a reference cannot hold.
  EXPECT_TRUE(Value::ExternRef(0xffff'ffff).is_null());
  const Value null = Value::Null(HeapType::kFunc);
  EXPECT_TRUE(null.is_null());
  EXPECT_EQ(null.func(), std::nullopt);
  EXPECT_EQ(null.type(), ValType::FuncRef());
}

TEST(Value, AccessorsOfAnotherTypeGiveNothing) {
  EXPECT_EQ(Value::I64(7).i32(), 0);
  EXPECT_EQ(Value::I32(7).i64(), 0);
  EXPECT_EQ(Value::I32(7).f32_bits(), 0u);
  EXPECT_EQ(Value::ExternRef(7).u32(), 0u);
  EXPECT_EQ(Value::I32(7).func(), std::nullopt);
  EXPECT_FALSE(Value::I32(0).is_null());
}

#if SANDBOX_FLOATS
TEST(Value, KeepsFloats) {
  EXPECT_EQ(Value::F32(-1.5f).f32(), -1.5f);
  EXPECT_EQ(Value::F64(0.1).f64(), 0.1);
  EXPECT_NE(Value::F64(0.0), Value::F64(-0.0));
  EXPECT_EQ(Value::I64(1).f64(), 0.0);
}
#endif

}  // namespace
}  // namespace sandbox
