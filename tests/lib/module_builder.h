// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Writes binary modules for tests: valid ones with little effort, broken ones by raw bytes in any place.
//
//   ModuleBuilder builder;
//   const uint32_t type = builder.AddType({ValType::I32()}, {ValType::I32()});
//   const uint32_t twice = builder.AddFunction(type, Code().LocalGet(0).I32Const(2).Op(Op::kI32Mul).End());
//   builder.ExportFunction("twice", twice);
//   Bytes module = builder.Build();
#ifndef TESTS_LIB_MODULE_BUILDER_H_
#define TESTS_LIB_MODULE_BUILDER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/syntax/opcode.h"
#include "sandbox/syntax/types.h"

namespace sandbox::testing {

using Bytes = std::vector<uint8_t>;

// The binary forms of numbers, names and types.
Bytes EncodeU(uint64_t value);                      // unsigned LEB128
Bytes EncodeS(int64_t value);                       // signed LEB128
Bytes EncodePadded(uint64_t value, size_t length);  // unsigned LEB128 of exactly so many bytes
Bytes EncodeName(std::string_view name);
Bytes EncodeType(ValType type);  // a defined heap type is written as the type index that it carries
Bytes EncodeLimits(const Limits& limits);
Bytes EncodeTypes(const std::vector<ValType>& types);  // a vector
Bytes EncodeFunctionType(const std::vector<ValType>& params, const std::vector<ValType>& results);
Bytes Join(std::initializer_list<Bytes> parts);
void Append(Bytes& target, const Bytes& more);

// Instructions, one after the other.
class Code {
 public:
  Code& Raw(const Bytes& bytes) {
    Append(bytes_, bytes);
    return *this;
  }
  Code& Byte(uint8_t byte) { return Raw({byte}); }
  Code& U(uint64_t value) { return Raw(EncodeU(value)); }
  Code& S(int64_t value) { return Raw(EncodeS(value)); }
  // An opcode; then its immediates, all of them unsigned LEB128.
  Code& Op(sandbox::Op op, std::initializer_list<uint64_t> immediates = {});

  Code& I32Const(int32_t value) { return Op(Op::kI32Const).S(value); }
  Code& I64Const(int64_t value) { return Op(Op::kI64Const).S(value); }
  Code& LocalGet(uint32_t index) { return Op(Op::kLocalGet, {index}); }
  Code& LocalSet(uint32_t index) { return Op(Op::kLocalSet, {index}); }
  Code& LocalTee(uint32_t index) { return Op(Op::kLocalTee, {index}); }
  Code& Call(uint32_t index) { return Op(Op::kCall, {index}); }
  // block, loop, if: without a type, with a result, with a type index.
  Code& Begin(sandbox::Op op) { return Op(op).Byte(0x40); }
  Code& Begin(sandbox::Op op, ValType result) { return Op(op).Raw(EncodeType(result)); }
  Code& BeginIndexed(sandbox::Op op, uint32_t type) { return Op(op).S(type); }
  Code& BrTable(const std::vector<uint32_t>& labels, uint32_t default_label);
  Code& Load(sandbox::Op op, uint32_t align_log2 = 0, uint64_t offset = 0) { return Op(op, {align_log2, offset}); }
  Code& End() { return Op(Op::kEnd); }

  const Bytes& bytes() const { return bytes_; }
  operator const Bytes&() const { return bytes_; }  // NOLINT(google-explicit-constructor)

 private:
  using Op_ = sandbox::Op;
  Bytes bytes_;
};

class ModuleBuilder {
 public:
  enum SectionId : uint8_t {
    kCustom, kType, kImport, kFunction, kTable, kMemory, kGlobal, kExport, kStart, kElement, kCode, kData, kDataCount,
    kTag,
  };

  // Each adds an entry and returns its index in its space; imports come first in a space, so add them first.
  uint32_t AddType(const std::vector<ValType>& params, const std::vector<ValType>& results);
  // A recursion group of `types` types, or anything else that may stand in the type section.
  uint32_t AddRawType(const Bytes& bytes, uint32_t types = 1);
  uint32_t ImportFunction(std::string_view module, std::string_view name, uint32_t type);
  uint32_t ImportGlobal(std::string_view module, std::string_view name, const GlobalType& type);
  uint32_t ImportMemory(std::string_view module, std::string_view name, const Limits& limits);
  uint32_t ImportTable(std::string_view module, std::string_view name, const TableType& type);
  void AddRawImport(std::string_view module, std::string_view name, const Bytes& description);
  // locals: runs of (count, type). body: up to and including the final `end`.
  uint32_t AddFunction(uint32_t type, const Bytes& body, const std::vector<std::pair<uint32_t, ValType>>& locals = {});
  // code: local declarations and instructions.
  uint32_t AddRawFunction(uint32_t type, const Bytes& code);
  uint32_t AddTable(const TableType& type);
  uint32_t AddMemory(const Limits& limits);
  uint32_t AddTag(uint32_t type);
  uint32_t AddGlobal(const GlobalType& type, const Bytes& init);
  void Export(std::string_view name, ExternKind kind, uint32_t index);
  void ExportFunction(std::string_view name, uint32_t index) { Export(name, ExternKind::kFunc, index); }
  void SetStart(uint32_t function);
  // An active segment of function indices.
  uint32_t AddElements(uint32_t table, const Bytes& offset, const std::vector<uint32_t>& functions);
  uint32_t AddPassiveElements(const std::vector<uint32_t>& functions);
  uint32_t AddRawElement(const Bytes& bytes);
  uint32_t AddData(uint32_t memory, const Bytes& offset, const Bytes& data);
  uint32_t AddPassiveData(const Bytes& data);
  uint32_t AddRawData(const Bytes& bytes);
  // A data count section with the number of data segments, or with another number.
  void AddDataCount(std::optional<uint32_t> count = {});
  // Custom sections come last.
  void AddCustom(std::string_view name, const Bytes& payload);

  // Adds an entry to a section as it is.
  uint32_t AddEntry(SectionId section, const Bytes& entry, uint32_t count = 1);

  Bytes Build() const;

 private:
  struct Section {
    uint32_t count = 0;
    Bytes entries;
  };

  std::map<SectionId, Section> sections_;
  std::vector<Bytes> customs_;
  std::map<ExternKind, uint32_t> imported_;
  uint32_t types_ = 0;
  std::optional<uint32_t> start_;
  bool has_data_count_ = false;
  std::optional<uint32_t> data_count_;
};

// The header and nothing else; a section with its size.
Bytes EmptyModule();
Bytes EncodeSection(uint8_t id, const Bytes& content);

}  // namespace sandbox::testing

#endif  // TESTS_LIB_MODULE_BUILDER_H_
