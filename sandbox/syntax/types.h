// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The types of WebAssembly 3.0 (spec "Types"): number, vector, reference, heap, composite, limits and extern types.
#ifndef SANDBOX_SYNTAX_TYPES_H_
#define SANDBOX_SYNTAX_TYPES_H_

#include <cstdint>
#include <optional>
#include <span>

#include "sandbox/base/build_config.h"
#include "sandbox/base/check.h"

namespace sandbox {

// Indices are module-local, addresses store-wide. They are plain numbers with names that say which.
using TypeIdx = uint32_t;    // into the module's type section
using CanonIdx = uint32_t;   // a canonical type of one TypeRegistry (a module's own, or the store's)
using FuncIdx = uint32_t;
using TableIdx = uint32_t;
using MemIdx = uint32_t;
using GlobalIdx = uint32_t;
using TagIdx = uint32_t;
using ElemIdx = uint32_t;
using DataIdx = uint32_t;
using LocalIdx = uint32_t;

inline constexpr uint32_t kNoIndex = ~uint32_t{0};
inline constexpr uint64_t kPageBytes = 65536;

// A heap type: an abstract one, or the canonical index of a defined type.
// Inside a Module the index is into the module's TypeRegistry, inside a Store into the store's.
class HeapType {
 public:
  enum Abstract : uint32_t {
    kFunc, kNoFunc, kExtern, kNoExtern, kAny, kNone, kEq, kI31, kStruct, kArray, kExn, kNoExn,
    kBottom,  // below every heap type; only the validator makes it
    kAbstractCount = 16,
  };

  constexpr HeapType(Abstract a) : code_(a) {}  // NOLINT(google-explicit-constructor)
  static constexpr HeapType Defined(CanonIdx index) { return HeapType(index + kAbstractCount, 0); }
  static constexpr HeapType FromCode(uint32_t code) { return HeapType(code, 0); }

  constexpr bool is_abstract() const { return code_ < kAbstractCount; }
  constexpr Abstract abstract() const { return static_cast<Abstract>(code_); }
  constexpr CanonIdx index() const { return code_ - kAbstractCount; }
  constexpr uint32_t code() const { return code_; }
  friend constexpr bool operator==(HeapType, HeapType) = default;

 private:
  constexpr HeapType(uint32_t code, int) : code_(code) {}
  uint32_t code_;
};

// The kinds of value types. kI8 and kI16 are packed storage types and occur only in struct and array fields;
// kBottom is the validator's type of an operand in unreachable code.
enum class ValKind : uint8_t { kI32, kI64, kF32, kF64, kV128, kRef, kI8, kI16, kBottom };

// A value type (or storage type): 32 bits, compared by equality. Two references to equivalent defined types are equal
// because defined types are named by canonical index.
class ValType {
 public:
  constexpr ValType() : bits_(static_cast<uint32_t>(ValKind::kBottom)) {}
  constexpr ValType(ValKind kind) : bits_(static_cast<uint32_t>(kind)) {}  // NOLINT(google-explicit-constructor)
  static constexpr ValType Ref(HeapType heap, bool nullable) {
    return FromBits(static_cast<uint32_t>(ValKind::kRef) | (nullable ? 0x10u : 0u) | heap.code() << 5);
  }
  static constexpr ValType I32() { return ValKind::kI32; }
  static constexpr ValType I64() { return ValKind::kI64; }
  static constexpr ValType F32() { return ValKind::kF32; }
  static constexpr ValType F64() { return ValKind::kF64; }
  static constexpr ValType V128() { return ValKind::kV128; }
  static constexpr ValType FuncRef() { return Ref(HeapType::kFunc, true); }
  static constexpr ValType ExternRef() { return Ref(HeapType::kExtern, true); }
  static constexpr ValType FromBits(uint32_t bits) {
    ValType t;
    t.bits_ = bits;
    return t;
  }

  constexpr ValKind kind() const { return static_cast<ValKind>(bits_ & 0xf); }
  constexpr bool is_ref() const { return kind() == ValKind::kRef; }
  constexpr bool is_number() const { return kind() <= ValKind::kF64; }
  constexpr bool is_float() const { return kind() == ValKind::kF32 || kind() == ValKind::kF64; }
  constexpr bool is_nullable() const { return (bits_ & 0x10) != 0; }
  constexpr HeapType heap() const { return HeapType::FromCode(bits_ >> 5); }
  constexpr uint32_t bits() const { return bits_; }
  // A local of this type needs no initialization (spec "Defaultable Types").
  constexpr bool is_defaultable() const { return !is_ref() || is_nullable(); }
  // 8-byte value-stack slots.
  constexpr uint32_t slots() const { return kind() == ValKind::kV128 ? 2 : 1; }
  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  uint32_t bits_;  // 0-3 kind, 4 nullable, 5-31 heap type
};
// Value-stack slots of several values.
constexpr uint32_t SlotsOf(std::span<const ValType> types) {
  uint32_t slots = 0;
  for (const ValType type : types) slots += type.slots();
  return slots;
}
// The hard maximum of types per registry: half of what fits into the 27 bits of a heap type, see TypeDefinition.
inline constexpr uint32_t kMaxTypesPerRegistry = (1u << 26) - 32;

// Field of a struct or array: its storage type and mutability.
struct FieldType {
  ValType type;
  bool is_mutable = false;
  friend constexpr bool operator==(const FieldType&, const FieldType&) = default;
};

enum class CompositeKind : uint8_t { kFunc, kStruct, kArray };

// Limits of a memory or table, in its own unit: pages of 64 KiB, or elements.
struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  bool is_64 = false;  // the index type: i64 instead of i32
  friend constexpr bool operator==(const Limits&, const Limits&) = default;
  constexpr ValType index_type() const { return is_64 ? ValType::I64() : ValType::I32(); }
};

struct MemoryType {
  Limits limits;
  friend constexpr bool operator==(const MemoryType&, const MemoryType&) = default;
};

struct TableType {
  ValType element;
  Limits limits;
  friend constexpr bool operator==(const TableType&, const TableType&) = default;
};

struct GlobalType {
  ValType type;
  bool is_mutable = false;
  friend constexpr bool operator==(const GlobalType&, const GlobalType&) = default;
};

enum class ExternKind : uint8_t { kFunc, kTable, kMemory, kGlobal, kTag };

// The type of an import or export. Only the member of its kind is meaningful.
struct ExternType {
  ExternKind kind = ExternKind::kFunc;
  CanonIdx type = kNoIndex;  // kFunc, kTag
  TableType table;
  MemoryType memory;
  GlobalType global;
};

}  // namespace sandbox

#endif  // SANDBOX_SYNTAX_TYPES_H_
