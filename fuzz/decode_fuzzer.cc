// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Loading raw bytes never crashes, gives the same twice, and an error's place lies within the input.
#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/oracle/observation.h"
#include "sandbox/sandbox.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sandbox::fuzz::Report;
  const std::span<const uint8_t> bytes(data, size);
  sandbox::LoadOptions options;
  options.limits.load_bytes = 16u << 20;
  const sandbox::Result<sandbox::Module> module = sandbox::Module::Load(bytes, options);
  const sandbox::Result<sandbox::Module> again = sandbox::Module::Load(bytes, options);
  if (module.has_value() != again.has_value()) Report("loaded once, refused once", bytes);
  if (module.has_value()) {
    if (module->sizes().side_table_bytes != again->sizes().side_table_bytes) Report("two side tables", bytes);
    // What can be asked of a module is answered for each of its entries.
    for (const sandbox::ExportInfo item : module->exports()) {
      if (!module->FindExport(item.name).has_value()) Report("an export is not found", bytes);
    }
    for (uint32_t i = 0; i < module->function_count() && i < 64; ++i) (void)module->function_name(i);
    return 0;
  }
  const sandbox::Error& error = module.error();
  if (error.code != again.error().code || error.offset != again.error().offset) Report("two errors", bytes);
  if (error.offset > size) Report("an error's offset is outside the input", bytes);
  return 0;
}
