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
  // The bytes of the memory with index `memory` of the module (a defined one, by default the first defined one).
  // Absent: memories are owned by the store.
  std::optional<MutableByteSpan> memory_span;
  std::optional<MemIdx> memory;
  // Module name whose unresolved function imports become suspending host functions ("" : none).
};

// First half: resolves imports against host functions and objects and named instances, makes the store-wide types and
// all objects, registers the instance. Returns its id. Errors: link (with *failure filled), limit, memory,
// unsupported, misuse. Nothing changes in the store when it fails (types that were made stay: they are invisible).
// module: outlives the instance, through keep_alive, which StoreData::release_module releases.
[[nodiscard]] Result<uint32_t> LinkInstance(StoreData& store, const ModuleData& module, void* keep_alive,
                                            const InstantiateOptions& options, LinkFailure* failure);

// Second half, to be driven again after each pause: works through the phases of the innermost run (begun with
// Machine::BeginInstantiate), and ends with the start function. Outcome kDone: the instance is ready.
// On a trap what was written stays, as the specification says.
Machine::Outcome DriveInstantiation(Machine& machine);

}  // namespace sandbox

#endif  // SANDBOX_EXEC_INSTANTIATE_H_
