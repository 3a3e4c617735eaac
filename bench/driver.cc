// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The engine's side of a comparison between interpreters:
//   driver [--eager] [--tier=T] [--dispatch=D] [--fuel=on|off] <wasm> <export> <n>   checksum and seconds of CPU time
//   of the call driver [...] <wasm> <export>                                            score and seconds (CoreMark)
//   driver [...] --load <wasm>                                              load <s> s <MB/s> MB/s rss+ <KB> peak+ <KB>
//   KB
// A call with n = 1 comes first, so that whatever is lazy has happened. Imports: env.host_add, env.clock_ms; when only
// loading, every function import is answered for. Fuel on: a finite tank; off: an unlimited one.
//
// driver_dispatches prints, before that, `fuel <units> fast <n> in place <n>`: what the call cost, and how many
// instructions each tier dispatched for it. driver_unmetered is compiled without charging fuel, but for what cold paths
// charge, and prints `fuel <units>` (sandbox/exec/measure.h).
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sandbox/exec/measure.h"
#include "sandbox/sandbox.h"

namespace {

using sandbox::Config;
using sandbox::Error;
using sandbox::InstanceId;
using sandbox::Module;
using sandbox::Outcome;
using sandbox::Result;
using sandbox::RunResult;
using sandbox::Store;
using sandbox::Value;

constexpr uint64_t kLargeTank = uint64_t{1} << 62;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "driver: %s\n", what.c_str());
  std::exit(3);
}

template <typename T>
T OrDie(Result<T> result, std::string_view what) {
  if (!result) {
    Die(std::string(what) + ": " + std::string(sandbox::TextOf(result.error().code)) + " at offset " +
        std::to_string(result.error().offset));
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double ClockScale() {
  const char* text = std::getenv("CLOCK_SCALE");
  const double scale = text != nullptr ? std::atof(text) : 1;
  return scale > 0 ? scale : 1;
}

// A number in kB from a file of /proc, or 0.
long ProcKilobytes(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return std::atol(line.c_str() + key.size());
  }
  return 0;
}

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Die("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Options {
  Config config;
  sandbox::LoadOptions load;
  bool load_only = false;
  std::vector<std::string> words;
};

void ParseFlag(std::string_view word, Options& options) {
  if (word == "--load") {
    options.load_only = true;
  } else if (word == "--eager") {
    options.load.translation = sandbox::Translation::kEager;
  } else if (word == "--tier=inplace") {
    options.config.tier = sandbox::Tier::kInPlace;
  } else if (word == "--tier=auto") {
    options.config.tier = sandbox::Tier::kAuto;
  } else if (word == "--tier=fast") {
    options.config.tier = sandbox::Tier::kFast;
  } else if (word == "--dispatch=tail") {
    options.config.dispatch = sandbox::Dispatch::kTail;
  } else if (word == "--dispatch=loop") {
    options.config.dispatch = sandbox::Dispatch::kLoop;
  } else if (word == "--fuel=on") {
    options.config.fuel = kLargeTank;
  } else if (word == "--fuel=off") {
    options.config.fuel = sandbox::kUnlimitedFuel;
  } else {
    Die("unknown flag " + std::string(word));
  }
}

Options Parse(int argc, char** argv) {
  Options options;
  options.config.fuel = kLargeTank;
  for (const std::string& word : std::vector<std::string>(argv + 1, argv + argc)) {
    if (word.starts_with("--")) {
      ParseFlag(word, options);
    } else {
      options.words.push_back(word);
    }
  }
  if (options.words.empty()) Die("usage: driver [flags] <wasm> <export> [<n>] | --load <wasm>");
  return options;
}

void LinkHost(Store& store) {
  OrDie(store.Link("env", "host_add", [](uint32_t a, uint32_t b) { return a + b; }), "link");
  const double scale = ClockScale();
  OrDie(store.Link("env", "clock_ms",
                   [scale] { return static_cast<int64_t>(static_cast<uint32_t>(CpuSeconds() * 1e3 * scale)); }),
        "link");
}

InstanceId InstantiateOrDie(Store& store, const Module& module) {
  const sandbox::Instantiation made = OrDie(store.Instantiate(module), "instantiate");
  if (!made.run.is_done()) Die("the start function does not end");
  return made.instance;
}

void Load(const Options& options) {
  const std::vector<uint8_t> bytes = ReadFile(options.words[0]);
  std::ofstream("/proc/self/clear_refs") << "5";  // peak = present size
  const long before_kb = ProcKilobytes("/proc/self/smaps_rollup", "Rss:");
  const double start = CpuSeconds();
  const Module module = OrDie(Module::Load(bytes, options.load), "load");
  Store store = OrDie(Store::Create(options.config), "store");
  std::set<std::string_view> linked;
  for (const auto import : module.imports()) {
    if (linked.insert(import.module).second) OrDie(store.LinkFuncDefault(import.module), "link");
  }
  InstantiateOrDie(store, module);
  const double seconds = CpuSeconds() - start;
  const long after_kb = ProcKilobytes("/proc/self/smaps_rollup", "Rss:");
  const long peak_kb = ProcKilobytes("/proc/self/status", "VmHWM:");
  std::printf("load %.6f s %.2f MB/s rss+ %ld peak+ %ld KB (module holds %.3f bytes a byte)\n", seconds,
              static_cast<double>(bytes.size()) / seconds / 1e6, after_kb - before_kb, peak_kb - before_kb,
              static_cast<double>(module.sizes().held_bytes) / static_cast<double>(bytes.size()));
}

RunResult CallOrDie(Store& store, InstanceId instance, const std::string& name, std::span<const Value> arguments) {
  RunResult result = OrDie(store.Invoke(instance, name, arguments), "invoke");
  if (!result.is_done()) Die("the call does not end: " + std::string(sandbox::TextOf(result.trap().code)));
  return result;
}

#if SANDBOX_COUNT_DISPATCHES
uint64_t Sum(std::span<const uint64_t> counts) { return std::accumulate(counts.begin(), counts.end(), uint64_t{0}); }
void ForgetDispatches() { sandbox::dispatch_counts = {}; }
void PrintDispatches(uint64_t fuel) {
  std::printf("fuel %llu fast %llu in place %llu\n", static_cast<unsigned long long>(fuel),
              static_cast<unsigned long long>(Sum(sandbox::dispatch_counts.fast)),
              static_cast<unsigned long long>(Sum(sandbox::dispatch_counts.in_place)));
}
#else
void ForgetDispatches() {}
void PrintDispatches(uint64_t fuel) {
  if (!SANDBOX_METERING) std::printf("fuel %llu\n", static_cast<unsigned long long>(fuel));
}
#endif

void Run(const Options& options) {
  const std::vector<uint8_t> bytes = ReadFile(options.words[0]);
  const Module module = OrDie(Module::Load(bytes), "load");
  Store store = OrDie(Store::Create(options.config), "store");
  LinkHost(store);
  const InstanceId instance = InstantiateOrDie(store, module);
  const std::string& name = options.words.at(1);
  std::vector<Value> arguments;
  if (options.words.size() > 2) {
    const Value one = Value::I32(1);
    static_cast<void>(CallOrDie(store, instance, name, {&one, 1}));
    arguments.push_back(Value::I32(static_cast<uint32_t>(std::stoul(options.words[2]))));
  }
  const uint64_t fuel = store.fuel();
  ForgetDispatches();
  const double start = CpuSeconds();
  const RunResult result = CallOrDie(store, instance, name, arguments);
  const double seconds = CpuSeconds() - start;
  PrintDispatches(fuel - store.fuel());
  const Value value = result.values()[0];
  if (value.type() == sandbox::ValType::F32()) {
    std::printf("%.3f %.6f\n", static_cast<double>(std::bit_cast<float>(value.f32_bits())) * ClockScale(), seconds);
  } else {
    std::printf("%u %.6f\n", value.u32(), seconds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  if (options.load_only) {
    Load(options);
  } else {
    if (options.words.size() < 2) Die("no export named");
    Run(options);
  }
}
