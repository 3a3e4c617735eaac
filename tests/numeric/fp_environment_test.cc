// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/numeric/fp_environment.h"

#include "sandbox/base/build_config.h"

#if SANDBOX_FLOATS

#include <bit>
#include <cfenv>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "gtest/gtest.h"
#include "sandbox/numeric/float.h"

namespace sandbox::numeric {
namespace {

// Arithmetic that happens where it is written.
float Add(float a, float b) {
  volatile float x = a, y = b;
  volatile float sum = F32Add(x, y);
  return sum;
}
float Multiply(float a, float b) {
  volatile float x = a, y = b;
  volatile float product = F32Mul(x, y);
  return product;
}
float Nearest(float a) {
  volatile float x = a;
  volatile float nearest = F32Nearest(x);
  return nearest;
}

// The rounding mode that arithmetic shows. (fegetround reads that of the x87 unit on x86-64.)
int RoundingMode() {
  if (Add(1.0f, 0x1p-30f) > 1.0f) return FE_UPWARD;
  if (Add(-1.0f, -0x1p-30f) < -1.0f) return FE_DOWNWARD;
  return Add(1.0f, 0x1.8p-24f) > 1.0f ? FE_TONEAREST : FE_TOWARDZERO;
}

// Whatever a test does to the environment ends with it.
class FpEnvironmentTest : public testing::Test {
 protected:
  FpEnvironmentTest() { std::fegetenv(&saved_); }
  ~FpEnvironmentTest() override { std::fesetenv(&saved_); }

 private:
  std::fenv_t saved_;
};

TEST_F(FpEnvironmentTest, RoundingModeOfTheHostDoesNotReachTheGuest) {
  for (int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    std::fesetround(mode);
    {
      FpEnvironmentScope scope;
      EXPECT_EQ(RoundingMode(), FE_TONEAREST);
      EXPECT_EQ(Add(1.0f, 0x1p-30f), 1.0f);
      EXPECT_EQ(Add(-1.0f, 0x1p-30f), -1.0f);
      EXPECT_EQ(Nearest(2.5f), 2.0f);
      EXPECT_EQ(Nearest(1.5f), 2.0f);
    }
    EXPECT_EQ(RoundingMode(), mode);
  }
}

TEST_F(FpEnvironmentTest, ScopesNest) {
  std::fesetround(FE_UPWARD);
  {
    FpEnvironmentScope outer;
    std::fesetround(FE_DOWNWARD);  // a host function called from the guest
    {
      FpEnvironmentScope inner;
      EXPECT_EQ(RoundingMode(), FE_TONEAREST);
    }
    EXPECT_EQ(RoundingMode(), FE_DOWNWARD);
  }
  EXPECT_EQ(RoundingMode(), FE_UPWARD);
}

TEST_F(FpEnvironmentTest, StatusFlagsOfTheGuestDoNotReachTheHost) {
  std::feclearexcept(FE_ALL_EXCEPT);
  {
    FpEnvironmentScope scope;
    Add(1.0f, 0x1p-30f);  // inexact
  }
  EXPECT_EQ(std::fetestexcept(FE_ALL_EXCEPT), 0);
  std::feraiseexcept(FE_OVERFLOW);
  { FpEnvironmentScope scope; }
  EXPECT_TRUE(std::fetestexcept(FE_OVERFLOW));
}

// Flags alone are no reason to write the control register on the way in; on the way out they are put back all the same.
TEST_F(FpEnvironmentTest, FlagsOfTheHostAndOfTheGuestAreKeptApart) {
  std::feclearexcept(FE_ALL_EXCEPT);
  std::feraiseexcept(FE_OVERFLOW);
  const int of_the_host = std::fetestexcept(FE_ALL_EXCEPT);
  {
    FpEnvironmentScope scope;
    volatile float zero = 0.0f;
    volatile float nan = F32Div(zero, zero);  // invalid
    EXPECT_NE(std::bit_cast<uint32_t>(static_cast<float>(nan)) & 0x7f80'0000, 0u);
    EXPECT_EQ(RoundingMode(), FE_TONEAREST);
  }
  EXPECT_EQ(std::fetestexcept(FE_ALL_EXCEPT), of_the_host);
  EXPECT_FALSE(std::fetestexcept(FE_INVALID));
}

#if defined(__x86_64__)

constexpr uint32_t kFlushToZero = 0x8000;
constexpr uint32_t kDenormalsAreZero = 0x0040;
constexpr uint32_t kRoundTowardsZero = 0x6000;
constexpr uint32_t kStatusFlags = 0x003f;
constexpr uint32_t kDivideByZeroMask = 0x0200;
constexpr uint32_t kInvalidMask = 0x0080;
constexpr uint32_t kDefault = 0x1f80;

TEST_F(FpEnvironmentTest, SubnormalNumbersAreNotFlushed) {
  const uint32_t hostile = kDefault | kFlushToZero | kDenormalsAreZero | kRoundTowardsZero;
  _mm_setcsr(hostile);
  {
    FpEnvironmentScope scope;
    EXPECT_EQ(_mm_getcsr() & ~kStatusFlags, kDefault);
    EXPECT_EQ(std::bit_cast<uint32_t>(Multiply(0x1p-126f, 0.5f)), 0x0040'0000u);
    EXPECT_EQ(std::bit_cast<uint32_t>(Add(0x1p-149f, 0x1p-149f)), 2u);
  }
  EXPECT_EQ(_mm_getcsr(), hostile);
  // The host really has what the guest must not see.
  EXPECT_EQ(Multiply(0x1p-126f, 0.5f), 0.0f);
}

TEST_F(FpEnvironmentTest, TrapsOfTheHostAreMasked) {
  const uint32_t unmasked = kDefault & ~(kDivideByZeroMask | kInvalidMask);
  _mm_setcsr(unmasked);
  {
    FpEnvironmentScope scope;
    volatile float zero = 0.0f, one = 1.0f;
    volatile float infinite = F32Div(one, zero);
    volatile float nan = F32Div(zero, zero);
    EXPECT_GT(infinite, 1.0f);
    EXPECT_NE(std::bit_cast<uint32_t>(static_cast<float>(nan)) & 0x7f80'0000, 0u);
  }
  EXPECT_EQ(_mm_getcsr(), unmasked);
}

TEST_F(FpEnvironmentTest, EveryBitOfTheControlRegisterIsRestored) {
  for (uint32_t bit = 0; bit < 16; ++bit) {
    const uint32_t control = kDefault ^ 1u << bit;
    _mm_setcsr(control);
    {
      FpEnvironmentScope scope;
      EXPECT_EQ(_mm_getcsr() & ~kStatusFlags, kDefault) << bit;
    }
    EXPECT_EQ(_mm_getcsr(), control) << bit;
  }
}

// A call out of the guest: what it finds and leaves is the default environment, whatever it does.
TEST_F(FpEnvironmentTest, GuardEndsWhatACallChanges) {
  _mm_setcsr(kDefault | kFlushToZero);
  {
    FpEnvironmentScope scope;
    for (uint32_t bit = 0; bit < 16; ++bit) {
      {
        FpEnvironmentGuard guard;
        EXPECT_EQ(_mm_getcsr() & ~kStatusFlags, kDefault) << bit;
        _mm_setcsr(kDefault ^ 1u << bit);
      }
      EXPECT_EQ(_mm_getcsr() & ~kStatusFlags, kDefault) << bit;
    }
  }
  EXPECT_EQ(_mm_getcsr(), kDefault | kFlushToZero);
}

#endif  // __x86_64__

}  // namespace
}  // namespace sandbox::numeric

#endif  // SANDBOX_FLOATS
