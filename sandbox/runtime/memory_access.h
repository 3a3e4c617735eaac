// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// KERNEL: the bytes of a linear memory as the engine touches them.
//
// Invariants: [base, base + size) is alive and exactly the bytes that the guest may touch; every access is resolved
// against size first, without a sum that could wrap. A MemView is a snapshot: whoever holds one refreshes it after
// anything that can grow a memory (memory.grow, a call out of the instance, a host call).
// Attacked by tests/runtime/memory_access_test.cc and by the spec suite's address and memory_trap files.
#ifndef SANDBOX_RUNTIME_MEMORY_ACCESS_H_
#define SANDBOX_RUNTIME_MEMORY_ACCESS_H_

#include <cstdint>
#include <cstring>

#include "sandbox/base/bytes.h"
#include "sandbox/base/check.h"

#if defined(__clang__)
#pragma clang unsafe_buffer_usage begin
#endif

namespace sandbox {

struct MemView {
  uint8_t* base = nullptr;
  uint64_t size = 0;

  // The effective address of an access of `width` bytes (spec "exec-load"): address + offset, both unsigned.
  // False when a byte of it lies outside. width is at most 16.
  [[gnu::always_inline]] bool Resolve(uint64_t address, uint64_t offset, uint64_t width, uint64_t& effective) const {
    uint64_t end = 0;
    if (__builtin_add_overflow(address, offset, &effective)) [[unlikely]]
      return false;
    if (__builtin_add_overflow(effective, width, &end)) [[unlikely]]
      return false;
    return end <= size;
  }

  // The same for an offset below 2^36, which every handler's short form has: two compares instead of three.
  [[gnu::always_inline]] bool ResolveNear(uint64_t address, uint64_t offset, uint64_t width, uint64_t& effective) const {
    uint64_t last = 0;
    effective = address + offset;
    if (__builtin_sub_overflow(size, offset + width, &last)) [[unlikely]]
      return false;
    return address <= last;
  }

  // The range [address, address + length) of a bulk operation.
  [[gnu::always_inline]] bool Contains(uint64_t address, uint64_t length) const {
    return RangeFits(address, length, size);
  }

  // Unaligned little-endian access at a resolved address.
  template <typename T>
  [[gnu::always_inline]] T Load(uint64_t effective) const {
    SANDBOX_DCHECK(RangeFits(effective, uint64_t{sizeof(T)}, size));
    T value;
    std::memcpy(&value, base + effective, sizeof(T));
    return value;
  }
  template <typename T>
  [[gnu::always_inline]] void Store(uint64_t effective, T value) const {
    SANDBOX_DCHECK(RangeFits(effective, uint64_t{sizeof(T)}, size));
    std::memcpy(base + effective, &value, sizeof(T));
  }

  // A range that Contains() granted.
  MutableByteSpan Range(uint64_t address, uint64_t length) const {
    SANDBOX_CHECK(RangeFits(address, length, size));
    return {base + address, static_cast<size_t>(length)};
  }
};

}  // namespace sandbox

#if defined(__clang__)
#pragma clang unsafe_buffer_usage end
#endif

#endif  // SANDBOX_RUNTIME_MEMORY_ACCESS_H_
