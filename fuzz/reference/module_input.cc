// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/module_input.h"

#include <algorithm>
#include <array>

#include "fuzz/gen/broken_module.h"
#include "fuzz/gen/byte_source.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::fuzz {
namespace {

constexpr std::array<uint8_t, 4> kMagic = {0, 'a', 's', 'm'};
constexpr uint32_t kMostChanges = 4;

// Bytes that mean something wherever they stand: edges of LEB128, types, forms, small counts.
constexpr std::array<uint8_t, 28> kMeaningful = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0b, 0x0e,
                                                 0x40, 0x5f, 0x60, 0x63, 0x64, 0x6f, 0x70, 0x7c, 0x7d, 0x7e,
                                                 0x7f, 0x80, 0x81, 0xd0, 0xd2, 0xfc, 0xfe, 0xff};

// The opcode of one byte that another one becomes.
uint8_t AnyOpcode(ByteSource& source) {
  const OpInfo& info = InfoOf(static_cast<Op>(source.Below(kOpCount)));
  return info.prefix != 0 ? info.prefix : static_cast<uint8_t>(info.code);
}

struct Change {
  uint32_t where;
  uint8_t kind;
  uint8_t value;
  uint8_t opcode;
};

void Apply(const Change& change, std::vector<uint8_t>& module) {
  if (module.size() <= kMagic.size()) return;
  const size_t at = change.where % module.size();
  const auto place = module.begin() + static_cast<ptrdiff_t>(at);
  switch (change.kind % 16) {
    case 0: *place = change.value; break;
    case 1: *place ^= static_cast<uint8_t>(1u << change.value % 8); break;
    case 2: ++*place; break;
    case 3: --*place; break;
    case 4:
    case 5:
    case 6: *place = change.opcode; break;
    case 7:
    case 8:
    case 9: *place = kMeaningful[change.value % kMeaningful.size()]; break;
    case 10:
    case 11: *place = module[(at + change.value) % module.size()]; break;
    case 12: std::swap(*place, module[(at + 1) % module.size()]); break;
    case 13: *place |= 0x80; break;
    case 14: module.insert(place, change.value); break;
    default: module.erase(place);
  }
}

}  // namespace

std::vector<uint8_t> ModuleOf(std::span<const uint8_t> input, const GeneratorOptions& options) {
  if (input.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), input.begin())) {
    return {input.begin(), input.end()};
  }
  ByteSource source(input);
  const bool breaks_rule = source.OneIn(2);
  std::vector<Change> changes(breaks_rule ? 0 : source.Below(kMostChanges + 1));
  for (Change& change : changes) {
    change = {static_cast<uint32_t>(source.Word(3)), source.Byte(), source.Byte(), AnyOpcode(source)};
  }
  // Choices that the module shall not have used up.
  std::array<uint8_t, 16> choices = {};
  for (uint8_t& choice : choices) choice = breaks_rule ? source.Byte() : 0;
  std::vector<uint8_t> module = GenerateModule(source, options);
  if (breaks_rule) {
    ByteSource breaking(choices);
    return BreakOneRule(breaking, module, options).bytes;
  }
  for (const Change& change : changes) Apply(change, module);
  return module;
}

}  // namespace sandbox::fuzz
