// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes and validates a module, section by section (spec "Modules").
#ifndef SANDBOX_VALID_MODULE_VALIDATOR_H_
#define SANDBOX_VALID_MODULE_VALIDATOR_H_

#include <algorithm>

#include "sandbox/base/budget.h"
#include "sandbox/base/bytes.h"
#include "sandbox/base/vec.h"
#include "sandbox/binary/cursor.h"
#include "sandbox/module/module_data.h"
#include "sandbox/valid/const_expr_validator.h"
#include "sandbox/valid/function_validator.h"
#include "sandbox/valid/validation_context.h"

namespace sandbox {

class ModuleValidator {
 public:
  ModuleValidator(ByteSpan bytes, const ImplementationLimits& limits, ModuleData& module, Budget& budget);

  // False: error() says why.
  [[nodiscard]] bool Run();
  const Error& error() const { return sink_.error(); }

 private:
  bool Header();
  bool Section(uint8_t id, Cursor& section);
  bool Complete();

  bool CustomSection(Cursor& section);
  bool TypeSection(Cursor& section);
  bool ImportSection(Cursor& section);
  bool FunctionSection(Cursor& section);
  bool TableSection(Cursor& section);
  bool MemorySection(Cursor& section);
  bool TagSection(Cursor& section);
  bool GlobalSection(Cursor& section);
  bool ExportSection(Cursor& section);
  bool StartSection(Cursor& section);
  bool ElementSection(Cursor& section);
  bool DataCountSection(Cursor& section);
  bool CodeSection(Cursor& section);
  bool DataSection(Cursor& section);

  // Types (type_section.cc).
  bool RecursionGroup(Cursor& cursor);
  bool SubType(Cursor& cursor, uint32_t member);
  bool CompositeType(Cursor& cursor, TypeDefinition& definition);
  bool FunctionType(Cursor& cursor, TypeDefinition& definition);
  bool StructType(Cursor& cursor, TypeDefinition& definition);
  bool ReadResultType(Cursor& cursor, LimitId limit_id, uint64_t limit, uint32_t& count);
  bool ReadField(Cursor& cursor);
  bool ResolveInGroup(ValType& type, uint64_t offset);
  bool AddGroup(uint64_t offset);

  bool Import(Cursor& cursor);
  bool ImportFunction(Cursor& cursor, ExternType& type);
  bool ImportGlobal(Cursor& cursor, ExternType& type);
  bool Table(Cursor& cursor);
  bool Element(Cursor& cursor);
  bool ElementTable(Cursor& cursor, uint32_t flags, ElementSegment& segment);
  bool ElementType(Cursor& cursor, uint32_t flags, ElementSegment& segment);
  bool ElementItems(Cursor& cursor, ElementSegment& segment);
  bool Data(Cursor& cursor);
  bool Export(Cursor& cursor);

  bool ReadMemoryType(Cursor& cursor, MemoryType& type);
  bool ReadTableTypeChecked(Cursor& cursor, TableType& type);
  bool ReadTagType(Cursor& cursor, CanonIdx& type);
  bool CheckRange(const Limits& limits, uint64_t max, ErrorCode code, uint64_t offset);

  // Reads how many entries a section adds to the present ones, and makes room for them; each takes at least min_bytes
  // of the section. limit: of all entries.
  template <typename Entries>
  bool ReadEntries(Cursor& section, Entries& entries, size_t min_bytes, uint64_t limit, LimitId id, uint32_t& count) {
    const size_t start = section.position();
    const size_t present = entries.size();
    if (!section.ReadCount(count)) return false;
    if (present > limit || count > limit - present) return sink_.FailLimit(id, start);
    const size_t possible = std::min<size_t>(count, section.remaining() / min_bytes);
    return Ok(entries.Reserve(present + possible), start);
  }
  bool Ok(const Result<void>& result, uint64_t offset) { return context_.Ok(result, offset); }

  const ImplementationLimits& limits_;
  ModuleData& module_;
  ErrorSink sink_;
  ValidationContext context_;
  ConstExprValidator const_exprs_;
  FunctionValidator functions_;
  Cursor cursor_;
  int last_rank_ = 0;
  bool has_code_ = false;
  bool has_data_ = false;
  bool has_name_section_ = false;

  // The recursion group at hand.
  Vec<TypeDefinition> group_;
  Vec<FieldType> items_;
  uint32_t group_size_ = 0;
};

}  // namespace sandbox

#endif  // SANDBOX_VALID_MODULE_VALIDATOR_H_
