// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/module_validator.h"

#include <array>

#include "sandbox/binary/type_reader.h"

namespace sandbox {
namespace {

constexpr uint64_t kHeaderBytes = 8;
constexpr uint32_t kMagic = 0x6d736100;
constexpr uint32_t kVersion = 1;
constexpr uint8_t kCustomId = 0;

// The place of each section id in a module; ids are not in that order.
constexpr std::array<int, 14> kRankById = {
    0,   // custom: anywhere
    1,   // type
    2,   // import
    3,   // function
    4,   // table
    5,   // memory
    7,   // global
    8,   // export
    9,   // start
    10,  // element
    12,  // code
    13,  // data
    11,  // data count
    6,   // tag
};

constexpr uint64_t kMaxPages32 = uint64_t{1} << 16;
constexpr uint64_t kMaxPages64 = uint64_t{1} << 48;

}  // namespace

ModuleValidator::ModuleValidator(ByteSpan bytes, const ImplementationLimits& limits, ModuleData& module,
                                 Budget& budget)
    : limits_(limits),
      module_(module),
      context_(module, limits, sink_, budget),
      const_exprs_(context_, budget),
      functions_(context_, budget),
      cursor_(bytes, 0, sink_),
      group_(budget),
      items_(budget) {}

bool ModuleValidator::Run() {
  if (!Header()) return false;
  while (!cursor_.AtEnd()) {
    const size_t start = cursor_.position();
    uint8_t id = 0;
    uint32_t size = 0;
    if (!cursor_.ReadByte(id)) return false;
    if (id >= kRankById.size()) return sink_.Fail(ErrorCode::kBadSectionId, start);
    const size_t size_start = cursor_.position();
    if (!cursor_.ReadU32(size)) return false;
    if (size > cursor_.remaining()) return sink_.Fail(ErrorCode::kLengthOutOfBounds, size_start);
    if (id != kCustomId) {
      if (kRankById[id] <= last_rank_) return sink_.Fail(ErrorCode::kSectionOrder, start);
      last_rank_ = kRankById[id];
    }
    Cursor section = cursor_.Sub(size);
    if (!Section(id, section)) return false;
    if (!section.AtEnd()) return sink_.Fail(ErrorCode::kSectionSize, section.position());
    cursor_.set_position(section.end());
  }
  return Complete();
}

bool ModuleValidator::Header() {
  const ByteSpan bytes = cursor_.bytes();
  if (bytes.size() > limits_.module_bytes) return sink_.FailLimit(LimitId::module_bytes, 0);
  if (LoadLittle<uint32_t>(bytes, 0) != kMagic) {
    return sink_.Fail(bytes.size() < 4 ? ErrorCode::kUnexpectedEnd : ErrorCode::kBadMagic, 0);
  }
  if (LoadLittle<uint32_t>(bytes, 4) != kVersion) {
    return sink_.Fail(bytes.size() < kHeaderBytes ? ErrorCode::kUnexpectedEnd : ErrorCode::kBadVersion, 4);
  }
  module_.bytes = bytes;
  return cursor_.Skip(kHeaderBytes);
}

bool ModuleValidator::Section(uint8_t id, Cursor& section) {
  switch (id) {
    case kCustomId: return CustomSection(section);
    case 1: return TypeSection(section);
    case 2: return ImportSection(section);
    case 3: return FunctionSection(section);
    case 4: return TableSection(section);
    case 5: return MemorySection(section);
    case 6: return GlobalSection(section);
    case 7: return ExportSection(section);
    case 8: return StartSection(section);
    case 9: return ElementSection(section);
    case 10: return CodeSection(section);
    case 11: return DataSection(section);
    case 12: return DataCountSection(section);
    case 13: return TagSection(section);
  }
  return false;
}

// What only the whole module shows.
bool ModuleValidator::Complete() {
  if (!has_code_ && !module_.functions.empty()) {
    return sink_.Fail(ErrorCode::kFunctionCodeMismatch, cursor_.position());
  }
  if (!has_data_ && context_.data_count.value_or(0) != 0) {
    return sink_.Fail(ErrorCode::kDataCountMismatch, cursor_.position());
  }
  return true;
}

bool ModuleValidator::CustomSection(Cursor& section) {
  const size_t start = section.position();
  sandbox::CustomSection record;
  if (module_.custom.size() >= limits_.custom_sections) return sink_.FailLimit(LimitId::custom_sections, start);
  if (!ReadName(section, limits_.name_bytes, record.name.begin, record.name.size)) return false;
  record.payload = {static_cast<uint32_t>(section.position()), static_cast<uint32_t>(section.remaining())};
  if (!has_name_section_ && module_.Text(record.name) == "name") {
    has_name_section_ = true;
    module_.name_section = record.payload;
  }
  return Ok(module_.custom.Push(record), start) && section.Skip(section.remaining());
}

bool ModuleValidator::FunctionSection(Cursor& section) {
  const size_t start = section.position();
  uint32_t count = 0;
  const uint64_t limit = limits_.functions - module_.imported_functions.size();
  if (!ReadEntries(section, module_.functions, 1, limit, LimitId::functions, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const size_t entry_start = section.position();
    TypeIdx index = 0;
    FunctionRecord record;
    if (!section.ReadU32(index) || !context_.FunctionTypeOf(index, entry_start, record.type)) return false;
    module_.functions.PushReserved(record);
  }
  return Ok(context_.declared.SetCount(module_.function_count()), start);
}

bool ModuleValidator::TableSection(Cursor& section) {
  uint32_t count = 0;
  if (!ReadEntries(section, module_.tables, 3, limits_.tables, LimitId::tables, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (!Table(section)) return false;
  }
  return true;
}

bool ModuleValidator::Table(Cursor& cursor) {
  constexpr uint8_t kInitializedForm = 0x40;
  const size_t start = cursor.position();
  TableRecord record;
  const bool has_init = cursor.Peek() == kInitializedForm;
  if (has_init) {
    uint8_t reserved = 0;
    if (!cursor.Skip(1) || !cursor.ReadByte(reserved)) return false;
    if (reserved != 0) return sink_.Fail(ErrorCode::kBadTableForm, start);
  }
  if (!ReadTableTypeChecked(cursor, record.type)) return false;
  if (has_init) {
    record.init.emplace();
    if (!const_exprs_.Validate(cursor, record.type.element, *record.init)) return false;
  } else if (!record.type.element.is_defaultable()) {
    return sink_.Fail(ErrorCode::kNonDefaultableTable, start);
  }
  return Ok(module_.tables.Push(record), start);
}

bool ModuleValidator::MemorySection(Cursor& section) {
  uint32_t count = 0;
  if (!ReadEntries(section, module_.memories, 2, limits_.memories, LimitId::memories, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    MemoryType type;
    if (!ReadMemoryType(section, type) || !Ok(module_.memories.Push(type), section.position())) return false;
  }
  return true;
}

bool ModuleValidator::TagSection(Cursor& section) {
  uint32_t count = 0;
  if (!ReadEntries(section, module_.tags, 2, limits_.tags, LimitId::tags, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    CanonIdx type = 0;
    if (!ReadTagType(section, type) || !Ok(module_.tags.Push(type), section.position())) return false;
  }
  return true;
}

bool ModuleValidator::GlobalSection(Cursor& section) {
  uint32_t count = 0;
  if (!ReadEntries(section, module_.globals, 4, limits_.globals, LimitId::globals, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const size_t start = section.position();
    GlobalRecord record;
    if (!ReadGlobalType(section, record.type) || !context_.Resolve(record.type.type, start)) return false;
    if (!const_exprs_.Validate(section, record.type.type, record.init)) return false;
    if (!Ok(module_.globals.Push(record), start)) return false;
  }
  return true;
}

bool ModuleValidator::StartSection(Cursor& section) {
  const size_t start = section.position();
  if (!section.ReadU32(module_.start)) return false;
  if (module_.start >= module_.function_count()) return sink_.Fail(ErrorCode::kUnknownFunction, start);
  const FuncTypeView type = module_.types.FuncType(module_.FunctionType(module_.start));
  if (!type.params.empty() || !type.results.empty()) return sink_.Fail(ErrorCode::kBadStartFunction, start);
  return true;
}

bool ModuleValidator::DataCountSection(Cursor& section) {
  const size_t start = section.position();
  uint32_t count = 0;
  if (!section.ReadU32(count)) return false;
  if (count > limits_.data_segments) return sink_.FailLimit(LimitId::data_segments, start);
  context_.data_count = count;
  return true;
}

bool ModuleValidator::CodeSection(Cursor& section) {
  const size_t start = section.position();
  uint32_t count = 0;
  has_code_ = true;
  if (!section.ReadU32(count)) return false;
  if (count != module_.functions.size()) return sink_.Fail(ErrorCode::kFunctionCodeMismatch, start);
  functions_.SetCodeSection(section.position(), section.end());
  for (FunctionRecord& record : module_.functions) {
    const size_t body_start = section.position();
    uint32_t size = 0;
    if (!section.ReadU32(size)) return false;
    if (size > section.remaining()) return sink_.Fail(ErrorCode::kLengthOutOfBounds, body_start);
    if (size > limits_.function_bytes) return sink_.FailLimit(LimitId::function_bytes, body_start);
    if (!functions_.Validate(section.Sub(size), record)) return false;
    if (!section.Skip(size)) return false;
  }
  const size_t words = module_.side_table.size();
  if (module_.side_table.capacity() - words > words / 16) module_.side_table.ShrinkToFit();
  return true;
}

bool ModuleValidator::CheckRange(const Limits& limits, uint64_t max, ErrorCode code, uint64_t offset) {
  if (limits.min > max || limits.max.value_or(0) > max) return sink_.Fail(code, offset);
  if (limits.max && *limits.max < limits.min) return sink_.Fail(ErrorCode::kLimitsOrder, offset);
  return true;
}

bool ModuleValidator::ReadMemoryType(Cursor& cursor, MemoryType& type) {
  const size_t start = cursor.position();
  if (!ReadLimits(cursor, type.limits)) return false;
  return CheckRange(type.limits, type.limits.is_64 ? kMaxPages64 : kMaxPages32, ErrorCode::kMemoryTooLarge, start);
}

bool ModuleValidator::ReadTableTypeChecked(Cursor& cursor, TableType& type) {
  const size_t start = cursor.position();
  if (!ReadTableType(cursor, type) || !context_.Resolve(type.element, start)) return false;
  return CheckRange(type.limits, type.limits.is_64 ? UINT64_MAX : UINT32_MAX, ErrorCode::kTableTooLarge, start);
}

bool ModuleValidator::ReadTagType(Cursor& cursor, CanonIdx& type) {
  const size_t start = cursor.position();
  uint8_t attribute = 0;
  TypeIdx index = 0;
  if (!cursor.ReadByte(attribute)) return false;
  if (attribute != 0) return sink_.Fail(ErrorCode::kBadTagAttribute, start);
  if (!cursor.ReadU32(index) || !context_.FunctionTypeOf(index, start, type)) return false;
  return module_.types.FuncType(type).results.empty() || sink_.Fail(ErrorCode::kBadTagType, start);
}

}  // namespace sandbox
