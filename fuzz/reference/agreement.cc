// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/agreement.h"

#include <cstdio>
#include <string_view>

#include "fuzz/reference/known_differences.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {
namespace {

// What the specification leaves to each implementation, and what this build lacks, is not decided.
bool IsDecided(const Error& error) {
  return ClassOf(error.code) == ErrorClass::kMalformed || ClassOf(error.code) == ErrorClass::kInvalid;
}

std::string WordsOf(const Error& error) {
  return std::string(TextOf(error.code)) + " at byte " + std::to_string(error.offset);
}

}  // namespace

Agreement AgreeOnValidity(std::span<const uint8_t> module, Engine& reference) {
  const Result<Module> ours = Module::Load(module);
  if (!ours && !IsDecided(ours.error())) return {};
  const Judgement theirs = reference.Judge(module);
  if (theirs.verdict == Verdict::kUndecided) return {};
  if (ours.has_value() == (theirs.verdict == Verdict::kAccepts)) return {true, ""};
  Disagreement disagreement;
  disagreement.engine = reference.name();
  disagreement.module = module;
  disagreement.we_accept = ours.has_value();
  if (!ours) disagreement.error = ours.error();
  disagreement.words = theirs.words;
  if (Explain(disagreement) != nullptr) return {};
  const std::string name(reference.name());
  if (ours) return {true, "accepted here, rejected by " + name + ": " + theirs.words};
  return {true, "rejected here: " + WordsOf(ours.error()) + "; accepted by " + name + " " + theirs.words};
}

Agreement AgreeOnExecution(std::span<const uint8_t> module, const Observation& ours, Engine& reference,
                           const Invocations& invocations) {
  const std::string name(reference.name());
  if (!ours.is_valid) return {true, "the generator made an invalid module"};
  if (!ours.is_instantiated) return {};  // a limit of ours
  EngineRun theirs = reference.Execute(module, invocations);
  if (!theirs.is_observed) return {};
  if (!theirs.seen.is_valid) return {true, "rejected by " + name + ": " + theirs.seen.refusal};
  if (!theirs.seen.calls.empty() && theirs.seen.calls.front().ending != Ending::kReturned) {
    // References make no instance when the start function traps: nothing follows it.
    Observation start = ours;
    start.calls.resize(1);
    start.memories.clear();
    start.globals.clear();
    start.tables.clear();
    return {true, Difference(start, theirs.seen, false)};
  }
  return {true, Difference(ours, theirs.seen, false)};
}

namespace {

// At the end of the process, whatever ends it in good order.
class Counts {
 public:
  explicit Counts(Engine& reference) : reference_(reference.name()), is_available_(reference.is_available()) {}
  ~Counts() {
    if (!is_available_) {
      std::fprintf(stderr, "NOTHING COMPARED: there is no %s here; %llu inputs were skipped\n", reference_.c_str(), left_out_);
      return;
    }
    std::fprintf(stderr, "%s: %llu inputs compared, %llu not\n", reference_.c_str(), compared_, left_out_);
  }
  void Add(bool is_compared) { ++(is_compared ? compared_ : left_out_); }

 private:
  std::string reference_;
  bool is_available_;
  unsigned long long compared_ = 0;
  unsigned long long left_out_ = 0;
};

}  // namespace

void Count(Engine& reference, const Agreement& agreement) {
  static Counts counts(reference);
  counts.Add(agreement.is_compared);
}

}  // namespace sandbox::fuzz
