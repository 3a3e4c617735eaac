// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/inspect.h"

#include "gtest/gtest.h"
#include "sandbox/cli/exit_code.h"
#include "tests/cli/modules.h"
#include "tests/cli/support.h"

namespace sandbox::cli {
namespace {

using testing::Do;
using testing::WriteFile;

TEST(ValidateTest, SaysItOfEachFile) {
  const std::string good = WriteFile("good.wasm", testing::kAll);
  const std::string bad = WriteFile("bad.wasm", std::span(testing::kAll).first(100));
  const auto done = Do(Validate, {"validate", good, bad, good});
  EXPECT_EQ(done.code, kExitRejected);
  EXPECT_EQ(done.out, good + ": valid\n" + good + ": valid\n");
  EXPECT_TRUE(done.err.starts_with(bad + ": malformed: ")) << done.err;
}

TEST(ValidateTest, ReturnsTheGreatestCode) {
  const std::string good = WriteFile("good.wasm", testing::kAll);
  EXPECT_EQ(Do(Validate, {"validate", good}).code, kExitDone);
  EXPECT_EQ(Do(Validate, {"validate", "/nonexistent", good}).code, kExitUsage);
}

TEST(InspectTest, ListsWhatAModuleHasAndNeeds) {
  const auto done = Do(Inspect, {"inspect", WriteFile("inspect.wasm", testing::kAll)});
  EXPECT_EQ(done.code, kExitDone);
  EXPECT_EQ(done.err, "");
  for (const char* line : {
           "imports: 3\n",
           "  env.print: func (i32, i32) -> ()\n",
           "  env.clock: func () -> (i64)\n",
           "exports: 15\n",
           "  memory: memory 1..4\n",
           "  table: table 1.. funcref\n",
           "  answer: global i32\n",
           "  two: func (i64) -> (i64, i32)\n",
           "limits needed:\n",
           "  module_bytes: 501\n",
           "  functions: 16\n",
           "  memory_bytes: 65536\n",
           "  table_elements: 1\n",
           "sizes:\n",
           " bytes in 13 functions\n",
           "  side table: 4 bytes\n",
           "  RAM: ",
       }) {
    EXPECT_NE(done.out.find(line), std::string::npos) << line << "is not in\n" << done.out;
  }
  EXPECT_EQ(done.out.find("\nstart:"), std::string::npos);
}

TEST(InspectTest, NamesTheStartFunction) {
  const auto done = Do(Inspect, {"inspect", WriteFile("start.wasm", testing::kStartLoop)});
  EXPECT_NE(done.out.find("start: function 0\n"), std::string::npos) << done.out;
}

TEST(InspectTest, RejectsWhatIsNoModule) {
  EXPECT_EQ(Do(Inspect, {"inspect", WriteFile("none.wasm", {})}).code, kExitRejected);
}

}  // namespace
}  // namespace sandbox::cli
