// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A store with the `spectest` module, and one way of running things in it: straight ahead, or with the fuel handed out
// in small portions and host functions that suspend. Whatever the way, everything observable must be the same.
#ifndef TESTS_SPEC_WORLD_H_
#define TESTS_SPEC_WORLD_H_

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/sandbox.h"

namespace sandbox::spec {

struct WorldOptions {
  Tier tier = Tier::kInPlace;
  Dispatch dispatch = Dispatch::kDefault;
  ImplementationLimits limits;
  // Fuel comes in random portions, and host functions suspend.
  bool is_sliced = false;
  uint32_t seed = 1;  // of the portions
};

// What became of something that was run.
struct Ran {
  enum class Kind : uint8_t { kDone, kTrapped, kThrown, kRefused };

  Kind kind = Kind::kRefused;
  std::vector<Value> values;            // kDone
  TrapCode trap = TrapCode::kHost;      // kTrapped
  Error error{ErrorCode::kNotRunning};  // kRefused
  uint64_t fuel = 0;                    // what it cost
  std::optional<InstanceId> instance;   // of an instantiation that was not refused
  std::string complaint;                // a promise about pauses that was broken

  // For reports: "[i32:1]", "trap: unreachable", "invalid: ...".
  std::string ToText() const;
};

// The same in all that a guest or an embedder can observe, fuel included.
bool Equivalent(const Ran& a, const Ran& b);

// The text of an error without the offset in it.
std::string ReasonOf(const Error& error);

class World {
 public:
  // Errors: those of Store::Create.
  static Result<World> Create(const WorldOptions& options);

  Ran Instantiate(const Module& module);
  Ran Invoke(InstanceId instance, std::string_view name, std::span<const Value> arguments);
  Ran GetGlobal(InstanceId instance, std::string_view name);
  bool Register(InstanceId instance, const std::string& name) { return store_.SetName(instance, name).has_value(); }

  Store& store() { return store_; }
  // How often a run was resumed with more fuel.
  size_t pauses() const { return pauses_; }

 private:
  World(Store store, const WorldOptions& options)
      : store_(std::move(store)), is_sliced_(options.is_sliced), random_(options.seed) {}

  [[nodiscard]] Result<void> LinkSpectest();
  void Fill();
  Ran Finish(Result<RunResult> run);
  std::string Feed(Result<RunResult>& run);

  Store store_;
  bool is_sliced_;
  std::mt19937 random_;
  uint64_t given_ = 0;
  size_t pauses_ = 0;
};

}  // namespace sandbox::spec

#endif  // TESTS_SPEC_WORLD_H_
