// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/budget.h"

#include <stdlib.h>  // aligned_alloc: not all C++ libraries have it in std

#include <cstdlib>
#include <cstring>

#include "sandbox/base/check.h"

namespace sandbox {
namespace {

void* DefaultAllocate(size_t size_bytes, size_t alignment) {
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size_bytes);
  // aligned_alloc wants a multiple of the alignment; a size that close to the end of the address space is not to be had.
  if (size_bytes > SIZE_MAX - alignment) return nullptr;
  return aligned_alloc(alignment, (size_bytes + alignment - 1) & ~(alignment - 1));
}

void* DefaultAllocateZeroed(size_t size_bytes, size_t alignment) {
  if (alignment <= alignof(std::max_align_t)) return std::calloc(1, size_bytes);
  void* const block = DefaultAllocate(size_bytes, alignment);
  if (block != nullptr) std::memset(block, 0, size_bytes);
  return block;
}

}  // namespace

void* Allocator::AllocateAndClear(size_t size_bytes, size_t alignment) noexcept {
  void* const block = Allocate(size_bytes, alignment);
  if (block != nullptr) std::memset(block, 0, size_bytes);
  return block;
}

// What a budget handed out must have come back: a leak here would be a leak that a guest can repeat.
Budget::~Budget() { SANDBOX_DCHECK(used_bytes_ == 0); }

Result<void> Budget::Charge(uint64_t size_bytes) noexcept {
  if (size_bytes > limit_bytes_ - used_bytes_) return Fail(ErrorCode::kBudgetExceeded);
  used_bytes_ += size_bytes;
  if (used_bytes_ > peak_bytes_) peak_bytes_ = used_bytes_;
  return {};
}

void Budget::Release(uint64_t size_bytes) noexcept {
  SANDBOX_CHECK(size_bytes <= used_bytes_);
  used_bytes_ -= size_bytes;
}

Result<void*> Budget::Take(size_t size_bytes, size_t alignment, bool is_zeroed) noexcept {
  SANDBOX_TRY(Charge(size_bytes));
  void* block = nullptr;
  if (allocator_ != nullptr) {
    block = is_zeroed ? allocator_->AllocateZeroed(size_bytes, alignment) : allocator_->Allocate(size_bytes, alignment);
  } else {
    block = is_zeroed ? DefaultAllocateZeroed(size_bytes, alignment) : DefaultAllocate(size_bytes, alignment);
  }
  if (block == nullptr) {
    Release(size_bytes);
    return Fail(ErrorCode::kOutOfMemory);
  }
  return block;
}

Result<void*> Budget::Allocate(size_t size_bytes, size_t alignment) noexcept {
  return Take(size_bytes, alignment, false);
}

Result<void*> Budget::AllocateZeroed(size_t size_bytes, size_t alignment) noexcept {
  return Take(size_bytes, alignment, true);
}

void Budget::Free(void* block, size_t size_bytes, size_t alignment) noexcept {
  if (allocator_ != nullptr) {
    allocator_->Free(block, size_bytes, alignment);
  } else {
    std::free(block);
  }
  Release(size_bytes);
}

}  // namespace sandbox
