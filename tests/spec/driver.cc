// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/spec/driver.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace sandbox::spec {
namespace {

namespace fs = std::filesystem;

// The last column of counts.tsv, by script name.
std::map<std::string, size_t> ListedCounts(const std::string& folder, const std::string& group) {
  std::map<std::string, size_t> counts;
  std::ifstream in(folder + "/counts.tsv");
  std::string line;
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
    if (cells.size() < 3 || cells[0] != group) continue;
    counts[group + "/" + cells[1]] = std::strtoul(cells.back().c_str(), nullptr, 10);
  }
  return counts;
}

}  // namespace

void Totals::Add(const FileReport& report) {
  passed += report.Count(Verdict::kPassed);
  failed += report.Count(Verdict::kFailed) + (report.error.empty() ? 0 : 1);
  skipped += report.Count(Verdict::kSkipped);
  unsupported += report.Count(Verdict::kUnsupported);
  pauses += report.pauses;
  for (const CommandReport& command : report.commands) {
    if (command.verdict == Verdict::kUnsupported) ++reasons[command.text];
  }
}

std::string Totals::ToText() const {
  std::ostringstream out;
  if (pauses > 0) out << "pauses: " << pauses << "\n";
  out << "unsupported: " << unsupported;
  const char* separator = " (";
  for (const auto& [reason, count] : reasons) {
    out << separator << reason << ": " << count;
    separator = "; ";
  }
  out << (reasons.empty() ? "" : ")") << "\n";
  out << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
  return out.str();
}

std::string ResolveFolder(const std::string& folder) {
  const char* const typed_in = std::getenv("BUILD_WORKING_DIRECTORY");
  if (typed_in == nullptr || fs::path(folder).is_absolute()) return folder;
  return (fs::path(typed_in) / folder).string();
}

std::optional<std::string> SuiteFolder() {
  const char* const named = std::getenv("SPEC_TESTS");
  if (named == nullptr || *named == '\0') return std::nullopt;
  std::string folder = ResolveFolder(named);
  std::error_code error;
  if (!fs::is_directory(folder, error)) return std::nullopt;
  return folder;
}

std::vector<ScriptFile> ScriptsOf(const std::string& folder, const std::string& group) {
  std::vector<ScriptFile> scripts;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(folder) / group, error)) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().stem().string();
    scripts.push_back({group.empty() ? name : group + "/" + name, entry.path().string()});
  }
  std::sort(scripts.begin(), scripts.end(), [](const ScriptFile& a, const ScriptFile& b) { return a.name < b.name; });
  return scripts;
}

std::vector<std::string> GroupsOf(const std::string& folder) {
  std::vector<std::string> groups;
  if (!ScriptsOf(folder, "").empty()) groups.push_back("");
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory(error) && !ScriptsOf(folder, name).empty()) groups.push_back(name);
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

std::vector<std::string> CheckCounts(const std::string& folder, const std::string& group,
                                     const std::vector<FileReport>& reports) {
  std::vector<std::string> complaints;
  std::error_code error;
  if (!fs::exists(folder + "/counts.tsv", error)) return complaints;
  std::map<std::string, size_t> listed = ListedCounts(folder, group);
  for (const FileReport& report : reports) {
    const auto found = listed.find(report.name);
    if (found == listed.end()) {
      complaints.push_back(report.name + " is not listed in counts.tsv");
      continue;
    }
    if (found->second != report.commands.size()) {
      complaints.push_back(report.name + " has " + std::to_string(report.commands.size()) + " commands, listed are " +
                           std::to_string(found->second));
    }
    listed.erase(found);
  }
  for (const auto& [name, count] : listed) complaints.push_back(name + " is listed in counts.tsv but was not run");
  return complaints;
}

}  // namespace sandbox::spec
