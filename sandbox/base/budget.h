// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The only door to memory whose size a guest can choose.
#ifndef SANDBOX_BASE_BUDGET_H_
#define SANDBOX_BASE_BUDGET_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "sandbox/base/error.h"

namespace sandbox {

// Where a Budget gets its bytes: the embedder's own allocator. May refuse at any time by returning nullptr.
// Used by one thread at a time per Budget; outlives every Budget made with it. Called while guest code is under way
// (memory.grow, say), in its floating-point environment, and leaves that as it is.
class Allocator {
 public:
  // size_bytes > 0; alignment is a power of two of at most 64.
  [[nodiscard]] virtual void* Allocate(size_t size_bytes, size_t alignment) noexcept = 0;
  // The same, zeroed. Worth overriding where the system hands out zeroed pages: a linear memory then costs nothing until
  // it is touched. The default allocates and fills.
  // (Inline, as every virtual function here must be: the library has no RTTI, and a class whose type information lived in
  // its objects could not be derived from in an embedder's file that has it.)
  [[nodiscard]] virtual void* AllocateZeroed(size_t size_bytes, size_t alignment) noexcept {
    return AllocateAndClear(size_bytes, alignment);
  }
  virtual void Free(void* block, size_t size_bytes, size_t alignment) noexcept = 0;

 protected:
  ~Allocator() = default;

 private:
  void* AllocateAndClear(size_t size_bytes, size_t alignment) noexcept;
};

// Counts the bytes that one Module or one Store holds and refuses beyond a limit. A refusal leaves nothing changed.
class Budget {
 public:
  // limit_bytes: what may be held at once. allocator: null means malloc, calloc and free.
  explicit Budget(uint64_t limit_bytes, Allocator* allocator = nullptr) noexcept
      : limit_bytes_(limit_bytes), allocator_(allocator) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;
  ~Budget();

  // size_bytes > 0. Errors: kBudgetExceeded, kOutOfMemory. The block is not zeroed.
  [[nodiscard]] Result<void*> Allocate(size_t size_bytes, size_t alignment) noexcept;
  [[nodiscard]] Result<void*> AllocateZeroed(size_t size_bytes, size_t alignment) noexcept;
  void Free(void* block, size_t size_bytes, size_t alignment) noexcept;

  // A T made by its constructor, and its end. T's constructor does not throw.
  template <typename T, typename... Args>
  [[nodiscard]] Result<T*> New(Args&&... args) noexcept {
    auto block = Allocate(sizeof(T), alignof(T));
    if (!block) return std::unexpected(block.error());
    return ::new (*block) T(std::forward<Args>(args)...);
  }
  template <typename T>
  void Delete(T* object) noexcept {
    if (object == nullptr) return;
    object->~T();
    Free(object, sizeof(T), alignof(T));
  }

  // Bytes of storage that is not allocated here but belongs to the guest (a span given by the embedder, say).
  [[nodiscard]] Result<void> Charge(uint64_t size_bytes) noexcept;
  void Release(uint64_t size_bytes) noexcept;

  uint64_t limit_bytes() const { return limit_bytes_; }
  uint64_t used_bytes() const { return used_bytes_; }
  uint64_t peak_bytes() const { return peak_bytes_; }
  Allocator* allocator() const { return allocator_; }

 private:
  [[nodiscard]] Result<void*> Take(size_t size_bytes, size_t alignment, bool is_zeroed) noexcept;

  uint64_t limit_bytes_;
  uint64_t used_bytes_ = 0;
  uint64_t peak_bytes_ = 0;
  Allocator* allocator_;
};

}  // namespace sandbox

#endif  // SANDBOX_BASE_BUDGET_H_
