// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// KERNEL: a growable array whose growth may be refused.
//
// Invariants: [0, size_) is constructed, [size_, capacity_) is raw; capacity_ * sizeof(T) bytes are charged to the
// budget, which outlives the array. Indexing is checked in every build. Attacked by tests/base/vec_test.cc.
#ifndef SANDBOX_BASE_VEC_H_
#define SANDBOX_BASE_VEC_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "sandbox/base/budget.h"
#include "sandbox/base/check.h"
#include "sandbox/base/error.h"

#if defined(__clang__)
#pragma clang unsafe_buffer_usage begin
#endif

namespace sandbox {

// What Vec does with its block, whatever the elements are: once in a program instead of once for each type.
class VecBlock {
 protected:
  struct Element {
    size_t size_bytes;
    size_t alignment;
    // Constructs count elements at `to` from those at `from`, which end. Null: copying their bytes does that.
    void (*relocate)(void* to, void* from, size_t count);
  };

  explicit VecBlock(Budget& budget) noexcept : budget_(&budget) {}
  VecBlock(VecBlock&& other) noexcept
      : budget_(other.budget_),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}

  // Room for `more` elements behind the present ones, geometrically.
  [[nodiscard, gnu::noinline]] Result<void> Grow(const Element& element, size_t more) {
    if (more > SIZE_MAX / element.size_bytes / 2 - size_) return Fail(ErrorCode::kOutOfMemory);
    return Reallocate(element, std::max({size_ + more, capacity_ + capacity_ / 2, size_t{4}}));
  }

  // Exactly this capacity, which is at least the size.
  [[nodiscard, gnu::noinline]] Result<void> Reallocate(const Element& element, size_t capacity) {
    if (capacity > SIZE_MAX / element.size_bytes) return Fail(ErrorCode::kOutOfMemory);
    auto block = budget_->Allocate(capacity * element.size_bytes, element.alignment);
    if (!block) return std::unexpected(block.error());
    if (element.relocate != nullptr) {
      element.relocate(*block, data_, size_);
    } else if (size_ != 0) {
      std::memcpy(*block, data_, size_ * element.size_bytes);
    }
    FreeBlock(element);
    data_ = *block;
    capacity_ = capacity;
    return {};
  }

  // The elements have ended.
  [[gnu::noinline]] void FreeBlock(const Element& element) noexcept {
    if (data_ != nullptr) budget_->Free(data_, capacity_ * element.size_bytes, element.alignment);
    data_ = nullptr;
    capacity_ = 0;
  }

  Budget* budget_;
  void* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// std::vector without exceptions: whatever grows returns a Result, and a refusal leaves the contents as they were.
template <typename T>
class Vec : private VecBlock {
 public:
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>);

  explicit Vec(Budget& budget) noexcept : VecBlock(budget) {}
  Vec(const Vec&) = delete;
  Vec& operator=(const Vec&) = delete;
  Vec(Vec&& other) noexcept = default;
  Vec& operator=(Vec&& other) noexcept {
    if (this != &other) {
      Reset();
      budget_ = other.budget_;
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  ~Vec() { Reset(); }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  Budget& budget() const { return *budget_; }

  T& operator[](size_t i) {
    SANDBOX_CHECK(i < size_);
    return data()[i];
  }
  const T& operator[](size_t i) const {
    SANDBOX_CHECK(i < size_);
    return data()[i];
  }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> span() const { return {data(), size_}; }

  // Exactly this capacity, if it is more than the present one.
  [[nodiscard]] Result<void> Reserve(size_t capacity) {
    if (capacity <= capacity_) return {};
    return Reallocate(kElement, capacity);
  }

  // Room for `more` elements behind the present ones; grows geometrically.
  [[nodiscard]] Result<void> ReserveMore(size_t more) {
    if (more > capacity_ - size_) return Grow(kElement, more);
    return {};
  }

  // Appends; grows geometrically.
  [[nodiscard]] Result<void> Push(T value) {
    if (size_ == capacity_) [[unlikely]]
      SANDBOX_TRY(Grow(kElement, 1));
    ::new (static_cast<void*>(data() + size_)) T(std::move(value));
    ++size_;
    return {};
  }

  // Appends within the capacity that ReserveMore made.
  void PushReserved(T value) {
    SANDBOX_CHECK(size_ < capacity_);
    ::new (static_cast<void*>(data() + size_)) T(std::move(value));
    ++size_;
  }

  // Appends if that takes no growing.
  [[nodiscard]] bool PushIfRoom(T value) {
    if (size_ == capacity_) [[unlikely]]
      return false;
    ::new (static_cast<void*>(data() + size_)) T(std::move(value));
    ++size_;
    return true;
  }

  // Appends copies of all of values.
  [[nodiscard]] Result<void> Append(std::span<const T> values) {
    if (values.size() > capacity_ - size_) SANDBOX_TRY(Grow(kElement, values.size()));
    std::uninitialized_copy(values.begin(), values.end(), data() + size_);
    size_ += values.size();
    return {};
  }

  // Grows with copies of fill, or shrinks.
  [[nodiscard]] Result<void> Resize(size_t size, const T& fill = T()) {
    if (size > size_) {
      SANDBOX_TRY(Reserve(size));
      std::uninitialized_fill(data() + size_, data() + size, fill);
      size_ = size;
    } else {
      Truncate(size);
    }
    return {};
  }

  // Drops all elements from index size on. Never fails, keeps the capacity.
  void Truncate(size_t size) {
    SANDBOX_CHECK(size <= size_);
    std::destroy(data() + size, data() + size_);
    size_ = size;
  }
  void Clear() { Truncate(0); }
  void DropBack() {
    SANDBOX_CHECK(size_ > 0);
    std::destroy_at(data() + --size_);
  }
  T PopBack() {
    SANDBOX_CHECK(size_ > 0);
    T value = std::move(data()[size_ - 1]);
    Truncate(size_ - 1);
    return value;
  }

  // Gives back unused capacity. Best effort: a refusal leaves the array as it was.
  void ShrinkToFit() {
    if (size_ == capacity_) return;
    if (size_ == 0) {
      Reset();
    } else {
      (void)Reallocate(kElement, size_);
    }
  }

  // Empties the array and gives its memory back.
  void Reset() noexcept {
    std::destroy(data(), data() + size_);
    size_ = 0;
    FreeBlock(kElement);
  }

 private:
  static void Relocate(void* to, void* from, size_t count) {
    T* const first = static_cast<T*>(from);
    std::uninitialized_move(first, first + count, static_cast<T*>(to));
    std::destroy(first, first + count);
  }
  static constexpr bool kIsBytes = std::is_trivially_copyable_v<T>;
  static constexpr Element kElement{sizeof(T), alignof(T), kIsBytes ? nullptr : &Vec::Relocate};

  T* data() { return static_cast<T*>(data_); }
  const T* data() const { return static_cast<const T*>(data_); }
};

}  // namespace sandbox

#if defined(__clang__)
#pragma clang unsafe_buffer_usage end
#endif

#endif  // SANDBOX_BASE_VEC_H_
