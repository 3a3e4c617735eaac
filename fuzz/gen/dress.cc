// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What says nothing about a module's meaning: custom sections, and numbers written longer than they need be.
#include <cstddef>
#include <span>
#include <string>

#include "fuzz/gen/sections.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;

constexpr size_t kHeaderBytes = 8;

// A LEB128 of the builder's: no longer than it must be.
size_t ReadU(const Bytes& bytes, size_t& at) {
  size_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    const uint8_t byte = bytes[at++];
    value |= size_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

Bytes Number(ByteSource& source, bool is_odd, size_t value) {
  return is_odd && source.OneIn(3) ? testing::EncodePadded(value, 5) : testing::EncodeU(value);
}

Bytes PassOver(const Bytes& bytes, size_t begin, size_t end) {
  return {bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.begin() + static_cast<ptrdiff_t>(end)};
}

// The count of a section's entries; and in the code section the size of each body.
Bytes Content(ByteSource& source, bool is_odd, uint8_t id, const Bytes& module, size_t at, size_t end) {
  const bool has_count = id != testing::ModuleBuilder::kStart && id != testing::ModuleBuilder::kDataCount;
  if (!is_odd || !has_count) return PassOver(module, at, end);
  const size_t count = ReadU(module, at);
  Bytes content = Number(source, is_odd, count);
  if (id == testing::ModuleBuilder::kCode) {
    for (size_t i = 0; i < count; ++i) {
      const size_t size = ReadU(module, at);
      testing::Append(content, Number(source, is_odd, size));
      testing::Append(content, PassOver(module, at, at + size));
      at += size;
    }
  }
  testing::Append(content, PassOver(module, at, end));
  return content;
}

// Names of the module, of functions, and a subsection that nobody knows; now and then cut off.
Bytes NameSection(ByteSource& source, const ModulePlan& plan) {
  Bytes names = testing::EncodeU(plan.functions.size());
  for (uint32_t i = 0; i < plan.functions.size(); ++i) {
    std::string name = "fn" + std::to_string(i);
    if (source.OneIn(8)) name += '\x1b';
    testing::Append(names, testing::Join({testing::EncodeU(i), testing::EncodeName(name)}));
  }
  const Bytes module_name = testing::EncodeName("generated");
  Bytes payload = testing::Join({testing::EncodeName("name"), {0}, testing::EncodeU(module_name.size()), module_name,
                                 {1}, testing::EncodeU(names.size()), names, {9, 1, 0}});
  if (source.OneIn(4)) payload.resize(5 + source.Below(static_cast<uint32_t>(payload.size() - 5)));
  return payload;
}

void AddCustom(ByteSource& source, const ModulePlan& plan, Bytes& out) {
  if (!plan.options.custom_sections || !source.OneIn(24)) return;
  Bytes payload;
  if (source.OneIn(2)) {
    payload = NameSection(source, plan);
  } else {
    payload = testing::EncodeName(source.OneIn(2) ? "producers" : "");
    for (uint32_t i = source.Below(12); i > 0; --i) payload.push_back(source.Byte());
  }
  testing::Append(out, testing::EncodeSection(0, payload));
}

}  // namespace

testing::Bytes Dress(ByteSource& source, const ModulePlan& plan, const testing::Bytes& module) {
  const bool is_odd = plan.swarm.odd_lebs;
  Bytes out = PassOver(module, 0, kHeaderBytes);
  size_t at = kHeaderBytes;
  while (at < module.size()) {
    AddCustom(source, plan, out);
    const uint8_t id = module[at++];
    const size_t size = ReadU(module, at);
    const Bytes content = Content(source, is_odd, id, module, at, at + size);
    at += size;
    testing::Append(out, testing::Join({{id}, Number(source, is_odd, content.size()), content}));
  }
  AddCustom(source, plan, out);
  return out;
}

}  // namespace sandbox::fuzz
