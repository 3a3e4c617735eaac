// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A module and the bytes that it is made of.
#ifndef SANDBOX_CLI_MODULE_FILE_H_
#define SANDBOX_CLI_MODULE_FILE_H_

#include <cstdint>
#include <expected>
#include <ostream>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace sandbox::cli {

struct ModuleFile {
  std::vector<uint8_t> bytes;
  Module module;  // refers to `bytes`
};

// Reads and loads a file. Says on `err` what is wrong with it, and returns the exit code, when that fails.
std::expected<ModuleFile, int> LoadFile(const std::string& path, std::ostream& err);

}  // namespace sandbox::cli

#endif  // SANDBOX_CLI_MODULE_FILE_H_
