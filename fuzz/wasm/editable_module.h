// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A module taken apart into sections and their entries, to change and to put together again: counts and sizes follow.
#ifndef FUZZ_WASM_EDITABLE_MODULE_H_
#define FUZZ_WASM_EDITABLE_MODULE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sandbox::fuzz {

enum SectionId : uint8_t {
  kCustomSection, kTypeSection, kImportSection, kFunctionSection, kTableSection, kMemorySection, kGlobalSection,
  kExportSection, kStartSection, kElementSection, kCodeSection, kDataSection, kDataCountSection, kTagSection,
};

struct EditableSection {
  using Bytes = std::vector<uint8_t>;

  uint8_t id = kCustomSection;
  bool has_entries = false;    // else the content is in `raw`
  std::vector<Bytes> entries;  // of the code section without their sizes
  Bytes raw;
};

struct EditableModule {
  std::vector<EditableSection> sections;

  // The section of an id, and one that is made where it belongs when there is none.
  EditableSection* Find(uint8_t id);
  EditableSection& FindOrAdd(uint8_t id);
  std::vector<uint8_t> Build() const;
};

// Nothing when the bytes are not a header and sections. A section whose entries cannot be told apart is kept raw.
std::optional<EditableModule> TakeApart(std::span<const uint8_t> bytes);

}  // namespace sandbox::fuzz

#endif  // FUZZ_WASM_EDITABLE_MODULE_H_
