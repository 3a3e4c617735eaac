// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Where this library and a reference are known to judge a module differently, and who is right by the specification: all
// such places, for all engines. A row is as narrow as its cause: what it covers is not compared.
#ifndef FUZZ_REFERENCE_KNOWN_DIFFERENCES_H_
#define FUZZ_REFERENCE_KNOWN_DIFFERENCES_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "sandbox/base/error.h"

namespace sandbox::fuzz {

struct Disagreement {
  std::string_view engine;
  std::span<const uint8_t> module;
  bool we_accept = false;
  Error error = {};        // ours, when we reject
  std::string_view words;  // theirs, when they reject; remarks
};

struct KnownDifference {
  std::string_view engine;
  std::string_view what;
  std::string_view anchor;  // of https://webassembly.github.io/spec/core/
  bool (*applies)(const Disagreement&);
};

// Every row. For the report of what was left out, too.
std::span<const KnownDifference> KnownDifferences();

// The row that explains the disagreement; null: none does.
const KnownDifference* Explain(const Disagreement& disagreement);

}  // namespace sandbox::fuzz

#endif  // FUZZ_REFERENCE_KNOWN_DIFFERENCES_H_
