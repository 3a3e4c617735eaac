// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Nearly valid modules: a valid one in which one rule is broken, and it is known which.
#ifndef FUZZ_GEN_BROKEN_MODULE_H_
#define FUZZ_GEN_BROKEN_MODULE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "sandbox/base/error.h"

namespace sandbox::fuzz {

struct BrokenModule {
  std::vector<uint8_t> bytes;
  std::string_view rule;               // "" when no rule could be broken: the module is still valid
  std::span<const ErrorCode> expected;  // what may be said of it
};

// Breaks a rule that the source chooses; the options say which rules a reference does not know.
BrokenModule BreakOneRule(ByteSource& source, std::span<const uint8_t> valid, const GeneratorOptions& options);

size_t BrokenRuleCount();
std::string_view BrokenRuleName(size_t rule);
BrokenModule BreakRule(size_t rule, ByteSource& source, std::span<const uint8_t> valid);

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_BROKEN_MODULE_H_
