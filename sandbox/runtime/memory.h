// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Linear memory instances (spec "Memory Instances").
#ifndef SANDBOX_RUNTIME_MEMORY_H_
#define SANDBOX_RUNTIME_MEMORY_H_

#include <cstdint>

#include "sandbox/base/budget.h"
#include "sandbox/base/bytes.h"
#include "sandbox/base/error.h"
#include "sandbox/runtime/memory_access.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// A linear memory over bytes of its own or over a span that the embedder gave. The guest sees `pages`; of those only
// the bytes that exist can be accessed: with a span shorter than the declared size, an access beyond it traps.
class Memory {
 public:
  Memory(Budget& budget, const MemoryType& type) noexcept : budget_(&budget), type_(type) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // Allocates and zeroes the declared minimum. Errors: kLimitExceeded (memory_bytes), class memory.
  [[nodiscard]] Result<void> AllocateOwned(const ImplementationLimits& limits);

  // Uses (and zeroes, up to the declared maximum) the embedder's bytes, which outlive the memory. Not charged.
  // Growth beyond the span succeeds as far as the type's maximum and memory_bytes allow: the guest sees more pages,
  // and traps where no byte exists.
  [[nodiscard]] Result<void> UseSpan(MutableByteSpan bytes, const ImplementationLimits& limits);

  // Whether a growth could succeed as far as type and limits go: what decides on the fuel charged for it.
  bool GrowthIsInLimits(uint64_t delta_pages, const ImplementationLimits& limits) const;

  // memory.grow. Returns the previous size in pages. Errors (nothing changes): kLimitExceeded (type maximum,
  // memory_bytes, moved_bytes), class memory. moved_bytes: the store's running sum of moved bytes.
  // Charges: the added bytes. Invalidates every MemView of this memory.
  [[nodiscard]] Result<uint64_t> Grow(uint64_t delta_pages, const ImplementationLimits& limits, uint64_t& moved_bytes);

  const MemoryType& type() const { return type_; }
  // The type as an importer sees it: the current size is the minimum.
  MemoryType CurrentType() const;
  uint64_t pages() const { return pages_; }
  MemView view() const { return view_; }

 private:
  [[nodiscard]] Result<void> GrowOwned(uint64_t size_bytes, const ImplementationLimits& limits, uint64_t& moved_bytes);

  Budget* budget_;
  MemoryType type_;
  uint64_t pages_ = 0;
  MemView view_;                // what exists of the declared pages
  uint64_t capacity_bytes_ = 0; // of the block or span behind it
  bool is_owned_ = false;
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_MEMORY_H_
