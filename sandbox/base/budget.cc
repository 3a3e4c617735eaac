// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/budget.h"

#include "sandbox/base/check.h"

namespace sandbox {

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

Result<void*> Budget::Allocate(size_t size_bytes, size_t alignment) noexcept {
  SANDBOX_TRY(Charge(size_bytes));
  void* block = allocator_ != nullptr ? allocator_->Allocate(size_bytes, alignment)
                                      : ::operator new(size_bytes, std::align_val_t{alignment}, std::nothrow);
  if (block == nullptr) {
    Release(size_bytes);
    return Fail(ErrorCode::kOutOfMemory);
  }
  return block;
}

void Budget::Free(void* block, size_t size_bytes, size_t alignment) noexcept {
  if (allocator_ != nullptr) {
    allocator_->Free(block, size_bytes, alignment);
  } else {
    ::operator delete(block, std::align_val_t{alignment}, std::nothrow);
  }
  Release(size_bytes);
}

}  // namespace sandbox
