// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Bodies of the memory instructions beyond load and store, shared by all tiers (spec "Memory Instructions").
// Fuel is charged by the caller before the call: see the *Cost functions. Operands come in the order of the spec's
// stack, all index operands widened to 64 bits.
#ifndef SANDBOX_EXEC_OPS_MEMORY_H_
#define SANDBOX_EXEC_OPS_MEMORY_H_

#include <cstdint>

#include "sandbox/base/trap.h"
#include "sandbox/runtime/store_data.h"

namespace sandbox::ops {

// memory.grow: the previous size in pages, or -1 in the memory's index type.
uint64_t MemoryGrow(StoreData& store, Instance& instance, MemIdx memory, uint64_t delta_pages);
// What memory.grow adds to its own unit.
uint64_t MemoryGrowCost(const StoreData& store, const Instance& instance, MemIdx memory, uint64_t delta_pages);

OrTrap<void> MemoryFill(Instance& instance, MemIdx memory, uint64_t address, uint32_t value, uint64_t length);
OrTrap<void> MemoryCopy(Instance& instance, MemIdx to, MemIdx from, uint64_t to_address, uint64_t from_address,
                        uint64_t length);
OrTrap<void> MemoryInit(Instance& instance, MemIdx memory, DataIdx segment, uint64_t address, uint32_t offset,
                        uint32_t length);
void DataDrop(Instance& instance, DataIdx segment);

}  // namespace sandbox::ops

#endif  // SANDBOX_EXEC_OPS_MEMORY_H_
