// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "sandbox/cli/exit_code.h"
#include "sandbox/cli/inspect.h"
#include "sandbox/cli/options.h"
#include "sandbox/cli/run.h"

namespace sandbox::cli {
namespace {

int Main(int count, char** words) {
  const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
  const auto options = ParseOptions(arguments, std::cout, std::cerr);
  if (!options) return options.error();
  switch (options->command) {
    case Command::kRun:
      return Run(*options, std::cout, std::cerr);
    case Command::kValidate:
      return Validate(*options, std::cout, std::cerr);
    case Command::kInspect:
      return Inspect(*options, std::cout, std::cerr);
  }
  return kExitUsage;
}

}  // namespace
}  // namespace sandbox::cli

int main(int count, char** words) {
  try {
    return sandbox::cli::Main(count, words);
  } catch (const std::exception& error) {
    // Memory for the file, or the command line parser's own failure.
    std::cerr << "wasm-sandbox: " << error.what() << "\n";
    return sandbox::cli::kExitUsage;
  }
}
