// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A deadline that another thread watches.
#ifndef EXAMPLES_PLUGIN_HOST_WATCHDOG_H_
#define EXAMPLES_PLUGIN_HOST_WATCHDOG_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "sandbox/sandbox.h"

// Interrupts a store's guest once, when the time is over, unless it is destroyed before.
class Watchdog {
 public:
  // interrupt: outlives the watchdog.
  Watchdog(sandbox::Interrupt* interrupt, std::chrono::milliseconds deadline)
      : thread_([this, interrupt, deadline] {
          std::unique_lock lock(mutex_);
          if (!is_over_.wait_for(lock, deadline, [this] { return is_cancelled_; })) interrupt->Request();
        }) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_cancelled_ = true;
    }
    is_over_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable is_over_;
  bool is_cancelled_ = false;
  std::thread thread_;  // the last member: it uses the others
};

#endif  // EXAMPLES_PLUGIN_HOST_WATCHDOG_H_
