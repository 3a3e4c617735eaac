// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Runs the groups of a test suite and counts.
#ifndef TESTS_SPEC_DRIVER_H_
#define TESTS_SPEC_DRIVER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/spec/script.h"

namespace sandbox::spec {

struct Totals {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
  size_t unsupported = 0;
  size_t pauses = 0;
  std::map<std::string, size_t> reasons;  // of what is unsupported

  void Add(const FileReport& report);
  size_t all() const { return passed + failed + skipped + unsupported; }
  // "pauses: N" if there were any, "unsupported: N (reasons)" and "N passed, N failed, N skipped", a line each.
  std::string ToText() const;
};

// Where a folder named by a user is: one that is not absolute is meant from where the command was typed.
std::string ResolveFolder(const std::string& folder);
// The folder that the environment variable SPEC_TESTS names. Absent when it is unset or there is no such folder.
std::optional<std::string> SuiteFolder();

struct ScriptFile {
  std::string name;  // "group/name"
  std::string path;
};
// The scripts of a group (a folder in `folder`, or "" for `folder` itself), by name. Empty when there are none.
std::vector<ScriptFile> ScriptsOf(const std::string& folder, const std::string& group);
// The groups of a folder that have scripts.
std::vector<std::string> GroupsOf(const std::string& folder);

// Compares reports with the suite's own list, `folder`/counts.tsv, where there is one: scripts that are not listed,
// listed ones that were not run, and another number of commands. Returns a line for each.
std::vector<std::string> CheckCounts(const std::string& folder, const std::string& group,
                                     const std::vector<FileReport>& reports);

}  // namespace sandbox::spec

#endif  // TESTS_SPEC_DRIVER_H_
