// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/mutator/module_mutator.h"

#include <cstdio>
#include <random>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/wasm/editable_module.h"
#include "gtest/gtest.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {
namespace {

std::vector<uint8_t> SomeModule(std::mt19937_64& random) {
  std::vector<uint8_t> input(100 + random() % 500);
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  ByteSource source(input);
  GeneratorOptions options = GeneratorOptions::Everything();
  options.odd_encodings = false;
  return GenerateModule(source, options);
}

TEST(EditableModule, IsPutTogetherAsItWas) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    const std::vector<uint8_t> module = SomeModule(random);
    const std::optional<EditableModule> parts = TakeApart(module);
    ASSERT_TRUE(parts.has_value());
    for (const EditableSection& section : parts->sections) {
      EXPECT_EQ(section.has_entries, section.id != kCustomSection && section.id != kStartSection &&
                                         section.id != kDataCountSection)
          << int{section.id};
    }
    EXPECT_EQ(parts->Build(), module);
  }
}

// Changed modules are still made of sections and entries, a good part is valid, and they do differ.
TEST(ModuleMutator, KeepsModulesWellFormed) {
  std::mt19937_64 random(2);
  constexpr int kModules = 1000;
  int valid = 0;
  int malformed = 0;
  int changed = 0;
  for (int i = 0; i < kModules; ++i) {
    const std::vector<uint8_t> module = SomeModule(random);
    const std::vector<uint8_t> mutant = ModuleMutator(static_cast<uint32_t>(random())).Mutate(module);
    ASSERT_FALSE(mutant.empty());
    changed += mutant != module;
    const Result<Module> loaded = Module::Load(mutant);
    valid += loaded.has_value();
    malformed += !loaded && ClassOf(loaded.error().code) == ErrorClass::kMalformed;
  }
  std::printf("valid: %d of %d, malformed: %d\n", valid, kModules, malformed);
  EXPECT_GE(valid * 10, kModules);
  EXPECT_LE(malformed * 4, kModules);
  EXPECT_GE(changed * 10, kModules * 8);
}

TEST(ModuleMutator, CrossesModules) {
  std::mt19937_64 random(3);
  int changed = 0;
  for (int i = 0; i < 200; ++i) {
    const std::vector<uint8_t> a = SomeModule(random);
    const std::vector<uint8_t> crossed = ModuleMutator(static_cast<uint32_t>(i)).Cross(a, SomeModule(random));
    ASSERT_TRUE(TakeApart(crossed).has_value());
    changed += crossed != a;
  }
  EXPECT_GE(changed, 150);
}

// Of the other one a section may be taken that no version of WebAssembly knows.
TEST(ModuleMutator, CrossesWithUnknownSections) {
  std::mt19937_64 random(4);
  for (const uint8_t id : {14, 15, 200, 255}) {
    std::vector<uint8_t> unknown = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, id, 1, 42};
    const std::vector<uint8_t> module = SomeModule(random);
    const std::vector<uint8_t> crossed = ModuleMutator(1).Cross(module, unknown);
    const std::optional<EditableModule> parts = TakeApart(crossed);
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(parts->sections.back().id, id);
    EXPECT_EQ(crossed.size(), module.size() + 3);
    EXPECT_FALSE(ModuleMutator(1).Cross(crossed, module).empty());
  }
}

TEST(ModuleMutator, LeavesWhatIsNoModule) {
  EXPECT_TRUE(ModuleMutator(1).Mutate(std::vector<uint8_t>{1, 2, 3}).empty());
  EXPECT_TRUE(ModuleMutator(1).Cross(std::vector<uint8_t>{1, 2, 3}, std::vector<uint8_t>{}).empty());
}

}  // namespace
}  // namespace sandbox::fuzz
