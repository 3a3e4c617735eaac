// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// KERNEL: several arrays that never change, in one block of memory.
//
// Invariants: behind the object, in the same block, lie the arrays in their order, sizes_[i] elements of the i-th. No
// array's alignment is greater than that of the one before it, or of the object, so that there are no gaps. Nothing but
// Make writes any of it. Attacked by tests/base/packed_test.cc.
#ifndef SANDBOX_BASE_PACKED_H_
#define SANDBOX_BASE_PACKED_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>

#include "sandbox/base/budget.h"
#include "sandbox/base/error.h"

#if defined(__clang__)
#pragma clang unsafe_buffer_usage begin
#endif

namespace sandbox {

template <typename... Ts>
class Packed {
 public:
  Packed(const Packed&) = delete;
  Packed& operator=(const Packed&) = delete;

  // Copies of the arrays. Ends by Delete, with the same budget. Errors: kBudgetExceeded, kOutOfMemory (also for an array of 2^32
  // elements and more).
  [[nodiscard]] static Result<const Packed*> Make(Budget& budget, std::span<const Ts>... arrays) noexcept {
    if (((arrays.size() > UINT32_MAX) || ...)) return Fail(ErrorCode::kOutOfMemory);
    const Sizes sizes = {static_cast<uint32_t>(arrays.size())...};
    if (BytesOf(sizes) > SIZE_MAX) return Fail(ErrorCode::kOutOfMemory);
    SANDBOX_ASSIGN(void* const block, budget.Allocate(static_cast<size_t>(BytesOf(sizes)), alignof(Packed)));
    Packed* const made = ::new (block) Packed(sizes);
    uint8_t* to = static_cast<uint8_t*>(block) + sizeof(Packed);
    (..., Copy(to, arrays));
    return made;
  }

  static void Delete(Budget& budget, const Packed* packed) noexcept {
    if (packed == nullptr) return;
    const size_t bytes = static_cast<size_t>(BytesOf(packed->sizes_));
    budget.Free(const_cast<Packed*>(packed), bytes, alignof(Packed));
  }

  // The kIndex-th array: as long as this lives.
  template <size_t kIndex>
  auto Get() const {
    using T = std::tuple_element_t<kIndex, std::tuple<Ts...>>;
    const uint8_t* const first = reinterpret_cast<const uint8_t*>(this) + Offset(sizes_, kIndex);
    return std::span<const T>(reinterpret_cast<const T*>(first), sizes_[kIndex]);
  }

 private:
  static constexpr size_t kCount = sizeof...(Ts);
  using Sizes = std::array<uint32_t, kCount>;

  explicit Packed(const Sizes& sizes) : sizes_(sizes) {}

  // Where the array number `index` begins, in bytes from the object on.
  static constexpr uint64_t Offset(const Sizes& sizes, size_t index) {
    constexpr std::array<uint64_t, kCount> kSizes = {sizeof(Ts)...};
    uint64_t offset = sizeof(Packed);
    for (size_t i = 0; i < index; ++i) offset += sizes[i] * kSizes[i];
    return offset;
  }
  static constexpr uint64_t BytesOf(const Sizes& sizes) { return Offset(sizes, kCount); }

  template <typename T>
  static void Copy(uint8_t*& to, std::span<const T> array) {
    if (!array.empty()) std::memcpy(to, array.data(), array.size_bytes());
    to += array.size_bytes();
  }

  static consteval bool HasNoGaps() {
    size_t last = alignof(uint32_t);
    bool has_none = true;
    for (const size_t alignment : {alignof(Ts)...}) {
      has_none = has_none && alignment <= last;
      last = alignment;
    }
    return has_none;
  }
  static_assert(HasNoGaps() && (std::is_trivially_copyable_v<Ts> && ...));

  Sizes sizes_;
};

}  // namespace sandbox

#if defined(__clang__)
#pragma clang unsafe_buffer_usage end
#endif

#endif  // SANDBOX_BASE_PACKED_H_
