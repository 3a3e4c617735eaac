// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Instantiation (spec "exec-instantiation"): link, allocate, then run initializers, segments and the start function.
// The second half executes: it is metered and may pause, so it is a Run.
#ifndef SANDBOX_EXEC_INSTANTIATE_H_
#define SANDBOX_EXEC_INSTANTIATE_H_

#include <optional>

#include "sandbox/base/error.h"
#include "sandbox/exec/machine.h"
#include "sandbox/runtime/store_data.h"

namespace sandbox {

// Why linking failed, for messages. Spans point into the module.
struct LinkFailure {
  std::string_view module;
  std::string_view name;
  ExternType expected;              // with store-wide types
  std::optional<ExternType> given;  // absent: nothing of that name
};

struct InstantiateOptions {
  // The bytes of one memory that the module defines (see Memory::UseSpan): of the one with index `memory`, by default of
  // the first that it defines; without one the span is not used. Other modules that import this memory see its declared
  // size too. All other memories are owned by the store.
  std::optional<MutableByteSpan> memory_span;
  // kBadConfiguration unless the module defines (not: imports) a memory of this index. Without a span of no meaning.
  std::optional<MemIdx> memory;
};

// First half: resolves the imports in their order (host functions and objects by module and name, else an export of the
// instance of that name whose initialization is complete, else a catch-all: see StoreData), makes the store-wide types
// and all objects at their declared minimum, registers the instance. Returns its id.
//
// module: outlives the instance, through keep_alive, which StoreData::release_module is given when the instance dies.
//         When this fails, keep_alive remains the caller's.
// Errors: kUnknownImport, kIncompatibleImport (detail: the number of the import; *failure, unless null, is filled),
//         kLimitExceeded (instances, store_functions, store_types, host_functions, memory_bytes, table_elements), class
//         memory, kBadConfiguration. Nothing changes in the store then, but for store-wide types that were made: nobody
//         sees them.
// Spec:   exec-instantiation, up to the allocation.
[[nodiscard]] Result<uint32_t> LinkInstance(StoreData& store, const ModuleData& module, void* keep_alive,
                                            const InstantiateOptions& options, LinkFailure* failure);

// Second half, to be driven again after each pause: works through the phases of the innermost run, which was begun with
// Machine::BeginInstantiate, and ends with the start function. Outcome kDone: the instance is ready.
// On a trap what was written stays, as the specification says, and so does the instance: references to its functions may
// have reached tables of others.
// Charges: as exec/fuel.h says, each step before its effect. A step is a memory, a table, a global, an initializer of a
//          table or a segment.
Machine::Outcome DriveInstantiation(Machine& machine);

}  // namespace sandbox

#endif  // SANDBOX_EXEC_INSTANTIATE_H_
