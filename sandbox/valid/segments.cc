// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Element and data segments (spec "valid-elem", "valid-data").

#include "sandbox/binary/type_reader.h"
#include "sandbox/valid/module_validator.h"

namespace sandbox {
namespace {

// The bits of an element segment's kind.
constexpr uint32_t kNotActive = 1;
constexpr uint32_t kHasTableOrDeclarative = 2;
constexpr uint32_t kHasExpressions = 4;

}  // namespace

bool ModuleValidator::ElementSection(Cursor& section) {
  uint32_t count = 0;
  if (!ReadEntries(section, module_.elements, 3, limits_.element_segments, LimitId::element_segments, count)) {
    return false;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (!Element(section)) return false;
  }
  return true;
}

bool ModuleValidator::Element(Cursor& cursor) {
  const size_t start = cursor.position();
  uint32_t flags = 0;
  ElementSegment segment;
  if (!cursor.ReadU32(flags)) return false;
  if (flags > 7) return sink_.Fail(ErrorCode::kBadElementFlags, start);
  segment.has_expressions = (flags & kHasExpressions) != 0;
  if ((flags & kNotActive) == 0) {
    segment.mode = SegmentMode::kActive;
    if (!ElementTable(cursor, flags, segment)) return false;
  } else {
    segment.mode = (flags & kHasTableOrDeclarative) != 0 ? SegmentMode::kDeclarative : SegmentMode::kPassive;
  }
  if (!ElementType(cursor, flags, segment)) return false;
  if (segment.mode == SegmentMode::kActive &&
      !module_.types.Matches(segment.type, module_.tables[segment.table].type.element)) {
    return sink_.Fail(ErrorCode::kTypeMismatch, start);
  }
  return ElementItems(cursor, segment) && Ok(module_.elements.Push(segment), start);
}

bool ModuleValidator::ElementTable(Cursor& cursor, uint32_t flags, ElementSegment& segment) {
  const size_t start = cursor.position();
  if ((flags & kHasTableOrDeclarative) != 0 && !cursor.ReadU32(segment.table)) return false;
  if (segment.table >= module_.tables.size()) return sink_.Fail(ErrorCode::kUnknownTable, start);
  return const_exprs_.Validate(cursor, module_.tables[segment.table].type.limits.index_type(), segment.offset);
}

// The type is written unless the segment is of the oldest form, for table 0.
bool ModuleValidator::ElementType(Cursor& cursor, uint32_t flags, ElementSegment& segment) {
  const size_t start = cursor.position();
  const bool is_written = (flags & (kNotActive | kHasTableOrDeclarative)) != 0;
  segment.type = ValType::Ref(HeapType::kFunc, segment.has_expressions);
  if (!is_written) return true;
  if (segment.has_expressions) {
    return ReadReferenceType(cursor, segment.type) && context_.Resolve(segment.type, start);
  }
  uint8_t kind = 0;
  if (!cursor.ReadByte(kind)) return false;
  return kind == 0 || sink_.Fail(ErrorCode::kBadElementKind, start);
}

bool ModuleValidator::ElementItems(Cursor& cursor, ElementSegment& segment) {
  const size_t start = cursor.position();
  if (!cursor.ReadCount(segment.count)) return false;
  if (segment.count > limits_.segment_elements) return sink_.FailLimit(LimitId::segment_elements, start);
  segment.items.begin = static_cast<uint32_t>(cursor.position());
  for (uint32_t i = 0; i < segment.count; ++i) {
    if (segment.has_expressions) {
      ConstExpr item;
      if (!const_exprs_.Validate(cursor, segment.type, item)) return false;
      segment.instructions += item.instructions;
      continue;
    }
    const size_t item_start = cursor.position();
    FuncIdx function = 0;
    if (!cursor.ReadU32(function)) return false;
    if (function >= module_.function_count()) return sink_.Fail(ErrorCode::kUnknownFunction, item_start);
    context_.declared.Add(function);
  }
  segment.items.size = static_cast<uint32_t>(cursor.position()) - segment.items.begin;
  return true;
}

bool ModuleValidator::DataSection(Cursor& section) {
  const size_t start = section.position();
  uint32_t count = 0;
  has_data_ = true;
  if (!ReadEntries(section, module_.data, 2, limits_.data_segments, LimitId::data_segments, count)) return false;
  if (context_.data_count && *context_.data_count != count) return sink_.Fail(ErrorCode::kDataCountMismatch, start);
  for (uint32_t i = 0; i < count; ++i) {
    if (!Data(section)) return false;
  }
  return true;
}

bool ModuleValidator::Data(Cursor& cursor) {
  const size_t start = cursor.position();
  uint32_t flags = 0;
  DataSegment segment;
  if (!cursor.ReadU32(flags)) return false;
  if (flags > 2) return sink_.Fail(ErrorCode::kBadDataFlags, start);
  if (flags == 2 && !cursor.ReadU32(segment.memory)) return false;
  if (flags != 1) {
    segment.mode = SegmentMode::kActive;
    if (segment.memory >= module_.memories.size()) return sink_.Fail(ErrorCode::kUnknownMemory, start);
    const ValType address = module_.memories[segment.memory].limits.index_type();
    if (!const_exprs_.Validate(cursor, address, segment.offset)) return false;
  }
  if (!cursor.ReadCount(segment.bytes.size)) return false;
  segment.bytes.begin = static_cast<uint32_t>(cursor.position());
  return cursor.Skip(segment.bytes.size) && Ok(module_.data.Push(segment), start);
}

}  // namespace sandbox
