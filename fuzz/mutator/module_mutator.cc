// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/mutator/module_mutator.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "fuzz/wasm/module_reader.h"
#include "sandbox/syntax/opcode.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using Bytes = std::vector<uint8_t>;

void Splice(Bytes& bytes, size_t begin, size_t end, const Bytes& with) {
  bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.begin() + static_cast<ptrdiff_t>(end));
  bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(begin), with.begin(), with.end());
}

Bytes Part(const Bytes& bytes, size_t begin, size_t end) {
  return {bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.begin() + static_cast<ptrdiff_t>(end)};
}

// Instructions that differ in what they do only: the same operands, results and immediates.
std::vector<Op> AlikeOf(Op op) {
  const OpInfo& info = InfoOf(op);
  std::vector<Op> alike;
  for (size_t i = 0; i < kOpCount; ++i) {
    const OpInfo& other = InfoOf(static_cast<Op>(i));
    const bool is_alike = other.immediates == info.immediates && other.signature == info.signature;
    if (is_alike && IsBuiltIn(static_cast<Op>(i)) && static_cast<Op>(i) != op) alike.push_back(static_cast<Op>(i));
  }
  return alike;
}

}  // namespace

std::vector<uint8_t> ModuleMutator::Mutate(std::span<const uint8_t> bytes) {
  std::optional<EditableModule> module = TakeApart(bytes);
  if (!module || module->sections.empty()) return {};
  for (uint32_t i = 1 + Below(4); i > 0; --i) Change(*module);
  return module->Build();
}

std::vector<uint8_t> ModuleMutator::Cross(std::span<const uint8_t> bytes, std::span<const uint8_t> other_bytes) {
  std::optional<EditableModule> module = TakeApart(bytes);
  std::optional<EditableModule> other = TakeApart(other_bytes);
  if (!module || !other || other->sections.empty()) return {};
  const EditableSection& taken = other->sections[Below(other->sections.size())];
  EditableSection& target = module->FindOrAdd(taken.id);
  if (!taken.has_entries || !target.has_entries || taken.entries.empty()) {
    target = taken;
  } else if (Below(2) == 0 && !target.entries.empty()) {
    target.entries[Below(target.entries.size())] = taken.entries[Below(taken.entries.size())];
  } else {
    target.entries.push_back(taken.entries[Below(taken.entries.size())]);
  }
  return module->Build();
}

void ModuleMutator::Change(EditableModule& module) {
  const uint32_t choice = Below(16);
  if (choice == 0) return ChangeSections(module);
  EditableSection* code = module.Find(kCodeSection);
  if (choice < 11 && code != nullptr && !code->entries.empty()) {
    return ChangeBody(code->entries[Below(code->entries.size())]);
  }
  ChangeEntries(module);
}

void ModuleMutator::ChangeSections(EditableModule& module) {
  auto& sections = module.sections;
  const uint32_t at = Below(sections.size());
  switch (Below(5)) {
    case 0: sections.erase(sections.begin() + at); break;
    case 1: std::swap(sections[at], sections[Below(sections.size())]); break;
    case 2: sections.push_back(EditableSection(sections[at])); break;
    case 3: {
      EditableSection custom;
      custom.raw = {4, 'n', 'a', 'm', 'e', static_cast<uint8_t>(Below(4)), static_cast<uint8_t>(Below(8)), 1, 0};
      sections.insert(sections.begin() + at, custom);
      break;
    }
    default:
      if (mutate_bytes_ && !sections[at].has_entries) mutate_bytes_(sections[at].raw);
  }
  if (sections.empty()) module.FindOrAdd(kTypeSection);
}

void ModuleMutator::ChangeEntries(EditableModule& module) {
  EditableSection& section = module.sections[Below(module.sections.size())];
  if (!section.has_entries || section.entries.empty()) {
    if (mutate_bytes_ && !section.has_entries) mutate_bytes_(section.raw);
    return;
  }
  auto& entries = section.entries;
  const uint32_t at = Below(entries.size());
  switch (Below(6)) {
    case 0: entries.erase(entries.begin() + at); break;
    case 1: entries.insert(entries.begin() + at, Bytes(entries[Below(entries.size())])); break;
    case 2: std::swap(entries[at], entries[Below(entries.size())]); break;
    case 3:
      if (mutate_bytes_) mutate_bytes_(entries[at]);
      break;
    default: {
      Bytes& entry = entries[at];
      if (entry.empty()) break;
      uint8_t& byte = entry[Below(entry.size())];
      byte = Below(2) == 0 ? static_cast<uint8_t>(byte ^ 1u << Below(8)) : static_cast<uint8_t>(byte + Below(3) - 1);
    }
  }
}

void ModuleMutator::ChangeBody(Bytes& body) {
  const std::vector<InstructionRange> instructions = InstructionsOf(body);
  if (instructions.size() < 2) return;
  // The final end stays.
  const InstructionRange& at = instructions[Below(instructions.size() - 1)];
  const InstructionRange& other = instructions[Below(instructions.size() - 1)];
  switch (Below(10)) {
    case 0: return Splice(body, at.begin, at.end, {});
    case 1: return Splice(body, at.begin, at.begin, Part(body, at.begin, at.end));
    case 2: return Splice(body, at.begin, at.begin, Part(body, other.begin, other.end));
    case 3: return Splice(body, at.begin, at.end, Part(body, other.begin, other.end));
    case 4:
    case 5: return ReplaceInstruction(body, at);
    case 6: {
      // A stretch of code once more, somewhere else.
      const size_t begin = std::min(at.begin, other.begin);
      size_t end = begin;
      for (const InstructionRange& i : instructions) {
        if (i.begin >= begin && i.end <= std::max(at.end, other.end) && i.end - begin <= 60) end = i.end;
      }
      const Bytes stretch = Part(body, begin, end);
      const size_t place = instructions[Below(instructions.size())].begin;
      return Splice(body, place, place, stretch);
    }
    case 7: {
      static const std::array<Bytes, 8> kSmall = {{{0x1a}, {0x01}, {0x00}, {0x41, 0x00}, {0x42, 0x7f}, {0x0f},
                                                   {0x02, 0x40, 0x0b}, {0x41, 0x00, 0x0d, 0x00}}};
      return Splice(body, at.begin, at.begin, kSmall[Below(kSmall.size())]);
    }
    default: return ChangeImmediate(body, at);
  }
}

void ModuleMutator::ReplaceInstruction(Bytes& body, const InstructionRange& at) {
  const std::vector<Op> alike = AlikeOf(at.op);
  if (alike.empty()) return ChangeImmediate(body, at);
  const Bytes opcode = testing::Code().Op(alike[Below(alike.size())]).bytes();
  Splice(body, at.begin, at.immediates, opcode);
}

ModuleMutator::Bytes ModuleMutator::EdgeNumber(bool is_signed) {
  static constexpr std::array<int64_t, 20> kEdges = {0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 127, 128, 255, 65535, 65536, -1,
                                                     INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  const int64_t value = kEdges[Below(is_signed ? kEdges.size() : 15)];
  if (is_signed) return testing::EncodeS(value);
  if (Below(8) == 0) return testing::EncodeU(0xffffffff);
  if (Below(8) == 0) return testing::EncodePadded(static_cast<uint64_t>(value), 5);
  return testing::EncodeU(static_cast<uint64_t>(value));
}

void ModuleMutator::ChangeImmediate(Bytes& body, const InstructionRange& at) {
  if (at.immediates == at.end) {
    if (mutate_bytes_ && Below(4) == 0) mutate_bytes_(body);
    return;
  }
  switch (InfoOf(at.op).immediates) {
    case Immediate::kI32:
    case Immediate::kI64: return Splice(body, at.immediates, at.end, EdgeNumber(true));
    case Immediate::kF32:
    case Immediate::kF64: {
      body[at.immediates + Below(at.end - at.immediates)] = static_cast<uint8_t>(random_());
      return;
    }
    case Immediate::kBlock: {
      static constexpr std::array<uint8_t, 8> kTypes = {0x40, 0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x00, 0x01};
      return Splice(body, at.immediates, at.end, {kTypes[Below(kTypes.size())]});
    }
    default: {
      // One of its numbers.
      ModuleReader reader(body, at.immediates);
      size_t begin = reader.at();
      reader.U();
      while (reader.at() < at.end && Below(2) == 0) {
        begin = reader.at();
        reader.U();
      }
      if (reader.ok() && reader.at() <= at.end) Splice(body, begin, reader.at(), EdgeNumber(false));
    }
  }
}

}  // namespace sandbox::fuzz
