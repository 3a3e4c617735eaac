// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/host_objects.h"

#include "fuzz/oracle/observation.h"

namespace sandbox::fuzz {
namespace {

Result<void> Link(Store& store, const ImportInfo& import, uint64_t bits) {
  switch (import.type.kind) {
    case ExternKind::kFunc: return {};
    case ExternKind::kTable: {
      SANDBOX_TRY(store.LinkTable(import.module, import.name, import.type.table));
      return {};
    }
    case ExternKind::kMemory: {
      SANDBOX_TRY(store.LinkMemory(import.module, import.name, import.type.memory));
      return {};
    }
    case ExternKind::kGlobal: {
      const GlobalType& type = import.type.global;
      SANDBOX_TRY(store.LinkGlobal(import.module, import.name, type, ValueOf(type.type, bits)));
      return {};
    }
    case ExternKind::kTag: return store.LinkTag(import.module, import.name, import.signature.params);
  }
  return {};
}

// Without the maximum that is asked for, or one too small at the beginning.
bool Spoil(Limits& limits) {
  if (limits.max) limits.max.reset();
  else if (limits.min > 0) --limits.min;
  else return false;
  return true;
}

// As many parameters, of another type.
bool LinkWrongFunction(Store& store, const ImportInfo& import) {
  const std::span<const ValType> params = import.signature.params;
  const bool is_i64 = !params.empty() && params[0] == ValType::I64();
  const auto link = [&](auto function) { return store.Link(import.module, import.name, function).has_value(); };
  if (params.size() == 1) return is_i64 ? link([](uint32_t) {}) : link([](uint64_t) {});
  if (params.size() == 2) return is_i64 ? link([](uint32_t, uint64_t) {}) : link([](uint64_t, uint64_t) {});
  return link([](uint64_t, uint32_t, uint64_t, uint32_t, uint64_t, uint32_t) {});
}

}  // namespace

bool LinkWrong(Store& store, const ImportInfo& import) {
  switch (import.type.kind) {
    case ExternKind::kFunc: return LinkWrongFunction(store, import);
    case ExternKind::kTable: {
      TableType type = import.type.table;
      return Spoil(type.limits) && store.LinkTable(import.module, import.name, type);
    }
    case ExternKind::kMemory: {
      MemoryType type = import.type.memory;
      return Spoil(type.limits) && store.LinkMemory(import.module, import.name, type);
    }
    case ExternKind::kGlobal: {
      GlobalType type = import.type.global;
      type.is_mutable = !type.is_mutable;
      return store.LinkGlobal(import.module, import.name, type, ValueOf(type.type, 0)).has_value();
    }
    case ExternKind::kTag: return false;
  }
  return false;
}

Value ValueOf(ValType type, uint64_t bits) {
  switch (type.kind()) {
    case ValKind::kI32: return Value::I32(static_cast<uint32_t>(bits));
    case ValKind::kI64: return Value::I64(bits);
    case ValKind::kF32: return Value::F32Bits(static_cast<uint32_t>(bits));
    case ValKind::kF64: return Value::F64Bits(bits);
    default: return Value::Null(type.heap() == HeapType::kExtern ? HeapType::kNoExtern : HeapType::kNoFunc);
  }
}

Result<void> LinkHostObjects(Store& store, const Module& module, uint64_t seed) {
  uint32_t number = 0;
  for (const ImportInfo import : module.imports()) {
    const uint64_t bits = import.type.kind == ExternKind::kGlobal
                              ? ImportedGlobalBits(seed, number++, import.type.global.type)
                              : 0;
    const Result<void> linked = Link(store, import, bits);
    if (!linked && linked.error().code != ErrorCode::kDuplicateLink) return linked;
  }
  return {};
}

}  // namespace sandbox::fuzz
