// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// KERNEL: the raw pointers that a handler sees, each behind the few operations that handlers need.
//
// Invariants, held up by validation: Pc points into the code of the running function (or at kExitCode); a handler
// advances it over its own immediates only, whose encoding was checked. Sp moves inside the frame's slots, whose number
// is checked on entry against the value stack. Locals and TrustedArray are indexed by validated indices. SideTable
// stays inside the running function's part. `checked` builds verify frames and indices again (SANDBOX_DCHECK).
// Attacked by the spec suite, by tests/inplace and by the tier fuzzers.
#ifndef SANDBOX_EXEC_REGISTERS_H_
#define SANDBOX_EXEC_REGISTERS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "sandbox/base/bytes.h"
#include "sandbox/base/check.h"
#include "sandbox/runtime/slot.h"

#if defined(__clang__)
#pragma clang unsafe_buffer_usage begin
#endif

#define SANDBOX_INLINE [[gnu::always_inline]] inline

namespace sandbox {

// The instruction pointer: trusted bytes.
class Pc {
 public:
  Pc() = default;
  explicit Pc(const uint8_t* at) : at_(at) {}

  SANDBOX_INLINE uint8_t Byte() const { return *at_; }
  SANDBOX_INLINE uint8_t Byte(ptrdiff_t ahead) const { return at_[ahead]; }
  SANDBOX_INLINE void Skip(ptrdiff_t bytes) { at_ += bytes; }
  SANDBOX_INLINE Pc operator+(ptrdiff_t bytes) const { return Pc(at_ + bytes); }
  SANDBOX_INLINE uint32_t OffsetFrom(ByteSpan bytes) const { return static_cast<uint32_t>(at_ - bytes.data()); }
  friend bool operator==(Pc, Pc) = default;

  // Reads a scalar (f32.const, f64.const) and steps over it.
  template <typename T>
  SANDBOX_INLINE T Read() {
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  // Reads a LEB128 number of an encoding that validation has checked, and steps over it.
  SANDBOX_INLINE uint32_t U32() {
    const uint32_t first = *at_++;
    if (first < 0x80) [[likely]]
      return first;
    return static_cast<uint32_t>(MoreUnsigned(first));
  }
  SANDBOX_INLINE uint64_t U64() {
    const uint64_t first = *at_++;
    if (first < 0x80) [[likely]]
      return first;
    return MoreUnsigned(first);
  }
  SANDBOX_INLINE int32_t S32() { return static_cast<int32_t>(S64()); }
  SANDBOX_INLINE int64_t S64() {
    const uint64_t first = *at_++;
    if (first < 0x80) [[likely]]
      return static_cast<int64_t>(first << 57) >> 57;
    return MoreSigned(first);
  }
  // Steps over a LEB128 number of any length.
  SANDBOX_INLINE void SkipLeb() {
    while (*at_++ >= 0x80) {
    }
  }

 private:
  // Longer forms; most of those that compilers emit have two or three bytes.
  SANDBOX_INLINE uint64_t MoreUnsigned(uint64_t value) {
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
      const uint64_t byte = *at_++;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  SANDBOX_INLINE int64_t MoreSigned(uint64_t value) {
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
      const uint64_t byte = *at_++;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        const unsigned unused = 57 - shift;
        return shift < 57 ? static_cast<int64_t>(value << unused) >> unused : static_cast<int64_t>(value);
      }
    }
  }

  const uint8_t* at_ = nullptr;
};

// The operand stack pointer. The topmost operand lives in a register (`tos`) and sp points at the cell that is its
// home; below it lie the others. With no operands sp points at a spare cell between locals and operands.
class Sp {
 public:
  Sp() = default;
  explicit Sp(Slot* at) : at_(at) {}
  SANDBOX_INLINE Slot& operator[](ptrdiff_t i) const { return at_[i]; }
  SANDBOX_INLINE void Move(ptrdiff_t slots) { at_ += slots; }
  SANDBOX_INLINE Sp operator+(ptrdiff_t slots) const { return Sp(at_ + slots); }
  SANDBOX_INLINE ptrdiff_t operator-(Sp other) const { return at_ - other.at_; }
  SANDBOX_INLINE Slot* raw() const { return at_; }
  friend bool operator==(Sp, Sp) = default;
  friend bool operator<(Sp a, Sp b) { return a.at_ < b.at_; }

  // [0, count) from here: for bulk moves of values and for the host's view of arguments.
  std::span<Slot> Range(size_t count) const { return {at_, count}; }

 private:
  Slot* at_ = nullptr;
};

// The locals of the running function, parameters first.
using Locals = Sp;

// Moves `count` cells; the ranges may overlap. Branches and returns carry few values, so a loop beats memmove.
SANDBOX_INLINE void MoveSlotsDown(Sp to, Sp from, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) to[i] = from[i];
}
SANDBOX_INLINE void ZeroSlots(Sp at, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) at[i] = 0;
}

// Position in the side table of the running function.
class SideTablePos {
 public:
  SideTablePos() = default;
  explicit SideTablePos(const uint32_t* at) : at_(at) {}
  SANDBOX_INLINE uint32_t operator[](ptrdiff_t i) const { return at_[i]; }
  SANDBOX_INLINE void Move(ptrdiff_t words) { at_ += words; }

 private:
  const uint32_t* at_ = nullptr;
};

// An array indexed by what validation checked.
template <typename T>
class TrustedArray {
 public:
  TrustedArray() = default;
  explicit TrustedArray(std::span<T> items) : items_(items.data()) {
    if constexpr (kChecked) size_ = items.size();
  }
  SANDBOX_INLINE T& operator[](size_t i) const {
    if constexpr (kChecked) SANDBOX_CHECK(i < static_cast<size_t>(size_));
    return items_[i];
  }
  SANDBOX_INLINE T* At(size_t i) const { return items_ + i; }

 private:
  T* items_ = nullptr;
  [[no_unique_address]] std::conditional_t<kChecked, size_t, std::byte> size_{};
};

}  // namespace sandbox

#if defined(__clang__)
#pragma clang unsafe_buffer_usage end
#endif

#endif  // SANDBOX_EXEC_REGISTERS_H_
