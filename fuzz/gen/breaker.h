// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the rules of broken_module.h are made of.
#ifndef FUZZ_GEN_BREAKER_H_
#define FUZZ_GEN_BREAKER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/wasm/editable_module.h"
#include "sandbox/base/error.h"
#include "sandbox/module/module_data.h"
#include "sandbox/syntax/opcode.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {

// A valid module: as parts to change, and as what validation found out about it.
struct Breaker {
  ByteSource& source;
  EditableModule module;
  const ModuleData& data;
  std::optional<std::vector<uint8_t>> whole;  // the module's bytes, when a rule breaks what holds the parts together

  bool has_bodies() { return module.Find(kCodeSection) != nullptr && !module.Find(kCodeSection)->entries.empty(); }
  // Instructions at the beginning of some function: nothing is on its operand stack there, and it is reachable.
  bool Insert(const testing::Bytes& instructions);
  bool Add(uint8_t section, const testing::Bytes& entry);
  // A new type, and a function of type [] -> []; their indices.
  uint32_t AddType(const testing::Bytes& entry);
  uint32_t AddFunction(const testing::Bytes& body, const testing::Bytes& type = {0x60, 0, 0});
  uint32_t function_count() { return data.function_count() + added_functions; }

  uint32_t added_functions = 0;
  uint32_t added_types = 0;
};

// Which modules a reference must know to be asked about a rule.
enum class Needs : uint8_t { kNothing, kBulk, kReferences, kTypedReferences, kTailCalls, kRichTypes, kTags, kUnsupported };

struct Rule {
  const char* name;
  Needs needs;
  std::array<ErrorCode, 4> expected;  // filled up with the last one
  bool (*apply)(Breaker& breaker);    // false: not in this module
};

constexpr Rule MakeRule(const char* name, Needs needs, bool (*apply)(Breaker&), ErrorCode a) {
  return {name, needs, {a, a, a, a}, apply};
}
constexpr Rule MakeRule(const char* name, Needs needs, bool (*apply)(Breaker&), ErrorCode a, ErrorCode b) {
  return {name, needs, {a, b, b, b}, apply};
}
constexpr Rule MakeRule(const char* name, Needs needs, bool (*apply)(Breaker&), ErrorCode a, ErrorCode b, ErrorCode c,
                        ErrorCode d) {
  return {name, needs, {a, b, c, d}, apply};
}

std::span<const Rule> CodeRules();     // broken_code.cc
std::span<const Rule> SectionRules();  // broken_sections.cc

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_BREAKER_H_
