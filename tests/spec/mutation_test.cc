// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A sample of random mutations of the official suite's modules: no crash (sanitizers look on), no difference between
// the dispatch forms. The whole is run by hand: //tests/spec:mutate.

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tests/spec/driver.h"
#include "tests/spec/mutate.h"

namespace sandbox::spec {
namespace {

constexpr uint32_t kSeed = 20260101;
constexpr size_t kMutationsPerModule = 2;

class MutationTest : public testing::TestWithParam<const char*> {};

TEST_P(MutationTest, NothingBreaks) {
  const auto folder = SuiteFolder();
  if (!folder) {
    GTEST_SKIP() << "SKIPPED: mutations of group " << GetParam() << ": SPEC_TESTS names no folder";
  }
  auto runner = MutantRunner::Create();
  ASSERT_TRUE(runner.has_value());
  MutationCounts counts;
  std::mt19937 random(kSeed);
  for (const ScriptFile& script : ScriptsOf(*folder, GetParam())) {
    const std::vector<ScriptModule> modules = ModulesOf(script.path);
    for (const ScriptModule& module : modules) {
      for (size_t i = 0; i < kMutationsPerModule; ++i) {
        const std::vector<uint8_t>& other = modules[random() % modules.size()].bytes;
        const std::vector<uint8_t> mutant = Mutate(module.bytes, other, random);
        runner->Run(mutant, kSeed, counts);
        for (const std::string& difference : counts.differences) {
          ADD_FAILURE() << script.name << ":" << module.line << ": " << difference;
        }
        counts.differences.clear();
      }
    }
  }
  std::printf("%s: %zu mutants, %zu valid, %zu instantiated, %zu calls\n", GetParam(), counts.loaded, counts.valid,
              counts.instantiated, counts.invoked);
  EXPECT_GT(counts.instantiated, 0u);
}

INSTANTIATE_TEST_SUITE_P(Suite, MutationTest,
                         testing::Values("core", "bulk-memory", "multi-memory", "memory64", "gc", "threads"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace sandbox::spec
