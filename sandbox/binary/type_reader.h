// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The binary forms of types and names (spec "binary-types"). Defined heap types that are read here carry type indices,
// as written; the validator turns them into canonical ones.
#ifndef SANDBOX_BINARY_TYPE_READER_H_
#define SANDBOX_BINARY_TYPE_READER_H_

#include "sandbox/binary/cursor.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// Each returns false with an Error in the cursor's sink: malformed, kUnsupportedType or kUnsupportedShared for what
// this build lacks, kUnknownType for a type index that no module can have.
[[nodiscard]] bool ReadHeapType(Cursor& cursor, HeapType& type);
[[nodiscard]] bool ReadReferenceType(Cursor& cursor, ValType& type);
[[nodiscard]] bool ReadValueType(Cursor& cursor, ValType& type);
// Storage type and mutability.
[[nodiscard]] bool ReadFieldType(Cursor& cursor, FieldType& type);
[[nodiscard]] bool ReadMutability(Cursor& cursor, bool& is_mutable);
[[nodiscard]] bool ReadLimits(Cursor& cursor, Limits& limits);
[[nodiscard]] bool ReadTableType(Cursor& cursor, TableType& type);
[[nodiscard]] bool ReadGlobalType(Cursor& cursor, GlobalType& type);

// A block type: a type index, or the type of at most one result (kBottom: none).
struct BlockType {
  TypeIdx index = kNoIndex;
  ValType result;
};
[[nodiscard]] bool ReadBlockType(Cursor& cursor, BlockType& type);

// A UTF-8 name of at most max_bytes; `begin` and `size` say where its bytes are.
[[nodiscard]] bool ReadName(Cursor& cursor, uint64_t max_bytes, uint32_t& begin, uint32_t& size);

}  // namespace sandbox

#endif  // SANDBOX_BINARY_TYPE_READER_H_
