// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/binaryen.h"

#include <gtest/gtest.h>

#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/our_engine.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::Code;

Bytes Sum() {
  testing::ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
  Code code;
  // 2 + 3 is known before it runs.
  code.LocalGet(0).I32Const(2).I32Const(3).Op(Op::kI32Add).Op(Op::kI32Mul).End();
  builder.ExportFunction("f", builder.AddFunction(type, code));
  return builder.Build();
}

TEST(Binaryen, OptimizesAndKeepsTheMeaning) {
  const Bytes module = Sum();
  const std::optional<Bytes> optimized = Optimize(module, {3, 1, {}});
  ASSERT_TRUE(optimized.has_value());
  EXPECT_LT(optimized->size(), module.size());
  EXPECT_EQ(Difference(Observe(module, {}), Observe(*optimized, {}), false), "");
}

TEST(Binaryen, RunsThePassesThatAreNamed) {
  const std::optional<Bytes> untouched = Optimize(Sum(), {0, 0, {"vacuum"}});
  const std::optional<Bytes> computed = Optimize(Sum(), {0, 0, {"precompute"}});
  ASSERT_TRUE(untouched.has_value() && computed.has_value());
  EXPECT_LT(computed->size(), untouched->size());
}

TEST(Binaryen, FailsAloneAndGoesOn) {
  EXPECT_FALSE(Optimize(Bytes{0, 'a', 's', 'm', 1, 0, 0, 0, 1, 99}, {}).has_value());
  EXPECT_TRUE(Optimize(Sum(), {}).has_value());
}

}  // namespace
}  // namespace sandbox::fuzz
