// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/module_generator.h"

#include <string>

#include "fuzz/gen/function_generator.h"
#include "fuzz/gen/module_plan.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::Code;
using testing::ModuleBuilder;

// A constant expression for a global: a constant, a null, a function, an earlier immutable global.
Bytes ConstantOf(ByteSource& source, const ModulePlan& plan, ValType type, uint32_t earlier_globals) {
  Code code;
  for (uint32_t i = 0; i < earlier_globals && plan.options.globals_in_constants; ++i) {
    if (plan.globals[i].type == type && !plan.globals[i].is_mutable && source.OneIn(3)) {
      return code.Op(Op::kGlobalGet, {i}).End();
    }
  }
  const uint64_t bits = source.Interesting();
  switch (type.kind()) {
    case ValKind::kI32:
      code.I32Const(static_cast<int32_t>(bits));
      if (source.OneIn(4)) code.I32Const(static_cast<int32_t>(source.Byte())).Op(source.OneIn(2) ? Op::kI32Mul : Op::kI32Sub);
      break;
    case ValKind::kI64:
      code.I64Const(static_cast<int64_t>(bits));
      if (source.OneIn(4)) code.I64Const(source.Byte()).Op(Op::kI64Add);
      break;
    case ValKind::kF32:
      code.Op(Op::kF32Const);
      for (int i = 0; i < 4; ++i) code.Byte(static_cast<uint8_t>(bits >> 8 * i));
      break;
    case ValKind::kF64:
      code.Op(Op::kF64Const);
      for (int i = 0; i < 8; ++i) code.Byte(static_cast<uint8_t>(bits >> 8 * i));
      break;
    default:
      if (type == ValType::FuncRef() && source.OneIn(2)) {
        code.Op(Op::kRefFunc, {source.Pick(plan.declared)});
      } else if (type.heap().is_abstract()) {
        code.Op(Op::kRefNull).Byte(type.heap() == HeapType::kExtern ? 0x6f : 0x70);
      } else {
        code.Op(Op::kRefNull).S(type.heap().index());
      }
  }
  return code.End();
}

void DeclareSpaces(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  for (const FunctionType& type : plan.types) builder.AddType(type.params, type.results);
  for (uint32_t i = 0; i < plan.imported_functions; ++i) {
    builder.ImportFunction(kHostModule, "f" + std::to_string(i), plan.functions[i]);
  }
  for (const TableType& type : plan.tables) builder.AddTable(type);
  for (const Limits& limits : plan.memories) builder.AddMemory(limits);
  for (uint32_t i = 0; i < plan.globals.size(); ++i) {
    const bool is_counter = i == plan.counter;
    const Bytes init = is_counter ? Bytes(Code().I32Const(static_cast<int32_t>(plan.options.own_limit)).End())
                                  : ConstantOf(source, plan, plan.globals[i].type, i);
    builder.AddGlobal(plan.globals[i], init);
  }
}

void DefineFunctions(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  for (uint32_t i = plan.imported_functions; i < plan.functions.size(); ++i) {
    FunctionGenerator generator(source, plan, i);
    generator.Generate();
    builder.AddFunction(plan.functions[i], generator.code(), generator.locals());
  }
}

Bytes OffsetOf(const Limits& limits, uint64_t offset) {
  Code code;
  if (limits.is_64) {
    code.I64Const(static_cast<int64_t>(offset));
  } else {
    code.I32Const(static_cast<int32_t>(static_cast<uint32_t>(offset)));
  }
  return code.End();
}

Bytes SomeBytes(ByteSource& source, uint32_t most) {
  Bytes bytes;
  for (uint32_t i = source.Below(most); i > 0; --i) bytes.push_back(source.Byte());
  return bytes;
}

void DefineSegments(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  // Passive ones come first: instructions name them by these numbers.
  for (uint32_t i = 0; i < plan.passive_elements; ++i) builder.AddPassiveElements({plan.declared[0], plan.declared[0]});
  const Limits& table = plan.tables[0].limits;
  std::vector<uint32_t> functions;
  for (uint64_t i = 0; i < table.min; ++i) functions.push_back(source.Pick(plan.declared));
  if (!source.OneIn(4)) builder.AddElements(0, OffsetOf(table, 0), functions);
  // A declarative segment names the functions that ref.func may.
  Code declarative;
  declarative.U(3).Byte(0).U(plan.declared.size());
  for (uint32_t function : plan.declared) declarative.U(function);
  builder.AddRawElement(declarative);

  if (plan.passive_data > 0) builder.AddDataCount();
  for (uint32_t i = 0; i < plan.passive_data; ++i) builder.AddPassiveData({1, 2, 3, 4, 5, 6, 7, 8});
  for (uint32_t i = 0; i < plan.memories.size(); ++i) {
    const Limits& memory = plan.memories[i];
    if (memory.min > 0 && source.OneIn(2)) builder.AddData(i, OffsetOf(memory, source.Word(2)), SomeBytes(source, 64));
  }
}

void ExportAll(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  for (uint32_t i = plan.imported_functions; i < plan.functions.size(); ++i) {
    builder.ExportFunction("f" + std::to_string(i), i);
  }
  for (uint32_t i = 0; i < plan.memories.size(); ++i) builder.Export("m" + std::to_string(i), ExternKind::kMemory, i);
  for (uint32_t i = 0; i < plan.tables.size(); ++i) builder.Export("t" + std::to_string(i), ExternKind::kTable, i);
  for (uint32_t i = 0; i < plan.globals.size(); ++i) builder.Export("g" + std::to_string(i), ExternKind::kGlobal, i);
  for (uint32_t i = plan.imported_functions; i < plan.functions.size(); ++i) {
    const FunctionType& type = plan.types[plan.functions[i]];
    if (type.params.empty() && type.results.empty() && source.OneIn(4)) {
      builder.SetStart(i);
      break;
    }
  }
}

}  // namespace

std::vector<uint8_t> GenerateModule(ByteSource& source, const GeneratorOptions& options) {
  const ModulePlan plan = MakePlan(source, options);
  ModuleBuilder builder;
  DeclareSpaces(source, plan, builder);
  ExportAll(source, plan, builder);
  DefineSegments(source, plan, builder);
  DefineFunctions(source, plan, builder);
  return builder.Build();
}

}  // namespace sandbox::fuzz
