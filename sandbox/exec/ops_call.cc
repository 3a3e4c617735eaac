// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/ops_call.h"

namespace sandbox::ops {

OrTrap<FuncAddr> IndirectCallee(const StoreData& store, const Table& table, uint64_t index, CanonIdx expected) {
  const std::span<const Ref> elements = table.elements();
  if (index >= elements.size()) return Trap(TrapCode::kUndefinedElement);
  const Ref ref = elements[static_cast<size_t>(index)];
  if (ref == kNullRef) return Trap(TrapCode::kUninitializedElement);
  const FuncAddr callee = AddressOfRef(ref);
  if (!store.types.IsSubtype(store.functions[callee].type, expected)) return Trap(TrapCode::kIndirectCallMismatch);
  return callee;
}

}  // namespace sandbox::ops
