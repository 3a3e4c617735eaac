// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Imports and exports (spec "valid-import", "valid-export").

#include "sandbox/binary/type_reader.h"
#include "sandbox/valid/module_validator.h"

namespace sandbox {

bool ModuleValidator::ImportSection(Cursor& section) {
  const size_t start = section.position();
  uint32_t count = 0;
  if (!ReadEntries(section, module_.imports, 4, limits_.imports, LimitId::imports, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (!Import(section)) return false;
  }
  module_.imported_tables = static_cast<uint32_t>(module_.tables.size());
  module_.imported_memories = static_cast<uint32_t>(module_.memories.size());
  module_.imported_globals = static_cast<uint32_t>(module_.globals.size());
  module_.imported_tags = static_cast<uint32_t>(module_.tags.size());
  return Ok(context_.declared.SetCount(module_.function_count()), start);
}

bool ModuleValidator::Import(Cursor& cursor) {
  const size_t start = cursor.position();
  ImportRecord record;
  uint8_t kind = 0;
  if (!ReadName(cursor, limits_.name_bytes, record.module.begin, record.module.size)) return false;
  if (!ReadName(cursor, limits_.name_bytes, record.name.begin, record.name.size)) return false;
  const size_t kind_start = cursor.position();
  if (!cursor.ReadByte(kind)) return false;
  if (kind > static_cast<uint8_t>(ExternKind::kTag)) return sink_.Fail(ErrorCode::kBadImportKind, kind_start);
  ExternType& type = record.type;
  type.kind = static_cast<ExternKind>(kind);
  switch (type.kind) {
    case ExternKind::kFunc:
      if (!ImportFunction(cursor, type)) return false;
      break;
    case ExternKind::kTable:
      if (module_.tables.size() >= limits_.tables) return sink_.FailLimit(LimitId::tables, start);
      if (!ReadTableTypeChecked(cursor, type.table)) return false;
      if (!Ok(module_.tables.Push({type.table, std::nullopt}), start)) return false;
      break;
    case ExternKind::kMemory:
      if (module_.memories.size() >= limits_.memories) return sink_.FailLimit(LimitId::memories, start);
      if (!ReadMemoryType(cursor, type.memory) || !Ok(module_.memories.Push(type.memory), start)) return false;
      break;
    case ExternKind::kGlobal:
      if (!ImportGlobal(cursor, type)) return false;
      break;
    case ExternKind::kTag:
      if (module_.tags.size() >= limits_.tags) return sink_.FailLimit(LimitId::tags, start);
      if (!ReadTagType(cursor, type.type) || !Ok(module_.tags.Push(type.type), start)) return false;
      break;
  }
  return Ok(module_.imports.Push(record), start);
}

bool ModuleValidator::ImportFunction(Cursor& cursor, ExternType& type) {
  const size_t start = cursor.position();
  TypeIdx index = 0;
  if (module_.function_count() >= limits_.functions) return sink_.FailLimit(LimitId::functions, start);
  if (!cursor.ReadU32(index) || !context_.FunctionTypeOf(index, start, type.type)) return false;
  return Ok(module_.imported_functions.Push(type.type), start);
}

bool ModuleValidator::ImportGlobal(Cursor& cursor, ExternType& type) {
  const size_t start = cursor.position();
  if (module_.globals.size() >= limits_.globals) return sink_.FailLimit(LimitId::globals, start);
  if (!ReadGlobalType(cursor, type.global) || !context_.Resolve(type.global.type, start)) return false;
  return Ok(module_.globals.Push({type.global, ConstExpr()}), start);
}

bool ModuleValidator::ExportSection(Cursor& section) {
  const size_t start = section.position();
  uint32_t count = 0;
  if (!ReadEntries(section, module_.exports, 3, limits_.exports, LimitId::exports, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (!Export(section)) return false;
  }
  return Ok(module_.IndexExports(), start);
}

bool ModuleValidator::Export(Cursor& cursor) {
  ExportRecord record;
  uint8_t kind = 0;
  if (!ReadName(cursor, limits_.name_bytes, record.name.begin, record.name.size)) return false;
  const size_t kind_start = cursor.position();
  if (!cursor.ReadByte(kind)) return false;
  if (kind > static_cast<uint8_t>(ExternKind::kTag)) return sink_.Fail(ErrorCode::kBadExportKind, kind_start);
  record.kind = static_cast<ExternKind>(kind);
  const size_t index_start = cursor.position();
  if (!cursor.ReadU32(record.index)) return false;
  size_t count = 0;
  ErrorCode unknown = ErrorCode::kUnknownFunction;
  switch (record.kind) {
    case ExternKind::kFunc: count = module_.function_count(); break;
    case ExternKind::kTable: count = module_.tables.size(), unknown = ErrorCode::kUnknownTable; break;
    case ExternKind::kMemory: count = module_.memories.size(), unknown = ErrorCode::kUnknownMemory; break;
    case ExternKind::kGlobal: count = module_.globals.size(), unknown = ErrorCode::kUnknownGlobal; break;
    case ExternKind::kTag: count = module_.tags.size(), unknown = ErrorCode::kUnknownTag; break;
  }
  if (record.index >= count) return sink_.Fail(unknown, index_start);
  if (record.kind == ExternKind::kFunc) context_.declared.Add(record.index);
  return Ok(module_.exports.Push(record), kind_start);
}

}  // namespace sandbox
