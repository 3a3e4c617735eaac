// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/memory.h"

#include <algorithm>
#include <cstddef>

#include "sandbox/base/checked_math.h"

namespace sandbox {
namespace {

// Guests lay out their data as if address 0 were aligned. No more than what calloc gives, so that the default allocator
// can hand out zeroed pages of the system without touching them.
constexpr size_t kMemoryAlignment = alignof(std::max_align_t);

// Pages that an index type can address (spec "valid-memtype").
constexpr uint64_t kMaxPages32 = uint64_t{1} << 16;
constexpr uint64_t kMaxPages64 = uint64_t{1} << 48;

uint64_t MaxPages(const MemoryType& type) {
  const uint64_t addressable = type.limits.is_64 ? kMaxPages64 : kMaxPages32;
  return std::min(type.limits.max.value_or(addressable), addressable);
}

constexpr uint64_t BytesOf(uint64_t pages) { return SaturatingMul(pages, kPageBytes); }

}  // namespace

Memory::~Memory() {
  if (is_owned_ && capacity_bytes_ > 0) {
    budget_->Free(view_.base, static_cast<size_t>(capacity_bytes_), kMemoryAlignment);
  }
}

Result<void> Memory::AllocateOwned(const ImplementationLimits& limits) {
  SANDBOX_CHECK(pages_ == 0 && capacity_bytes_ == 0);
  const uint64_t pages = type_.limits.min;
  if (pages > MaxPages(type_)) return LimitError(LimitId::memory_bytes);
  SANDBOX_TRY(CheckLimit(BytesOf(pages), limits.memory_bytes, LimitId::memory_bytes));
  is_owned_ = true;
  uint64_t moved_bytes = 0;
  SANDBOX_TRY(GrowOwned(BytesOf(pages), limits, moved_bytes));
  pages_ = pages;
  return {};
}

Result<void> Memory::UseSpan(MutableByteSpan bytes, const ImplementationLimits& limits) {
  SANDBOX_CHECK(pages_ == 0 && capacity_bytes_ == 0);
  const uint64_t pages = type_.limits.min;
  if (pages > MaxPages(type_)) return LimitError(LimitId::memory_bytes);
  const uint64_t usable = std::min<uint64_t>(bytes.size(), BytesOf(MaxPages(type_)));
  const uint64_t accessible = std::min(usable, BytesOf(pages));
  SANDBOX_TRY(CheckLimit(accessible, limits.memory_bytes, LimitId::memory_bytes));
  FillBytes(bytes.first(static_cast<size_t>(usable)), 0);
  capacity_bytes_ = usable;
  view_ = {bytes.data(), accessible};
  pages_ = pages;
  return {};
}

bool Memory::GrowthIsInLimits(uint64_t delta_pages, const ImplementationLimits& limits) const {
  const auto pages = CheckedAdd(pages_, delta_pages);
  if (!pages || *pages > MaxPages(type_)) return false;
  const uint64_t size_bytes = is_owned_ ? BytesOf(*pages) : std::min(BytesOf(*pages), capacity_bytes_);
  return size_bytes <= limits.memory_bytes;
}

Result<uint64_t> Memory::Grow(uint64_t delta_pages, const ImplementationLimits& limits, uint64_t& moved_bytes) {
  if (!GrowthIsInLimits(delta_pages, limits)) return LimitError(LimitId::memory_bytes);
  const uint64_t size_bytes = BytesOf(pages_ + delta_pages);
  if (is_owned_) {
    SANDBOX_TRY(GrowOwned(size_bytes, limits, moved_bytes));
  } else {
    view_.size = std::min(size_bytes, capacity_bytes_);  // zeroed since UseSpan
  }
  const uint64_t previous = pages_;
  pages_ += delta_pages;
  return previous;
}

Result<void> Memory::GrowOwned(uint64_t size_bytes, const ImplementationLimits& limits, uint64_t& moved_bytes) {
  const uint64_t old_bytes = view_.size;
  if (size_bytes > capacity_bytes_) {
    if (size_bytes > SIZE_MAX / 2) return Fail(ErrorCode::kOutOfMemory);
    if (old_bytes > limits.moved_bytes - std::min(moved_bytes, limits.moved_bytes)) {
      return LimitError(LimitId::moved_bytes);
    }
    // Half as much again, so that growing page by page moves each byte a bounded number of times; where that is refused,
    // what is asked for.
    uint64_t capacity = capacity_bytes_ + capacity_bytes_ / 2 / kPageBytes * kPageBytes;
    capacity = std::min({capacity, BytesOf(MaxPages(type_)), limits.memory_bytes, uint64_t{SIZE_MAX / 2}});
    // The old block is held until the new one is filled, so only what the budget has left can be had.
    capacity = std::min(capacity, (budget_->limit_bytes() - budget_->used_bytes()) / kPageBytes * kPageBytes);
    capacity = std::max(capacity, size_bytes);
    auto block = budget_->AllocateZeroed(static_cast<size_t>(capacity), kMemoryAlignment);
    if (!block && capacity > size_bytes) {
      capacity = size_bytes;
      block = budget_->AllocateZeroed(static_cast<size_t>(capacity), kMemoryAlignment);
    }
    if (!block) return std::unexpected(block.error());
    uint8_t* base = static_cast<uint8_t*>(*block);
    if (capacity_bytes_ > 0) {
      CopyInto(MakeSpan(base, static_cast<size_t>(capacity)), view_.Range(0, old_bytes));
      budget_->Free(view_.base, static_cast<size_t>(capacity_bytes_), kMemoryAlignment);
      moved_bytes += old_bytes;
    }
    view_.base = base;
    capacity_bytes_ = capacity;
  }
  // Zeroed when it was allocated, and out of the guest's reach since.
  view_.size = size_bytes;
  return {};
}

MemoryType Memory::CurrentType() const {
  MemoryType type = type_;
  type.limits.min = pages_;
  return type;
}

}  // namespace sandbox
