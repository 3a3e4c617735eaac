// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/features.h"

#include <set>
#include <string_view>

#include "gtest/gtest.h"
#include "sandbox/base/build_config.h"

namespace sandbox {
namespace {

TEST(FeaturesTest, EveryGroupHasTextsOfItsOwnAndAnEdition) {
  std::set<std::string_view> texts;
  for (size_t i = 0; i < kFeatureCount; ++i) {
    const Feature feature = static_cast<Feature>(i);
    EXPECT_FALSE(TextOf(feature).empty()) << i;
    EXPECT_TRUE(texts.insert(TextOf(feature)).second) << TextOf(feature);
    EXPECT_GE(EditionOf(feature), 1) << TextOf(feature);
    EXPECT_LE(EditionOf(feature), 3) << TextOf(feature);
  }
}

TEST(FeaturesTest, TheBuildDecidesAboutTheGroupsItCanLeaveOut) {
  EXPECT_TRUE(IsBuiltIn(Feature::kCore1));
  EXPECT_TRUE(IsBuiltIn(Feature::kMemory64));
  EXPECT_EQ(IsBuiltIn(Feature::kFloat), kFloats);
  EXPECT_EQ(IsBuiltIn(Feature::kSaturating), kFloats);
  EXPECT_EQ(IsBuiltIn(Feature::kVector), kVectors);
}

}  // namespace
}  // namespace sandbox
