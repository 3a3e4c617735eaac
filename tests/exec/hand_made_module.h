// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Modules for tests of what comes after loading, made without it: a fault of the loader cannot hide one there.
#ifndef TESTS_EXEC_HAND_MADE_MODULE_H_
#define TESTS_EXEC_HAND_MADE_MODULE_H_

#include <initializer_list>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/module/module_data.h"

namespace sandbox::testing {

// Fills a ModuleData as loading would. Imports of a kind come before what the module defines of it. Call Finish at the end.
class HandMadeModule {
 public:
  HandMadeModule() : budget_(~uint64_t{0}), data(budget_) {}

  ByteRange Put(ByteSpan bytes) {
    const ByteRange range{static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(bytes.size())};
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return range;
  }
  ByteRange Put(std::string_view text) { return Put(AsBytes(text)); }

  // A constant expression: its bytes without `end`, and how many instructions those are.
  ConstExpr Expr(std::vector<uint8_t> code, uint32_t instructions = 1) {
    code.push_back(0x0b);
    return {Put(code), instructions + 1};
  }
  // 0 <= value < 64.
  ConstExpr I32Const(uint8_t value) { return Expr({0x41, value}); }
  ConstExpr I64Const(uint8_t value) { return Expr({0x42, value}); }

  CanonIdx Type(std::initializer_list<ValType> params, std::initializer_list<ValType> results) {
    std::vector<FieldType> items;
    for (ValType type : params) items.push_back({type, false});
    for (ValType type : results) items.push_back({type, false});
    TypeDefinition definition;
    definition.item_count = static_cast<uint32_t>(items.size());
    definition.param_count = static_cast<uint32_t>(params.size());
    const CanonIdx type = *data.types.Intern({&definition, 1}, items, 1000, 63);
    EXPECT_TRUE(data.type_index.Push(type));
    return type;
  }

  void ImportFunction(std::string_view module, std::string_view name, CanonIdx type) {
    ImportRecord& import = Import(module, name, ExternKind::kFunc);
    import.type.type = type;
    EXPECT_TRUE(data.imported_functions.Push(type));
  }
  void ImportMemory(std::string_view module, std::string_view name, MemoryType type) {
    Import(module, name, ExternKind::kMemory).type.memory = type;
    EXPECT_TRUE(data.memories.Push(type));
    ++data.imported_memories;
  }
  void ImportTable(std::string_view module, std::string_view name, TableType type) {
    Import(module, name, ExternKind::kTable).type.table = type;
    EXPECT_TRUE(data.tables.Push({type, std::nullopt}));
    ++data.imported_tables;
  }
  void ImportGlobal(std::string_view module, std::string_view name, GlobalType type) {
    Import(module, name, ExternKind::kGlobal).type.global = type;
    EXPECT_TRUE(data.globals.Push({type, {}}));
    ++data.imported_globals;
  }
  void ImportTag(std::string_view module, std::string_view name, CanonIdx type) {
    Import(module, name, ExternKind::kTag).type.type = type;
    EXPECT_TRUE(data.tags.Push(type));
    ++data.imported_tags;
  }

  // An empty body. Returns the function's index.
  FuncIdx Function(CanonIdx type) {
    const uint8_t end[] = {0x0b};
    const ByteRange code = Put(end);
    FunctionRecord record;
    record.code_begin = code.begin;
    record.code_end = code.begin + code.size;
    record.type = type;
    EXPECT_TRUE(data.functions.Push(record));
    return data.function_count() - 1;
  }
  void Memory(MemoryType type) { EXPECT_TRUE(data.memories.Push(type)); }
  void Memory(uint64_t min) { Memory({{min, std::nullopt, false}}); }
  void Table(TableType type, std::optional<ConstExpr> init = std::nullopt) {
    EXPECT_TRUE(data.tables.Push({type, init}));
  }
  void Table(uint64_t min) { Table({ValType::FuncRef(), {min, std::nullopt, false}}); }
  void Global(ValType type, ConstExpr init) { EXPECT_TRUE(data.globals.Push({{type, false}, init})); }
  void Tag(CanonIdx type) { EXPECT_TRUE(data.tags.Push(type)); }

  // Items are function indices below 128.
  void Elements(SegmentMode mode, std::vector<uint8_t> functions, ConstExpr offset = {}, TableIdx table = 0) {
    ElementSegment segment;
    segment.mode = mode;
    segment.type = ValType::FuncRef();
    segment.table = table;
    segment.offset = offset;
    segment.count = static_cast<uint32_t>(functions.size());
    segment.items = Put(functions);
    EXPECT_TRUE(data.elements.Push(segment));
  }
  // `count` expressions, one after the other, `end`s included.
  void ElementExpressions(SegmentMode mode, std::vector<uint8_t> code, uint32_t count, uint32_t instructions,
                          ConstExpr offset = {}) {
    Elements(mode, std::move(code), offset);
    ElementSegment& segment = data.elements.back();
    segment.has_expressions = true;
    segment.count = count;
    segment.instructions = instructions;
  }
  // The bytes lie right behind the offset's expression, but for a length, as they do in a module.
  void ActiveData(ConstExpr (HandMadeModule::*offset)(uint8_t), uint8_t at, std::string_view bytes, MemIdx memory = 0) {
    DataSegment segment;
    segment.mode = SegmentMode::kActive;
    segment.memory = memory;
    segment.offset = (this->*offset)(at);
    segment.bytes = Put(bytes);
    EXPECT_TRUE(data.data.Push(segment));
  }
  void PassiveData(std::string_view bytes) {
    DataSegment segment;
    segment.bytes = Put(bytes);
    EXPECT_TRUE(data.data.Push(segment));
  }
  void Export(std::string_view name, ExternKind kind, uint32_t index) {
    EXPECT_TRUE(data.exports.Push({Put(name), kind, index}));
  }

  HandMadeModule& Finish() {
    data.bytes = bytes_;
    EXPECT_TRUE(data.IndexExports());
    return *this;
  }

 private:
  ImportRecord& Import(std::string_view module, std::string_view name, ExternKind kind) {
    ImportRecord record;
    record.module = Put(module);
    record.name = Put(name);
    record.type.kind = kind;
    EXPECT_TRUE(data.imports.Push(record));
    return data.imports.back();
  }

  std::vector<uint8_t> bytes_;
  Budget budget_;

 public:
  ModuleData data;
};

}  // namespace sandbox::testing

#endif  // TESTS_EXEC_HAND_MADE_MODULE_H_
