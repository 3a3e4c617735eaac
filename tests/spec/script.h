// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Runs a test script: the JSON of wast2json, json-from-wast, or of a suite whose modules lie in one file.
#ifndef TESTS_SPEC_SCRIPT_H_
#define TESTS_SPEC_SCRIPT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/spec/world.h"

namespace sandbox::spec {

enum class Verdict : uint8_t {
  kPassed,
  kFailed,
  kSkipped,      // a module in text form, or about what this engine does not read
  kUnsupported,  // needs an instruction group that is not built in
};

struct CommandReport {
  int line = 0;
  std::string type;
  Verdict verdict = Verdict::kPassed;
  std::string text;  // why it did not pass
};

struct FileReport {
  std::string name;
  std::vector<CommandReport> commands;
  std::string error;  // the file itself cannot be used
  size_t pauses = 0;  // of runs whose fuel came in portions

  size_t Count(Verdict verdict) const;
};

struct RunOptions {
  WorldOptions world;
  // Everything is run in a second world too, beside the first, and must come to the same, fuel included.
  bool compare = false;
  WorldOptions other_world;
};

// path: the .json file. Modules are looked for beside it.
FileReport RunScript(const std::string& path, std::string_view name, const RunOptions& options);

// The modules of a script, those in text form left out.
struct ScriptModule {
  int line = 0;
  std::vector<uint8_t> bytes;
};
std::vector<ScriptModule> ModulesOf(const std::string& path);

// A trap's text against what a script expects: one may be a prefix of the other; a text that no trap of ours has is
// not compared.
bool TrapMatches(TrapCode code, std::string_view expected);

}  // namespace sandbox::spec

#endif  // TESTS_SPEC_SCRIPT_H_
