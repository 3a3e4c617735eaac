// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Table instances (spec "Table Instances").
#ifndef SANDBOX_RUNTIME_TABLE_H_
#define SANDBOX_RUNTIME_TABLE_H_

#include <cstdint>
#include <span>

#include "sandbox/base/budget.h"
#include "sandbox/base/error.h"
#include "sandbox/base/vec.h"
#include "sandbox/runtime/slot.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

class Table {
 public:
  // type.element names defined types by store-wide index.
  Table(Budget& budget, const TableType& type) noexcept : type_(type), elements_(budget) {}

  // Makes the declared minimum of elements. Errors: kLimitExceeded (table_elements), class memory.
  [[nodiscard]] Result<void> Allocate(Ref fill, const ImplementationLimits& limits);

  bool GrowthIsInLimits(uint64_t delta, const ImplementationLimits& limits) const;
  // table.grow. Returns the previous size. Errors (nothing changes): kLimitExceeded, class memory.
  [[nodiscard]] Result<uint64_t> Grow(uint64_t delta, Ref fill, const ImplementationLimits& limits,
                                      uint64_t& moved_bytes);

  const TableType& type() const { return type_; }
  TableType CurrentType() const;
  uint64_t size() const { return elements_.size(); }
  std::span<Ref> elements() { return elements_.span(); }
  std::span<const Ref> elements() const { return elements_.span(); }

 private:
  TableType type_;
  Vec<Ref> elements_;
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_TABLE_H_
