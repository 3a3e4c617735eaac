// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// How handles find their store, and notice that it is gone.
#ifndef SANDBOX_EMBED_STORE_REF_H_
#define SANDBOX_EMBED_STORE_REF_H_

#include <bit>
#include <cstdint>
#include <utility>

#include "sandbox/base/budget.h"

namespace sandbox {

class StoreState;

// One for each store; stays until the store and its last handle are gone.
struct StoreAnchor {
  StoreState* store;
  Allocator* allocator;
  uint64_t holders;
};

// A counted pointer to an anchor. Not atomic: a store and its handles belong to one thread at a time.
class StoreRef {
 public:
  StoreRef() = default;
  explicit StoreRef(StoreAnchor* anchor) noexcept : anchor_(anchor) { Hold(); }
  StoreRef(const StoreRef& other) noexcept : anchor_(other.anchor_) { Hold(); }
  StoreRef(StoreRef&& other) noexcept : anchor_(std::exchange(other.anchor_, nullptr)) {}
  StoreRef& operator=(StoreRef other) noexcept {
    std::swap(anchor_, other.anchor_);
    return *this;
  }
  ~StoreRef() {
    if (anchor_ != nullptr && --anchor_->holders == 0) FreeAnchor(anchor_);
  }

  // The store, or null once it is gone.
  StoreState* get() const { return anchor_ == nullptr ? nullptr : anchor_->store; }
  StoreAnchor* anchor() const { return anchor_; }
  // Tells apart the stores that are alive at the same time.
  uint64_t key() const { return std::bit_cast<uintptr_t>(anchor_); }

 private:
  void Hold() const {
    if (anchor_ != nullptr) ++anchor_->holders;
  }
  static void FreeAnchor(StoreAnchor* anchor) noexcept;

  StoreAnchor* anchor_ = nullptr;
};

}  // namespace sandbox

#endif  // SANDBOX_EMBED_STORE_REF_H_
