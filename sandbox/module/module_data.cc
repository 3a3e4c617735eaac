// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/module/module_data.h"

#include <bit>

#include "sandbox/syntax/keyed_hash.h"

namespace sandbox {
namespace {

constexpr uint8_t kFunctionNames = 1;  // subsection of the name section

// A reader for the name section, which nobody has validated: running out of bytes is all that can go wrong.
class NameReader {
 public:
  explicit NameReader(ByteSpan bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }

  std::optional<uint32_t> ReadU32() {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35 && !bytes_.empty(); shift += 7) {
      const uint8_t byte = bytes_[0];
      bytes_ = bytes_.subspan(1);
      value |= uint32_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  // A length and as many bytes.
  std::optional<ByteSpan> ReadBytes() {
    const auto size = ReadU32();
    if (!size || *size > bytes_.size()) return std::nullopt;
    const ByteSpan result = bytes_.first(*size);
    bytes_ = bytes_.subspan(*size);
    return result;
  }

 private:
  ByteSpan bytes_;
};

// The payload of a subsection, or nothing.
std::optional<ByteSpan> FindSubsection(ByteSpan section, uint8_t id) {
  NameReader reader(section);
  while (!reader.empty()) {
    const auto found = reader.ReadU32();
    if (!found) return std::nullopt;
    const auto payload = reader.ReadBytes();
    if (!payload) return std::nullopt;
    if (*found == id) return payload;
  }
  return std::nullopt;
}

// The key of the export table. The buckets stay where they are when the module moves.
uint64_t HashName(const ModuleData& module, std::string_view name) {
  KeyedHash hash(KeyFromAddress(module.export_buckets.begin()));
  hash.AddBytes(AsBytes(name));
  return hash.Finish();
}

}  // namespace

DataSegment DataSegments::operator[](size_t i) const {
  const Record& record = records_[i];
  DataSegment segment;
  segment.bytes = record.bytes;
  if (record.offset_instructions == 0) return segment;
  segment.mode = SegmentMode::kActive;
  if (!memories_.empty()) segment.memory = memories_[i];
  segment.offset.code = {record.offset_begin, record.bytes.begin - record.offset_begin};
  segment.offset.instructions = record.offset_instructions;
  return segment;
}

Result<void> DataSegments::Push(const DataSegment& segment) {
  if (segment.memory != 0 && memories_.empty()) {
    // The first that is not about memory 0.
    SANDBOX_TRY(memories_.Resize(records_.size(), 0));
  }
  const bool has_memory = segment.memory != 0 || !memories_.empty();
  if (has_memory) SANDBOX_TRY(memories_.Push(segment.memory));
  return records_.Push({segment.bytes, segment.offset.code.begin, segment.offset.instructions});
}

ModuleData::ModuleData(Budget& budget) noexcept
    : types(budget),
      type_index(budget),
      imports(budget),
      imported_functions(budget),
      functions(budget),
      tables(budget),
      memories(budget),
      globals(budget),
      tags(budget),
      exports(budget),
      export_buckets(budget),
      elements(budget),
      data(budget),
      custom(budget),
      side_table(budget) {}

ExternType ModuleData::TypeOfExport(const ExportRecord& e) const {
  ExternType type;
  type.kind = e.kind;
  switch (e.kind) {
    case ExternKind::kFunc: type.type = FunctionType(e.index); break;
    case ExternKind::kTable: type.table = tables[e.index].type; break;
    case ExternKind::kMemory: type.memory = memories[e.index]; break;
    case ExternKind::kGlobal: type.global = globals[e.index].type; break;
    case ExternKind::kTag: type.type = tags[e.index]; break;
  }
  return type;
}

const ExportRecord* ModuleData::FindExport(std::string_view name) const {
  if (export_buckets.empty()) return nullptr;
  const size_t mask = export_buckets.size() - 1;
  for (size_t slot = HashName(*this, name) & mask; export_buckets[slot] != 0; slot = (slot + 1) & mask) {
    const ExportRecord& candidate = exports[export_buckets[slot] - 1];
    if (Text(candidate.name) == name) return &candidate;
  }
  return nullptr;
}

Result<void> ModuleData::IndexExports() {
  export_buckets.Reset();
  if (exports.empty()) return {};
  // At most two thirds full.
  SANDBOX_TRY(export_buckets.Resize(std::bit_ceil(exports.size() + exports.size() / 2 + 1), 0));
  const size_t mask = export_buckets.size() - 1;
  for (size_t i = 0; i < exports.size(); ++i) {
    const std::string_view name = Text(exports[i].name);
    size_t slot = HashName(*this, name) & mask;
    for (; export_buckets[slot] != 0; slot = (slot + 1) & mask) {
      if (Text(exports[export_buckets[slot] - 1].name) == name) {
        return Fail(ErrorCode::kDuplicateExport, exports[i].name.begin);
      }
    }
    export_buckets[slot] = static_cast<uint32_t>(i + 1);
  }
  return {};
}

std::string_view ModuleData::FunctionName(FuncIdx function) const {
  const auto names = FindSubsection(Bytes(name_section), kFunctionNames);
  if (!names) return "";
  NameReader reader(*names);
  const auto count = reader.ReadU32();
  for (uint32_t i = 0; count && i < *count; ++i) {
    const auto index = reader.ReadU32();
    const auto name = reader.ReadBytes();
    if (!index || !name) return "";
    if (*index == function) return AsText(*name);
  }
  return "";
}

}  // namespace sandbox
