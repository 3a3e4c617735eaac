// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A plugin: somebody else's program, its allowances, and how it ended.
#ifndef EXAMPLES_PLUGIN_HOST_PLUGIN_H_
#define EXAMPLES_PLUGIN_HOST_PLUGIN_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/plugin_host/event_loop.h"
#include "examples/plugin_host/watchdog.h"
#include "sandbox/sandbox.h"

// What a plugin may use, each time that it runs.
struct Allowance {
  uint64_t fuel = 1'000'000'000;
  uint64_t memory_bytes = 16u << 20;  // all that the plugin makes the host hold: memories, tables, stack
  std::optional<std::chrono::milliseconds> deadline;
  uint64_t host_calls = 10'000;
  uint64_t output_bytes = 1u << 20;  // output, log and the key-value store together
};

enum class Ending : uint8_t {
  kReturned,      // plugin_main returned 0
  kFailed,        // ... or something else
  kRejected,      // not a module, or not a plugin: nothing ran
  kTrapped,       // it did what WebAssembly forbids
  kOutOfFuel,     // its fuel allowance is used up
  kDeadline,      // ... or its time
  kTooManyCalls,  // ... or its host calls
};
std::string_view NameOf(Ending ending);

struct Report {
  Ending ending = Ending::kRejected;
  std::string reason;  // in words
  std::string output;
  std::vector<std::string> log;
  uint64_t fuel_used = 0;
  uint64_t memory_peak_bytes = 0;
  uint64_t host_calls = 0;
};

// What a plugin has of the host's while it runs, and the host keeps for it between runs.
struct Environment {
  std::string input;
  std::map<std::string, std::string, std::less<>> values;
};

// Runs in the event loop, in slices: plugins that are started together take turns. A host call suspends the plugin; its
// answer is an event of its own. The object stays where it is until the loop is done.
class Plugin {
 public:
  Plugin(EventLoop& loop, std::vector<uint8_t> bytes, const Allowance& allowance, Environment environment);

  // Begins a run; ends with a Report. Once a run has ended there may be another one: the same store, reset.
  void Start();

  const Report& report() const { return report_; }
  // Whether the run has ended.
  bool has_ended() const { return has_ended_; }

 private:
  // The host's functions, in the order in which they are linked. They answer the pending call.
  using Answer = sandbox::Result<sandbox::RunResult> (Plugin::*)(const sandbox::Call&);
  struct HostFunction;
  static const std::vector<HostFunction>& HostFunctions();

  sandbox::Result<sandbox::RunResult> Log(const sandbox::Call& call);
  sandbox::Result<sandbox::RunResult> ReadInput(const sandbox::Call& call);
  sandbox::Result<sandbox::RunResult> WriteOutput(const sandbox::Call& call);
  sandbox::Result<sandbox::RunResult> GetValue(const sandbox::Call& call);
  sandbox::Result<sandbox::RunResult> SetValue(const sandbox::Call& call);
  sandbox::Result<sandbox::RunResult> Clock(const sandbox::Call& call);

  sandbox::Result<void> Prepare();
  sandbox::Result<void> Instantiate();
  // What comes next after a run has come this far.
  void Continue(const sandbox::Result<sandbox::RunResult>& run);
  void AnswerCall(const sandbox::RunResult& run);
  void AddFuel(const sandbox::RunResult& run);
  void Finish(const sandbox::RunResult& run);
  void End(Ending ending, std::string reason);
  void Reject(const sandbox::Error& error);

  // The guest's bytes, copied. Nothing when they are not in its memory.
  static std::optional<std::string> Copy(const sandbox::Call& call, uint32_t address, uint32_t length);
  // Counts bytes that the host is made to keep. False when that is too much.
  bool Keep(uint64_t bytes);

  EventLoop& loop_;
  std::vector<uint8_t> bytes_;
  Allowance allowance_;
  Environment environment_;

  sandbox::Module module_;
  std::optional<sandbox::Store> store_;
  std::optional<sandbox::InstanceId> instance_;
  std::unique_ptr<Watchdog> watchdog_;  // after the store, whose interrupt it holds

  bool has_started_main_ = false;
  bool has_ended_ = false;
  uint64_t fuel_granted_ = 0;
  uint64_t bytes_kept_ = 0;
  Report report_;
};

#endif  // EXAMPLES_PLUGIN_HOST_PLUGIN_H_
