// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/module_file.h"

#include <sstream>

#include "gtest/gtest.h"
#include "sandbox/cli/exit_code.h"
#include "tests/cli/modules.h"
#include "tests/cli/support.h"

namespace sandbox::cli {
namespace {

TEST(ModuleFileTest, Loads) {
  std::ostringstream err;
  const auto file = LoadFile(testing::WriteFile("module_file.wasm", testing::kRunOnly), err);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->module.export_count(), 1u);
  EXPECT_EQ(file->module.bytes().data(), file->bytes.data());
  EXPECT_EQ(err.str(), "");
}

TEST(ModuleFileTest, AFileThatIsNotThereIsAUsageError) {
  std::ostringstream err;
  EXPECT_EQ(LoadFile("/nonexistent/file.wasm", err).error(), kExitUsage);
  EXPECT_EQ(err.str(), "/nonexistent/file.wasm: cannot be read\n");
}

TEST(ModuleFileTest, WhatIsNoModuleIsRejected) {
  std::ostringstream err;
  const std::string path = testing::WriteFile("cut.wasm", std::span(testing::kRunOnly).first(20));
  EXPECT_EQ(LoadFile(path, err).error(), kExitRejected);
  EXPECT_TRUE(err.str().starts_with(path + ": malformed: ")) << err.str();
  EXPECT_EQ(LoadFile(testing::WriteFile("empty.wasm", {}), err).error(), kExitRejected);
}

}  // namespace
}  // namespace sandbox::cli
