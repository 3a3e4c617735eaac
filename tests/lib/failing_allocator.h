// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// An allocator for tests: refuses on demand, watches every block, and hands out memory that is visibly not zeroed.
#ifndef TESTS_LIB_FAILING_ALLOCATOR_H_
#define TESTS_LIB_FAILING_ALLOCATOR_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <new>

#include "gtest/gtest.h"
#include "sandbox/base/budget.h"

namespace sandbox::testing {

class FailingAllocator final : public Allocator {
 public:
  static constexpr uint64_t kNever = ~uint64_t{0};

  // Blocks that are still alive, and ends that do not fit their beginnings, fail the test.
  ~FailingAllocator() { EXPECT_EQ(live_blocks(), 0u) << "leaked " << live_bytes_ << " bytes"; }

  // The n-th allocation from now on, counted from 0, is refused, and with `and_all_later` all after it.
  void FailAt(uint64_t n, bool and_all_later = false) {
    fail_at_ = n == kNever ? kNever : allocations_ + n;
    and_all_later_ = and_all_later;
    has_failed_ = false;
  }
  void FailNever() { fail_at_ = kNever; }

  // Whether an allocation was refused since the last FailAt.
  bool has_failed() const { return has_failed_; }
  // Attempts, the refused ones included.
  uint64_t allocations() const { return allocations_; }
  size_t live_blocks() const { return blocks_.size(); }
  uint64_t live_bytes() const { return live_bytes_; }

  void* Allocate(size_t size_bytes, size_t alignment) noexcept override {
    const uint64_t number = allocations_++;
    if (number == fail_at_ || (and_all_later_ && number > fail_at_)) {
      has_failed_ = true;
      return nullptr;
    }
    void* block = ::operator new(size_bytes, std::align_val_t{alignment}, std::nothrow);
    if (block == nullptr) return nullptr;
    std::memset(block, 0xa5, size_bytes);
    blocks_[block] = {size_bytes, alignment};
    live_bytes_ += size_bytes;
    return block;
  }

  void Free(void* block, size_t size_bytes, size_t alignment) noexcept override {
    const auto found = blocks_.find(block);
    if (found == blocks_.end()) {
      ADD_FAILURE() << "freed a block that is not alive";
      return;
    }
    EXPECT_EQ(found->second.size_bytes, size_bytes);
    EXPECT_EQ(found->second.alignment, alignment);
    live_bytes_ -= found->second.size_bytes;
    std::memset(block, 0x5a, found->second.size_bytes);
    ::operator delete(block, std::align_val_t{found->second.alignment}, std::nothrow);
    blocks_.erase(found);
  }

 private:
  struct Block {
    size_t size_bytes;
    size_t alignment;
  };

  std::map<void*, Block> blocks_;
  uint64_t live_bytes_ = 0;
  uint64_t allocations_ = 0;
  uint64_t fail_at_ = kNever;
  bool and_all_later_ = false;
  bool has_failed_ = false;
};

// Runs `attempt(allocator)` with the first, second, ... allocation refused until it gets through without meeting the
// refusal; returns how many were refused. `attempt` looks at what it was given and checks what failed cleanly.
template <typename Attempt>
uint64_t ForEachRefusal(Attempt attempt, bool and_all_later = false) {
  for (uint64_t n = 0;; ++n) {
    FailingAllocator allocator;
    allocator.FailAt(n, and_all_later);
    attempt(allocator);
    if (!allocator.has_failed() || ::testing::Test::HasFatalFailure()) return n;
  }
}

}  // namespace sandbox::testing

#endif  // TESTS_LIB_FAILING_ALLOCATOR_H_
