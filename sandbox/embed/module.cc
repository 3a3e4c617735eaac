// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/module.h"

#include <algorithm>

#include "sandbox/base/checked_math.h"
#include "sandbox/embed/module_state.h"
#include "sandbox/embed/raw_block.h"
#include "sandbox/fast/tier.h"
#include "sandbox/module/module_data.h"
#include "sandbox/valid/load.h"

namespace sandbox {

void ModuleState::Drop() noexcept {
  // What other holders did happens before the end.
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) DeleteUncounted(allocator_, this);
}

namespace {

FuncSignature SignatureIn(const ModuleData& data, CanonIdx type) {
  if (type >= data.types.size() || data.types.KindOf(type) != CompositeKind::kFunc) return {};
  return data.types.FuncType(type);
}

FuncSignature SignatureOfExtern(const ModuleData& data, const ExternType& type) {
  const bool has_signature = type.kind == ExternKind::kFunc || type.kind == ExternKind::kTag;
  return has_signature ? SignatureIn(data, type.type) : FuncSignature();
}

ExportInfo InfoOfExport(const ModuleData& data, const ExportRecord& record) {
  const ExternType type = data.TypeOfExport(record);
  return {data.Text(record.name), type, SignatureOfExtern(data, type), record.index};
}

Result<ModuleState*> LoadState(ByteSpan bytes, const LoadOptions& options, bool is_copied) {
  SANDBOX_TRY(options.limits.Check());
  SANDBOX_TRY(CheckLimit(bytes.size(), options.limits.module_bytes, LimitId::module_bytes, 0));
  SANDBOX_ASSIGN(ModuleState* const state,
                 NewUncounted<ModuleState>(options.allocator, options.limits.load_bytes, options.allocator));
  const auto load = [&]() -> Result<void> {
    if (is_copied) {
      SANDBOX_TRY(state->copy.Reserve(bytes.size()));
      SANDBOX_TRY(state->copy.Append(bytes));
      bytes = state->copy.span();
    }
    SANDBOX_TRY(LoadModule(bytes, options.limits, state->data));
#if SANDBOX_FAST_TIER
    // Without memory for all of it the rest is tried again when it is called.
    if (options.translation == Translation::kEager) (void)fast::TranslateModule(state->data);
#endif
    return {};
  };
  if (const Result<void> loaded = load(); !loaded) {
    state->Drop();
    return std::unexpected(loaded.error());
  }
  state->loaded_bytes = state->budget.used_bytes();
  return state;
}

}  // namespace

Result<Module> Module::Load(ByteSpan bytes, const LoadOptions& options) {
  SANDBOX_ASSIGN(ModuleState* const state, LoadState(bytes, options, false));
  return Module(state);
}

Result<Module> Module::LoadCopy(ByteSpan bytes, const LoadOptions& options) {
  SANDBOX_ASSIGN(ModuleState* const state, LoadState(bytes, options, true));
  return Module(state);
}

Module Module::Share(ModuleState* state) noexcept {
  if (state != nullptr) state->Hold();
  return Module(state);
}

Module::Module(const Module& other) noexcept : state_(other.state_) {
  if (state_ != nullptr) state_->Hold();
}

Module::~Module() {
  if (state_ != nullptr) state_->Drop();
}

const ModuleData* Module::data() const { return state_ == nullptr ? nullptr : &state_->data; }

ByteSpan Module::bytes() const { return state_ == nullptr ? ByteSpan() : state_->data.bytes; }

size_t Module::import_count() const { return state_ == nullptr ? 0 : state_->data.imports.size(); }

ImportInfo Module::import(size_t i) const {
  if (i >= import_count()) return {};
  const ImportRecord& record = state_->data.imports[i];
  return {state_->data.Text(record.module), state_->data.Text(record.name), record.type,
          SignatureOfExtern(state_->data, record.type)};
}

size_t Module::export_count() const { return state_ == nullptr ? 0 : state_->data.exports.size(); }

ExportInfo Module::export_at(size_t i) const {
  if (i >= export_count()) return {};
  return InfoOfExport(state_->data, state_->data.exports[i]);
}

std::optional<ExportInfo> Module::FindExport(std::string_view name) const {
  if (state_ == nullptr) return std::nullopt;
  const ExportRecord* const record = state_->data.FindExport(name);
  if (record == nullptr) return std::nullopt;
  return InfoOfExport(state_->data, *record);
}

size_t Module::custom_section_count() const { return state_ == nullptr ? 0 : state_->data.custom.size(); }

CustomSectionInfo Module::custom_section(size_t i) const {
  if (i >= custom_section_count()) return {};
  const CustomSection& section = state_->data.custom[i];
  return {state_->data.Text(section.name), state_->data.Bytes(section.payload)};
}

size_t Module::type_count() const { return state_ == nullptr ? 0 : state_->data.type_index.size(); }

CanonIdx Module::DefinedTypeOf(TypeIdx type) const {
  return type < type_count() ? state_->data.type_index[type] : kNoIndex;
}

CompositeKind Module::type_kind(TypeIdx type) const {
  return type < type_count() ? state_->data.types.KindOf(state_->data.type_index[type]) : CompositeKind::kFunc;
}

FuncSignature Module::type_signature(TypeIdx type) const { return SignatureOf(DefinedTypeOf(type)); }

FuncSignature Module::SignatureOf(CanonIdx defined_type) const {
  return state_ == nullptr ? FuncSignature() : SignatureIn(state_->data, defined_type);
}

uint32_t Module::function_count() const { return state_ == nullptr ? 0 : state_->data.function_count(); }

FuncSignature Module::function_signature(FuncIdx function) const {
  return function < function_count() ? SignatureIn(state_->data, state_->data.FunctionType(function)) : FuncSignature();
}

std::string_view Module::function_name(FuncIdx function) const {
  return function < function_count() ? state_->data.FunctionName(function) : std::string_view();
}

std::optional<FuncIdx> Module::start_function() const {
  if (state_ == nullptr || state_->data.start == kNoIndex) return std::nullopt;
  return state_->data.start;
}

ModuleSizes Module::sizes() const {
  ModuleSizes sizes;
  if (state_ == nullptr) return sizes;
  const ModuleData& data = state_->data;
  sizes.module_bytes = data.bytes.size();
  sizes.side_table_bytes = data.side_table.size() * sizeof(uint32_t);
  sizes.copied_bytes = state_->copy.size();
  sizes.held_bytes = state_->loaded_bytes - sizes.copied_bytes + sizeof(ModuleState);
  sizes.functions = static_cast<uint32_t>(data.functions.size());
  for (const FunctionRecord& function : data.functions) {
    sizes.code_bytes += function.code_end - function.code_begin;
    const uint32_t locals = function.param_slots + function.local_slots;
    sizes.max_locals_slots = std::max(sizes.max_locals_slots, locals);
    sizes.max_frame_slots = std::max(sizes.max_frame_slots, locals + function.operand_slots);
  }
  for (const MemoryType& memory : data.memories.span().subspan(data.imported_memories)) {
    sizes.memory_bytes = SaturatingAdd(sizes.memory_bytes, SaturatingMul(memory.limits.min, kPageBytes));
  }
  for (const TableRecord& table : data.tables.span().subspan(data.imported_tables)) {
    sizes.table_elements = SaturatingAdd(sizes.table_elements, table.type.limits.min);
  }
  return sizes;
}

}  // namespace sandbox
