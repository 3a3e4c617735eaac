// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A stop request from outside the thread that runs the guest.
#ifndef SANDBOX_BASE_INTERRUPT_H_
#define SANDBOX_BASE_INTERRUPT_H_

#include <atomic>

namespace sandbox {

// Set by any thread or signal handler; polled by the engine. Setting it twice is setting it once. It stays
// set (also when set before a run) until an interrupted run is resumed or somebody clears it.
class Interrupt {
 public:
  static_assert(std::atomic<bool>::is_always_lock_free, "must be usable in a signal handler");

  void Request() noexcept { requested_.store(true, std::memory_order_release); }
  void Clear() noexcept { requested_.store(false, std::memory_order_release); }
  bool IsRequested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace sandbox

#endif  // SANDBOX_BASE_INTERRUPT_H_
