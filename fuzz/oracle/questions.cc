// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/questions.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "fuzz/oracle/observation.h"

namespace sandbox::fuzz {
namespace {

constexpr size_t kMost = 48;  // entries of a kind that are asked about

void Check(bool holds, const char* what, ByteSpan bytes = {}) {
  if (!holds) Report(what, bytes);
}

// The text in a buffer of plenty and in one that is too small.
template <typename Format>
void AskText(Format format) {
  std::array<char, 4096> large;
  std::array<char, 12> small;
  const std::string_view text = format(std::span<char>(large));
  Check(std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; }), "a text is not printable");
  const std::string_view cut = format(std::span<char>(small));
  Check(cut.size() <= small.size() && text.substr(0, cut.size()) == cut, "a text is cut off in another place");
}

void AskSignature(const FuncSignature& signature) {
  AskText([&](std::span<char> out) { return FormatSignature(signature, out); });
  for (ValType type : signature.params) {
    AskText([&](std::span<char> out) { return FormatType(type, out); });
  }
}

void AskTypes(const Module& module) {
  for (TypeIdx i = 0; i <= module.type_count() && i < kMost; ++i) {
    const FuncSignature signature = module.type_signature(i);
    if (i == module.type_count()) {
      Check(signature.params.empty() && signature.results.empty(), "a type that is not there", module.bytes());
      break;
    }
    const FuncSignature same = module.SignatureOf(module.DefinedTypeOf(i));
    const bool is_same = same.params.size() == signature.params.size() && same.results.size() == signature.results.size();
    Check(is_same, "two signatures of one type", module.bytes());
    const bool is_function = module.type_kind(i) == CompositeKind::kFunc;
    Check(is_function || signature.params.empty(), "a structure with a signature", module.bytes());
    AskSignature(signature);
  }
}

}  // namespace

void AskModule(const Module& module) {
  AskTypes(module);
  for (size_t i = 0; i < module.import_count() && i < kMost; ++i) {
    const ImportInfo import = module.import(i);
    AskText([&](std::span<char> out) { return FormatExternType(import.type, import.signature, out); });
  }
  Check(module.imports()[module.import_count()].name.empty(), "an import that is not there", module.bytes());
  for (size_t i = 0; i < module.export_count() && i < kMost; ++i) {
    const ExportInfo item = module.export_at(i);
    const std::optional<ExportInfo> found = module.FindExport(item.name);
    Check(found && found->index == item.index && found->type.kind == item.type.kind, "an export is not found",
          module.bytes());
    AskText([&](std::span<char> out) { return FormatExternType(item.type, item.signature, out); });
  }
  Check(!module.FindExport("no such name, surely").has_value(), "an export is found that is not there", module.bytes());
  for (uint32_t i = 0; i <= module.function_count() && i < kMost; ++i) {
    (void)module.function_name(i);
    AskSignature(module.function_signature(i));
  }
  for (const CustomSectionInfo section : module.custom_sections()) {
    Check(section.payload.size() <= module.bytes().size(), "a custom section longer than the module", module.bytes());
  }
  const std::optional<FuncIdx> start = module.start_function();
  Check(!start || *start < module.function_count(), "a start function that is not there", module.bytes());
  const ModuleSizes sizes = module.sizes();
  Check(sizes.module_bytes == module.bytes().size() && sizes.code_bytes <= sizes.module_bytes, "sizes()", module.bytes());
}

void AskError(const Error& error) {
  AskText([&](std::span<char> out) { return FormatError(error, out); });
}

void AskTrap(const TrapInfo& trap) {
  AskText([&](std::span<char> out) { return FormatTrap(trap, out); });
}

void AskValue(const Value& value) {
  AskText([&](std::span<char> out) { return FormatValue(value, out); });
}

void AskStore(const Store& store) {
  AskText([&](std::span<char> out) { return FormatLinkError(store, out); });
  Check(store.trace_size() <= 64, "more frames than are kept");
  size_t number = 0;
  for (const TraceFrame frame : store.backtrace()) {
    Check(!frame.instance || frame.instance->store() == store.id(), "a frame of another store");
    AskText([&](std::span<char> out) { return FormatFrame(number, frame, out); });
    ++number;
  }
  for (CanonIdx type = 0; type < 8; ++type) AskSignature(store.SignatureOf(type));
  Check(store.limit_bytes() == store.limits().store_bytes, "limit_bytes and limits disagree");
}

}  // namespace sandbox::fuzz
