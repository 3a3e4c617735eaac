// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Every limit of limits.def that loading enforces: accepted at it, refused one past it.
// Tests: the load-time rows of sandbox/syntax/limits.def, as all of sandbox/valid/ enforces them.

#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/syntax/limits.h"
#include "tests/lib/module_builder.h"
#include "tests/valid/loaded.h"

namespace sandbox {
namespace {

using testing::Bytes;
using testing::Code;
using testing::EncodeSection;
using testing::EncodeU;
using testing::Join;
using testing::Loaded;
using testing::ModuleBuilder;

constexpr ValType kI32 = ValType::I32();

struct Row {
  LimitId id;
  uint64_t ImplementationLimits::*member;
  uint64_t value;              // to set the limit to
  Bytes (*make)(uint64_t n);   // a module that needs exactly n
};

Bytes FunctionModule(const Bytes& body, const std::vector<std::pair<uint32_t, ValType>>& locals = {}) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), body, locals);
  return builder.Build();
}

Bytes ModuleBytes(uint64_t n) {
  // Section id, size, length of the name; what is left is payload.
  return Join({testing::EmptyModule(), EncodeSection(0, Join({{0}, Bytes(n - 11, 'x')}))});
}

Bytes Types(uint64_t n) {
  ModuleBuilder builder;
  for (uint64_t i = 0; i < n; ++i) builder.AddType({}, {});
  return builder.Build();
}

Bytes RecursionGroup(uint64_t n) {
  Bytes group = Join({{0x4e}, EncodeU(n)});
  for (uint64_t i = 0; i < n; ++i) testing::Append(group, {0x60, 0, 0});
  ModuleBuilder builder;
  builder.AddRawType(group);
  return builder.Build();
}

Bytes SubtypeChain(uint64_t n) {
  ModuleBuilder builder;
  builder.AddRawType({0x50, 0, 0x5f, 0});
  for (uint64_t i = 0; i < n; ++i) builder.AddRawType(Join({{0x50, 1}, EncodeU(i), {0x5f, 0}}));
  return builder.Build();
}

Bytes StructFields(uint64_t n) {
  Bytes type = Join({{0x5f}, EncodeU(n)});
  for (uint64_t i = 0; i < n; ++i) testing::Append(type, {0x7f, 0});
  ModuleBuilder builder;
  builder.AddRawType(type);
  return builder.Build();
}

Bytes Params(uint64_t n) {
  ModuleBuilder builder;
  builder.AddType(std::vector<ValType>(n, kI32), {});
  return builder.Build();
}

Bytes Results(uint64_t n) {
  ModuleBuilder builder;
  builder.AddType({}, std::vector<ValType>(n, kI32));
  return builder.Build();
}

Bytes Imports(uint64_t n) {
  ModuleBuilder builder;
  for (uint64_t i = 0; i < n; ++i) builder.ImportGlobal("m", "g", {kI32, false});
  return builder.Build();
}

// One imported, the others defined.
Bytes Functions(uint64_t n) {
  ModuleBuilder builder;
  builder.AddType({}, {});
  builder.ImportFunction("m", "f", 0);
  for (uint64_t i = 1; i < n; ++i) builder.AddFunction(0, Code().End());
  return builder.Build();
}
Bytes ImportedFunctions(uint64_t n) {
  ModuleBuilder builder;
  builder.AddType({}, {});
  for (uint64_t i = 0; i < n; ++i) builder.ImportFunction("m", "f", 0);
  return builder.Build();
}

Bytes Tables(uint64_t n) {
  ModuleBuilder builder;
  builder.ImportTable("m", "t", {ValType::FuncRef(), {}});
  for (uint64_t i = 1; i < n; ++i) builder.AddTable({ValType::FuncRef(), {}});
  return builder.Build();
}

Bytes Memories(uint64_t n) {
  ModuleBuilder builder;
  builder.ImportMemory("m", "m", {});
  for (uint64_t i = 1; i < n; ++i) builder.AddMemory({});
  return builder.Build();
}
Bytes ImportedMemories(uint64_t n) {
  ModuleBuilder builder;
  for (uint64_t i = 0; i < n; ++i) builder.ImportMemory("m", "m", {});
  return builder.Build();
}

Bytes Globals(uint64_t n) {
  ModuleBuilder builder;
  builder.ImportGlobal("m", "g", {kI32, false});
  for (uint64_t i = 1; i < n; ++i) builder.AddGlobal({kI32, false}, Code().I32Const(0).End());
  return builder.Build();
}

Bytes Tags(uint64_t n) {
  ModuleBuilder builder;
  builder.AddType({}, {});
  builder.AddRawImport("m", "t", {4, 0, 0});
  for (uint64_t i = 1; i < n; ++i) builder.AddTag(0);
  return builder.Build();
}

Bytes Exports(uint64_t n) {
  ModuleBuilder builder;
  builder.AddMemory({});
  for (uint64_t i = 0; i < n; ++i) builder.Export(std::to_string(i), ExternKind::kMemory, 0);
  return builder.Build();
}

Bytes ElementSegments(uint64_t n) {
  ModuleBuilder builder;
  for (uint64_t i = 0; i < n; ++i) builder.AddPassiveElements({});
  return builder.Build();
}

Bytes SegmentElements(uint64_t n) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), Code().End());
  builder.AddPassiveElements(std::vector<uint32_t>(n, 0));
  return builder.Build();
}

Bytes DataSegments(uint64_t n) {
  ModuleBuilder builder;
  for (uint64_t i = 0; i < n; ++i) builder.AddPassiveData({});
  return builder.Build();
}
Bytes CountedDataSegments(uint64_t n) {
  ModuleBuilder builder;
  for (uint64_t i = 0; i < n; ++i) builder.AddPassiveData({});
  builder.AddDataCount();
  return builder.Build();
}

Bytes CustomSections(uint64_t n) {
  ModuleBuilder builder;
  for (uint64_t i = 0; i < n; ++i) builder.AddCustom("x", {});
  return builder.Build();
}

Bytes CustomName(uint64_t n) {
  ModuleBuilder builder;
  builder.AddCustom(std::string(n, 'x'), {});
  return builder.Build();
}
Bytes ExportName(uint64_t n) {
  ModuleBuilder builder;
  builder.AddMemory({});
  builder.Export(std::string(n, 'x'), ExternKind::kMemory, 0);
  return builder.Build();
}
Bytes ImportName(uint64_t n) {
  ModuleBuilder builder;
  builder.ImportMemory("", std::string(n, 'x'), {});
  return builder.Build();
}
Bytes ImportModuleName(uint64_t n) {
  ModuleBuilder builder;
  builder.ImportMemory(std::string(n, 'x'), "", {});
  return builder.Build();
}

// The count of local declarations is part of the body.
Bytes FunctionBytes(uint64_t n) { return FunctionModule(Code().Raw(Bytes(n - 2, 0x01)).End()); }

Bytes Locals(uint64_t n) {
  return FunctionModule(Code().End(), {{1, kI32}, {static_cast<uint32_t>(n) - 1, ValType::I64()}});
}
Bytes LocalsWithParams(uint64_t n) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType(std::vector<ValType>(3, kI32), {}), Code().End(),
                      {{static_cast<uint32_t>(n) - 3, kI32}});
  return builder.Build();
}

Bytes OperandStack(uint64_t n) {
  Code code;
  for (uint64_t i = 0; i < n; ++i) code.I32Const(0);
  return FunctionModule(code.Op(Op::kReturn).End());
}
// By pushes that are not constants: results of a call.
Bytes OperandStackOfResults(uint64_t n) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, std::vector<ValType>(n, kI32));
  builder.ImportFunction("m", "f", type);
  builder.AddFunction(builder.AddType({}, {}), Code().Call(0).Op(Op::kReturn).End());
  return builder.Build();
}
Bytes ConstantOperandStack(uint64_t n) {
  ModuleBuilder builder;
  Code code;
  for (uint64_t i = 0; i < n; ++i) code.I32Const(0);
  for (uint64_t i = 1; i < n; ++i) code.Op(Op::kI32Add);
  builder.AddGlobal({kI32, false}, code.End());
  return builder.Build();
}

Bytes Nesting(uint64_t n) {
  Code code;
  for (uint64_t i = 0; i < n; ++i) code.Begin(i % 2 == 0 ? Op::kBlock : Op::kLoop);
  for (uint64_t i = 0; i < n; ++i) code.End();
  return FunctionModule(code.End());
}
Bytes NestedIfs(uint64_t n) {
  Code code;
  for (uint64_t i = 0; i < n; ++i) code.I32Const(0).BeginIndexed(Op::kIf, 0);
  for (uint64_t i = 0; i < n; ++i) code.End();
  return FunctionModule(code.End());
}

Bytes BrTableLabels(uint64_t n) {
  return FunctionModule(Code().I32Const(0).BrTable(std::vector<uint32_t>(n, 0), 0).End());
}

// n constants and sums, and the end.
Bytes ConstantInstructions(uint64_t n) {
  Code code;
  code.I32Const(0);
  for (uint64_t i = 2; i < n; i += 2) code.I32Const(1).Op(Op::kI32Add);
  ModuleBuilder builder;
  builder.AddGlobal({kI32, false}, code.End());
  return builder.Build();
}

#define ROW(name, value, make) {LimitId::name, &ImplementationLimits::name, value, make}
const Row kRows[] = {
    ROW(module_bytes, 100, ModuleBytes),
    ROW(types, 5, Types),
    ROW(types, 5, RecursionGroup),
    ROW(recursion_group_types, 5, RecursionGroup),
    ROW(subtype_depth, 3, SubtypeChain),
    ROW(subtype_depth, 63, SubtypeChain),
    ROW(struct_fields, 5, StructFields),
    ROW(struct_fields, 10'000, StructFields),
    ROW(params, 5, Params),
    ROW(params, 4'000, Params),
    ROW(results, 5, Results),
    ROW(results, 4'000, Results),
    ROW(imports, 5, Imports),
    ROW(functions, 5, Functions),
    ROW(functions, 5, ImportedFunctions),
    ROW(tables, 5, Tables),
    ROW(memories, 5, Memories),
    ROW(memories, 100, Memories),
    ROW(memories, 5, ImportedMemories),
    ROW(globals, 5, Globals),
    ROW(globals, 5, Imports),
    ROW(tags, 5, Tags),
    ROW(exports, 5, Exports),
    ROW(element_segments, 5, ElementSegments),
    ROW(segment_elements, 5, SegmentElements),
    ROW(data_segments, 5, DataSegments),
    ROW(data_segments, 5, CountedDataSegments),
    ROW(custom_sections, 5, CustomSections),
    ROW(name_bytes, 5, CustomName),
    ROW(name_bytes, 100'000, ExportName),
    ROW(name_bytes, 5, ImportName),
    ROW(name_bytes, 5, ImportModuleName),
    ROW(function_bytes, 50, FunctionBytes),
    ROW(locals, 50, Locals),
    ROW(locals, 50'000, Locals),
    ROW(locals, 50, LocalsWithParams),
    ROW(operand_stack, 5, OperandStack),
    ROW(operand_stack, 32'768, OperandStack),
    ROW(operand_stack, 50, OperandStackOfResults),
    ROW(operand_stack, 5, ConstantOperandStack),
    ROW(nesting, 1, Nesting),
    ROW(nesting, 10'000, Nesting),
    ROW(nesting, 50, NestedIfs),
    ROW(br_table_labels, 5, BrTableLabels),
    ROW(br_table_labels, 65'520, BrTableLabels),
    ROW(constant_instructions, 4, ConstantInstructions),
};
#undef ROW

TEST(LoadLimitsTest, EachIsEnforcedExactly) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(NameOf(row.id)) + " " + std::to_string(row.value));
    ImplementationLimits limits;
    limits.*row.member = row.value;
    EXPECT_EQ(Loaded(row.make(row.value), limits).text(), "");
    // constant_instructions come in pairs.
    const uint64_t more = row.id == LimitId::constant_instructions ? 2 : 1;
    Loaded refused(row.make(row.value + more), limits);
    ASSERT_EQ(refused.code(), ErrorCode::kLimitExceeded);
    EXPECT_EQ(NameOf(static_cast<LimitId>(refused.result.error().detail)), NameOf(row.id));
  }
}

TEST(LoadLimitsTest, NoneIsForgotten) {
  std::set<LimitId> tested;
  for (const Row& row : kRows) tested.insert(row.id);
  for (uint8_t id = 0; id < static_cast<uint8_t>(LimitId::load_bytes); ++id) {
    EXPECT_EQ(tested.count(static_cast<LimitId>(id)), 1u) << NameOf(static_cast<LimitId>(id));
  }
}

TEST(LoadLimitsTest, ZeroIsALimitToo) {
  ImplementationLimits limits;
#define SANDBOX_LIMIT(name, def, hard, what) limits.name = 0;
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
  EXPECT_EQ(Loaded(testing::EmptyModule(), limits).code(), ErrorCode::kLimitExceeded);
  limits.module_bytes = 1000;
  EXPECT_EQ(Loaded(testing::EmptyModule(), limits).text(), "");
  for (const Row& row : kRows) EXPECT_FALSE(Loaded(row.make(row.value), limits).is_ok());
}

TEST(LoadLimitsTest, ImpossibleConfigurationsAreRefused) {
  ImplementationLimits limits;
  limits.subtype_depth = 64;
  EXPECT_EQ(Loaded(testing::EmptyModule(), limits).code(), ErrorCode::kBadConfiguration);
}

// The budget is what load_bytes amounts to: the caller makes one of that size.
TEST(LoadLimitsTest, TheBudgetIsExact) {
  const Bytes bytes = Functions(1000);
  Budget measured(~uint64_t{0});
  {
    ModuleData module(measured);
    ASSERT_TRUE(LoadModule(bytes, {}, module).has_value());
  }
  Budget enough(measured.peak_bytes());
  ModuleData module(enough);
  EXPECT_TRUE(LoadModule(bytes, {}, module).has_value());
  Budget too_little(28 * 500);
  ModuleData refused(too_little);
  const auto result = LoadModule(bytes, {}, refused);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kBudgetExceeded);
}

}  // namespace
}  // namespace sandbox
