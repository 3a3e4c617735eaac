// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Loading takes time linear in the module's size, whatever the module.
// Tests: all of sandbox/valid/.

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "tests/lib/cpu_time.h"
#include "tests/valid/hurtful_modules.h"
#include "tests/valid/loaded.h"

namespace sandbox {
namespace {

using testing::Bytes;
using testing::CpuSeconds;
using testing::HurtfulModule;
using testing::HurtfulModules;
using testing::Loaded;

constexpr size_t kSmall = 64 << 10;
constexpr size_t kLarge = 8 * kSmall;

double SecondsPerByte(const HurtfulModule& hurtful, const Bytes& bytes) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    Budget budget(uint64_t{1} << 32);
    ModuleData module(budget);
    const double start = CpuSeconds();
    EXPECT_TRUE(LoadModule(bytes, hurtful.limits, module).has_value());
    best = std::min(best, CpuSeconds() - start);
  }
  return best / static_cast<double>(bytes.size());
}

TEST(LinearTest, EveryHurtfulModuleIsValidAndOfItsSize) {
  for (const HurtfulModule& hurtful : HurtfulModules()) {
    SCOPED_TRACE(hurtful.name);
    const Bytes bytes = hurtful.make(kSmall);
    EXPECT_GT(bytes.size(), kSmall / 2);
    EXPECT_LT(bytes.size(), kSmall * 3);
    EXPECT_EQ(Loaded(bytes, hurtful.limits).text(), "");
  }
}

TEST(LinearTest, AMillionLocalsAreRefusedByDefault) {
  for (const HurtfulModule& hurtful : HurtfulModules()) {
    if (hurtful.name != "a million locals") continue;
    EXPECT_EQ(Loaded(hurtful.make(1000)).code(), ErrorCode::kLimitExceeded);
  }
}

// Eight times the bytes cost eight times as much for each byte if something is quadratic. The bound is wide because
// times are noisy, and a ratio beyond it is measured again.
TEST(LinearTest, CostPerByteDoesNotGrow) {
  for (const HurtfulModule& hurtful : HurtfulModules()) {
    SCOPED_TRACE(hurtful.name);
    const Bytes small = hurtful.make(kSmall);
    const Bytes large = hurtful.make(kLarge);
    double ratio = 0;
    for (int attempt = 0; attempt < 5; ++attempt) {
      ratio = SecondsPerByte(hurtful, large) / SecondsPerByte(hurtful, small);
      if (ratio < 3) break;
    }
    EXPECT_LT(ratio, 3);
  }
}

}  // namespace
}  // namespace sandbox
