// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/env.h"

#include "gtest/gtest.h"
#include "sandbox/cli/exit_code.h"
#include "tests/cli/modules.h"
#include "tests/cli/support.h"

namespace sandbox::cli {
namespace {

using testing::RunModule;

TEST(EnvTest, PrintWritesBytes) {
  const auto done = RunModule(testing::kAll, {});
  EXPECT_EQ(done.code, kExitDone);
  EXPECT_EQ(done.out, "hello\n");
}

TEST(EnvTest, PrintOutsideOfMemoryTraps) {
  const auto done = RunModule(testing::kAll, {"--invoke", "print_outside"});
  EXPECT_EQ(done.code, kExitTrap);
  EXPECT_EQ(done.out, "");
  EXPECT_NE(done.err.find("out of bounds memory access"), std::string::npos) << done.err;
}

TEST(EnvTest, PrintWritesNumbersAsResultsAre) {
  const auto done = RunModule(testing::kAll, {"--invoke", "print_i64", "-5"});
  EXPECT_EQ(done.code, kExitDone);
  EXPECT_EQ(done.out, "i64:-5\n");
}

TEST(EnvTest, ClockDoesNotGoBack) {
  const auto done = RunModule(testing::kAll, {"--invoke", "time"});
  EXPECT_EQ(done.out, "i32:1\n");
}

}  // namespace
}  // namespace sandbox::cli
