// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "sandbox/cli/env.h"
#include "sandbox/cli/exit_code.h"

namespace sandbox::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 rejected module or link error, 2 usage or no such export, 3 trap,\n"
    "4 out of fuel or interrupted, 5 uncaught exception.";

constexpr const char* kRunFooter =
    "Without --invoke: runs _start, else run, else lists the exports. Results come one a line, as i32:42.\n"
    "ARG: a number (42, 0x2a, -1, 1.5, 0x1p-3, inf, nan:0x1), null or the number of an externref, with or without\n"
    "its type in front (f32:1.5). Put -- before arguments such as -inf.";

// An option whose value is one of some words.
template <typename T>
void AddChoice(CLI::App& app, const std::string& name, T& target, const std::map<std::string, T>& choices,
               const std::string& description) {
  app.add_option_function<std::string>(
         name, [&target, choices](const std::string& word) { target = choices.at(word); }, description)
      ->check(CLI::IsMember(choices))
      ->option_text("WORD");
}

void AddRun(CLI::App& app, Options& options, std::string& file) {
  CLI::App* run = app.add_subcommand("run", "Runs an exported function");
  run->add_option("FILE", file, "The module")->required();
  run->add_option("ARG", options.arguments, "Arguments of the function");
  run->add_option("--invoke", options.invoke, "The exported function to call");
  AddChoice(*run, "--tier", options.tier, {{"auto", Tier::kAuto}, {"inplace", Tier::kInPlace}, {"fast", Tier::kFast}},
            "inplace, fast or auto (default)");
  AddChoice(*run, "--dispatch", options.dispatch, {{"tail", Dispatch::kTail}, {"loop", Dispatch::kLoop}},
            "tail or loop: how the in-place tier goes on to the next instruction");
  run->add_option("--fuel", options.fuel, "Stop when that much is used up; start functions included")
      ->check(CLI::NonNegativeNumber)  // without it, -1 would be taken for the greatest number
      ->option_text("N");
  run->add_option("--max-memory", options.max_memory_bytes, "Largest size of a linear memory: 65536, 64K, 16M, 1G")
      ->transform(CLI::AsSizeValue(false))
      ->option_text("SIZE");
  run->add_flag("--time", options.time, "Print fuel and seconds of the call alone, in the last two lines");
  run->add_flag("--backtrace", options.backtrace, "Print where a trap happened");
  run->footer(std::string(kRunFooter) + "\n\n" + EnvHelp());
  run->callback([&options] { options.command = Command::kRun; });
}

}  // namespace

std::expected<Options, int> ParseOptions(std::span<const std::string> arguments, std::ostream& out, std::ostream& err) {
  Options options;
  std::string file;
  CLI::App app("Runs, validates and inspects WebAssembly modules.", "wasm-sandbox");
  app.set_version_flag("--version", SANDBOX_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  AddRun(app, options, file);
  CLI::App* validate = app.add_subcommand("validate", "Says of each file whether it is a valid module");
  validate->add_option("FILE", options.files, "Modules")->required();
  validate->callback([&options] { options.command = Command::kValidate; });
  CLI::App* inspect = app.add_subcommand("inspect", "Lists imports, exports, limits needed and sizes");
  inspect->add_option("FILE", file, "The module")->required();
  inspect->callback([&options] { options.command = Command::kInspect; });

  try {
    // The library takes them from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return std::unexpected(app.exit(error, out, err) == 0 ? kExitDone : kExitUsage);
  }
  if (options.command != Command::kValidate) options.files = {file};
  return options;
}

}  // namespace sandbox::cli
