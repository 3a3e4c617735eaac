// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Each kernel, briefly, in every tier and dispatch form: the checksums are those of native code, and the fuel is the
// same.

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "sandbox/base/build_config.h"
#include "sandbox/sandbox.h"

namespace sandbox {
namespace {

constexpr uint32_t kLargestCount = 2;  // of the checksums that are tried
const std::string kFolder = "bench/kernels/";

struct Expectation {
  std::string kernel;
  uint32_t n = 0;
  uint32_t checksum = 0;
  friend void PrintTo(const Expectation& e, std::ostream* out) { *out << e.kernel << "(" << e.n << ")"; }
};

std::vector<Expectation> ReadExpectations() {
  std::ifstream file(kFolder + "checksums.txt");
  std::vector<Expectation> all;
  for (Expectation e; file >> e.kernel >> e.n >> e.checksum;) {
    if (e.n <= kLargestCount) all.push_back(e);
  }
  return all;
}

struct Form {
  Tier tier;
  Dispatch dispatch;
};

std::vector<Form> Forms() {
  std::vector<Form> forms = {{Tier::kInPlace, Dispatch::kLoop}};
  if (kTailDispatch) forms.push_back({Tier::kInPlace, Dispatch::kTail});
  if (kFastTier) forms.push_back({Tier::kFast, Dispatch::kLoop});
  if (kFastTier && kTailDispatch) forms.push_back({Tier::kFast, Dispatch::kTail});
  return forms;
}

class KernelsTest : public ::testing::TestWithParam<Expectation> {
 protected:
  // The checksum; `fuel` is what it cost.
  static uint32_t Run(const Module& module, const Form& form, uint32_t n, uint64_t& fuel) {
    Config config;
    config.tier = form.tier;
    config.dispatch = form.dispatch;
    config.fuel = uint64_t{1} << 40;
    Store store = Store::Create(config).value();
    const InstanceId instance = store.Instantiate(module).value().instance;
    const RunResult result = store.Invoke(instance, "run", {Value::I32(n)}).value();
    EXPECT_TRUE(result.is_done());
    fuel = config.fuel - store.fuel();
    return result.is_done() ? result.values()[0].u32() : 0;
  }
};

TEST_P(KernelsTest, GivesTheChecksumOfNativeCodeInEveryForm) {
  const Expectation& expected = GetParam();
  std::ifstream file(kFolder + expected.kernel + ".wasm", std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Result<Module> module = Module::Load(bytes);
  if (!kFloats && !module && ClassOf(module.error().code) == ErrorClass::kUnsupported) GTEST_SKIP() << "floats";
  ASSERT_TRUE(module.has_value());
  std::optional<uint64_t> first_fuel;
  for (const Form& form : Forms()) {
    uint64_t fuel = 0;
    EXPECT_EQ(Run(*module, form, expected.n, fuel), expected.checksum) << static_cast<int>(form.tier);
    EXPECT_EQ(fuel, first_fuel.value_or(fuel));
    first_fuel = fuel;
  }
}

INSTANTIATE_TEST_SUITE_P(All, KernelsTest, ::testing::ValuesIn(ReadExpectations()),
                         [](const auto& info) { return info.param.kernel + "_" + std::to_string(info.param.n); });

TEST(Kernels, AreThere) { EXPECT_EQ(ReadExpectations().size(), 12u * kLargestCount); }

}  // namespace
}  // namespace sandbox
