// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/child_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <vector>

namespace sandbox::fuzz {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr int kLong = 20'000;

// Answers with the question turned round; dies, ends or hangs when asked to.
Bytes Answer(std::span<const uint8_t> question) {
  const char first = question.empty() ? ' ' : static_cast<char>(question[0]);
  if (first == 'a') raise(SIGKILL);
  if (first == 'e') _exit(3);
  while (first == 'h') pause();
  return {question.rbegin(), question.rend()};
}

TEST(ChildProcess, Answers) {
  ChildProcess child(&Answer);
  EXPECT_EQ(child.Ask(Bytes{1, 2, 3}, kLong), (Bytes{3, 2, 1}));
  EXPECT_EQ(child.Ask(Bytes{}, kLong), Bytes{});
  // More than a channel holds.
  Bytes large(3'000'000, 7);
  large.back() = 9;
  const std::optional<Bytes> answer = child.Ask(large, kLong);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->size(), large.size());
  EXPECT_EQ(answer->front(), 9);
  EXPECT_EQ(child.failures(), 0u);
}

TEST(ChildProcess, IsStartedAnewAfterItsDeath) {
  ChildProcess child(&Answer);
  EXPECT_FALSE(child.Ask(Bytes{'a'}, kLong).has_value());
  EXPECT_NE(child.failure(), "");
  EXPECT_EQ(child.Ask(Bytes{1, 2}, kLong), (Bytes{2, 1}));
  EXPECT_FALSE(child.Ask(Bytes{'e'}, kLong).has_value());
  EXPECT_EQ(child.Ask(Bytes{1, 2}, kLong), (Bytes{2, 1}));
  EXPECT_EQ(child.failures(), 2u);
}

TEST(ChildProcess, IsKilledWhenItHangs) {
  ChildProcess child(&Answer);
  EXPECT_FALSE(child.Ask(Bytes{'h'}, 20).has_value());
  EXPECT_EQ(child.failure(), "no answer in time");
  EXPECT_EQ(child.Ask(Bytes{1, 2}, kLong), (Bytes{2, 1}));
}

TEST(ChildProcess, RunsAProgram) {
  // It echoes what it gets: the length, too.
  ChildProcess child(std::vector<std::string>{"sh", "-c", "exec cat <&3 >&3"});
  EXPECT_EQ(child.Ask(Bytes{5, 6}, kLong), (Bytes{5, 6}));
}

TEST(ChildProcess, SaysThatAProgramIsNotThere) {
  ChildProcess child(std::vector<std::string>{"/no/such/program"});
  EXPECT_FALSE(child.Ask(Bytes{1}, kLong).has_value());
  EXPECT_NE(child.failure(), "");
}

}  // namespace
}  // namespace sandbox::fuzz
