// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Module files, and what a command did.
#ifndef TESTS_CLI_SUPPORT_H_
#define TESTS_CLI_SUPPORT_H_

#include <cstdint>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/cli/options.h"
#include "sandbox/cli/run.h"

namespace sandbox::cli::testing {

// Writes the bytes to a file of the test's own. Returns its path.
inline std::string WriteFile(const std::string& name, std::span<const uint8_t> bytes) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream file(path, std::ios::binary);
  for (const uint8_t byte : bytes) file.put(static_cast<char>(byte));
  return path;
}

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

// Calls a command of the program: `Do(Run, {"run", path})`.
template <typename F>
Outcome Do(F command, const std::vector<std::string>& words) {
  std::ostringstream out, err;
  const auto options = ParseOptions(words, out, err);
  const int code = options ? command(*options, out, err) : options.error();
  return {code, out.str(), err.str()};
}

// Runs a module with these words after the file's name.
inline Outcome RunModule(std::span<const uint8_t> module, std::vector<std::string> words) {
  words.insert(words.begin(), {"run", WriteFile("module.wasm", module)});
  return Do(cli::Run, words);
}

}  // namespace sandbox::cli::testing

#endif  // TESTS_CLI_SUPPORT_H_
