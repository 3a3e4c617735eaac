// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/module_validator.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"
#include "tests/valid/loaded.h"

namespace sandbox {
namespace {

using testing::Bytes;
using testing::Code;
using testing::EmptyModule;
using testing::EncodeName;
using testing::EncodePadded;
using testing::EncodeSection;
using testing::EncodeU;
using testing::Join;
using testing::Loaded;
using testing::ModuleBuilder;

const Bytes kEnd = {0x0b};
const Bytes kZero = Code().I32Const(0).End();

// A module that has something in every section.
Bytes RichModule() {
  ModuleBuilder builder;
  const uint32_t nothing = builder.AddType({}, {});
  const uint32_t unary = builder.AddType({ValType::I32()}, {ValType::I32()});
  builder.AddRawType({0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 3, 1, 0x5e, 0x78, 0}, 2);
  builder.ImportFunction("env", "f", unary);
  builder.ImportGlobal("env", "g", {ValType::I32(), false});
  builder.ImportMemory("env", "m", {0, 5, false});
  builder.ImportTable("env", "t", {ValType::FuncRef(), {0, {}, false}});
  builder.AddRawImport("env", "tag", {0x04, 0x00, 0x00});
  const uint32_t start = builder.AddFunction(nothing, kEnd);
  const uint32_t f = builder.AddFunction(
      unary, Code().LocalGet(0).Begin(Op::kIf, ValType::I32()).I32Const(1).Op(Op::kElse).I32Const(2).End().End(),
      {{3, ValType::I64()}});
  builder.AddTable({ValType::FuncRef(), {1, 10, false}});
  builder.AddMemory({1, {}, true});
  builder.AddTag(nothing);
  builder.AddGlobal({ValType::I32(), true}, Code().Op(Op::kGlobalGet, {0}).End());
  builder.ExportFunction("f", f);
  builder.Export("memory", ExternKind::kMemory, 1);
  builder.SetStart(start);
  builder.AddElements(1, kZero, {f, start});
  builder.AddPassiveElements({f});
  builder.AddRawElement(Join({{0x05, 0x70, 0x01, 0xd2}, EncodeU(f), kEnd}));
  builder.AddData(1, Code().I64Const(3).End(), {1, 2, 3});
  builder.AddPassiveData({4});
  builder.AddDataCount();
  builder.AddCustom("name", {});
  return builder.Build();
}

TEST(ModuleValidatorTest, RichModuleLoads) {
  Loaded loaded(RichModule());
  ASSERT_EQ(loaded.text(), "");
  const ModuleData& module = loaded.module;
  EXPECT_EQ(module.types.size(), 4u);
  EXPECT_EQ(module.function_count(), 3u);
  EXPECT_EQ(module.FunctionType(0), module.FunctionType(2));
  EXPECT_EQ(module.imported_tables, 1u);
  EXPECT_EQ(module.imported_memories, 1u);
  EXPECT_EQ(module.imported_globals, 1u);
  EXPECT_EQ(module.imported_tags, 1u);
  EXPECT_EQ(module.tables.size(), 2u);
  EXPECT_TRUE(module.memories[1].limits.is_64);
  EXPECT_EQ(module.tags.size(), 2u);
  EXPECT_EQ(module.start, 1u);
  EXPECT_EQ(module.globals[1].init.instructions, 2u);
  ASSERT_NE(module.FindExport("memory"), nullptr);
  EXPECT_TRUE(module.TypeOfExport(*module.FindExport("memory")).memory.limits.is_64);
  EXPECT_EQ(module.elements[0].table, 1u);
  EXPECT_EQ(module.elements[0].count, 2u);
  EXPECT_EQ(module.elements[1].mode, SegmentMode::kPassive);
  EXPECT_TRUE(module.elements[2].has_expressions);
  EXPECT_EQ(module.elements[2].instructions, 2u);
  EXPECT_EQ(module.data[0].memory, 1u);
  EXPECT_EQ(module.Bytes(module.data[0].bytes).size(), 3u);
  EXPECT_EQ(module.data[1].mode, SegmentMode::kPassive);
  EXPECT_EQ(module.Text(module.custom[0].name), "name");
  EXPECT_EQ(module.functions[1].local_slots, 3u);
  EXPECT_EQ(module.functions[1].param_slots, 1u);
  EXPECT_EQ(module.functions[1].result_slots, 1u);
  EXPECT_EQ(module.functions[1].call_cost, 2u);
}

TEST(ModuleValidatorTest, NoPrefixCrashesAndErrorsLieInside) {
  const Bytes whole = RichModule();
  size_t accepted = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    accepted += Loaded(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size))).is_ok();
  }
  // After the header, after the types, after the imports; from there on bodies are missing; before the custom section.
  EXPECT_EQ(accepted, 4u);
}

TEST(ModuleValidatorTest, NoChangedByteCrashes) {
  const Bytes whole = RichModule();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      Bytes changed = whole;
      changed[i] = static_cast<uint8_t>(changed[i] ^ change);
      Loaded loaded(changed);
    }
  }
}

TEST(ModuleValidatorTest, Header) {
  EXPECT_TRUE(Loaded(EmptyModule()).is_ok());
  EXPECT_EQ(Loaded({}).code(), ErrorCode::kUnexpectedEnd);
  EXPECT_EQ(Loaded({0, 'a', 's'}).code(), ErrorCode::kUnexpectedEnd);
  EXPECT_EQ(Loaded({'m', 's', 'a', 0, 1, 0, 0, 0}).code(), ErrorCode::kBadMagic);
  EXPECT_EQ(Loaded({0, 'a', 's', 'm', 1, 0, 0}).code(), ErrorCode::kUnexpectedEnd);
  EXPECT_EQ(Loaded({0, 'a', 's', 'm', 2, 0, 0, 0}).code(), ErrorCode::kBadVersion);
  EXPECT_EQ(Loaded({0, 'a', 's', 'm', 13, 0, 1, 0}).code(), ErrorCode::kBadVersion) << "a component";
}

struct Case {
  std::string name;
  Bytes bytes;  // behind the header
  ErrorCode code;
};

void ExpectErrors(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Loaded(Join({EmptyModule(), c.bytes})).code(), c.code);
  }
}

TEST(ModuleValidatorTest, SectionsAreInOrderAndExact) {
  const Bytes type = EncodeSection(1, {0});
  const Bytes import = EncodeSection(2, {0});
  ExpectErrors({
      {"unknown id", EncodeSection(14, {}), ErrorCode::kBadSectionId},
      {"id without size", {1}, ErrorCode::kUnexpectedEnd},
      {"longer than the module", {1, 2, 0}, ErrorCode::kLengthOutOfBounds},
      {"twice", Join({type, type}), ErrorCode::kSectionOrder},
      {"backwards", Join({import, type}), ErrorCode::kSectionOrder},
      {"tag behind global", Join({EncodeSection(6, {0}), EncodeSection(13, {0})}), ErrorCode::kSectionOrder},
      {"tag before memory", Join({EncodeSection(13, {0}), EncodeSection(5, {0})}), ErrorCode::kSectionOrder},
      {"data count behind code", Join({EncodeSection(10, {0}), EncodeSection(12, {0})}), ErrorCode::kSectionOrder},
      {"bytes left", EncodeSection(1, {0, 0}), ErrorCode::kSectionSize},
      {"empty", EncodeSection(1, {}), ErrorCode::kUnexpectedEnd},
      {"cut off", EncodeSection(1, {1, 0x60, 0}), ErrorCode::kUnexpectedEnd},
      {"more entries than bytes", EncodeSection(3, {2, 0}), ErrorCode::kLengthOutOfBounds},
      {"size too long", Join({{1}, EncodePadded(1, 6), {0}}), ErrorCode::kLebTooLong},
  });
  EXPECT_TRUE(Loaded(Join({EmptyModule(), {1}, EncodePadded(1, 5), {0}})).is_ok());
}

TEST(ModuleValidatorTest, CustomSections) {
  const Bytes custom = EncodeSection(0, Join({EncodeName("x"), {1, 2}}));
  Loaded loaded(Join({EmptyModule(), custom, EncodeSection(1, {0}), custom, custom}));
  ASSERT_EQ(loaded.text(), "");
  ASSERT_EQ(loaded.module.custom.size(), 3u);
  EXPECT_EQ(loaded.module.Bytes(loaded.module.custom[2].payload).size(), 2u);
  ExpectErrors({
      {"no name", EncodeSection(0, {}), ErrorCode::kUnexpectedEnd},
      {"name longer than the section", Join({EncodeSection(0, {2, 'a'}), {'b'}}), ErrorCode::kLengthOutOfBounds},
      {"name not UTF-8", EncodeSection(0, {1, 0xff}), ErrorCode::kBadUtf8},
  });
}

TEST(ModuleValidatorTest, Types) {
  const auto types = [](const Bytes& entries, uint8_t count = 1) { return EncodeSection(1, Join({{count}, entries})); };
  ExpectErrors({
      {"no form", types({0x40}), ErrorCode::kBadTypeForm},
      {"bad parameter", types({0x60, 1, 0x40, 0}), ErrorCode::kBadValueType},
      {"packed parameter", types({0x60, 1, 0x78, 0}), ErrorCode::kBadValueType},
      {"unknown type", types({0x60, 1, 0x63, 1, 0}), ErrorCode::kUnknownType},
      {"unknown member", types({0x4e, 1, 0x5f, 1, 0x63, 1, 0}), ErrorCode::kUnknownType},
      {"bad mutability", types({0x5f, 1, 0x7f, 2}), ErrorCode::kBadMutability},
      {"two supertypes", types({0x50, 0, 0x60, 0, 0, 0x50, 2, 0, 0, 0x60, 0, 0}, 2), ErrorCode::kBadSubtype},
      {"final supertype", types({0x60, 0, 0, 0x50, 1, 0, 0x60, 0, 0}, 2), ErrorCode::kBadSubtype},
      {"supertype of another kind", types({0x50, 0, 0x60, 0, 0, 0x50, 1, 0, 0x5f, 0}, 2), ErrorCode::kBadSubtype},
      {"own supertype", types({0x50, 1, 0, 0x60, 0, 0}), ErrorCode::kUnknownType},
      {"later supertype", types({0x4e, 2, 0x50, 1, 1, 0x60, 0, 0, 0x50, 0, 0x60, 0, 0}), ErrorCode::kUnknownType},
      {"later group", types({0x5f, 1, 0x63, 1, 0, 0x5f, 0}, 2), ErrorCode::kUnknownType},
  });
  Loaded loaded(Join({EmptyModule(),
                      types({0x4e, 0,                                            // an empty group
                             0x50, 0, 0x5f, 0,                                   // open struct
                             0x4f, 1, 0, 0x5f, 1, 0x64, 1, 0,                    // final, refers to itself
                             0x4e, 2, 0x5e, 0x63, 3, 1, 0x60, 1, 0x63, 2, 0},    // a group that refers to itself
                            4)}));
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.module.type_index.size(), 4u);
}

TEST(ModuleValidatorTest, EqualTypesShareAnIndex) {
  ModuleBuilder builder;
  builder.AddType({ValType::I32()}, {});
  builder.AddType({}, {});
  builder.AddType({ValType::I32()}, {});
  Loaded loaded(builder.Build());
  ASSERT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.module.type_index[0], loaded.module.type_index[2]);
  EXPECT_NE(loaded.module.type_index[0], loaded.module.type_index[1]);
}

TEST(ModuleValidatorTest, Imports) {
  const Bytes type = EncodeSection(1, {3, 0x60, 0, 0, 0x60, 0, 1, 0x7f, 0x5f, 0});
  const auto import = [&](const Bytes& description) {
    return Join({type, EncodeSection(2, Join({{1}, EncodeName("m"), EncodeName("n"), description}))});
  };
  ExpectErrors({
      {"bad kind", import({5, 0}), ErrorCode::kBadImportKind},
      {"unknown function type", import({0, 3}), ErrorCode::kUnknownType},
      {"not a function type", import({0, 2}), ErrorCode::kNotFunctionType},
      {"bad table element", import({1, 0x7f, 0, 0}), ErrorCode::kBadReferenceType},
      {"unknown table element", import({1, 0x63, 9, 0, 0}), ErrorCode::kUnknownType},
      {"bad limits", import({2, 0x08, 0}), ErrorCode::kBadLimits},
      {"shared", import({2, 0x03, 0, 1}), ErrorCode::kUnsupportedShared},
      {"bad mutability", import({3, 0x7f, 2}), ErrorCode::kBadMutability},
      {"bad tag attribute", import({4, 1, 0}), ErrorCode::kBadTagAttribute},
      {"tag with a result", import({4, 0, 1}), ErrorCode::kBadTagType},
      {"bad name", Join({type, EncodeSection(2, {1, 1, 0xc0, 0, 0, 0})}), ErrorCode::kBadUtf8},
  });
  EXPECT_TRUE(Loaded(Join({EmptyModule(), import({1, 0x64, 0x70, 0, 0})})).is_ok()) << "not defaultable, but imported";
}

TEST(ModuleValidatorTest, MemoriesAndTables) {
  const auto memory = [](const Bytes& limits) { return EncodeSection(5, Join({{1}, limits})); };
  const auto table = [](const Bytes& type) { return EncodeSection(4, Join({{1}, type})); };
  ExpectErrors({
      {"65537 pages", memory({0, 0x81, 0x80, 0x04}), ErrorCode::kMemoryTooLarge},
      {"maximum 65537 pages", memory({1, 0, 0x81, 0x80, 0x04}), ErrorCode::kMemoryTooLarge},
      {"maximum below minimum", memory({1, 2, 1}), ErrorCode::kLimitsOrder},
      {"2^48+1 pages", memory(Join({{4}, EncodeU((uint64_t{1} << 48) + 1)})), ErrorCode::kMemoryTooLarge},
      {"2^32 elements", table(Join({{0x70, 0}, EncodeU(uint64_t{1} << 32)})), ErrorCode::kTableTooLarge},
      {"maximum below minimum", table({0x70, 1, 2, 1}), ErrorCode::kLimitsOrder},
      {"not defaultable", table({0x64, 0x70, 0, 0}), ErrorCode::kNonDefaultableTable},
      {"bad form", table({0x40, 1, 0x70, 0, 0}), ErrorCode::kBadTableForm},
      {"initializer of another type", table({0x40, 0, 0x70, 0, 0, 0x41, 0, 0x0b}), ErrorCode::kTypeMismatch},
      {"no initializer", table({0x40, 0, 0x70, 0, 0}), ErrorCode::kUnexpectedEnd},
  });
  for (const Bytes& good : {memory({0, 0x80, 0x80, 0x04}), memory(Join({{4}, EncodeU(uint64_t{1} << 48)})),
                            table(Join({{0x70, 0}, EncodeU(0xffff'ffff)})), table(Join({{0x70, 4}, EncodeU(~uint64_t{0})})),
                            table({0x40, 0, 0x70, 0, 0, 0xd0, 0x70, 0x0b})}) {
    EXPECT_EQ(Loaded(Join({EmptyModule(), good})).text(), "");
  }
}

TEST(ModuleValidatorTest, Exports) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), kEnd);
  builder.ExportFunction("a", 0);
  ModuleBuilder twice = builder;
  twice.ExportFunction("a", 0);
  EXPECT_EQ(Loaded(twice.Build()).code(), ErrorCode::kDuplicateExport);
  const std::pair<ExternKind, ErrorCode> kinds[] = {
      {ExternKind::kFunc, ErrorCode::kUnknownFunction}, {ExternKind::kTable, ErrorCode::kUnknownTable},
      {ExternKind::kMemory, ErrorCode::kUnknownMemory}, {ExternKind::kGlobal, ErrorCode::kUnknownGlobal},
      {ExternKind::kTag, ErrorCode::kUnknownTag},
  };
  for (const auto& [kind, code] : kinds) {
    ModuleBuilder unknown = builder;
    unknown.Export("b", kind, 1);
    EXPECT_EQ(Loaded(unknown.Build()).code(), code);
  }
  ModuleBuilder bad = builder;
  bad.Export("b", static_cast<ExternKind>(5), 0);
  EXPECT_EQ(Loaded(bad.Build()).code(), ErrorCode::kBadExportKind);
}

TEST(ModuleValidatorTest, StartTakesAndReturnsNothing) {
  for (const bool has_param : {false, true}) {
    ModuleBuilder builder;
    builder.AddFunction(
        builder.AddType(has_param ? std::vector{ValType::I32()} : std::vector<ValType>(), {}), kEnd);
    builder.SetStart(0);
    EXPECT_EQ(Loaded(builder.Build()).is_ok(), !has_param);
    builder.SetStart(1);
    EXPECT_EQ(Loaded(builder.Build()).code(), ErrorCode::kUnknownFunction);
  }
}

TEST(ModuleValidatorTest, ElementSegments) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), kEnd);
  builder.AddTable({ValType::FuncRef(), {1, {}, false}});
  builder.AddTable({ValType::ExternRef(), {1, {}, true}});
  const Bytes ref = {0xd2, 0, 0x0b};
  const Bytes null = {0xd0, 0x70, 0x0b};
  const std::vector<Bytes> good = {
      Join({{0}, kZero, {1, 0}}),
      {1, 0, 1, 0},
      Join({{2, 0}, kZero, {0, 1, 0}}),
      {3, 0, 1, 0},
      Join({{4}, kZero, {2}, ref, null}),
      Join({{5, 0x70, 2}, ref, null}),
      Join({{6, 1}, Code().I64Const(0).End(), {0x6f, 1, 0xd0, 0x6f, 0x0b}}),
      Join({{7, 0x64, 0x70, 1}, ref}),
      {1, 0, 0},
  };
  for (size_t i = 0; i < good.size(); ++i) {
    ModuleBuilder with = builder;
    with.AddRawElement(good[i]);
    EXPECT_EQ(Loaded(with.Build()).text(), "") << i;
  }
  const std::vector<std::pair<Bytes, ErrorCode>> bad = {
      {{8, 0}, ErrorCode::kBadElementFlags},
      {Join({{0}, kZero, {1, 1}}), ErrorCode::kUnknownFunction},
      {{1, 1, 1, 0}, ErrorCode::kBadElementKind},
      {Join({{2, 2}, kZero, {0, 1, 0}}), ErrorCode::kUnknownTable},
      {Join({{2, 1}, Code().I64Const(0).End(), {0, 1, 0}}), ErrorCode::kTypeMismatch},  // functions for externref
      {Join({{0}, Code().I64Const(0).End(), {1, 0}}), ErrorCode::kTypeMismatch},        // the index type
      {Join({{7, 0x64, 0x70, 1}, null}), ErrorCode::kTypeMismatch},
      {Join({{5, 0x7f, 1}, ref}), ErrorCode::kBadReferenceType},
      {{1, 0, 5, 0}, ErrorCode::kLengthOutOfBounds},
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    ModuleBuilder with = builder;
    with.AddRawElement(bad[i].first);
    EXPECT_EQ(Loaded(with.Build()).code(), bad[i].second) << i;
  }
}

TEST(ModuleValidatorTest, DataSegments) {
  ModuleBuilder builder;
  builder.AddMemory({1, {}, false});
  const std::vector<std::pair<Bytes, ErrorCode>> bad = {
      {{3, 0}, ErrorCode::kBadDataFlags},
      {Join({{2, 1}, kZero, {0}}), ErrorCode::kUnknownMemory},
      {Join({{0}, Code().I64Const(0).End(), {0}}), ErrorCode::kTypeMismatch},
      {Join({{0}, kZero, {2, 0}}), ErrorCode::kLengthOutOfBounds},
  };
  for (const auto& [bytes, code] : bad) {
    ModuleBuilder with = builder;
    with.AddRawData(bytes);
    EXPECT_EQ(Loaded(with.Build()).code(), code);
  }
  ModuleBuilder none;
  none.AddRawData(Join({{0}, kZero, {0}}));
  EXPECT_EQ(Loaded(none.Build()).code(), ErrorCode::kUnknownMemory);
}

TEST(ModuleValidatorTest, DataCountMatchesAndIsThereWhenNeeded) {
  ModuleBuilder builder;
  builder.AddMemory({1, {}, false});
  builder.AddPassiveData({1});
  builder.AddFunction(builder.AddType({}, {}), Code().Op(Op::kDataDrop, {0}).End());
  EXPECT_EQ(Loaded(builder.Build()).code(), ErrorCode::kDataCountRequired);
  builder.AddDataCount();
  EXPECT_EQ(Loaded(builder.Build()).text(), "");
  builder.AddDataCount(2);
  EXPECT_EQ(Loaded(builder.Build()).code(), ErrorCode::kDataCountMismatch);
  ModuleBuilder without;
  without.AddDataCount(1);
  EXPECT_EQ(Loaded(without.Build()).code(), ErrorCode::kDataCountMismatch);
  without.AddDataCount(0);
  EXPECT_EQ(Loaded(without.Build()).text(), "");
}

TEST(ModuleValidatorTest, FunctionsAndBodiesCorrespond) {
  const Bytes type = EncodeSection(1, {1, 0x60, 0, 0});
  const Bytes one = EncodeSection(3, {1, 0});
  ExpectErrors({
      {"no code section", Join({type, one}), ErrorCode::kFunctionCodeMismatch},
      {"no body", Join({type, one, EncodeSection(10, {0})}), ErrorCode::kFunctionCodeMismatch},
      {"no function", Join({type, EncodeSection(10, {1, 2, 0, 0x0b})}), ErrorCode::kFunctionCodeMismatch},
      {"unknown type", Join({type, EncodeSection(3, {1, 1})}), ErrorCode::kUnknownType},
      {"body beyond the section", Join({type, one, EncodeSection(10, {1, 3, 0, 0x0b})}), ErrorCode::kLengthOutOfBounds},
      {"no end", Join({type, one, EncodeSection(10, {1, 1, 0})}), ErrorCode::kEndExpected},
      {"bytes behind the end", Join({type, one, EncodeSection(10, {1, 3, 0, 0x0b, 0x01})}), ErrorCode::kEndExpected},
      {"no locals", Join({type, one, EncodeSection(10, {1, 0})}), ErrorCode::kUnexpectedEnd},
  });
  EXPECT_TRUE(Loaded(Join({EmptyModule(), EncodeSection(3, {0})})).is_ok());
  EXPECT_TRUE(Loaded(Join({EmptyModule(), EncodeSection(10, {0})})).is_ok());
}

TEST(ModuleValidatorTest, ErrorsNameTheByte) {
  const Bytes head = Join({EmptyModule(), EncodeSection(1, {1, 0x60, 0, 0}), EncodeSection(3, {1, 0})});
  // Code section: id, size, count, body size, locals, then nop, i32.add.
  Loaded loaded(Join({head, EncodeSection(10, {1, 4, 0, 0x01, 0x6a, 0x0b})}));
  EXPECT_EQ(loaded.result.error(), (Error{ErrorCode::kTypeMismatch, 0, head.size() + 6}));
}

}  // namespace
}  // namespace sandbox
