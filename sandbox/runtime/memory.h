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

  // The first call of a fresh memory is one of the following two.

  // Allocates and zeroes the declared minimum. Errors: kLimitExceeded (the declared bytes exceed memory_bytes), class
  // memory.
  [[nodiscard]] Result<void> AllocateOwned(const ImplementationLimits& limits);

  // Uses the embedder's bytes, of any number and alignment, which outlive the memory; all of them that the declared
  // maximum can reach are zeroed. Not charged to the budget.
  // Here memory_bytes limits the bytes that the guest can access, not those that it is told of: a "4 GiB" memory in a
  // short span is fine. Growth beyond the span succeeds within the type's maximum: the guest sees more pages, and traps
  // where no byte exists.
  // Errors: kLimitExceeded (memory_bytes).
  [[nodiscard]] Result<void> UseSpan(MutableByteSpan bytes, const ImplementationLimits& limits);

  // Whether a growth could succeed as far as type and limits go: what decides on the fuel charged for it.
  bool GrowthIsInLimits(uint64_t delta_pages, const ImplementationLimits& limits) const;

  // memory.grow. Returns the previous size in pages. Errors (nothing changes): kLimitExceeded (type maximum,
  // memory_bytes, moved_bytes), class memory. moved_bytes: the store's running sum of moved bytes.
  // Charges: the added bytes, and up to half as much again as there was, where the budget has room for it, so that
  // growing page by page is not quadratic. The old block stays until it is copied.
  // Invalidates every MemView of this memory.
  [[nodiscard]] Result<uint64_t> Grow(uint64_t delta_pages, const ImplementationLimits& limits, uint64_t& moved_bytes);

  const MemoryType& type() const { return type_; }
  // The type as an importer sees it: the current size is the minimum.
  MemoryType CurrentType() const;
  uint64_t pages() const { return pages_; }
  MemView view() const { return view_; }
  // Where that stands, as long as the memory lives.
  const MemView* current_view() const { return &view_; }

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
