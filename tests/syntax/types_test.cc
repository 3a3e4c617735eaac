// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/types.h"

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(HeapTypeTest, AbstractAndDefinedDoNotMeet) {
  EXPECT_TRUE(HeapType(HeapType::kNoExn).is_abstract());
  const HeapType defined = HeapType::Defined(0);
  EXPECT_FALSE(defined.is_abstract());
  EXPECT_EQ(defined.index(), 0u);
  EXPECT_EQ(HeapType::FromCode(defined.code()), defined);
  EXPECT_EQ(HeapType(HeapType::kEq).abstract(), HeapType::kEq);
}

TEST(ValTypeTest, EqualityIsEqualityOfMeaning) {
  EXPECT_EQ(ValType::I32(), ValType(ValKind::kI32));
  EXPECT_NE(ValType::I32(), ValType::I64());
  EXPECT_EQ(ValType::FuncRef(), ValType::Ref(HeapType::kFunc, true));
  EXPECT_NE(ValType::FuncRef(), ValType::Ref(HeapType::kFunc, false));
  EXPECT_NE(ValType::Ref(HeapType::Defined(1), true), ValType::Ref(HeapType::Defined(2), true));
}

TEST(ValTypeTest, TakesApartWhatItWasMadeOf) {
  const CanonIdx greatest = kMaxTypesPerRegistry - 1;
  for (const CanonIdx index : {CanonIdx{0}, CanonIdx{1}, CanonIdx{12345}, greatest}) {
    for (const bool nullable : {false, true}) {
      const ValType type = ValType::Ref(HeapType::Defined(index), nullable);
      EXPECT_TRUE(type.is_ref());
      EXPECT_EQ(type.is_nullable(), nullable);
      EXPECT_EQ(type.is_defaultable(), nullable);
      EXPECT_EQ(type.heap().index(), index);
      EXPECT_EQ(ValType::FromBits(type.bits()), type);
    }
  }
}

TEST(ValTypeTest, NumbersHaveDefaultsAndSlots) {
  EXPECT_TRUE(ValType::F64().is_float());
  EXPECT_FALSE(ValType::I64().is_float());
  EXPECT_TRUE(ValType::V128().is_defaultable());
  EXPECT_EQ(ValType::V128().slots(), 2u);
  EXPECT_EQ(ValType::ExternRef().slots(), 1u);
  EXPECT_EQ(ValType().kind(), ValKind::kBottom);
}

TEST(LimitsTypeTest, IndexTypeFollowsTheFlag) {
  EXPECT_EQ((Limits{1, 2, false}).index_type(), ValType::I32());
  EXPECT_EQ((Limits{1, 2, true}).index_type(), ValType::I64());
}

}  // namespace
}  // namespace sandbox
