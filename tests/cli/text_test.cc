// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/text.h"

#include "gtest/gtest.h"

namespace sandbox::cli {
namespace {

// What a text means as a value of the type, printed again; "-" if nothing.
std::string Again(std::string_view text, ValType type) {
  const std::optional<Value> value = ParseValue(text, type);
  return value ? ValueText(*value) : "-";
}

TEST(TextTest, Integers) {
  EXPECT_EQ(Again("42", ValType::I32()), "i32:42");
  EXPECT_EQ(Again("i32:42", ValType::I32()), "i32:42");
  EXPECT_EQ(Again("-2147483648", ValType::I32()), "i32:-2147483648");
  EXPECT_EQ(Again("4294967295", ValType::I32()), "i32:-1");
  EXPECT_EQ(Again("0xffffffff", ValType::I32()), "i32:-1");
  EXPECT_EQ(Again("-0x80000000", ValType::I32()), "i32:-2147483648");
  EXPECT_EQ(Again("18446744073709551615", ValType::I64()), "i64:-1");
  EXPECT_EQ(Again("-9223372036854775808", ValType::I64()), "i64:-9223372036854775808");
}

TEST(TextTest, WhatIsNoInteger) {
  for (const char* text : {"", "-", "--1", "+1", "1 ", " 1", "1x", "0x", "0x-1", "1.5", "null", "i64:1", "4294967296",
                           "-2147483649"}) {
    EXPECT_EQ(Again(text, ValType::I32()), "-") << text;
  }
  EXPECT_EQ(Again("18446744073709551616", ValType::I64()), "-");
  EXPECT_EQ(Again("-9223372036854775809", ValType::I64()), "-");
  EXPECT_EQ(Again("1", ValType::V128()), "-");
}

#if SANDBOX_FLOATS
TEST(TextTest, Floats) {
  EXPECT_EQ(Again("1.5", ValType::F32()), "f32:1.5");
  EXPECT_EQ(Again("f32:-1.5e3", ValType::F32()), "f32:-1500");
  EXPECT_EQ(Again("-0", ValType::F64()), "f64:-0");
  EXPECT_EQ(Again("0x1.8p3", ValType::F64()), "f64:12");
  EXPECT_EQ(Again("-0x1p-1074", ValType::F64()), "f64:-5e-324");
  EXPECT_EQ(Again("0.1", ValType::F64()), "f64:0.1");
  EXPECT_EQ(Again("inf", ValType::F32()), "f32:inf");
  EXPECT_EQ(Again("-inf", ValType::F64()), "f64:-inf");
}

TEST(TextTest, NansKeepTheirPayload) {
  EXPECT_EQ(Again("nan", ValType::F32()), "f32:nan:0x400000");
  EXPECT_EQ(Again("-nan", ValType::F64()), "f64:-nan:0x8000000000000");
  EXPECT_EQ(Again("nan:0x1", ValType::F32()), "f32:nan:0x1");
  EXPECT_EQ(Again("-nan:0x7fffff", ValType::F32()), "f32:-nan:0x7fffff");
  EXPECT_EQ(Again("nan:0xfffffffffffff", ValType::F64()), "f64:nan:0xfffffffffffff");
  for (const char* text : {"nan:", "nan:0", "nan:0x800000", "nan:x", "nan1", "--nan", "--1"}) {
    EXPECT_EQ(Again(text, ValType::F32()), "-") << text;
  }
  EXPECT_EQ(Again("nan:0x10000000000000", ValType::F64()), "-");
}
#endif

TEST(TextTest, References) {
  EXPECT_EQ(Again("null", ValType::FuncRef()), "funcref:null");
  EXPECT_EQ(Again("null", ValType::ExternRef()), "externref:null");
  EXPECT_EQ(Again("7", ValType::ExternRef()), "externref:7");
  EXPECT_EQ(Again("externref:7", ValType::ExternRef()), "externref:7");
  EXPECT_EQ(Again("4294967294", ValType::ExternRef()), "externref:4294967294");
  EXPECT_EQ(Again("4294967295", ValType::ExternRef()), "-");
  EXPECT_EQ(Again("7", ValType::FuncRef()), "-") << "the user has no functions to give";
  EXPECT_EQ(Again("null", ValType::Ref(HeapType::kExtern, false)), "-");
}

TEST(TextTest, ControlCharactersAreShown) {
  EXPECT_EQ(Printable("caf\u00e9\x1b[31m\n\x7f"), "caf\u00e9\\x1b[31m\\x0a\\x7f");
}

TEST(TextTest, ErrorsTellClassPlaceAndRule) {
  EXPECT_EQ(ErrorText(Error{ErrorCode::kBadMagic, 0, 0}),
            "malformed: magic header not detected at offset 0x0 (binary-magic)");
}

}  // namespace
}  // namespace sandbox::cli
