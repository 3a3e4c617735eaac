// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A script of API calls out of the fuzzer's bytes: several stores, modules linked to each other, host functions that call
// back, handles used late, early and in the wrong store. Beside each store goes a model of its runs; what a call answers
// must be what the header says for the state that the model is in.
#ifndef FUZZ_ORACLE_API_SCRIPT_H_
#define FUZZ_ORACLE_API_SCRIPT_H_

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/counting_allocator.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {

class ApiScript {
 public:
  explicit ApiScript(ByteSource& source) : source_(source) {}
  ~ApiScript();

  void Run();

 private:
  static constexpr uint64_t kRunning = 0;

  // A store and what is known about it. Stays when the store is gone: its handles must notice.
  struct World {
    CountingAllocator allocator;
    Config config;
    std::optional<Store> store;
    std::vector<uint64_t> runs;  // the tag of each pause, the innermost last; kRunning while the guest runs
    uint32_t driving = 0;        // calls into the store that are on the native stack
    uint32_t epoch = 0;          // counts resets
    uint32_t links_epoch = 0;    // counts resets that dropped the links
    bool has_released = false;   // an instance, whose functions others may export still
    bool is_alive() const { return store.has_value(); }
  };
  struct LoadedModule {
    std::vector<uint8_t> bytes;
    Module module;
  };
  struct KnownInstance {
    World* world;
    InstanceId id;
    uint32_t epoch;
    size_t module;
    bool is_released = false;
  };
  struct KnownRun {
    World* world;
    RunResult run;
    uint64_t tag;
  };
  template <typename View>
  struct KnownView {
    World* world;
    View view;
    uint32_t epoch;
    uint32_t instance;  // in instances_, or kNoIndex for a host object
  };

  // --- Modules and stores (api_script.cc) ---
  void LoadModules();
  void AddNestingFunctions(ImportList& list) const;
  World& NewWorld(size_t slot);
  void LinkHost(World& world);
  void EndWorld(World& world);
  void CheckWorlds();
  void Step();

  // --- Runs (api_runs.cc) ---
  void Instantiate();
  void Invoke();
  void InvokeTyped(World& world, const KnownInstance& instance, const std::string& name);
  void Resume();
  void Answer();
  void AnswerCurrent(const KnownRun& known, const Call& call);
  void CheckTypedArguments(const Call& call);
  void Drop();
  // What a run that was begun or resumed came to.
  void Keep(World& world, Result<RunResult> result, std::initializer_list<ErrorCode> allowed, std::string_view what);
  // What the model says about using a pause: nothing, kStaleHandle or kOutOfTurn.
  std::optional<ErrorCode> TurnOf(const KnownRun& known) const;
  // The body of linked lambdas.
  void NestedSteps(World& world);

  // --- Objects (api_objects.cc) ---
  void Memories();
  void Tables();
  void Globals();
  void Links();
  void Lifetimes();
  void Metering();
  void Questions();
  void UseMemory(const KnownView<MemoryView>& known);
  template <typename View>
  std::optional<ErrorCode> StateOf(const KnownView<View>& known) const;
  std::optional<ErrorCode> StateOf(const KnownInstance& known, const World& used_with) const;

  // --- Tools ---
  Value SomeValue(ValType type);
  std::vector<Value> SomeValues(std::span<const ValType> types);
  World& AnyWorld() { return *slots_[source_.Below(static_cast<uint32_t>(slots_.size()))]; }
  const KnownInstance* AnyInstance(const World& world);
  void Require(bool holds, std::string_view what) const;
  void Expect(const Error& error, std::initializer_list<ErrorCode> allowed, std::string_view what) const;
  // The error must be the one given; limits and memory are always allowed.
  void ExpectState(std::optional<ErrorCode> state, bool has_value, const Error& error,
                   std::initializer_list<ErrorCode> allowed, std::string_view what) const;

  ByteSource& source_;
  CountingAllocator module_allocator_;
  std::deque<std::vector<uint8_t>> spans_;   // memories of the embedder's: they outlive the stores
  std::deque<LoadedModule> modules_;
  std::deque<std::unique_ptr<World>> worlds_;
  std::vector<World*> slots_;                // the present ones
  std::vector<KnownInstance> instances_;
  std::vector<KnownRun> runs_;
  std::vector<KnownView<MemoryView>> memories_;
  std::vector<KnownView<TableView>> tables_;
  std::vector<KnownView<GlobalView>> globals_;
  std::vector<Value> values_;
  uint64_t next_tag_ = 1;
  uint32_t nesting_ = 0;
  uint32_t steps_ = 0;
};

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_API_SCRIPT_H_
