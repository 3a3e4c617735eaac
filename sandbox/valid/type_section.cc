// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The type section: recursion groups, subtypes, composite types (spec "valid-types").

#include "sandbox/binary/type_reader.h"
#include "sandbox/valid/module_validator.h"

namespace sandbox {
namespace {

constexpr uint8_t kGroupForm = 0x4e;
constexpr uint8_t kFinalSubForm = 0x4f;
constexpr uint8_t kSubForm = 0x50;
constexpr uint8_t kArrayForm = 0x5e;
constexpr uint8_t kStructForm = 0x5f;
constexpr uint8_t kFunctionForm = 0x60;

}  // namespace

bool ModuleValidator::TypeSection(Cursor& section) {
  uint32_t count = 0;
  if (!section.ReadCount(count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (!RecursionGroup(section)) return false;
  }
  return true;
}

bool ModuleValidator::RecursionGroup(Cursor& cursor) {
  const size_t start = cursor.position();
  group_size_ = 1;
  if (cursor.Peek() == kGroupForm) {
    if (!cursor.Skip(1) || !cursor.ReadCount(group_size_)) return false;
  }
  if (group_size_ > limits_.recursion_group_types) return sink_.FailLimit(LimitId::recursion_group_types, start);
  const size_t present = module_.type_index.size();
  if (present > limits_.types || group_size_ > limits_.types - present) return sink_.FailLimit(LimitId::types, start);
  group_.Clear();
  items_.Clear();
  for (uint32_t i = 0; i < group_size_; ++i) {
    if (!SubType(cursor, i)) return false;
  }
  return AddGroup(start);
}

bool ModuleValidator::SubType(Cursor& cursor, uint32_t member) {
  const size_t start = cursor.position();
  TypeDefinition definition;
  const int form = cursor.Peek();
  if (form == kSubForm || form == kFinalSubForm) {
    uint32_t super_count = 0;
    uint32_t super = 0;
    if (!cursor.Skip(1) || !cursor.ReadCount(super_count)) return false;
    definition.is_final = form == kFinalSubForm;
    if (super_count > 1) return sink_.Fail(ErrorCode::kBadSubtype, start);
    if (super_count == 1) {
      if (!cursor.ReadU32(super)) return false;
      // A supertype precedes its subtypes, also within a group.
      const size_t first = module_.type_index.size();
      if (super >= first + member) return sink_.Fail(ErrorCode::kUnknownType, start);
      definition.super = super < first ? module_.type_index[super]
                                       : TypeDefinition::kGroupMember + static_cast<uint32_t>(super - first);
    }
  }
  return CompositeType(cursor, definition) && Ok(group_.Push(definition), start);
}

bool ModuleValidator::CompositeType(Cursor& cursor, TypeDefinition& definition) {
  const size_t start = cursor.position();
  uint8_t form = 0;
  if (!cursor.ReadByte(form)) return false;
  switch (form) {
    case kFunctionForm: return FunctionType(cursor, definition);
    case kStructForm: return StructType(cursor, definition);
    case kArrayForm:
      definition.kind = CompositeKind::kArray;
      definition.item_count = 1;
      return ReadField(cursor);
    default: return sink_.Fail(ErrorCode::kBadTypeForm, start);
  }
}

bool ModuleValidator::FunctionType(Cursor& cursor, TypeDefinition& definition) {
  uint32_t result_count = 0;
  definition.kind = CompositeKind::kFunc;
  if (!ReadResultType(cursor, LimitId::params, limits_.params, definition.param_count)) return false;
  if (!ReadResultType(cursor, LimitId::results, limits_.results, result_count)) return false;
  definition.item_count = definition.param_count + result_count;
  return true;
}

bool ModuleValidator::ReadResultType(Cursor& cursor, LimitId limit_id, uint64_t limit, uint32_t& count) {
  const size_t start = cursor.position();
  if (!cursor.ReadCount(count)) return false;
  if (count > limit) return sink_.FailLimit(limit_id, start);
  for (uint32_t i = 0; i < count; ++i) {
    FieldType item;
    const size_t type_start = cursor.position();
    if (!ReadValueType(cursor, item.type) || !ResolveInGroup(item.type, type_start)) return false;
    if (!Ok(items_.Push(item), type_start)) return false;
  }
  return true;
}

bool ModuleValidator::StructType(Cursor& cursor, TypeDefinition& definition) {
  const size_t start = cursor.position();
  definition.kind = CompositeKind::kStruct;
  if (!cursor.ReadCount(definition.item_count)) return false;
  if (definition.item_count > limits_.struct_fields) return sink_.FailLimit(LimitId::struct_fields, start);
  for (uint32_t i = 0; i < definition.item_count; ++i) {
    if (!ReadField(cursor)) return false;
  }
  return true;
}

bool ModuleValidator::ReadField(Cursor& cursor) {
  const size_t start = cursor.position();
  FieldType field;
  return ReadFieldType(cursor, field) && ResolveInGroup(field.type, start) && Ok(items_.Push(field), start);
}

// As ValidationContext::Resolve, with the members of the group at hand in scope.
bool ModuleValidator::ResolveInGroup(ValType& type, uint64_t offset) {
  if (!type.is_ref() || type.heap().is_abstract()) return true;
  const size_t first = module_.type_index.size();
  const TypeIdx index = type.heap().index();
  if (index < first) return context_.Resolve(type, offset);
  if (index - first >= group_size_) return sink_.Fail(ErrorCode::kUnknownType, offset);
  const CanonIdx member = TypeDefinition::kGroupMember + static_cast<uint32_t>(index - first);
  type = ValType::Ref(HeapType::Defined(member), type.is_nullable());
  return true;
}

bool ModuleValidator::AddGroup(uint64_t offset) {
  const auto start = module_.types.Intern(group_.span(), items_.span(), limits_.types, limits_.subtype_depth);
  if (!context_.Ok(start, offset)) return false;
  if (!Ok(module_.type_index.ReserveMore(group_size_), offset)) return false;
  for (uint32_t i = 0; i < group_size_; ++i) {
    module_.type_index.PushReserved(*start + i);
    if (!Ok(module_.types.CheckSupertype(*start + i), offset)) return false;
  }
  return true;
}

}  // namespace sandbox
