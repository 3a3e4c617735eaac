// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/wasm/editable_module.h"

#include <algorithm>
#include <array>

#include "fuzz/wasm/module_reader.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr std::array<uint8_t, 8> kHeader = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00};

// Where a section belongs, by id.
constexpr std::array<int, 14> kRank = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};

// A section that no version knows comes last.
int RankOf(uint8_t id) { return id < kRank.size() ? kRank[id] : static_cast<int>(kRank.size()); }

bool HasEntries(uint8_t id) {
  return id != kCustomSection && id != kStartSection && id != kDataCountSection && id < kRank.size();
}

EditableSection Section(uint8_t id, std::span<const uint8_t> content) {
  EditableSection section;
  section.id = id;
  section.raw.assign(content.begin(), content.end());
  if (!HasEntries(id)) return section;
  ModuleReader reader(content);
  const uint64_t count = reader.U();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    size_t begin = reader.at();
    reader.SkipEntry(id);
    if (!reader.ok()) break;
    if (id == kCodeSection) {
      ModuleReader size(content, begin);
      size.U();
      begin = size.at();
    }
    section.entries.emplace_back(content.begin() + static_cast<ptrdiff_t>(begin),
                                 content.begin() + static_cast<ptrdiff_t>(reader.at()));
  }
  section.has_entries = reader.ok() && reader.AtEnd();
  if (!section.has_entries) section.entries.clear();
  return section;
}

}  // namespace

EditableSection* EditableModule::Find(uint8_t id) {
  const auto found = std::ranges::find(sections, id, &EditableSection::id);
  return found == sections.end() ? nullptr : &*found;
}

EditableSection& EditableModule::FindOrAdd(uint8_t id) {
  if (EditableSection* found = Find(id)) return *found;
  const auto place =
      std::ranges::find_if(sections, [&](const EditableSection& s) { return RankOf(s.id) > RankOf(id); });
  EditableSection section;
  section.id = id;
  section.has_entries = HasEntries(id);
  return *sections.insert(place, section);
}

Bytes EditableModule::Build() const {
  Bytes bytes(kHeader.begin(), kHeader.end());
  for (const EditableSection& section : sections) {
    Bytes content = section.raw;
    if (section.has_entries) {
      content = testing::EncodeU(section.entries.size());
      for (const Bytes& entry : section.entries) {
        if (section.id == kCodeSection) testing::Append(content, testing::EncodeU(entry.size()));
        testing::Append(content, entry);
      }
    }
    testing::Append(bytes, testing::EncodeSection(section.id, content));
  }
  return bytes;
}

std::optional<EditableModule> TakeApart(std::span<const uint8_t> bytes) {
  if (bytes.size() < kHeader.size() || !std::equal(kHeader.begin(), kHeader.end(), bytes.begin())) return std::nullopt;
  EditableModule module;
  ModuleReader reader(bytes, kHeader.size());
  while (!reader.AtEnd()) {
    const uint8_t id = reader.Byte();
    const uint64_t size = reader.U();
    const size_t begin = reader.at();
    reader.Skip(size);
    if (!reader.ok()) return std::nullopt;
    module.sections.push_back(Section(id, bytes.subspan(begin, static_cast<size_t>(size))));
  }
  return module;
}

}  // namespace sandbox::fuzz
