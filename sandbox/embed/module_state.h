// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the copies of a Module share.
#ifndef SANDBOX_EMBED_MODULE_STATE_H_
#define SANDBOX_EMBED_MODULE_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sandbox/base/budget.h"
#include "sandbox/base/vec.h"
#include "sandbox/module/module_data.h"

namespace sandbox {

// Made with one holder. Changed by its loader only, before anybody else sees it.
class ModuleState {
 public:
  ModuleState(uint64_t load_bytes, Allocator* from) noexcept
      : budget(load_bytes, from), copy(budget), data(budget), allocator_(from) {}
  ModuleState(const ModuleState&) = delete;
  ModuleState& operator=(const ModuleState&) = delete;

  void Hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
  // The last one ends it.
  void Drop() noexcept;

  Budget budget;
  uint64_t loaded_bytes = 0;  // of it, when loading was done: translation goes on charging, in any thread
  Vec<uint8_t> copy;  // of the bytes, when the module owns them
  ModuleData data;

 private:
  Allocator* allocator_;
  std::atomic<size_t> holders_{1};  // each holder takes room: it cannot overflow
};

}  // namespace sandbox

#endif  // SANDBOX_EMBED_MODULE_STATE_H_
