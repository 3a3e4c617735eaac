// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/neighbour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "sandbox/module/module_data.h"

namespace sandbox::fuzz {
namespace {

// Whether a function of one begins where a function of the other does.
bool HaveCommonOffset(const ModuleData& a, const ModuleData& b) {
  return std::ranges::any_of(a.functions, [&](const FunctionRecord& one) {
    return std::ranges::any_of(b.functions,
                               [&](const FunctionRecord& other) { return one.code_begin == other.code_begin; });
  });
}

// An engine that takes a place in one module for one in the other is found out where there is code at both.
TEST(Neighbour, OftenFunctionsBeginAtTheSameOffset) {
  constexpr int kPairs = 200;
  std::mt19937 random(1);
  int common = 0;
  for (int i = 0; i < kPairs; ++i) {
    std::vector<uint8_t> bytes(1000);
    std::ranges::generate(bytes, [&] { return static_cast<uint8_t>(random()); });
    ByteSource source(bytes);
    const Neighbours made = GenerateNeighbours(source, GeneratorOptions::Deterministic(), true);
    const Result<Module> neighbour = Module::Load(made.neighbour);
    const Result<Module> module = Module::Load(made.module);
    ASSERT_TRUE(neighbour.has_value() && module.has_value());
    common += HaveCommonOffset(*neighbour->data(), *module->data()) ? 1 : 0;
  }
  EXPECT_GE(common, kPairs * 4 / 10);
}

}  // namespace
}  // namespace sandbox::fuzz
