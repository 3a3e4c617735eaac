// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/ops_table.h"

#include <algorithm>
#include <span>

#include "sandbox/base/bytes.h"
#include "sandbox/base/checked_math.h"
#include "sandbox/exec/fuel.h"

namespace sandbox::ops {
namespace {

Table& TableAt(Instance& instance, TableIdx table) { return instance.tables[table]->object; }

// An index below the number of elements is a size_t.
std::span<Ref> Elements(Instance& instance, TableIdx table) { return TableAt(instance, table).elements(); }

}  // namespace

OrTrap<Ref> TableGet(Instance& instance, TableIdx table, uint64_t index) {
  const std::span<Ref> elements = Elements(instance, table);
  if (index >= elements.size()) return Trap(TrapCode::kOutOfBoundsTable);
  return elements[static_cast<size_t>(index)];
}

OrTrap<void> TableSet(Instance& instance, TableIdx table, uint64_t index, Ref value) {
  const std::span<Ref> elements = Elements(instance, table);
  if (index >= elements.size()) return Trap(TrapCode::kOutOfBoundsTable);
  elements[static_cast<size_t>(index)] = value;
  return {};
}

uint64_t TableGrow(StoreData& store, Instance& instance, TableIdx table, Ref fill, uint64_t delta) {
  Table& object = TableAt(instance, table);
  const auto previous = object.Grow(delta, fill, store.limits, store.moved_bytes);
  if (previous) return *previous;
  return object.type().limits.is_64 ? ~uint64_t{0} : ~uint32_t{0};
}

uint64_t TableGrowCost(const StoreData& store, const Instance& instance, TableIdx table, uint64_t delta) {
  return instance.tables[table]->object.GrowthIsInLimits(delta, store.limits) ? ElementsCost(delta) : 0;
}

OrTrap<void> TableFill(Instance& instance, TableIdx table, uint64_t index, Ref value, uint64_t length) {
  const auto target = SubSpan(Elements(instance, table), index, length);
  if (!target) return Trap(TrapCode::kOutOfBoundsTable);
  std::ranges::fill(*target, value);
  return {};
}

OrTrap<void> TableCopy(Instance& instance, TableIdx to, TableIdx from, uint64_t to_index, uint64_t from_index,
                       uint64_t length) {
  const auto target = SubSpan(Elements(instance, to), to_index, length);
  const auto source = SubSpan(Elements(instance, from), from_index, length);
  if (!target || !source) return Trap(TrapCode::kOutOfBoundsTable);
  CopyInto(*target, *source);
  return {};
}

OrTrap<void> TableInit(Instance& instance, TableIdx table, ElemIdx segment, uint64_t index, uint32_t offset,
                       uint32_t length) {
  const auto target = SubSpan(Elements(instance, table), index, length);
  const auto source = SubSpan(instance.elements[segment].span(), offset, length);
  if (!target || !source) return Trap(TrapCode::kOutOfBoundsTable);
  CopyInto(*target, *source);
  return {};
}

void ElemDrop(Instance& instance, ElemIdx segment) { instance.elements[segment].Reset(); }

}  // namespace sandbox::ops
