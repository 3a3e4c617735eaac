// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Runs plugins that it knows nothing about, within limits, and reports what became of them:
//   plugin_host --input-file README.md wordcount.wasm
//
// A plugin is a WebAssembly module that exports plugin_main () -> i32 and imports what plugins/host_api.h declares.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/plugin_host/event_loop.h"
#include "examples/plugin_host/plugin.h"

namespace {

// What is printed of a log.
constexpr size_t kLogLines = 3;

struct Options {
  std::vector<std::string> files;
  std::string input;
  std::string input_file;
  Allowance allowance;
  uint64_t deadline_ms = 0;
  int runs = 1;
  std::vector<std::string> expected_endings;
  std::string expected_text;
};

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("PLUGIN", options.files, "Modules; several run side by side")->required()->check(CLI::ExistingFile);
  app.add_option("--input", options.input, "What plugins read as input");
  app.add_option("--input-file", options.input_file, "A file that they read instead")->check(CLI::ExistingFile);
  app.add_option("--fuel", options.allowance.fuel, "Fuel of each run")->capture_default_str();
  app.add_option("--memory", options.allowance.memory_bytes, "Bytes that a plugin may hold in all")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  app.add_option("--deadline", options.deadline_ms, "Milliseconds of each run; 0: as long as it likes")
      ->capture_default_str();
  app.add_option("--host-calls", options.allowance.host_calls, "Host calls of each run")->capture_default_str();
  app.add_option("--runs", options.runs, "Runs of each plugin, one after the other")->capture_default_str();
  app.add_option("--expect", options.expected_endings, "Fail unless plugins end like that: returned,trapped,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--expect-text", options.expected_text, "Fail unless the last reason or output of each contains that");
}

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void Print(const std::string& name, const Report& report) {
  std::cout << "--- " << name << ": " << NameOf(report.ending) << " (" << report.reason << ")\n";
  for (size_t i = 0; i < std::min(report.log.size(), kLogLines); ++i) std::cout << "log: " << report.log[i] << "\n";
  if (report.log.size() > kLogLines) std::cout << "log: ... and " << report.log.size() - kLogLines << " lines more\n";
  std::cout << report.output;
  if (!report.output.empty() && !report.output.ends_with('\n')) std::cout << "\n";
  std::cout << "fuel used: " << report.fuel_used << "\nmemory peak: " << report.memory_peak_bytes
            << " bytes\nhost calls: " << report.host_calls << "\n";
}

// Whether a run went as the command line says, and within its allowance.
bool IsExpected(const Options& options, size_t plugin, const Report& report) {
  const std::vector<std::string>& endings = options.expected_endings;
  const auto has_text = [&](const std::string& text) { return text.find(options.expected_text) != std::string::npos; };
  // One for each plugin, or one for all.
  return (endings.empty() || NameOf(report.ending) == endings[std::min(plugin, endings.size() - 1)]) &&
         (has_text(report.reason) || has_text(report.output)) && report.fuel_used <= options.allowance.fuel &&
         report.memory_peak_bytes <= options.allowance.memory_bytes;
}

// Returns whether all plugins ended as expected.
bool RunAll(const Options& options) {
  EventLoop loop;
  Environment environment;
  environment.input = options.input;
  if (!options.input_file.empty()) {
    const std::vector<uint8_t> bytes = ReadFile(options.input_file);
    environment.input.assign(bytes.begin(), bytes.end());
  }
  std::vector<std::unique_ptr<Plugin>> plugins;
  for (const std::string& file : options.files) {
    plugins.push_back(std::make_unique<Plugin>(loop, ReadFile(file), options.allowance, environment));
  }
  bool is_expected = true;
  for (int run = 0; run < options.runs; ++run) {
    for (const auto& plugin : plugins) plugin->Start();
    loop.Run();
    for (size_t i = 0; i < plugins.size(); ++i) {
      const Report& report = plugins[i]->report();
      Print(std::filesystem::path(options.files[i]).filename().string(), report);
      if (plugins[i]->has_ended() && IsExpected(options, i, report)) continue;
      std::cout << "NOT AS EXPECTED\n";
      is_expected = false;
    }
  }
  return is_expected;
}

}  // namespace

int main(int count, char** words) {
  Options options;
  CLI::App app("Runs untrusted plugins within limits.", "plugin_host");
  AddOptions(app, options);
  CLI11_PARSE(app, count, words);
  if (options.deadline_ms != 0) options.allowance.deadline = std::chrono::milliseconds(options.deadline_ms);
  return RunAll(options) ? 0 : 1;
}
