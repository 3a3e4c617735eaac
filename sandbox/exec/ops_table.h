// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Bodies of the table instructions, shared by all tiers (spec "Table Instructions").
// Fuel is charged by the caller before the call.
#ifndef SANDBOX_EXEC_OPS_TABLE_H_
#define SANDBOX_EXEC_OPS_TABLE_H_

#include <cstdint>

#include "sandbox/base/trap.h"
#include "sandbox/runtime/store_data.h"

namespace sandbox::ops {

OrTrap<Ref> TableGet(Instance& instance, TableIdx table, uint64_t index);
OrTrap<void> TableSet(Instance& instance, TableIdx table, uint64_t index, Ref value);

// table.grow: the previous size, or -1 in the table's index type.
uint64_t TableGrow(StoreData& store, Instance& instance, TableIdx table, Ref fill, uint64_t delta);
uint64_t TableGrowCost(const StoreData& store, const Instance& instance, TableIdx table, uint64_t delta);

OrTrap<void> TableFill(Instance& instance, TableIdx table, uint64_t index, Ref value, uint64_t length);
OrTrap<void> TableCopy(Instance& instance, TableIdx to, TableIdx from, uint64_t to_index, uint64_t from_index,
                       uint64_t length);
// From a passive segment (Instance::elements); all others are as if dropped.
OrTrap<void> TableInit(Instance& instance, TableIdx table, ElemIdx segment, uint64_t index, uint32_t offset,
                       uint32_t length);
void ElemDrop(Instance& instance, ElemIdx segment);

}  // namespace sandbox::ops

#endif  // SANDBOX_EXEC_OPS_TABLE_H_
