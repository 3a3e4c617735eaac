// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/options.h"

#include <sstream>

#include "gtest/gtest.h"
#include "sandbox/cli/exit_code.h"

namespace sandbox::cli {
namespace {

using Words = std::vector<std::string>;

std::expected<Options, int> Parse(const Words& words) {
  std::ostringstream out, err;
  return ParseOptions(words, out, err);
}

TEST(OptionsTest, RunTakesOptionsAnywhere) {
  const auto options = Parse({"run", "--fuel", "5", "a.wasm", "--invoke=f", "1", "-2", "--tier=inplace", "3",
                              "--dispatch=loop", "--time", "--backtrace", "--max-memory", "64K"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, Command::kRun);
  EXPECT_EQ(options->files, Words{"a.wasm"});
  EXPECT_EQ(options->invoke, "f");
  EXPECT_EQ(options->arguments, (Words{"1", "-2", "3"}));
  EXPECT_EQ(options->tier, Tier::kInPlace);
  EXPECT_EQ(options->dispatch, Dispatch::kLoop);
  EXPECT_EQ(options->fuel, 5u);
  EXPECT_EQ(options->max_memory_bytes, 65536u);
  EXPECT_TRUE(options->time);
  EXPECT_TRUE(options->backtrace);
}

TEST(OptionsTest, RunHasDefaults) {
  const auto options = Parse({"run", "a.wasm"});
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->invoke);
  EXPECT_EQ(options->tier, Tier::kAuto);
  EXPECT_EQ(options->dispatch, Dispatch::kDefault);
  EXPECT_FALSE(options->fuel);
  EXPECT_FALSE(options->max_memory_bytes);
  EXPECT_FALSE(options->time);
  EXPECT_FALSE(options->backtrace);
}

TEST(OptionsTest, WordsAfterTwoDashesAreArguments) {
  const auto options = Parse({"run", "a.wasm", "--", "-inf", "--time", "run"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->arguments, (Words{"-inf", "--time", "run"}));
  EXPECT_FALSE(options->time);
}

TEST(OptionsTest, FilesMayBeNamedLikeCommands) {
  const auto options = Parse({"validate", "run", "validate"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, Command::kValidate);
  EXPECT_EQ(options->files, (Words{"run", "validate"}));
}

TEST(OptionsTest, Inspect) {
  const auto options = Parse({"inspect", "a.wasm"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, Command::kInspect);
  EXPECT_EQ(options->files, Words{"a.wasm"});
}

TEST(OptionsTest, WhatIsWrongIsAUsageError) {
  const std::vector<Words> wrong = {
      {},
      {"frobnicate"},
      {"run"},
      {"run", "a.wasm", "--fuel"},
      {"run", "a.wasm", "--fuel", "many"},
      {"run", "a.wasm", "--fuel", "-1"},
      {"run", "a.wasm", "--tier=slow"},
      {"run", "a.wasm", "--dispatch=goto"},
      {"run", "a.wasm", "--max-memory", "1Q"},
      {"run", "a.wasm", "--unknown"},
      {"validate"},
      {"inspect"},
      {"inspect", "a.wasm", "b.wasm"},
  };
  for (const Words& words : wrong) {
    std::ostringstream out, err;
    const auto options = ParseOptions(words, out, err);
    ASSERT_FALSE(options) << ::testing::PrintToString(words);
    EXPECT_EQ(options.error(), kExitUsage);
    EXPECT_EQ(out.str(), "");
    EXPECT_NE(err.str(), "");
  }
}

TEST(OptionsTest, HelpAndVersionSucceed) {
  std::ostringstream out, err;
  EXPECT_EQ(ParseOptions(Words{"run", "--help"}, out, err).error(), kExitDone);
  EXPECT_NE(out.str().find("print_i32"), std::string::npos) << "lists what can be imported";
  out.str("");
  EXPECT_EQ(ParseOptions(Words{"--version"}, out, err).error(), kExitDone);
  EXPECT_EQ(out.str(), SANDBOX_VERSION "\n");
  EXPECT_EQ(err.str(), "");
}

}  // namespace
}  // namespace sandbox::cli
