// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What can be seen of a module's execution, engine by engine: the same script of calls, and afterwards all state that is
// exported. Two observations that differ are a bug in one of the engines.
#ifndef FUZZ_ORACLE_OBSERVATION_H_
#define FUZZ_ORACLE_OBSERVATION_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sandbox/base/trap.h"
#include "sandbox/syntax/types.h"

namespace sandbox::fuzz {

enum class Ending : uint8_t {
  kReturned,
  kTrapped,
  kOutOfFuel,
  kExhausted,  // of stack or memory: where that comes is each engine's own affair, and nothing after it is compared
};

struct CallRecord {
  std::string name;
  Ending ending = Ending::kReturned;
  TrapCode trap = TrapCode::kUnreachable;
  uint32_t traps = 0;             // a bit for each trap that a reference's words may stand for; 0: `trap` alone
  std::string words;              // a reference's own, of a trap
  std::vector<uint64_t> results;  // bits; NaNs as one NaN; references: see kOtherReference
  uint64_t fuel = 0;              // spent; of engines that count the same units
};

struct Observation {
  bool is_valid = false;
  std::string refusal;                  // a reference's words for an invalid module
  bool is_instantiated = false;
  std::vector<CallRecord> calls;        // the start function first, as "start"
  std::vector<uint64_t> memories;       // a hash of each, its size included
  std::vector<uint64_t> globals;        // as results
  std::vector<uint64_t> tables;         // a hash of the size and all elements
};

// The bits of a result as observations hold them: every NaN the same.
uint64_t ObservedBits(ValType type, uint64_t bits);

// A reference as observations hold it: 0 for null, 1 + the index of the exported function that it is, else ~0.
inline constexpr uint64_t kOtherReference = ~uint64_t{0};

// Which arguments the i-th call of an export gets, and how a host function answers: pure functions of the input's seed.
uint64_t ArgumentBits(uint64_t seed, uint32_t export_number, uint32_t round, uint32_t parameter, ValType type);
uint64_t ImportedGlobalBits(uint64_t seed, uint32_t number, ValType type);
uint64_t HostResultBits(uint64_t seed, std::span<const uint64_t> arguments, uint32_t result, ValType type);

// Rounds of calls over all exported functions, unless an oracle says otherwise.
inline constexpr uint32_t kRounds = 2;

class Hash {
 public:
  void Add(uint64_t word);
  void AddBytes(std::span<const uint8_t> bytes);
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15;
};

// "" when alike, else the first difference in words. fuel: whether both count it in the same units, and their stacks in
// the same cells.
std::string Difference(const Observation& a, const Observation& b, bool compare_fuel);

// Ends the process with a report: what a fuzzer does with a difference.
[[noreturn]] void Report(const std::string& what, std::span<const uint8_t> module);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_OBSERVATION_H_
