// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/tier.h (when functions are translated: Tier::kAuto waits until that is worth it)
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "sandbox/module/module_data.h"
#include "tests/fast/two_tiers.h"

namespace sandbox::testing {
namespace {

constexpr ValType kI32 = ValType::I32();

// f is long and does little, calling `leaf`; `loop` goes round as often as it is told.
ModuleBuilder LongAndShort() {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const uint32_t leaf = b.AddFunction(type, Code().LocalGet(0).I32Const(3).Op(Op::kI32Mul).End());
  Code rarely = Code().LocalGet(0).Op(Op::kI32Eqz).Begin(Op::kIf);
  for (int i = 0; i < 300; ++i) rarely.LocalGet(0).I32Const(i).Op(Op::kI32Xor).LocalSet(0);
  b.ExportFunction("f", b.AddFunction(type, Code(rarely).End().LocalGet(0).Call(leaf).End()));
  const Code round = Code().LocalGet(1).LocalGet(0).Call(leaf).Op(Op::kI32Add).LocalSet(1).LocalGet(0).I32Const(1)
                         .Op(Op::kI32Sub).Op(Op::kLocalTee, {0}).Op(Op::kBrIf, {0});
  b.ExportFunction("loop", b.AddFunction(type, Code(rarely).End().Begin(Op::kLoop).Raw(round).End().LocalGet(1).End(),
                                         {{1, kI32}}));
  return b;
}

struct Guest {
  explicit Guest(Tier tier)
      : module(*Module::Load(bytes)), store(*Store::Create(ConfigOf(tier))), instance(store.Instantiate(module)->instance) {}
  static Config ConfigOf(Tier tier) {
    Config config;
    config.tier = tier;
    config.fuel = 1'000'000'000;
    return config;
  }
  uint32_t Call(const char* name, uint32_t argument) {
    const Result<RunResult> run = store.Invoke(instance, name, {Value::I32(argument)});
    EXPECT_TRUE(run && run->is_done());
    return run->values()[0].u32();
  }
  bool IsTranslated(uint32_t number) const {
    const Translated* const translated = module.data()->translated.get();
    return translated != nullptr && translated->functions[number].body != nullptr;
  }

  Bytes bytes = LongAndShort().Build();
  Module module;
  Store store;
  InstanceId instance;
};

constexpr uint32_t kLeaf = 0;
constexpr uint32_t kLong = 1;
constexpr uint32_t kLoop = 2;

TEST(HeatTest, AtTheFirstCallIfToldSo) {
  if (!kFastTier) GTEST_SKIP();
  Guest guest(Tier::kFast);
  EXPECT_EQ(guest.Call("f", 5), 15u);
  EXPECT_TRUE(guest.IsTranslated(kLong));
  EXPECT_TRUE(guest.IsTranslated(kLeaf));
}

// A long function is entered often before it is translated, a short one seldom.
TEST(HeatTest, LongFunctionsLater) {
  if (!kFastTier) GTEST_SKIP();
  Guest guest(Tier::kAuto);
  const auto calls_until = [&](uint32_t number) {
    uint32_t calls = 0;
    for (; !guest.IsTranslated(number) && calls < 10'000; ++calls) EXPECT_EQ(guest.Call("f", 7), 21u);
    return calls;
  };
  const uint32_t leaf = calls_until(kLeaf);
  const uint32_t both = leaf + calls_until(kLong);
  EXPECT_LT(leaf, 10u);
  EXPECT_GT(both, 5 * leaf + 10);
  EXPECT_LT(both, 1000u);
  EXPECT_FALSE(guest.IsTranslated(kLoop));
  EXPECT_EQ(guest.Call("f", 7), 21u);
}

// One that is entered once goes on translated when it has run for some time.
TEST(HeatTest, LoopsWhileTheyRun) {
  if (!kFastTier) GTEST_SKIP();
  Guest guest(Tier::kAuto);
  guest.Call("loop", 3);
  EXPECT_FALSE(guest.IsTranslated(kLoop));
  Guest in_place(Tier::kInPlace);
  EXPECT_EQ(guest.Call("loop", 300'000), in_place.Call("loop", 300'000));
  EXPECT_TRUE(guest.IsTranslated(kLoop));
  in_place.Call("loop", 3);
  EXPECT_EQ(guest.store.fuel(), in_place.store.fuel());
}

// All at once means all.
TEST(HeatTest, NobodyWaitsForWhatIsTranslated) {
  if (!kFastTier) GTEST_SKIP();
  const Bytes bytes = LongAndShort().Build();
  LoadOptions options;
  options.translation = Translation::kEager;
  const Module module = *Module::Load(bytes, options);
  for (const uint32_t number : {kLeaf, kLong, kLoop}) {
    EXPECT_NE(module.data()->translated.get()->functions[number].body, nullptr) << number;
  }
}

}  // namespace
}  // namespace sandbox::testing
