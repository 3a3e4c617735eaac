// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The official test suite, in every tier and dispatch form, group by group.

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/spec/driver.h"

namespace sandbox::spec {
namespace {

// Groups whose tests must all pass, and groups of which parts are not built in: there, nothing may fail.
struct Group {
  const char* name;
  bool is_complete;
};
constexpr Group kGroups[] = {
    {"core", true},  {"bulk-memory", true},   {"multi-memory", true}, {"memory64", true},
    {"simd", false}, {"relaxed-simd", false}, {"exceptions", false},  {"gc", false},
};

// What complete groups need of others: throw and try_table; array.new_default and ref.eq.
const std::map<std::string, std::set<int>>& AllowedUnsupported() {
  static const std::map<std::string, std::set<int>> allowed = {
      {"core/instance", {15, 54, 55, 56, 57, 62, 101, 102, 103, 104, 128, 167, 168, 169, 170}},
      {"bulk-memory/table_init", {2272, 2286}},
      {"memory64/table_init64", {2457, 2471}},
  };
  return allowed;
}

enum class Mode { kTail, kLoop, kSliced, kFast, kFastLoop, kFastSliced };
constexpr const char* kModeNames[] = {"tail", "loop", "sliced", "fast", "fast_loop", "fast_sliced"};

bool IsLoop(Mode mode) { return mode == Mode::kLoop || mode == Mode::kFastLoop; }
bool IsFast(Mode mode) { return mode == Mode::kFast || mode == Mode::kFastLoop; }

RunOptions OptionsOf(Mode mode) {
  RunOptions options;
  options.world.tier = IsFast(mode) ? Tier::kFast : Tier::kInPlace;
  options.world.dispatch = IsLoop(mode) || !kTailDispatch ? Dispatch::kLoop : Dispatch::kTail;
  // Beside it the other dispatch form (or tier), with fuel in portions.
  options.compare = mode == Mode::kSliced || mode == Mode::kFastSliced;
  options.other_world.tier = mode == Mode::kFastSliced ? Tier::kFast : Tier::kInPlace;
  options.other_world.dispatch = mode == Mode::kFastSliced ? options.world.dispatch : Dispatch::kLoop;
  options.other_world.is_sliced = true;
  return options;
}

// Nothing failed and, when `is_complete`, nothing is unsupported but what is allowed to be.
void ExpectPassed(const FileReport& report, bool is_complete) {
  for (const CommandReport& command : report.commands) {
    const bool is_unsupported = is_complete && command.verdict == Verdict::kUnsupported;
    if (command.verdict != Verdict::kFailed && !is_unsupported) continue;
    const auto allowed = AllowedUnsupported().find(report.name);
    if (is_unsupported && allowed != AllowedUnsupported().end() && allowed->second.contains(command.line)) continue;
    ADD_FAILURE() << report.name << ":" << command.line << ": " << command.type
                  << (is_unsupported ? ": unsupported: " : ": ") << command.text;
  }
}

class SpecTest : public testing::TestWithParam<std::tuple<Group, Mode>> {};

TEST_P(SpecTest, Passes) {
  const auto& [group, mode] = GetParam();
  const auto folder = SuiteFolder();
  if (!folder) {
    GTEST_SKIP() << "SKIPPED: group " << group.name << " of the official test suite: SPEC_TESTS names no folder";
  }
  if ((IsFast(mode) || mode == Mode::kFastSliced) && !kFastTier) GTEST_SKIP() << "this build has no fast tier";
  if ((mode == Mode::kTail || mode == Mode::kFast) && !kTailDispatch) GTEST_SKIP() << "this build has no tail-call dispatch";
  Totals totals;
  std::vector<FileReport> reports;
  for (const ScriptFile& script : ScriptsOf(*folder, group.name)) {
    reports.push_back(RunScript(script.path, script.name, OptionsOf(mode)));
    const FileReport& report = reports.back();
    totals.Add(report);
    EXPECT_EQ(report.error, "") << script.name;
    ExpectPassed(report, group.is_complete);
  }
  for (const std::string& line : CheckCounts(*folder, group.name, reports)) ADD_FAILURE() << line;
  std::printf("%s, %s: %s", group.name, kModeNames[static_cast<size_t>(mode)], totals.ToText().c_str());
}

std::string NameOf(const testing::TestParamInfo<SpecTest::ParamType>& info) {
  std::string name = std::get<0>(info.param).name;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name + "_" + kModeNames[static_cast<size_t>(std::get<1>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(Suite, SpecTest,
                         testing::Combine(testing::ValuesIn(kGroups), testing::Values(Mode::kTail, Mode::kLoop, Mode::kFast, Mode::kFastLoop)),
                         NameOf);
// The strongest oracle, on the group with the most control flow.
INSTANTIATE_TEST_SUITE_P(Sliced, SpecTest,
                         testing::Combine(testing::Values(kGroups[0], kGroups[2]), testing::Values(Mode::kSliced, Mode::kFastSliced)),
                         NameOf);

}  // namespace
}  // namespace sandbox::spec
