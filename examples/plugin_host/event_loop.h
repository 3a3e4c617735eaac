// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The host's own life: a queue of things to do, one after the other, in one thread.
#ifndef EXAMPLES_PLUGIN_HOST_EVENT_LOOP_H_
#define EXAMPLES_PLUGIN_HOST_EVENT_LOOP_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

class EventLoop {
 public:
  void Post(std::function<void()> event) { events_.push_back(std::move(event)); }

  // Until nothing is left to do.
  void Run() {
    while (!events_.empty()) {
      const std::function<void()> event = std::move(events_.front());
      events_.pop_front();
      ++clock_ms_;
      event();
    }
  }

  // The clock that plugins see: a millisecond for each event, whatever the time really is. Runs can be repeated.
  int64_t clock_ms() const { return clock_ms_; }

 private:
  std::deque<std::function<void()>> events_;
  int64_t clock_ms_ = 0;
};

#endif  // EXAMPLES_PLUGIN_HOST_EVENT_LOOP_H_
