// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/table.h"

#include <algorithm>

#include "sandbox/base/checked_math.h"

namespace sandbox {
namespace {

uint64_t MaxElements(const TableType& type, const ImplementationLimits& limits) {
  const uint64_t addressable = type.limits.is_64 ? ~uint64_t{0} : ~uint32_t{0};
  return std::min({type.limits.max.value_or(addressable), addressable, limits.table_elements});
}

}  // namespace

Result<void> Table::Allocate(Ref fill, const ImplementationLimits& limits) {
  SANDBOX_TRY(CheckLimit(type_.limits.min, MaxElements(type_, limits), LimitId::table_elements));
  if (type_.limits.min > SIZE_MAX / sizeof(Ref)) return Fail(ErrorCode::kOutOfMemory);
  return elements_.Resize(static_cast<size_t>(type_.limits.min), fill);
}

bool Table::GrowthIsInLimits(uint64_t delta, const ImplementationLimits& limits) const {
  const auto size = CheckedAdd(uint64_t{elements_.size()}, delta);
  return size && *size <= MaxElements(type_, limits);
}

Result<uint64_t> Table::Grow(uint64_t delta, Ref fill, const ImplementationLimits& limits, uint64_t& moved_bytes) {
  if (!GrowthIsInLimits(delta, limits)) return LimitError(LimitId::table_elements);
  const uint64_t previous = elements_.size();
  const uint64_t size = previous + delta;
  if (size > elements_.capacity()) {
    const uint64_t old_bytes = previous * sizeof(Ref);
    if (old_bytes > limits.moved_bytes - std::min(moved_bytes, limits.moved_bytes)) {
      return LimitError(LimitId::moved_bytes);
    }
    // As for memories: half as much again when there is room for it.
    const uint64_t capacity = std::min(previous + previous / 2, MaxElements(type_, limits));
    if (size > SIZE_MAX / sizeof(Ref)) return Fail(ErrorCode::kOutOfMemory);
    if (capacity <= size || capacity > SIZE_MAX / sizeof(Ref) ||
        !elements_.Reserve(static_cast<size_t>(capacity))) {
      SANDBOX_TRY(elements_.Reserve(static_cast<size_t>(size)));
    }
    moved_bytes += old_bytes;
  }
  SANDBOX_TRY(elements_.Resize(static_cast<size_t>(size), fill));
  return previous;
}

TableType Table::CurrentType() const {
  TableType type = type_;
  type.limits.min = elements_.size();
  return type;
}

}  // namespace sandbox
