// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/module/module_data.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"

namespace sandbox {
namespace {

using testing::Bytes;

class ModuleDataTest : public ::testing::Test {
 protected:
  // Makes the module's bytes and exports out of names.
  void SetExports(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      ExportRecord record;
      record.name = {static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(name.size())};
      record.index = static_cast<uint32_t>(module_.exports.size());
      bytes_.insert(bytes_.end(), name.begin(), name.end());
      ASSERT_TRUE(module_.exports.Push(record).has_value());
    }
    module_.bytes = bytes_;
  }
  void SetNameSection(const Bytes& payload) {
    bytes_ = payload;
    module_.bytes = bytes_;
    module_.name_section = {0, static_cast<uint32_t>(payload.size())};
  }

  Budget budget_{1 << 24};
  Bytes bytes_;
  ModuleData module_{budget_};
};

TEST_F(ModuleDataTest, FindsExportsByName) {
  std::vector<std::string> names = {"", "a", "memory", "a rather long name of an export, longer than a word"};
  for (int i = 0; i < 2000; ++i) names.push_back("f" + std::to_string(i));
  SetExports(names);
  ASSERT_TRUE(module_.IndexExports().has_value());
  for (size_t i = 0; i < names.size(); ++i) {
    const ExportRecord* found = module_.FindExport(names[i]);
    ASSERT_NE(found, nullptr) << names[i];
    EXPECT_EQ(found->index, i);
  }
  EXPECT_EQ(module_.FindExport("f2000"), nullptr);
  EXPECT_EQ(module_.FindExport("memor"), nullptr);
}

TEST_F(ModuleDataTest, NoExportsNothingFound) {
  ASSERT_TRUE(module_.IndexExports().has_value());
  EXPECT_EQ(module_.FindExport(""), nullptr);
}

TEST_F(ModuleDataTest, DuplicateExportsAreRefused) {
  SetExports({"a", "b", "a"});
  const auto indexed = module_.IndexExports();
  ASSERT_FALSE(indexed.has_value());
  EXPECT_EQ(indexed.error().code, ErrorCode::kDuplicateExport);
  EXPECT_EQ(indexed.error().offset, 2u);
}

TEST_F(ModuleDataTest, FunctionNames) {
  const Bytes names = testing::Join({{2}, {3}, testing::EncodeName("three"), {7}, testing::EncodeName("seven")});
  SetNameSection(testing::Join({testing::EncodeSection(0, testing::EncodeName("module")),
                                testing::EncodeSection(1, names), testing::EncodeSection(2, {0})}));
  EXPECT_EQ(module_.FunctionName(3), "three");
  EXPECT_EQ(module_.FunctionName(7), "seven");
  EXPECT_EQ(module_.FunctionName(4), "");
}

TEST_F(ModuleDataTest, BrokenNameSectionsGiveNoNames) {
  EXPECT_EQ(module_.FunctionName(0), "");
  const Bytes names = testing::Join({{1}, {0}, testing::EncodeName("zero")});
  const Bytes whole = testing::EncodeSection(1, names);
  for (size_t size = 0; size < whole.size(); ++size) {
    SetNameSection(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
    EXPECT_EQ(module_.FunctionName(0), "") << size;
  }
  SetNameSection(whole);
  EXPECT_EQ(module_.FunctionName(0), "zero");
  // A name that is longer than its subsection; numbers that never end.
  SetNameSection({1, 4, 1, 0, 200, 'a'});
  EXPECT_EQ(module_.FunctionName(0), "");
  SetNameSection(Bytes(20, 0xff));
  EXPECT_EQ(module_.FunctionName(0), "");
}

TEST_F(ModuleDataTest, DataSegmentsComeBackAsTheyWere) {
  std::vector<DataSegment> segments;
  for (uint32_t i = 0; i < 10; ++i) {
    DataSegment segment;
    segment.bytes = {100 * i + 50, i};
    if (i % 3 != 0) {
      segment.mode = SegmentMode::kActive;
      segment.offset = {{100 * i, 50}, i};
      segment.memory = i > 5 ? i : 0;
    }
    segments.push_back(segment);
    ASSERT_TRUE(module_.data.Push(segment).has_value());
  }
  ASSERT_EQ(module_.data.size(), segments.size());
  size_t i = 0;
  for (const DataSegment& segment : module_.data) {
    const DataSegment& expected = segments[i++];
    EXPECT_EQ(segment.mode, expected.mode);
    EXPECT_EQ(segment.memory, expected.memory);
    EXPECT_EQ(segment.bytes.begin, expected.bytes.begin);
    EXPECT_EQ(segment.bytes.size, expected.bytes.size);
    EXPECT_EQ(segment.offset.code.begin, expected.offset.code.begin);
    EXPECT_EQ(segment.offset.code.size, expected.offset.code.size);
    EXPECT_EQ(segment.offset.instructions, expected.offset.instructions);
  }
}

}  // namespace
}  // namespace sandbox
