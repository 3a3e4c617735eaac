// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/binary/type_reader.h"

#include <array>
#include <optional>

#include "sandbox/binary/utf8.h"

namespace sandbox {
namespace {

constexpr uint8_t kRefForm = 0x64;      // ref ht
constexpr uint8_t kRefNullForm = 0x63;  // ref null ht
constexpr uint8_t kEmptyBlock = 0x40;
constexpr uint8_t kFirstAbstract = 0x69;

// The abstract heap types, from byte 0x69 on.
constexpr std::array<HeapType::Abstract, 12> kAbstractByByte = {
    HeapType::kExn,  HeapType::kArray,  HeapType::kStruct, HeapType::kI31,      HeapType::kEq,     HeapType::kAny,
    HeapType::kExtern, HeapType::kFunc, HeapType::kNone,   HeapType::kNoExtern, HeapType::kNoFunc, HeapType::kNoExn};

std::optional<HeapType> AbstractHeapType(int byte) {
  if (byte < kFirstAbstract || byte >= kFirstAbstract + static_cast<int>(kAbstractByByte.size())) return std::nullopt;
  return kAbstractByByte[static_cast<size_t>(byte - kFirstAbstract)];
}

std::optional<ValType> NumberType(int byte) {
  switch (byte) {
    case 0x7f: return ValType::I32();
    case 0x7e: return ValType::I64();
    case 0x7d: return ValType::F32();
    case 0x7c: return ValType::F64();
    case 0x7b: return ValType::V128();
  }
  return std::nullopt;
}

bool IsTypeBuiltIn(ValType type) {
  if (type.is_float()) return kFloats;
  return type.kind() != ValKind::kV128 || kVectors;
}

// A type index as a heap type; indices beyond what a module can have do not fit one.
bool DefinedHeapType(Cursor& cursor, int64_t index, size_t start, HeapType& type) {
  if (index >= kMaxTypesPerRegistry) return cursor.sink().Fail(ErrorCode::kUnknownType, start);
  type = HeapType::Defined(static_cast<CanonIdx>(index));
  return true;
}

// A reference type if there is one; `present` says so.
bool TryReadReferenceType(Cursor& cursor, ValType& type, bool& present) {
  const int byte = cursor.Peek();
  present = true;
  if (const auto heap = AbstractHeapType(byte)) {
    type = ValType::Ref(*heap, true);
    return cursor.Skip(1);
  }
  if (byte != kRefForm && byte != kRefNullForm) {
    present = false;
    return true;
  }
  HeapType heap = HeapType::kBottom;
  if (!cursor.Skip(1) || !ReadHeapType(cursor, heap)) return false;
  type = ValType::Ref(heap, byte == kRefNullForm);
  return true;
}

}  // namespace

bool ReadHeapType(Cursor& cursor, HeapType& type) {
  const size_t start = cursor.position();
  if (const auto heap = AbstractHeapType(cursor.Peek())) {
    type = *heap;
    return cursor.Skip(1);
  }
  int64_t index = 0;
  if (!cursor.ReadS33(index)) return false;
  if (index < 0) return cursor.sink().Fail(ErrorCode::kBadHeapType, start);
  return DefinedHeapType(cursor, index, start, type);
}

bool ReadReferenceType(Cursor& cursor, ValType& type) {
  bool present = false;
  if (!TryReadReferenceType(cursor, type, present)) return false;
  return present || cursor.sink().Fail(cursor.AtEnd() ? ErrorCode::kUnexpectedEnd : ErrorCode::kBadReferenceType,
                                       cursor.position());
}

bool ReadValueType(Cursor& cursor, ValType& type) {
  if (const auto number = NumberType(cursor.Peek())) {
    if (!IsTypeBuiltIn(*number)) return cursor.sink().Fail(ErrorCode::kUnsupportedType, cursor.position());
    type = *number;
    return cursor.Skip(1);
  }
  bool present = false;
  if (!TryReadReferenceType(cursor, type, present)) return false;
  return present || cursor.sink().Fail(cursor.AtEnd() ? ErrorCode::kUnexpectedEnd : ErrorCode::kBadValueType,
                                       cursor.position());
}

bool ReadFieldType(Cursor& cursor, FieldType& type) {
  const int byte = cursor.Peek();
  if (byte == 0x78 || byte == 0x77) {
    type.type = byte == 0x78 ? ValKind::kI8 : ValKind::kI16;
    if (!cursor.Skip(1)) return false;
  } else if (!ReadValueType(cursor, type.type)) {
    return false;
  }
  return ReadMutability(cursor, type.is_mutable);
}

bool ReadMutability(Cursor& cursor, bool& is_mutable) {
  const size_t start = cursor.position();
  uint8_t byte = 0;
  if (!cursor.ReadByte(byte)) return false;
  if (byte > 1) return cursor.sink().Fail(ErrorCode::kBadMutability, start);
  is_mutable = byte == 1;
  return true;
}

bool ReadLimits(Cursor& cursor, Limits& limits) {
  const size_t start = cursor.position();
  uint8_t flags = 0;
  if (!cursor.ReadByte(flags)) return false;
  if (flags > 7) return cursor.sink().Fail(ErrorCode::kBadLimits, start);
  if ((flags & 2) != 0) return cursor.sink().Fail(ErrorCode::kUnsupportedShared, start);
  limits.is_64 = (flags & 4) != 0;
  limits.max.reset();
  if (!cursor.ReadU64(limits.min)) return false;
  if ((flags & 1) == 0) return true;
  uint64_t max = 0;
  if (!cursor.ReadU64(max)) return false;
  limits.max = max;
  return true;
}

bool ReadTableType(Cursor& cursor, TableType& type) {
  return ReadReferenceType(cursor, type.element) && ReadLimits(cursor, type.limits);
}

bool ReadGlobalType(Cursor& cursor, GlobalType& type) {
  return ReadValueType(cursor, type.type) && ReadMutability(cursor, type.is_mutable);
}

bool ReadBlockType(Cursor& cursor, BlockType& type) {
  const size_t start = cursor.position();
  const int byte = cursor.Peek();
  type = BlockType{};
  if (byte == kEmptyBlock) return cursor.Skip(1);
  // One byte with bit 6 set is a negative number: a value type.
  if (byte >= 0x40 && byte < 0x80) {
    if (byte < 0x63) return cursor.sink().Fail(ErrorCode::kBadBlockType, start);
    return ReadValueType(cursor, type.result);
  }
  int64_t index = 0;
  if (!cursor.ReadS33(index)) return false;
  if (index < 0) return cursor.sink().Fail(ErrorCode::kBadBlockType, start);
  if (index >= kMaxTypesPerRegistry) return cursor.sink().Fail(ErrorCode::kUnknownType, start);
  type.index = static_cast<TypeIdx>(index);
  return true;
}

bool ReadName(Cursor& cursor, uint64_t max_bytes, uint32_t& begin, uint32_t& size) {
  const size_t start = cursor.position();
  if (!cursor.ReadCount(size)) return false;
  if (size > max_bytes) return cursor.sink().FailLimit(LimitId::name_bytes, start);
  begin = static_cast<uint32_t>(cursor.position());
  if (!IsUtf8(cursor.bytes().subspan(begin, size))) return cursor.sink().Fail(ErrorCode::kBadUtf8, begin);
  return cursor.Skip(size);
}

}  // namespace sandbox
