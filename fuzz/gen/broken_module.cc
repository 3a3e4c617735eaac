// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/broken_module.h"

#include <array>

#include "fuzz/gen/breaker.h"
#include "fuzz/wasm/module_reader.h"
#include "sandbox/base/budget.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/valid/load.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;

const Rule& RuleAt(size_t i) {
  const std::span<const Rule> code = CodeRules();
  return i < code.size() ? code[i] : SectionRules()[i - code.size()];
}

bool Knows(const GeneratorOptions& options, Needs needs) {
  switch (needs) {
    case Needs::kNothing:
    case Needs::kBulk: return true;
    case Needs::kReferences: return options.reference_types;
    case Needs::kTypedReferences: return options.typed_references;
    case Needs::kTailCalls: return options.tail_calls;
    case Needs::kRichTypes: return options.rich_types;
    case Needs::kTags: return options.tags;
    case Needs::kUnsupported: return options.rich_types;  // no other engine lacks the same
  }
  return false;
}

// What a rule chooses besides: by all of the module. A byte of the input for each such choice would hardly ever be the one
// that a mutator changes.
uint64_t SeedOf(ByteSource& source, std::span<const uint8_t> module) {
  constexpr uint64_t kPrime = 0x100000001b3;  // of the hash FNV-1a
  uint64_t seed = source.Word(4);
  for (const uint8_t byte : module) seed = (seed ^ byte) * kPrime;
  return seed >> 32 ^ seed;
}

}  // namespace

bool Breaker::Insert(const Bytes& instructions) {
  if (!has_bodies()) return false;
  std::vector<Bytes>& bodies = module.Find(kCodeSection)->entries;
  Bytes& body = bodies[source.Below(static_cast<uint32_t>(bodies.size()))];
  const std::vector<InstructionRange> there = InstructionsOf(body);
  if (there.empty()) return false;
  body.insert(body.begin() + static_cast<ptrdiff_t>(there[0].begin), instructions.begin(), instructions.end());
  return true;
}

bool Breaker::Add(uint8_t section, const Bytes& entry) {
  EditableSection& target = module.FindOrAdd(section);
  if (!target.has_entries) return false;
  target.entries.push_back(entry);
  return true;
}

uint32_t Breaker::AddType(const Bytes& entry) {
  Add(kTypeSection, entry);
  return static_cast<uint32_t>(data.type_index.size()) + added_types++;
}

uint32_t Breaker::AddFunction(const Bytes& body, const Bytes& type) {
  Add(kFunctionSection, testing::EncodeU(AddType(type)));
  Add(kCodeSection, body);
  return data.function_count() + added_functions++;
}

size_t BrokenRuleCount() { return CodeRules().size() + SectionRules().size(); }

std::string_view BrokenRuleName(size_t rule) { return RuleAt(rule).name; }

BrokenModule BreakRule(size_t rule, ByteSource& source, std::span<const uint8_t> valid) {
  const BrokenModule unbroken = {{valid.begin(), valid.end()}, "", {}};
  Budget budget(64u << 20);
  ModuleData data(budget);
  const ImplementationLimits limits;
  std::optional<EditableModule> parts = TakeApart(valid);
  if (!parts || !LoadModule(valid, limits, data)) return unbroken;
  Breaker breaker{source, std::move(*parts), data, std::nullopt};
  if (!RuleAt(rule).apply(breaker)) return unbroken;
  return {breaker.whole ? std::move(*breaker.whole) : breaker.module.Build(), RuleAt(rule).name, RuleAt(rule).expected};
}

BrokenModule BreakOneRule(ByteSource& source, std::span<const uint8_t> valid, const GeneratorOptions& options) {
  const uint32_t count = static_cast<uint32_t>(BrokenRuleCount());
  const uint32_t start = source.Below(count);
  const std::array<uint8_t, 64> drawn = DrawChoices(SeedOf(source, valid));
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t rule = (start + i) % count;
    if (!Knows(options, RuleAt(rule).needs)) continue;
    ByteSource choices(drawn);
    BrokenModule broken = BreakRule(rule, choices, valid);
    if (!broken.rule.empty()) return broken;
  }
  return {{valid.begin(), valid.end()}, "", {}};
}

}  // namespace sandbox::fuzz
