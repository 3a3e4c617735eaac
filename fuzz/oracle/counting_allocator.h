// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// An allocator that knows what it gave out, and can refuse.
#ifndef FUZZ_ORACLE_COUNTING_ALLOCATOR_H_
#define FUZZ_ORACLE_COUNTING_ALLOCATOR_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sandbox/base/budget.h"

namespace sandbox::fuzz {

// Refuses the n-th allocation and counts what is held.
class CountingAllocator final : public Allocator {
 public:
  explicit CountingAllocator(uint64_t refused = ~uint64_t{0}) : refused_(refused) {}
  uint64_t held() const { return held_; }
  uint64_t peak() const { return peak_; }

  void* Allocate(size_t size_bytes, size_t alignment) noexcept override {
    if (number_++ == refused_) return nullptr;
    void* block = std::aligned_alloc(alignment, (size_bytes + alignment - 1) / alignment * alignment);
    if (block != nullptr) held_ += size_bytes;
    if (held_ > peak_) peak_ = held_;
    return block;
  }
  void Free(void* block, size_t size_bytes, size_t) noexcept override {
    held_ -= size_bytes;
    std::free(block);
  }

 private:
  uint64_t refused_;
  uint64_t number_ = 0;
  uint64_t held_ = 0;
  uint64_t peak_ = 0;
};

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_COUNTING_ALLOCATOR_H_
