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

#include "sandbox/base/budget.h"
#include "sandbox/base/bytes.h"
#include "sandbox/base/check.h"
#include "sandbox/base/error.h"
#include "sandbox/runtime/slot.h"

#if defined(__clang__)
#pragma clang unsafe_buffer_usage begin
#endif

#define SANDBOX_INLINE [[gnu::always_inline]] inline

namespace sandbox {

struct FastFunction;
struct FunctionRecord;
struct Instance;

// The instruction pointer: trusted bytes.
class Pc {
 public:
  Pc() = default;
  explicit Pc(const uint8_t* at) : at_(at) {}

  SANDBOX_INLINE uint8_t Byte() const { return *at_; }
  SANDBOX_INLINE uint8_t Byte(ptrdiff_t ahead) const { return at_[ahead]; }
  SANDBOX_INLINE void Skip(ptrdiff_t bytes) { at_ += bytes; }
  SANDBOX_INLINE Pc operator+(ptrdiff_t bytes) const { return Pc(at_ + bytes); }
  static Pc At(ByteSpan bytes, size_t offset) { return Pc(bytes.data() + offset); }
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

  // Reads a LEB128 number of an encoding that validation has checked, and steps over it. Unrolled, since a loop would
  // need more registers than a handler has to spare.
  SANDBOX_INLINE uint32_t U32() { return static_cast<uint32_t>(Unsigned<5>()); }
  SANDBOX_INLINE uint64_t U64() { return Unsigned<10>(); }
  // The first five bytes of a number of any length, 35 bits: it is complete when the last byte read is below 0x80.
  SANDBOX_INLINE uint64_t U35() { return Unsigned<5>(); }
  SANDBOX_INLINE int32_t S32() { return static_cast<int32_t>(Signed<5>()); }
  SANDBOX_INLINE int64_t S64() { return Signed<10>(); }
  // Steps over a LEB128 number of any length.
  SANDBOX_INLINE void SkipLeb() {
    if (*at_++ < 0x80) [[likely]]
      return;
    while (*at_++ >= 0x80) {
    }
  }

 private:
  // What follows `value`, the number so far, from byte kIndex on.
  template <int kMaxBytes, int kIndex = 0>
  SANDBOX_INLINE uint64_t Unsigned(uint64_t value = 0) {
    const uint64_t byte = *at_++;
    if constexpr (kIndex + 1 < kMaxBytes) {
      if (byte >= 0x80) return Unsigned<kMaxBytes, kIndex + 1>(value | (byte & 0x7f) << 7 * kIndex);
    }
    return value | byte << 7 * kIndex;
  }
  template <int kMaxBytes, int kIndex = 0>
  SANDBOX_INLINE int64_t Signed(uint64_t value = 0) {
    const uint64_t byte = *at_++;
    if constexpr (kIndex + 1 < kMaxBytes) {
      if (byte >= 0x80) return Signed<kMaxBytes, kIndex + 1>(value | (byte & 0x7f) << 7 * kIndex);
    }
    value |= byte << 7 * kIndex;
    constexpr int kUnused = 64 - 7 * (kIndex + 1);
    if constexpr (kUnused > 0) return static_cast<int64_t>(value << kUnused) >> kUnused;
    return static_cast<int64_t>(value);
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
// The empty asm keeps the compiler from turning the loop into that call, which would give a handler a prologue.
SANDBOX_INLINE void MoveSlotsDown(Sp to, Sp from, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    asm volatile("");
    to[i] = from[i];
  }
}
SANDBOX_INLINE void ZeroSlots(Sp at, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    asm volatile("");
    at[i] = 0;
  }
}

// Position in the side table of the running function.
class SideTablePos {
 public:
  SideTablePos() = default;
  explicit SideTablePos(const uint32_t* at) : at_(at) {}
  SANDBOX_INLINE uint32_t operator[](ptrdiff_t i) const { return at_[i]; }
  SANDBOX_INLINE void Move(ptrdiff_t words) { at_ += words; }
  size_t IndexIn(std::span<const uint32_t> table) const { return static_cast<size_t>(at_ - table.data()); }

 private:
  const uint32_t* at_ = nullptr;
};

// The instruction pointer of the fast tier: halfwords that its translator made.
class CodePos {
 public:
  CodePos() = default;
  explicit CodePos(const uint16_t* at) : at_(at) {}
  static CodePos At(std::span<const uint16_t> code, size_t halfword) { return CodePos(code.data() + halfword); }

  SANDBOX_INLINE uint16_t U16(ptrdiff_t halfwords) const { return at_[halfwords]; }
  SANDBOX_INLINE int16_t S16(ptrdiff_t halfwords) const { return static_cast<int16_t>(at_[halfwords]); }
  SANDBOX_INLINE uint32_t U32(ptrdiff_t halfwords) const { return Read<uint32_t>(halfwords); }
  SANDBOX_INLINE int32_t S32(ptrdiff_t halfwords) const { return Read<int32_t>(halfwords); }
  SANDBOX_INLINE uint64_t U64(ptrdiff_t halfwords) const { return Read<uint64_t>(halfwords); }
  SANDBOX_INLINE void Skip(ptrdiff_t halfwords) { at_ += halfwords; }
  SANDBOX_INLINE CodePos operator+(ptrdiff_t halfwords) const { return CodePos(at_ + halfwords); }
  uint32_t OffsetFrom(std::span<const uint16_t> code) const { return static_cast<uint32_t>(at_ - code.data()); }
  friend bool operator==(CodePos, CodePos) = default;

 private:
  template <typename T>
  SANDBOX_INLINE T Read(ptrdiff_t halfwords) const {
    T value;
    std::memcpy(&value, at_ + halfwords, sizeof(T));
    return value;
  }

  const uint16_t* at_ = nullptr;
};

// A guest frame. While its function runs, pc and side_table are in registers; a call writes where to go on.
//
// A frame belongs to one tier at a time; what returns into it is of either. So each frame has a way to be returned into
// for both: one is where it goes on, the other a place that leads there (Machine::PrepareReturn).
struct Frame {
  Pc pc = {};                    // after the call
  SideTablePos side_table = {};  // likewise
  Locals locals = {};
  Pc end = {};                   // the body's final `end`
  const FunctionRecord* function = nullptr;  // null in the frame at the bottom of a run, and of the fast tier
  Instance* instance = nullptr;
  const FastFunction* fast = nullptr;  // null: the frame is of the in-place tier
  CodePos return_code = {};                 // where what runs in the fast tier returns to
  CodePos resume_code = {};                 // where a frame of the fast tier goes on, if return_code leads elsewhere
};

// A position in the array of frames. Machine::last_frame bounds it.
class FramePos {
 public:
  FramePos() = default;
  explicit FramePos(Frame* at) : at_(at) {}
  SANDBOX_INLINE Frame* operator->() const { return at_; }
  SANDBOX_INLINE Frame& operator*() const { return *at_; }
  SANDBOX_INLINE FramePos operator+(ptrdiff_t frames) const { return FramePos(at_ + frames); }
  SANDBOX_INLINE ptrdiff_t operator-(FramePos other) const { return at_ - other.at_; }
  friend bool operator==(FramePos, FramePos) = default;

 private:
  Frame* at_ = nullptr;
};

// A block of T cells that are written before they are read: value stack and frames. Nothing is initialized, so that a
// large limit costs nothing until it is used. Charged to the budget; freed by the destructor.
template <typename T>
class RawStack {
 public:
  explicit RawStack(Budget& budget) : budget_(&budget) {}
  RawStack(const RawStack&) = delete;
  RawStack& operator=(const RawStack&) = delete;
  ~RawStack() {
    if (cells_ != nullptr) budget_->Free(cells_, count_ * sizeof(T), alignof(T));
  }
  [[nodiscard]] Result<void> Allocate(size_t count) {
    auto block = budget_->Allocate(count * sizeof(T), alignof(T));
    if (!block) return std::unexpected(block.error());
    cells_ = static_cast<T*>(*block);
    count_ = count;
    return {};
  }
  T* begin() const { return cells_; }
  T* end() const { return cells_ + count_; }

 private:
  Budget* budget_;
  T* cells_ = nullptr;
  size_t count_ = 0;
};

// The number of a record in the array that holds it.
template <typename T>
size_t IndexIn(std::span<T> array, std::type_identity_t<const T*> item) {
  return static_cast<size_t>(item - array.data());
}

// An array indexed by what validation checked.
template <typename T>
class TrustedArray {
 public:
  TrustedArray() = default;
  explicit TrustedArray(std::span<T> items) : items_(items.data()) {
    if constexpr (kChecked) size_ = items.size();
  }
  SANDBOX_INLINE T& operator[](size_t i) const {
    if constexpr (requires { i < size_; }) SANDBOX_CHECK(i < size_);
    return items_[i];
  }
  SANDBOX_INLINE T* At(size_t i) const { return items_ + i; }
  SANDBOX_INLINE T* data() const { return items_; }

 private:
  T* items_ = nullptr;
  struct Nothing {};
  [[no_unique_address]] std::conditional_t<kChecked, size_t, Nothing> size_{};
};

}  // namespace sandbox

#if defined(__clang__)
#pragma clang unsafe_buffer_usage end
#endif

#endif  // SANDBOX_EXEC_REGISTERS_H_
