// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Mutates every module of a test suite and runs what comes out.
//
//   bazel run --config=asan //tests/spec:mutate -- [--seed=S] [--count=N] [--keep=FILE] [--replay=FILE] DIR [GROUP...]
//
// N mutations of each module. FILE holds the module under test at any time, so that it is there after a crash; --replay
// runs such a file alone. Ends with 1 when the dispatch forms differ.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/spec/driver.h"
#include "tests/spec/mutate.h"

namespace sandbox::spec {
namespace {

struct Arguments {
  uint32_t seed = 1;
  size_t count = 100;
  std::string keep;
  std::string replay;
  std::vector<std::string> names;
};

bool Parse(int count, char** words, Arguments& out) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    std::string value;
    if (word.starts_with("--")) {
      if (equals != std::string_view::npos) {
        value = word.substr(equals + 1);
      } else if (i + 1 < count) {
        value = words[++i];
      }
    }
    if (name == "--seed") {
      out.seed = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
    } else if (name == "--count") {
      out.count = std::strtoul(value.c_str(), nullptr, 10);
    } else if (name == "--keep") {
      out.keep = value;
    } else if (name == "--replay") {
      out.replay = value;
    } else if (word.starts_with("--")) {
      return false;
    } else {
      out.names.emplace_back(word);
    }
  }
  return !out.names.empty() || !out.replay.empty();
}

void Print(const std::string& name, const MutationCounts& counts) {
  std::printf(
      "%s: %zu loaded, %zu valid, %zu instantiated, %zu invoked: %zu done, %zu trapped, %zu paused; %zu differ\n",
      name.c_str(), counts.loaded, counts.valid, counts.instantiated, counts.invoked, counts.done, counts.trapped,
      counts.paused, counts.differences.size());
}

class Mutator {
 public:
  Mutator(const Arguments& arguments, MutantRunner runner) : arguments_(arguments), runner_(std::move(runner)) {}

  void RunGroup(const std::string& folder, const std::string& group) {
    MutationCounts before = counts_;
    for (const ScriptFile& script : ScriptsOf(folder, group)) {
      const std::vector<ScriptModule> modules = ModulesOf(script.path);
      for (size_t i = 0; i < modules.size(); ++i) {
        std::mt19937 random(arguments_.seed + 7919 * static_cast<uint32_t>(i) + Hash(script.name));
        for (size_t n = 0; n < arguments_.count; ++n) {
          const std::vector<uint8_t>& other = modules[random() % modules.size()].bytes;
          RunOne(Mutate(modules[i].bytes, other, random), script.name + ":" + std::to_string(modules[i].line));
        }
      }
    }
    std::printf("%s: %zu loaded, %zu valid\n", group.c_str(), counts_.loaded - before.loaded,
                counts_.valid - before.valid);
    std::fflush(stdout);
  }

  void RunOne(const std::vector<uint8_t>& bytes, const std::string& name) {
    Keep(bytes);
    const size_t before = counts_.differences.size();
    runner_.Run(bytes, arguments_.seed, counts_);
    if (counts_.differences.size() == before) return;
    std::fprintf(stderr, "%s: dispatch forms differ: %s\n", name.c_str(), counts_.differences.back().c_str());
    if (arguments_.keep.empty()) return;
    std::ofstream(arguments_.keep + ".differs" + std::to_string(before), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  const MutationCounts& counts() const { return counts_; }

 private:
  // One file, never closed: making it anew for each mutant would wait for the disk.
  void Keep(const std::vector<uint8_t>& bytes) {
    if (arguments_.keep.empty()) return;
    if (kept_ < 0) kept_ = open(arguments_.keep.c_str(), O_CREAT | O_RDWR | O_TRUNC, 0644);
    if (pwrite(kept_, bytes.data(), bytes.size(), 0) < 0 || ftruncate(kept_, static_cast<off_t>(bytes.size())) != 0) {
      std::fprintf(stderr, "%s cannot be written\n", arguments_.keep.c_str());
    }
  }

  static uint32_t Hash(std::string_view text) {
    uint32_t hash = 2166136261u;
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
    return hash;
  }

  const Arguments& arguments_;
  MutantRunner runner_;
  MutationCounts counts_;
  int kept_ = -1;
};

int Main(int count, char** words) {
  Arguments arguments;
  if (!Parse(count, words, arguments)) {
    std::fputs("usage: mutate [--seed=S] [--count=N] [--keep=FILE] [--replay=FILE] DIR [GROUP...]\n", stderr);
    return 2;
  }
  auto runner = MutantRunner::Create();
  if (!runner) {
    std::fputs("no store\n", stderr);
    return 2;
  }
  Mutator mutator(arguments, std::move(*runner));
  if (!arguments.replay.empty()) {
    std::ifstream in(arguments.replay, std::ios::binary);
    mutator.RunOne(std::vector<uint8_t>(std::istreambuf_iterator<char>(in), {}), arguments.replay);
  } else {
    const std::string folder = ResolveFolder(arguments.names[0]);
    std::vector<std::string> groups(arguments.names.begin() + 1, arguments.names.end());
    if (groups.empty()) groups = GroupsOf(folder);
    for (const std::string& group : groups) mutator.RunGroup(folder, group);
  }
  Print("all", mutator.counts());
  return mutator.counts().differences.empty() ? 0 : 1;
}

}  // namespace
}  // namespace sandbox::spec

int main(int count, char** words) { return sandbox::spec::Main(count, words); }
