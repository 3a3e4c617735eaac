// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The immutable product of loading: what validation learned about a module, beside the module's own bytes.
// Built by valid/module_validator, then shared between threads and stores without locks.
#ifndef SANDBOX_MODULE_MODULE_DATA_H_
#define SANDBOX_MODULE_MODULE_DATA_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sandbox/base/budget.h"
#include "sandbox/base/bytes.h"
#include "sandbox/base/vec.h"
#include "sandbox/module/translated.h"
#include "sandbox/syntax/type_registry.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// [begin, begin + size) of the module's bytes.
struct ByteRange {
  uint32_t begin = 0;
  uint32_t size = 0;
};

// A defined function, as the in-place tier runs it. 32 bytes: there is one for each function of a module.
struct FunctionRecord {
  uint32_t code_begin = 0;     // first instruction, behind the local declarations
  uint32_t code_end = 0;       // one past the final `end`
  uint32_t side_table = 0;     // first word of its side table
  CanonIdx type = 0;
  uint32_t local_slots = 0;    // locals beyond the parameters
  uint32_t operand_slots = 0;  // greatest operand height
  uint16_t param_slots = 0;
  uint16_t result_slots = 0;
  // What a call adds to its own unit of fuel: ceil(param_slots / 8) + ceil(local_slots / 8) (exec/fuel.h).
  uint32_t call_cost = 0;
  friend constexpr bool operator==(const FunctionRecord&, const FunctionRecord&) = default;
};

// A constant expression: its bytes up to and including `end`, and how many instructions it has (`end` included).
struct ConstExpr {
  ByteRange code;
  uint32_t instructions = 0;
};

struct ImportRecord {
  ByteRange module;
  ByteRange name;
  ExternType type;
};

struct ExportRecord {
  ByteRange name;
  ExternKind kind = ExternKind::kFunc;
  uint32_t index = 0;
};

struct TableRecord {
  TableType type;
  std::optional<ConstExpr> init;  // absent: null
};

struct GlobalRecord {
  GlobalType type;
  ConstExpr init;  // empty for an imported global
};

enum class SegmentMode : uint8_t { kPassive, kActive, kDeclarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::kPassive;
  bool has_expressions = false;  // else function indices
  ValType type;
  TableIdx table = 0;   // active
  ConstExpr offset;     // active
  uint32_t count = 0;
  ByteRange items;      // `count` function indices (LEB128) or constant expressions
  uint32_t instructions = 0;  // of all of its expressions together
};

struct DataSegment {
  SegmentMode mode = SegmentMode::kPassive;
  MemIdx memory = 0;  // active
  ConstExpr offset;   // active
  ByteRange bytes;
};

// The data segments of a module. There may be a hundred thousand small ones, so that what most of them have in common
// (memory 0) takes no room; a DataSegment is made when it is asked for.
class DataSegments {
 public:
  explicit DataSegments(Budget& budget) noexcept : records_(budget), memories_(budget) {}

  size_t size() const { return records_.size(); }
  bool empty() const { return records_.empty(); }
  // The offset's range ends where the bytes begin: behind its `end` it holds the length of the segment.
  DataSegment operator[](size_t i) const;

  class Iterator {
   public:
    Iterator(const DataSegments& segments, size_t i) : segments_(&segments), i_(i) {}
    DataSegment operator*() const { return (*segments_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const DataSegments* segments_;
    size_t i_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

  // Exactly this capacity.
  [[nodiscard]] Result<void> Reserve(size_t capacity) { return records_.Reserve(capacity); }
  [[nodiscard]] Result<void> Push(const DataSegment& segment);

 private:
  struct Record {
    ByteRange bytes;
    uint32_t offset_begin;
    uint32_t offset_instructions;  // 0: passive
  };

  Vec<Record> records_;
  Vec<MemIdx> memories_;  // empty, or one for each record
};

struct CustomSection {
  ByteRange name;
  ByteRange payload;
};

// Index spaces hold the imported entities first, in import order.
struct ModuleData {
  explicit ModuleData(Budget& budget) noexcept;

  ByteSpan bytes;  // alive as long as this object: the loader's business
  TypeRegistry types;
  Vec<CanonIdx> type_index;  // TypeIdx -> canonical index in `types`
  Vec<ImportRecord> imports;
  Vec<CanonIdx> imported_functions;  // their types
  Vec<FunctionRecord> functions;     // the defined ones
  Vec<TableRecord> tables;
  Vec<MemoryType> memories;
  Vec<GlobalRecord> globals;
  Vec<CanonIdx> tags;
  Vec<ExportRecord> exports;
  Vec<uint32_t> export_buckets;  // open addressing by name hash: export number + 1, or 0
  Vec<ElementSegment> elements;
  DataSegments data;
  Vec<CustomSection> custom;
  Vec<uint32_t> side_table;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_globals = 0;
  uint32_t imported_tags = 0;
  FuncIdx start = kNoIndex;
  mutable TranslatedSlot translated;
  ByteRange name_section;  // payload of the first custom section "name"; size 0 when absent

  uint32_t function_count() const { return static_cast<uint32_t>(imported_functions.size() + functions.size()); }
  // The canonical type of a function; the index is in range.
  CanonIdx FunctionType(FuncIdx function) const {
    const size_t imported = imported_functions.size();
    return function < imported ? imported_functions[function] : functions[function - imported].type;
  }
  ExternType TypeOfExport(const ExportRecord& e) const;

  std::string_view Text(ByteRange range) const { return AsText(Bytes(range)); }
  ByteSpan Bytes(ByteRange range) const { return bytes.subspan(range.begin, range.size); }

  // Constant expected time (hash of the name, seeded so that a guest cannot choose collisions).
  const ExportRecord* FindExport(std::string_view name) const;
  // Fills export_buckets from exports. Errors: kDuplicateExport, class memory.
  [[nodiscard]] Result<void> IndexExports();

  // The name that the name section gives to a function, or "" (also when that section is broken: it is advisory).
  // Takes time linear in the section.
  std::string_view FunctionName(FuncIdx function) const;
};

}  // namespace sandbox

#endif  // SANDBOX_MODULE_MODULE_DATA_H_
