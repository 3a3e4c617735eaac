// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/register_code.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "sandbox/base/budget.h"
#include "sandbox/module/module_data.h"
#include "sandbox/valid/load.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::Code;

// The oracle knows where all distances of a branch table are. When it did not (entries had become longer) it wrote into
// what lies between them and behind the code.
TEST(RegisterCodeOracle, TablesOfAnyLength) {
  const Code codes[] = {
      Code().Begin(Op::kLoop).LocalGet(0).BrTable({}, 0).End(),
      Code().Begin(Op::kLoop).Begin(Op::kBlock).LocalGet(0).I32Const(7).Op(Op::kI32DivU).BrTable({0, 0, 1}, 0).End().End(),
      Code().Begin(Op::kLoop).Begin(Op::kBlock).LocalGet(0).BrTable({1, 0, 1, 0, 0}, 1).End().End(),
  };
  for (Code code : codes) {
    testing::ModuleBuilder builder;
    builder.AddFunction(builder.AddType({ValType::I32()}, {}), code.End().bytes());
    const Bytes bytes = builder.Build();
    Budget budget(uint64_t{1} << 20);
    ModuleData module(budget);
    ASSERT_TRUE(LoadModule(bytes, ImplementationLimits{}, module).has_value());
    for (uint32_t choice = 0; choice < 4096; ++choice) ASSERT_EQ(VerifierDifference(module, choice), "") << choice;
  }
}

}  // namespace
}  // namespace sandbox::fuzz
