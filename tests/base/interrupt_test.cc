// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/interrupt.h"

#include <thread>

#include "gtest/gtest.h"

namespace sandbox {
namespace {

TEST(InterruptTest, StaysUntilCleared) {
  Interrupt interrupt;
  EXPECT_FALSE(interrupt.IsRequested());
  interrupt.Request();
  interrupt.Request();
  EXPECT_TRUE(interrupt.IsRequested());
  interrupt.Clear();
  EXPECT_FALSE(interrupt.IsRequested());
}

TEST(InterruptTest, ReachesAnotherThread) {
  Interrupt interrupt;
  std::thread other([&] { interrupt.Request(); });
  while (!interrupt.IsRequested()) std::this_thread::yield();
  other.join();
}

}  // namespace
}  // namespace sandbox
