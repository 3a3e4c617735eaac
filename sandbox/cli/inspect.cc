// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/inspect.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "sandbox/cli/exit_code.h"
#include "sandbox/cli/module_file.h"
#include "sandbox/cli/text.h"

namespace sandbox::cli {
namespace {

std::string TypeText(const ExternType& type, const FuncSignature& signature) {
  return Text([&](std::span<char> out) { return FormatExternType(type, signature, out); });
}

void ListImports(const Module& module, std::ostream& out) {
  for (const ImportInfo info : module.imports()) {
    out << "  " << Printable(info.module) << "." << Printable(info.name) << ": "
        << TypeText(info.type, info.signature) << "\n";
  }
}

// The least values of ImplementationLimits with which the module loads and its functions can be called.
void ListLimits(const Module& module, std::ostream& out) {
  const ModuleSizes sizes = module.sizes();
  const auto line = [&](std::string_view name, uint64_t value) {
    if (value != 0) out << "  " << name << ": " << value << "\n";
  };
  line("module_bytes", sizes.module_bytes);
  line("types", module.type_count());
  line("imports", module.import_count());
  line("functions", module.function_count());
  line("exports", module.export_count());
  line("custom_sections", module.custom_section_count());
  line("load_bytes", sizes.held_bytes);
  line("value_stack_bytes", uint64_t{sizes.max_frame_slots} * 8);
  line("memory_bytes", sizes.memory_bytes);
  line("table_elements", sizes.table_elements);
}

void ListSizes(const Module& module, std::ostream& out) {
  const ModuleSizes sizes = module.sizes();
  out << "  code: " << sizes.code_bytes << " bytes in " << sizes.functions << " functions\n"
      << "  side table: " << sizes.side_table_bytes << " bytes\n"
      << "  RAM: " << sizes.held_bytes << " bytes beside the module's own " << sizes.module_bytes
      << ", side table included\n"
      << "  largest frame: " << uint64_t{sizes.max_frame_slots} * 8 << " bytes\n";
}

}  // namespace

void ListExports(const Module& module, std::ostream& out) {
  for (const ExportInfo info : module.exports()) {
    out << "  " << Printable(info.name) << ": " << TypeText(info.type, info.signature) << "\n";
  }
}

int Validate(const Options& options, std::ostream& out, std::ostream& err) {
  int code = kExitDone;
  for (const std::string& path : options.files) {
    const auto file = LoadFile(path, err);
    if (file) out << path << ": valid\n";
    code = std::max(code, file ? static_cast<int>(kExitDone) : file.error());
  }
  return code;
}

int Inspect(const Options& options, std::ostream& out, std::ostream& err) {
  const auto file = LoadFile(options.files.front(), err);
  if (!file) return file.error();
  const Module& module = file->module;
  out << "imports: " << module.import_count() << "\n";
  ListImports(module, out);
  out << "exports: " << module.export_count() << "\n";
  ListExports(module, out);
  if (const auto start = module.start_function()) out << "start: function " << *start << "\n";
  out << "limits needed:\n";
  ListLimits(module, out);
  out << "sizes:\n";
  ListSizes(module, out);
  return kExitDone;
}

}  // namespace sandbox::cli
