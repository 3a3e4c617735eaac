// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Module instances (spec "Module Instances").
#ifndef SANDBOX_RUNTIME_INSTANCE_H_
#define SANDBOX_RUNTIME_INSTANCE_H_

#include <cstdint>

#include "sandbox/base/budget.h"
#include "sandbox/base/vec.h"
#include "sandbox/module/module_data.h"
#include "sandbox/runtime/global.h"
#include "sandbox/runtime/memory.h"
#include "sandbox/runtime/slot.h"
#include "sandbox/runtime/table.h"

namespace sandbox {

// Something that several instances may hold: it dies with the last of them.
template <typename T>
struct Shared {
  template <typename... Args>
  explicit Shared(Args&&... args) noexcept : object(static_cast<Args&&>(args)...) {}
  T object;
  uint64_t holders = 1;
};
using SharedMemory = Shared<Memory>;
using SharedTable = Shared<Table>;
using SharedGlobal = Shared<Global>;

// Where a name given to an instance lives: bytes charged to the store.
using NameBytes = Vec<char>;

struct Instance {
  explicit Instance(Budget& budget) noexcept;

  uint32_t id = 0;                     // index in StoreData::instances
  const ModuleData* module = nullptr;  // kept alive by the embedding layer through `keep_alive`
  void* keep_alive = nullptr;

  // Index spaces: imported entities first.
  Vec<FuncAddr> imported_functions;
  FuncAddr first_function = 0;  // address of the first defined function; the others follow
  Vec<SharedTable*> tables;
  Vec<SharedMemory*> memories;
  Vec<SharedGlobal*> globals;
  Vec<TagAddr> tags;            // into StoreData::tags

  Vec<CanonIdx> store_types;    // module canonical type -> store-wide type
  // One for each element segment: the references of a passive one, evaluated when the instance was made, so that
  // table.init takes time for what it copies only. Empty: active, declarative or dropped.
  Vec<Vec<Ref>> elements;
  Vec<uint8_t> dropped_data;    // one flag for each data segment; active ones count as dropped
  NameBytes name;               // empty: not importable by name
  // Globals, tables and segments have their initial values: others may import from here. False while instantiation is
  // paused before that, and for ever when it trapped there.
  bool is_initialized = false;
  // Operand stack of constant expressions, as high as the module's need; freed once the instance is initialized.
  Vec<Slot> operands;

  FuncAddr AddressOf(FuncIdx function) const {
    const size_t imported = imported_functions.size();
    return function < imported ? imported_functions[function]
                               : static_cast<FuncAddr>(first_function + (function - imported));
  }
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_INSTANCE_H_
