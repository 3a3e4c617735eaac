// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/module_file.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "sandbox/cli/exit_code.h"
#include "sandbox/cli/text.h"

namespace sandbox::cli {

std::expected<ModuleFile, int> LoadFile(const std::string& path, std::ostream& err) {
  std::ifstream file(path, std::ios::binary);
  ModuleFile loaded;
  loaded.bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    err << path << ": cannot be read\n";
    return std::unexpected(kExitUsage);
  }
  Result<Module> module = Module::Load(loaded.bytes);
  if (!module) {
    err << path << ": " << ErrorText(module.error()) << "\n";
    return std::unexpected(kExitRejected);
  }
  loaded.module = *std::move(module);
  return loaded;
}

}  // namespace sandbox::cli
