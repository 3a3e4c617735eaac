// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/lib/module_builder.h"

#include <iterator>

namespace sandbox::testing {
namespace {

// In the order of a module.
constexpr ModuleBuilder::SectionId kOrder[] = {
    ModuleBuilder::kType,   ModuleBuilder::kImport, ModuleBuilder::kFunction, ModuleBuilder::kTable,
    ModuleBuilder::kMemory, ModuleBuilder::kTag,    ModuleBuilder::kGlobal,   ModuleBuilder::kExport,
    ModuleBuilder::kStart,  ModuleBuilder::kElement, ModuleBuilder::kDataCount, ModuleBuilder::kCode,
    ModuleBuilder::kData,
};

uint8_t AbstractByte(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::kFunc: return 0x70;
    case HeapType::kNoFunc: return 0x73;
    case HeapType::kExtern: return 0x6f;
    case HeapType::kNoExtern: return 0x72;
    case HeapType::kAny: return 0x6e;
    case HeapType::kNone: return 0x71;
    case HeapType::kEq: return 0x6d;
    case HeapType::kI31: return 0x6c;
    case HeapType::kStruct: return 0x6b;
    case HeapType::kArray: return 0x6a;
    case HeapType::kExn: return 0x69;
    case HeapType::kNoExn: return 0x74;
    default: return 0;
  }
}

Bytes EncodeIndices(const std::vector<uint32_t>& indices) {
  Bytes result = EncodeU(indices.size());
  for (const uint32_t index : indices) Append(result, EncodeU(index));
  return result;
}

Bytes EncodeGlobalType(const GlobalType& type) {
  return Join({EncodeType(type.type), {static_cast<uint8_t>(type.is_mutable)}});
}

}  // namespace

void Append(Bytes& target, const Bytes& more) { target.insert(target.end(), more.begin(), more.end()); }

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes result;
  for (const Bytes& part : parts) Append(result, part);
  return result;
}

Bytes EncodeU(uint64_t value) {
  Bytes result;
  do {
    result.push_back(static_cast<uint8_t>((value & 0x7f) | (value >= 0x80 ? 0x80 : 0)));
    value >>= 7;
  } while (value != 0);
  return result;
}

Bytes EncodePadded(uint64_t value, size_t length) {
  Bytes result;
  for (size_t i = 0; i < length; ++i, value >>= 7) {
    result.push_back(static_cast<uint8_t>((value & 0x7f) | (i + 1 < length ? 0x80 : 0)));
  }
  return result;
}

Bytes EncodeS(int64_t value) {
  Bytes result;
  for (;;) {
    const uint8_t low = value & 0x7f;
    value >>= 7;
    const bool is_last = (value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0);
    result.push_back(static_cast<uint8_t>(low | (is_last ? 0 : 0x80)));
    if (is_last) return result;
  }
}

Bytes EncodeName(std::string_view name) {
  Bytes result = EncodeU(name.size());
  result.insert(result.end(), name.begin(), name.end());
  return result;
}

Bytes EncodeType(ValType type) {
  switch (type.kind()) {
    case ValKind::kI32: return {0x7f};
    case ValKind::kI64: return {0x7e};
    case ValKind::kF32: return {0x7d};
    case ValKind::kF64: return {0x7c};
    case ValKind::kV128: return {0x7b};
    case ValKind::kI8: return {0x78};
    case ValKind::kI16: return {0x77};
    case ValKind::kBottom: return {0x40};  // as a block type: no result
    case ValKind::kRef: break;
  }
  const HeapType heap = type.heap();
  if (heap.is_abstract() && type.is_nullable()) return {AbstractByte(heap.abstract())};
  const Bytes form = {static_cast<uint8_t>(type.is_nullable() ? 0x63 : 0x64)};
  if (heap.is_abstract()) return Join({form, {AbstractByte(heap.abstract())}});
  return Join({form, EncodeS(heap.index())});
}

Bytes EncodeLimits(const Limits& limits) {
  const uint8_t flags = static_cast<uint8_t>((limits.max ? 1 : 0) | (limits.is_64 ? 4 : 0));
  Bytes result = Join({{flags}, EncodeU(limits.min)});
  if (limits.max) Append(result, EncodeU(*limits.max));
  return result;
}

Bytes EncodeTypes(const std::vector<ValType>& types) {
  Bytes result = EncodeU(types.size());
  for (const ValType type : types) Append(result, EncodeType(type));
  return result;
}

Bytes EncodeFunctionType(const std::vector<ValType>& params, const std::vector<ValType>& results) {
  return Join({{0x60}, EncodeTypes(params), EncodeTypes(results)});
}

Bytes EncodeSection(uint8_t id, const Bytes& content) { return Join({{id}, EncodeU(content.size()), content}); }

Bytes EmptyModule() { return {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00}; }

Code& Code::Op(Op_ op, std::initializer_list<uint64_t> immediates) {
  const OpInfo& info = InfoOf(op);
  if (info.prefix != 0) {
    Byte(info.prefix).U(info.code);
  } else {
    Byte(static_cast<uint8_t>(info.code));
  }
  for (const uint64_t immediate : immediates) U(immediate);
  return *this;
}

Code& Code::BrTable(const std::vector<uint32_t>& labels, uint32_t default_label) {
  return Op(Op_::kBrTable).Raw(EncodeIndices(labels)).U(default_label);
}

uint32_t ModuleBuilder::AddEntry(SectionId section, const Bytes& entry, uint32_t count) {
  Section& target = sections_[section];
  Append(target.entries, entry);
  const uint32_t index = target.count;
  target.count += count;
  return index;
}

uint32_t ModuleBuilder::AddRawType(const Bytes& bytes, uint32_t types) {
  AddEntry(kType, bytes);
  const uint32_t index = types_;
  types_ += types;
  return index;
}

uint32_t ModuleBuilder::AddType(const std::vector<ValType>& params, const std::vector<ValType>& results) {
  return AddRawType(EncodeFunctionType(params, results));
}

void ModuleBuilder::AddRawImport(std::string_view module, std::string_view name, const Bytes& description) {
  AddEntry(kImport, Join({EncodeName(module), EncodeName(name), description}));
}

uint32_t ModuleBuilder::ImportFunction(std::string_view module, std::string_view name, uint32_t type) {
  AddRawImport(module, name, Join({{0x00}, EncodeU(type)}));
  return imported_[ExternKind::kFunc]++;
}

uint32_t ModuleBuilder::ImportTable(std::string_view module, std::string_view name, const TableType& type) {
  AddRawImport(module, name, Join({{0x01}, EncodeType(type.element), EncodeLimits(type.limits)}));
  return imported_[ExternKind::kTable]++;
}

uint32_t ModuleBuilder::ImportMemory(std::string_view module, std::string_view name, const Limits& limits) {
  AddRawImport(module, name, Join({{0x02}, EncodeLimits(limits)}));
  return imported_[ExternKind::kMemory]++;
}

uint32_t ModuleBuilder::ImportGlobal(std::string_view module, std::string_view name, const GlobalType& type) {
  AddRawImport(module, name, Join({{0x03}, EncodeGlobalType(type)}));
  return imported_[ExternKind::kGlobal]++;
}

uint32_t ModuleBuilder::AddFunction(uint32_t type, const Bytes& body,
                                    const std::vector<std::pair<uint32_t, ValType>>& locals) {
  Bytes code = EncodeU(locals.size());
  for (const auto& [count, local] : locals) Append(code, Join({EncodeU(count), EncodeType(local)}));
  return AddRawFunction(type, Join({code, body}));
}

uint32_t ModuleBuilder::AddRawFunction(uint32_t type, const Bytes& code) {
  AddEntry(kFunction, EncodeU(type));
  return imported_[ExternKind::kFunc] + AddEntry(kCode, Join({EncodeU(code.size()), code}));
}

uint32_t ModuleBuilder::AddTable(const TableType& type) {
  return imported_[ExternKind::kTable] + AddEntry(kTable, Join({EncodeType(type.element), EncodeLimits(type.limits)}));
}

uint32_t ModuleBuilder::AddMemory(const Limits& limits) {
  return imported_[ExternKind::kMemory] + AddEntry(kMemory, EncodeLimits(limits));
}

uint32_t ModuleBuilder::AddTag(uint32_t type) {
  return imported_[ExternKind::kTag] + AddEntry(kTag, Join({{0x00}, EncodeU(type)}));
}

uint32_t ModuleBuilder::AddGlobal(const GlobalType& type, const Bytes& init) {
  return imported_[ExternKind::kGlobal] + AddEntry(kGlobal, Join({EncodeGlobalType(type), init}));
}

void ModuleBuilder::Export(std::string_view name, ExternKind kind, uint32_t index) {
  AddEntry(kExport, Join({EncodeName(name), {static_cast<uint8_t>(kind)}, EncodeU(index)}));
}

void ModuleBuilder::SetStart(uint32_t function) { start_ = function; }

uint32_t ModuleBuilder::AddElements(uint32_t table, const Bytes& offset, const std::vector<uint32_t>& functions) {
  if (table == 0) return AddRawElement(Join({{0x00}, offset, EncodeIndices(functions)}));
  return AddRawElement(Join({{0x02}, EncodeU(table), offset, {0x00}, EncodeIndices(functions)}));
}

uint32_t ModuleBuilder::AddPassiveElements(const std::vector<uint32_t>& functions) {
  return AddRawElement(Join({{0x01, 0x00}, EncodeIndices(functions)}));
}

uint32_t ModuleBuilder::AddRawElement(const Bytes& bytes) { return AddEntry(kElement, bytes); }

uint32_t ModuleBuilder::AddData(uint32_t memory, const Bytes& offset, const Bytes& data) {
  const Bytes head = memory == 0 ? Bytes{0x00} : Join({{0x02}, EncodeU(memory)});
  return AddRawData(Join({head, offset, EncodeU(data.size()), data}));
}

uint32_t ModuleBuilder::AddPassiveData(const Bytes& data) {
  return AddRawData(Join({{0x01}, EncodeU(data.size()), data}));
}

uint32_t ModuleBuilder::AddRawData(const Bytes& bytes) { return AddEntry(kData, bytes); }

void ModuleBuilder::AddDataCount(std::optional<uint32_t> count) {
  has_data_count_ = true;
  data_count_ = count;
}

void ModuleBuilder::AddCustom(std::string_view name, const Bytes& payload) {
  customs_.push_back(EncodeSection(kCustom, Join({EncodeName(name), payload})));
}

Bytes ModuleBuilder::Build() const {
  Bytes result = EmptyModule();
  for (const SectionId id : kOrder) {
    const auto found = sections_.find(id);
    if (id == kStart && start_) {
      Append(result, EncodeSection(kStart, EncodeU(*start_)));
    } else if (id == kDataCount && has_data_count_) {
      const auto data = sections_.find(kData);
      const uint32_t count = data == sections_.end() ? 0 : data->second.count;
      Append(result, EncodeSection(kDataCount, EncodeU(data_count_.value_or(count))));
    } else if (found != sections_.end()) {
      Append(result, EncodeSection(id, Join({EncodeU(found->second.count), found->second.entries})));
    }
  }
  for (const Bytes& custom : customs_) Append(result, custom);
  return result;
}

}  // namespace sandbox::testing
