// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/ops_memory.h"

#include "sandbox/base/bytes.h"
#include "sandbox/base/checked_math.h"
#include "sandbox/exec/fuel.h"

namespace sandbox::ops {
namespace {

Memory& MemoryAt(Instance& instance, MemIdx memory) { return instance.memories[memory]->object; }

}  // namespace

uint64_t MemoryGrow(StoreData& store, Instance& instance, MemIdx memory, uint64_t delta_pages) {
  Memory& object = MemoryAt(instance, memory);
  const auto previous = object.Grow(delta_pages, store.limits, store.moved_bytes);
  if (previous) return *previous;
  return object.type().limits.is_64 ? ~uint64_t{0} : ~uint32_t{0};
}

uint64_t MemoryGrowCost(const StoreData& store, const Instance& instance, MemIdx memory, uint64_t delta_pages) {
  if (!instance.memories[memory]->object.GrowthIsInLimits(delta_pages, store.limits)) return 0;
  return BytesCost(SaturatingMul(delta_pages, kPageBytes));
}

OrTrap<void> MemoryFill(Instance& instance, MemIdx memory, uint64_t address, uint32_t value, uint64_t length) {
  const MemView view = MemoryAt(instance, memory).view();
  if (!view.Contains(address, length)) return Trap(TrapCode::kOutOfBoundsMemory);
  FillBytes(view.Range(address, length), static_cast<uint8_t>(value));
  return {};
}

OrTrap<void> MemoryCopy(Instance& instance, MemIdx to, MemIdx from, uint64_t to_address, uint64_t from_address,
                        uint64_t length) {
  const MemView target = MemoryAt(instance, to).view();
  const MemView source = MemoryAt(instance, from).view();
  if (!target.Contains(to_address, length) || !source.Contains(from_address, length)) {
    return Trap(TrapCode::kOutOfBoundsMemory);
  }
  CopyInto(target.Range(to_address, length), source.Range(from_address, length));
  return {};
}

OrTrap<void> MemoryInit(Instance& instance, MemIdx memory, DataIdx segment, uint64_t address, uint32_t offset,
                        uint32_t length) {
  const MemView target = MemoryAt(instance, memory).view();
  const ModuleData& module = *instance.module;
  const ByteSpan bytes = instance.dropped_data[segment] != 0 ? ByteSpan() : module.Bytes(module.data[segment].bytes);
  const auto source = SubSpan(bytes, offset, length);
  if (!source || !target.Contains(address, length)) return Trap(TrapCode::kOutOfBoundsMemory);
  CopyInto(target.Range(address, length), *source);
  return {};
}

void DataDrop(Instance& instance, DataIdx segment) { instance.dropped_data[segment] = 1; }

}  // namespace sandbox::ops
