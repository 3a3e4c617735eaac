// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/broken_module.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "fuzz/gen/module_generator.h"
#include "gtest/gtest.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {
namespace {

std::vector<uint8_t> RandomInput(std::mt19937_64& random) {
  std::vector<uint8_t> input(200 + random() % 600);
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  return input;
}

// Each rule is broken in many modules, and said to be broken in each.
TEST(BrokenModule, EveryRuleIsEnforced) {
  std::mt19937_64 random(3);
  std::vector<uint32_t> broken(BrokenRuleCount());
  for (uint32_t round = 0; round < 60; ++round) {
    const std::vector<uint8_t> input = RandomInput(random);
    ByteSource source(input);
    const std::vector<uint8_t> valid = GenerateModule(source, GeneratorOptions::Everything());
    for (size_t rule = 0; rule < broken.size(); ++rule) {
      const std::vector<uint8_t> more = RandomInput(random);
      ByteSource choices(more);
      const BrokenModule result = BreakRule(rule, choices, valid);
      if (result.rule.empty()) continue;
      ++broken[rule];
      const Result<Module> module = Module::Load(result.bytes);
      ASSERT_FALSE(module.has_value()) << result.rule;
      EXPECT_NE(std::ranges::find(result.expected, module.error().code), result.expected.end())
          << result.rule << ": " << TextOf(module.error().code);
    }
  }
  for (size_t rule = 0; rule < broken.size(); ++rule) EXPECT_GE(broken[rule], 3u) << BrokenRuleName(rule);
}

TEST(BrokenModule, ChoosesByTheSource) {
  std::mt19937_64 random(4);
  std::vector<std::string_view> seen;
  for (uint32_t round = 0; round < 100; ++round) {
    const std::vector<uint8_t> input = RandomInput(random);
    ByteSource source(input);
    const std::vector<uint8_t> valid = GenerateModule(source, {});
    const std::vector<uint8_t> more = RandomInput(random);
    ByteSource choices(more);
    const BrokenModule result = BreakOneRule(choices, valid, {});
    ASSERT_FALSE(result.rule.empty());
    EXPECT_FALSE(Module::Load(result.bytes).has_value()) << result.rule;
    if (std::ranges::find(seen, result.rule) == seen.end()) seen.push_back(result.rule);
  }
  EXPECT_GE(seen.size(), 40u);
}

}  // namespace
}  // namespace sandbox::fuzz
