// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// An engine to compare this library with. Whoever adds one writes one file: a class with these functions, and its words
// for traps.
#ifndef FUZZ_REFERENCE_ENGINE_H_
#define FUZZ_REFERENCE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/observation.h"

namespace sandbox::fuzz {

enum class Verdict : uint8_t {
  kAccepts,
  kRejects,
  kUndecided,  // the engine lacks what the module needs, has a limit that the specification leaves open, or has failed
};

struct Judgement {
  Verdict verdict = Verdict::kUndecided;
  std::string words;  // why not accepted, as the engine puts it; remarks
};

// What is called: each exported function so many times, with arguments that are functions of the seed (observation.h).
struct Invocations {
  uint64_t seed = 0;
  uint32_t rounds = 5;
};

struct EngineRun {
  // Absent (false): there is nothing to compare. The engine lacks something, or crashed or hung; `seen.refusal` says
  // which. That is the reference's affair, never a finding against this library.
  bool is_observed = false;
  Observation seen;
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual std::string_view name() const = 0;
  // Whether the engine can be used here at all.
  virtual bool is_available() const { return true; }
  // What generated modules may have: those that it judges; and those that it runs, which end by themselves. Everything,
  // for an engine that says nothing else.
  virtual GeneratorOptions options_to_judge() const { return GeneratorOptions::Everything(); }
  virtual GeneratorOptions options_to_run() const {
    GeneratorOptions options = options_to_judge();
    options.own_limit = 500;
    options.canonical_nans = options.patterned_memory = true;
    return options;
  }

  virtual Judgement Judge(std::span<const uint8_t> module) = 0;
  virtual EngineRun Execute(std::span<const uint8_t> module, const Invocations& invocations) = 0;
};

// The engine that the program is linked with: each of //fuzz/reference:{wabt,v8,own} defines it.
Engine& Reference();

}  // namespace sandbox::fuzz

#endif  // FUZZ_REFERENCE_ENGINE_H_
