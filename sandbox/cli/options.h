// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The command line as a struct.
#ifndef SANDBOX_CLI_OPTIONS_H_
#define SANDBOX_CLI_OPTIONS_H_

#include <cstdint>
#include <expected>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace sandbox::cli {

enum class Command : uint8_t { kRun, kValidate, kInspect };

struct Options {
  Command command = Command::kRun;
  std::vector<std::string> files;  // one, but for kValidate

  // Of kRun only.
  std::optional<std::string> invoke;
  std::vector<std::string> arguments;
  Tier tier = Tier::kAuto;
  Dispatch dispatch = Dispatch::kDefault;
  std::optional<uint64_t> fuel;
  std::optional<uint64_t> max_memory_bytes;
  bool time = false;
  bool backtrace = false;
};

// Reads the command line, the program's name not included. Prints help, the version or what is wrong, and returns the
// exit code, when there is nothing to do.
std::expected<Options, int> ParseOptions(std::span<const std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace sandbox::cli

#endif  // SANDBOX_CLI_OPTIONS_H_
