// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/const_expr.h"

#include <vector>

#include "gtest/gtest.h"
#include "sandbox/runtime/store_data.h"
#include "tests/exec/hand_made_module.h"

namespace sandbox {
namespace {

class ConstExprTest : public ::testing::Test {
 protected:
  ConstExprTest() : store_(ImplementationLimits(), budget_), instance_(budget_) {
    instance_.module = &module_.data;
    instance_.first_function = 100;
    EXPECT_TRUE(instance_.imported_functions.Push(7));
    EXPECT_TRUE(instance_.globals.Push(*store_.NewGlobal({ValType::I64(), false}, 40)));
  }
  ~ConstExprTest() override { store_.Drop(instance_.globals[0]); }

  Slot Evaluate(std::vector<uint8_t> code, uint32_t instructions = 1) {
    const ConstExpr expression = module_.Expr(std::move(code), instructions);
    module_.Finish();
    EXPECT_TRUE(instance_.operands.Resize(expression.instructions));
    return EvaluateConstExpr(instance_, expression);
  }

  Budget budget_{1 << 24};
  StoreData store_;
  testing::HandMadeModule module_;
  Instance instance_;
};

TEST_F(ConstExprTest, Constants) {
  EXPECT_EQ(Evaluate({0x41, 0x05}), 5u);
  EXPECT_EQ(Evaluate({0x41, 0x7f}), 0xffff'ffffu) << "zero-extended";
  EXPECT_EQ(Evaluate({0x41, 0x80, 0x80, 0x80, 0x80, 0x78}), 0x8000'0000u);
  EXPECT_EQ(Evaluate({0x42, 0x7f}), ~uint64_t{0});
  EXPECT_EQ(Evaluate({0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}), uint64_t{1} << 63);
  EXPECT_EQ(Evaluate({0x43, 0x01, 0x00, 0xa0, 0x7f}), 0x7fa0'0001u) << "a signalling NaN";
  EXPECT_EQ(Evaluate({0x44, 1, 2, 3, 4, 5, 6, 7, 8}), 0x0807060504030201u);
}

TEST_F(ConstExprTest, References) {
  EXPECT_EQ(Evaluate({0xd0, 0x70}), kNullRef);
  EXPECT_EQ(Evaluate({0xd0, 0x6f}), kNullRef);
  EXPECT_EQ(Evaluate({0xd0, 0x80, 0x01}), kNullRef) << "a heap type of two bytes";
  EXPECT_EQ(Evaluate({0xd2, 0x00}), RefOfAddress(7));
  EXPECT_EQ(Evaluate({0xd2, 0x05}), RefOfAddress(104));
}

TEST_F(ConstExprTest, Arithmetic) {
  EXPECT_EQ(Evaluate({0x41, 10, 0x41, 3, 0x6b}, 3), 7u);
  EXPECT_EQ(Evaluate({0x41, 3, 0x41, 10, 0x6b}, 3), 0xffff'fff9u) << "wraps in 32 bits";
  EXPECT_EQ(Evaluate({0x41, 0x7f, 0x41, 1, 0x6a}, 3), 0u);
  EXPECT_EQ(Evaluate({0x41, 0x7f, 0x41, 3, 0x6c}, 3), 0xffff'fffdu);
  EXPECT_EQ(Evaluate({0x42, 3, 0x42, 10, 0x7d}, 3), ~uint64_t{6});
  EXPECT_EQ(Evaluate({0x42, 0x7f, 0x42, 1, 0x7c}, 3), 0u);
  // global * (1 + 2)
  EXPECT_EQ(Evaluate({0x23, 0, 0x42, 1, 0x42, 2, 0x7c, 0x7e}, 5), 120u);
}

TEST_F(ConstExprTest, DeepOperandStack) {
  constexpr uint32_t kHeight = 50'000;
  std::vector<uint8_t> code;
  for (uint32_t i = 0; i < kHeight; ++i) code.insert(code.end(), {0x41, 1});
  code.insert(code.end(), kHeight - 1, 0x6a);
  EXPECT_EQ(Evaluate(code, 2 * kHeight - 1), kHeight);
}

TEST_F(ConstExprTest, ElementsOfBothForms) {
  module_.Elements(SegmentMode::kPassive, {0, 1, 5});
  module_.ElementExpressions(SegmentMode::kPassive, {0xd2, 1, 0x0b, 0xd0, 0x70, 0x0b, 0xd2, 0, 0x0b}, 3, 6);
  module_.Finish();
  ASSERT_TRUE(instance_.operands.Resize(2));
  std::vector<Ref> items(3);
  EvaluateElements(instance_, module_.data.elements[0], items);
  EXPECT_EQ(items, (std::vector<Ref>{RefOfAddress(7), RefOfAddress(100), RefOfAddress(104)}));
  EvaluateElements(instance_, module_.data.elements[1], items);
  EXPECT_EQ(items, (std::vector<Ref>{RefOfAddress(100), kNullRef, RefOfAddress(7)}));
}

}  // namespace
}  // namespace sandbox
