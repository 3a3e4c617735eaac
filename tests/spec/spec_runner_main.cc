// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Runs test scripts and reports a line a file.
//
//   bazel run //tests/spec:spec_runner -- [OPTION...] DIR [GROUP...]
//
// DIR holds a folder for each group (or the scripts themselves): without GROUP, all of them. The scripts are the JSON
// of wast2json or json-from-wast with their modules beside them.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tests/spec/driver.h"

namespace sandbox::spec {
namespace {

constexpr std::string_view kUsage =
    "usage: spec_runner [OPTION...] DIR [GROUP...]\n"
    "  --tier=inplace|fast|auto  how guest code is run\n"
    "  --dispatch=tail|loop      ... and dispatched\n"
    "  --compare-dispatch        run all in a second store with the other dispatch: results and fuel must be equal\n"
    "  --compare-tier            run all in a second store in place: results and fuel must be equal\n"
    "  --resume[=SEED]           run all in a second store whose fuel comes in random portions: the same\n"
    "  --verbose                 name what is unsupported, too\n";

struct Arguments {
  RunOptions run;
  bool is_verbose = false;
  bool compares_tier = false;
  std::vector<std::string> names;
};

bool ParseOption(std::string_view option, Arguments& out) {
  const size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals);
  const std::string value(equals == std::string_view::npos ? "" : option.substr(equals + 1));
  if (option == "--tier=inplace" || option == "--tier=fast" || option == "--tier=auto") {
    out.run.world.tier = value == "auto" ? Tier::kAuto : value == "fast" ? Tier::kFast : Tier::kInPlace;
  } else if (option == "--dispatch=tail" || option == "--dispatch=loop") {
    out.run.world.dispatch = value == "tail" ? Dispatch::kTail : Dispatch::kLoop;
  } else if (option == "--compare-dispatch") {
    out.run.compare = true;
    out.run.other_world.dispatch = Dispatch::kLoop;
  } else if (option == "--compare-tier") {
    out.run.compare = true;
    out.compares_tier = true;
  } else if (name == "--resume") {
    out.run.compare = true;
    out.run.other_world.is_sliced = true;
    if (!value.empty()) out.run.other_world.seed = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
  } else if (option == "--verbose") {
    out.is_verbose = true;
  } else {
    return false;
  }
  return true;
}

bool Parse(int count, char** words, Arguments& out) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with('-')) {
      out.names.emplace_back(word);
    } else if (!ParseOption(word, out)) {
      return false;
    }
  }
  const bool compares_dispatch = out.run.other_world.dispatch == Dispatch::kLoop;
  out.run.other_world.tier = out.compares_tier ? Tier::kInPlace : out.run.world.tier;
  if (!compares_dispatch) {
    out.run.other_world.dispatch = out.run.world.dispatch;
  } else if (out.run.world.dispatch == Dispatch::kLoop) {
    out.run.other_world.dispatch = Dispatch::kTail;
  }
  return !out.names.empty();
}

void Print(const FileReport& report, bool is_verbose) {
  for (const CommandReport& command : report.commands) {
    const bool is_failure = command.verdict == Verdict::kFailed;
    if (!is_failure && !(is_verbose && command.verdict == Verdict::kUnsupported)) continue;
    std::fprintf(stderr, "%s:%d: %s %s: %s\n", report.name.c_str(), command.line, command.type.c_str(),
                 is_failure ? "failed" : "unsupported", command.text.c_str());
  }
  if (!report.error.empty()) std::fprintf(stderr, "%s: %s\n", report.name.c_str(), report.error.c_str());
  std::printf("%s: %zu passed, %zu failed, %zu skipped, %zu unsupported\n", report.name.c_str(),
              report.Count(Verdict::kPassed), report.Count(Verdict::kFailed), report.Count(Verdict::kSkipped),
              report.Count(Verdict::kUnsupported));
}

int Main(int count, char** words) {
  Arguments arguments;
  if (!Parse(count, words, arguments)) {
    std::fputs(kUsage.data(), stderr);
    return 2;
  }
  const std::string folder = ResolveFolder(arguments.names[0]);
  std::vector<std::string> groups(arguments.names.begin() + 1, arguments.names.end());
  if (groups.empty()) groups = GroupsOf(folder);
  Totals totals;
  size_t complaints = 0;
  for (const std::string& group : groups) {
    std::vector<FileReport> reports;
    for (const ScriptFile& script : ScriptsOf(folder, group)) {
      reports.push_back(RunScript(script.path, script.name, arguments.run));
      Print(reports.back(), arguments.is_verbose);
      totals.Add(reports.back());
    }
    std::vector<std::string> lines = CheckCounts(folder, group, reports);
    if (reports.empty()) lines.push_back("no scripts in " + folder + "/" + group);
    for (const std::string& line : lines) std::fprintf(stderr, "%s\n", line.c_str());
    complaints += lines.size();
  }
  if (groups.empty()) std::fprintf(stderr, "no scripts in %s\n", folder.c_str());
  std::fputs(totals.ToText().c_str(), stdout);
  return totals.failed == 0 && complaints == 0 && !groups.empty() ? 0 : 1;
}

}  // namespace
}  // namespace sandbox::spec

int main(int count, char** words) { return sandbox::spec::Main(count, words); }
