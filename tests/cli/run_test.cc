// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/run.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <regex>
#include <thread>

#include "gtest/gtest.h"
#include "sandbox/cli/exit_code.h"
#include "tests/cli/modules.h"
#include "tests/cli/support.h"

namespace sandbox::cli {
namespace {

using testing::RunModule;

TEST(RunTest, ResultsComeOneALine) {
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "add", "40", "2"}).out, "i32:42\n");
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "two", "5"}).out, "i64:5\ni32:-1\n");
}

TEST(RunTest, ReferencesComeByKind) {
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "func"}).out, "funcref\n");
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "null"}).out, "funcref:null\nexternref:null\n");
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "same", "7"}).out, "externref:7\n");
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "same", "null"}).out, "externref:null\n");
}

#if SANDBOX_FLOATS
TEST(RunTest, NansComeWithTheirPayload) {
  EXPECT_EQ(RunModule(testing::kFloatModule, {"--invoke", "nan32"}).out, "f32:-nan:0x123\n");
  EXPECT_EQ(RunModule(testing::kFloatModule, {"--invoke", "nan64"}).out, "f64:nan:0x4000000000001\n");
  EXPECT_EQ(RunModule(testing::kFloatModule, {"--invoke", "same32", "nan:0x1"}).out, "f32:nan:0x1\n");
  EXPECT_EQ(RunModule(testing::kFloatModule, {"--invoke", "same64", "--", "-nan:0x1"}).out, "f64:-nan:0x1\n");
}
#else
TEST(RunTest, FloatsAreNotBuiltIn) {
  const auto done = RunModule(testing::kFloatModule, {"--invoke", "nan32"});
  EXPECT_EQ(done.code, kExitRejected);
  EXPECT_NE(done.err.find("unsupported"), std::string::npos) << done.err;
}
#endif

TEST(RunTest, WithoutAName) {
  EXPECT_EQ(RunModule(testing::kAll, {}).out, "hello\n") << "_start";
  EXPECT_EQ(RunModule(testing::kRunOnly, {}).out, "i32:7\n") << "else run";
  const auto listed = RunModule(testing::kNeither, {});
  EXPECT_EQ(listed.code, kExitDone);
  EXPECT_EQ(listed.out, "exports: 1\n  other: func () -> ()\n") << "else a list";
}

TEST(RunTest, EachTierAndDispatchGivesTheSame) {
  for (const char* choice : {"--tier=inplace", "--tier=auto", "--dispatch=loop"}) {
    EXPECT_EQ(RunModule(testing::kAll, {choice, "--invoke", "add", "1", "2"}).out, "i32:3\n") << choice;
  }
  const auto tail = RunModule(testing::kAll, {"--dispatch=tail", "--invoke", "add", "1", "2"});
  EXPECT_EQ(tail.code, kTailDispatch ? kExitDone : kExitUsage);
}

TEST(RunTest, WhatIsNotBuiltInIsAUsageError) {
  if (kFastTier) GTEST_SKIP() << "this build has all tiers";
  const auto done = RunModule(testing::kAll, {"--tier=fast"});
  EXPECT_EQ(done.code, kExitUsage);
  EXPECT_EQ(done.err, "this build does not have that tier or dispatch\n");
}

TEST(RunTest, UnresolvedImportsAreRejected) {
  const auto done = RunModule(testing::kMissing, {});
  EXPECT_EQ(done.code, kExitRejected);
  EXPECT_NE(done.err.find("unknown import: env.missing: expected func (i32) -> ()"), std::string::npos) << done.err;
}

TEST(RunTest, NoSuchFunctionIsAUsageError) {
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "nothing"}).code, kExitUsage);
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "memory"}).code, kExitUsage);
}

TEST(RunTest, WrongArgumentsAreAUsageError) {
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "add", "1"}).code, kExitUsage);
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "add", "1", "2", "3"}).code, kExitUsage);
  const auto done = RunModule(testing::kAll, {"--invoke", "add", "1", "one"});
  EXPECT_EQ(done.code, kExitUsage);
  EXPECT_EQ(done.err, "add (i32, i32) -> (i32): argument 2 cannot be one\n");
}

TEST(RunTest, ATrapIsReported) {
  const auto done = RunModule(testing::kAll, {"--invoke", "trap"});
  EXPECT_EQ(done.code, kExitTrap);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "trap: unreachable in $inner (function 6) at offset 0x132\n");
}

TEST(RunTest, BacktraceNamesTheCallers) {
  const auto done = RunModule(testing::kAll, {"--invoke", "trap", "--backtrace"});
  EXPECT_EQ(done.err,
            "trap: unreachable in $inner (function 6) at offset 0x132\n"
            "#0 $inner (function 6) at offset 0x132\n"
            "#1 $outer (function 7) at offset 0x137\n");
}

TEST(RunTest, FuelStops) {
  // The memory's one page costs 1024 when it is made, its data segment 2, its element segment 2, expressions 6.
  const auto done = RunModule(testing::kAll, {"--invoke", "spin", "--fuel", "5000", "--time"});
  EXPECT_EQ(done.code, kExitStopped);
  EXPECT_TRUE(done.err.starts_with("out of fuel")) << done.err;
  EXPECT_TRUE(std::regex_match(done.out, std::regex("fuel: 39[0-9][0-9]\nseconds: [0-9.]+\n"))) << done.out;
}

TEST(RunTest, MaxMemoryLimitsGrowth) {
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "grow", "3"}).out, "i32:1\n");
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "grow", "3", "--max-memory=192K"}).out, "i32:-1\n");
  EXPECT_EQ(RunModule(testing::kAll, {"--invoke", "grow", "2", "--max-memory=192K"}).out, "i32:1\n");
  EXPECT_EQ(RunModule(testing::kAll, {"--max-memory=65535"}).code, kExitRejected);
}

TEST(RunTest, TimeIsInTheLastTwoLines) {
  const auto done = RunModule(testing::kAll, {"--invoke", "add", "1", "2", "--time"});
  EXPECT_TRUE(std::regex_match(done.out, std::regex("i32:3\nfuel: 4\nseconds: [0-9]+\\.[0-9]+\n"))) << done.out;
  // Whatever it is that the call costs, it is not what instantiation cost.
  const auto trapped = RunModule(testing::kAll, {"--invoke", "trap", "--time"});
  EXPECT_TRUE(std::regex_match(trapped.out, std::regex("fuel: 2\nseconds: [0-9.]+\n"))) << trapped.out;
}

TEST(RunTest, AStartFunctionIsMeteredAndMayTrap) {
  EXPECT_EQ(RunModule(testing::kStartLoop, {"--fuel", "100"}).code, kExitStopped);
  EXPECT_EQ(RunModule(testing::kStartTrap, {}).code, kExitTrap);
}

TEST(RunTest, ASignalInterrupts) {
  std::atomic<bool> is_over = false;
  // Sent again and again: the first ones may come before the store is there.
  const auto ignored = std::signal(SIGINT, SIG_IGN);
  const pthread_t guest_thread = pthread_self();
  std::thread sender([&] {
    while (!is_over) {
      pthread_kill(guest_thread, SIGINT);
      std::this_thread::yield();
    }
  });
  const auto done = RunModule(testing::kAll, {"--invoke", "spin"});
  is_over = true;
  sender.join();
  std::signal(SIGINT, ignored);
  EXPECT_EQ(done.code, kExitStopped);
  EXPECT_EQ(done.err, "interrupted\n");
}

}  // namespace
}  // namespace sandbox::cli
