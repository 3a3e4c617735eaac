// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/measure.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "fuzz/wasm/editable_module.h"
#include "fuzz/wasm/module_reader.h"

namespace sandbox::fuzz {
namespace {

using Needs = std::map<LimitId, uint64_t>;

void Raise(Needs& needs, LimitId id, uint64_t value) { needs[id] = std::max(needs[id], value); }

void MeasureNames(const ModuleData& module, Needs& needs) {
  for (const ImportRecord& import : module.imports) {
    Raise(needs, LimitId::name_bytes, std::max(import.module.size, import.name.size));
  }
  for (const ExportRecord& item : module.exports) Raise(needs, LimitId::name_bytes, item.name.size);
  for (const CustomSection& section : module.custom) Raise(needs, LimitId::name_bytes, section.name.size);
}

void MeasureExpressions(const ModuleData& module, Needs& needs) {
  const auto measure = [&](const ConstExpr& expr) { Raise(needs, LimitId::constant_instructions, expr.instructions); };
  for (const GlobalRecord& global : module.globals) measure(global.init);
  for (const TableRecord& table : module.tables) {
    if (table.init) measure(*table.init);
  }
  for (const ElementSegment& segment : module.elements) {
    measure(segment.offset);
    // Its items are a constant and an end each.
    if (segment.has_expressions && segment.count > 0) Raise(needs, LimitId::constant_instructions, 2);
    Raise(needs, LimitId::segment_elements, segment.count);
  }
  for (const DataSegment segment : module.data) measure(segment.offset);
}

uint64_t DeclaredLocals(std::span<const uint8_t> body) {
  ModuleReader reader(body);
  uint64_t locals = 0;
  for (uint64_t i = reader.U(); i > 0; --i) {
    locals += reader.U();
    reader.SkipType();
  }
  return locals;
}

void MeasureBody(std::span<const uint8_t> body, Needs& needs) {
  uint64_t depth = 0;
  for (const InstructionRange& at : InstructionsOf(body)) {
    switch (at.op) {
      case Op::kBlock:
      case Op::kLoop:
      case Op::kIf: Raise(needs, LimitId::nesting, ++depth); break;
      case Op::kEnd: depth -= depth > 0 ? 1 : 0; break;
      case Op::kBrTable: Raise(needs, LimitId::br_table_labels, ModuleReader(body, at.immediates).U()); break;
      default: break;
    }
  }
}

}  // namespace

std::map<LimitId, uint64_t> MeasureModule(const ModuleData& module) {
  Needs needs;
  needs[LimitId::module_bytes] = module.bytes.size();
  needs[LimitId::types] = module.type_index.size();
  needs[LimitId::imports] = module.imports.size();
  needs[LimitId::functions] = module.function_count();
  needs[LimitId::tables] = module.tables.size();
  needs[LimitId::memories] = module.memories.size();
  needs[LimitId::globals] = module.globals.size();
  needs[LimitId::tags] = module.tags.size();
  needs[LimitId::exports] = module.exports.size();
  needs[LimitId::element_segments] = module.elements.size();
  needs[LimitId::data_segments] = module.data.size();
  needs[LimitId::custom_sections] = module.custom.size();
  MeasureNames(module, needs);
  MeasureExpressions(module, needs);
  for (CanonIdx i = 0; i < module.types.size(); ++i) {
    if (module.types.KindOf(i) != CompositeKind::kFunc) continue;
    Raise(needs, LimitId::params, module.types.FuncType(i).params.size());
    Raise(needs, LimitId::results, module.types.FuncType(i).results.size());
  }
  std::optional<EditableModule> parts = TakeApart(module.bytes);
  EditableSection* const code = parts ? parts->Find(kCodeSection) : nullptr;
  for (size_t i = 0; i < module.functions.size() && code != nullptr; ++i) {
    const std::vector<uint8_t>& body = code->entries[i];
    const uint64_t params = module.types.FuncType(module.functions[i].type).params.size();
    Raise(needs, LimitId::function_bytes, body.size());
    Raise(needs, LimitId::operand_stack, module.functions[i].operand_slots);
    Raise(needs, LimitId::locals, params + DeclaredLocals(body));
    MeasureBody(body, needs);
  }
  return needs;
}

uint64_t& LimitOf(ImplementationLimits& limits, LimitId id) {
  static constexpr std::array kMembers = {
#define SANDBOX_LIMIT(name, def, hard, what) &ImplementationLimits::name,
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
  };
  return limits.*kMembers[static_cast<size_t>(id)];
}

}  // namespace sandbox::fuzz
