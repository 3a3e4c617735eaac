// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Blocks that hold a Budget themselves, so that they cannot be counted before they exist.
#ifndef SANDBOX_EMBED_RAW_BLOCK_H_
#define SANDBOX_EMBED_RAW_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "sandbox/base/budget.h"
#include "sandbox/base/error.h"

namespace sandbox {

// A T from the allocator, counted nowhere.
template <typename T, typename... Args>
[[nodiscard]] Result<T*> NewUncounted(Allocator* allocator, Args&&... args) noexcept {
  Budget budget(~uint64_t{0}, allocator);
  SANDBOX_ASSIGN(void* const block, budget.Allocate(sizeof(T), alignof(T)));
  budget.Release(sizeof(T));
  return ::new (block) T(std::forward<Args>(args)...);
}

template <typename T>
void DeleteUncounted(Allocator* allocator, T* object) noexcept {
  object->~T();
  Budget budget(~uint64_t{0}, allocator);
  (void)budget.Charge(sizeof(T));  // within the limit
  budget.Free(object, sizeof(T), alignof(T));
}

}  // namespace sandbox

#endif  // SANDBOX_EMBED_RAW_BLOCK_H_
