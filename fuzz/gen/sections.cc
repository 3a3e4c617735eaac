// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/sections.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::Code;
using testing::ModuleBuilder;

void NullOf(Code& code, HeapType heap) {
  code.Op(Op::kRefNull);
  if (heap.is_abstract()) {
    code.Byte(heap == HeapType::kExtern ? 0x6f : 0x70);
  } else {
    code.S(heap.index());
  }
}

// An integer, perhaps out of arithmetic: `left op right`, and that again with a third.
void IntegerOf(ByteSource& source, Code& code, bool is_64, uint64_t bits) {
  const auto constant = [&](uint64_t value) {
    if (is_64) {
      code.I64Const(static_cast<int64_t>(value));
    } else {
      code.I32Const(static_cast<int32_t>(static_cast<uint32_t>(value)));
    }
  };
  constant(bits);
  for (uint32_t i = source.OneIn(4) ? source.Between(1, 3) : 0; i > 0; --i) {
    constant(source.Byte());
    const uint32_t op = source.Below(3);
    code.Op(op == 0 ? (is_64 ? Op::kI64Add : Op::kI32Add)
                    : op == 1 ? (is_64 ? Op::kI64Sub : Op::kI32Sub) : (is_64 ? Op::kI64Mul : Op::kI32Mul));
  }
}

// A constant expression for a global: a constant, a null, a function, an earlier immutable global.
Bytes ConstantOf(ByteSource& source, const ModulePlan& plan, ValType type, uint32_t earlier_globals) {
  Code code;
  const uint32_t usable = plan.options.globals_in_constants ? earlier_globals : plan.imported_globals;
  for (uint32_t i = 0; i < std::min(usable, earlier_globals); ++i) {
    if (plan.globals[i].type == type && !plan.globals[i].is_mutable && source.OneIn(3)) {
      return code.Op(Op::kGlobalGet, {i}).End();
    }
  }
  const uint64_t bits = source.BitsOf(type);
  switch (type.kind()) {
    case ValKind::kI32:
    case ValKind::kI64: IntegerOf(source, code, type == ValType::I64(), bits); break;
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
      } else {
        NullOf(code, type.heap());
      }
  }
  return code.End();
}

Bytes TypeEntry(const FunctionType& type) {
  Bytes entry = testing::EncodeFunctionType(type.params, type.results);
  if (type.super != kNoIndex) {
    // sub (or sub final) of one supertype.
    const uint8_t form = type.is_open ? 0x50 : 0x4f;
    entry = testing::Join({{form, 1}, testing::EncodeU(type.super), entry});
  } else if (type.is_open) {
    entry = testing::Join({{0x50, 0}, entry});
  }
  if (type.is_grouped) entry = testing::Join({{0x4e, 1}, entry});
  return entry;
}

// Types that no code uses: of structures and arrays, and groups that refer to themselves.
void AddUnusedTypes(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  if (!plan.options.rich_types || !source.OneIn(8)) return;
  const int64_t next = static_cast<int64_t>(plan.types.size());
  const Bytes self = testing::EncodeS(next);
  const Bytes other = testing::EncodeS(next + 1);
  switch (source.Below(5)) {
    case 0: builder.AddRawType({0x5f, 2, 0x7f, 1, 0x78, 0}); break;             // struct of i32 and i8
    case 1: builder.AddRawType(testing::Join({{0x5e, 0x63}, self, {1}})); break;  // array of itself
    case 2: builder.AddRawType({0x5e, 0x77, 1}); break;                         // array of i16
    case 3:  // two function types that refer to each other
      builder.AddRawType(testing::Join({{0x4e, 2, 0x60, 1, 0x63}, other, {0, 0x60, 1, 0x64}, self, {0}}), 2);
      break;
    default:  // an open structure and one that extends it
      builder.AddRawType(testing::Join({{0x4e, 2, 0x50, 0, 0x5f, 1, 0x7e, 0, 0x4f, 1}, testing::EncodeU(plan.types.size()),
                                        {0x5f, 2, 0x7e, 0, 0x6b, 1}}),
                         2);
  }
}

// What is imported comes from the list or, by its number, from the host.
template <typename Entries>
std::pair<std::string, std::string> NamesOf(const Entries* entries, const char* letter, uint32_t i) {
  if (entries != nullptr && i < entries->size()) return {(*entries)[i].module, (*entries)[i].name};
  const size_t listed = entries == nullptr ? 0 : entries->size();
  return {kHostModule, letter + std::to_string(i - listed)};
}

void Import(const ModulePlan& plan, ModuleBuilder& builder) {
  const ImportList* list = plan.options.imports;
  for (uint32_t i = 0; i < plan.imported_functions; ++i) {
    const auto [module, name] = NamesOf(list == nullptr ? nullptr : &list->functions, "f", i);
    builder.ImportFunction(module, name, plan.functions[i]);
  }
  for (uint32_t i = 0; i < plan.imported_tables; ++i) {
    const auto [module, name] = NamesOf(list == nullptr ? nullptr : &list->tables, "t", i);
    builder.ImportTable(module, name, plan.tables[i]);
  }
  for (uint32_t i = 0; i < plan.imported_memories; ++i) {
    const auto [module, name] = NamesOf(list == nullptr ? nullptr : &list->memories, "m", i);
    builder.ImportMemory(module, name, plan.memories[i]);
  }
  for (uint32_t i = 0; i < plan.imported_globals; ++i) {
    const auto [module, name] = NamesOf(list == nullptr ? nullptr : &list->globals, "g", i);
    builder.ImportGlobal(module, name, plan.globals[i]);
  }
  for (uint32_t i = 0; i < plan.imported_tags; ++i) {
    const Bytes description = testing::Join({{4, 0}, testing::EncodeU(plan.tags[i])});
    builder.AddRawImport(kHostModule, "e" + std::to_string(i), description);
  }
}

// A table, perhaps with an initial value for its elements.
void AddTable(ByteSource& source, const ModulePlan& plan, const TableType& type, ModuleBuilder& builder) {
  const bool has_initializer = plan.options.typed_references && source.OneIn(8);
  if (!has_initializer) {
    builder.AddTable(type);
    return;
  }
  Code code;
  if (type.element == ValType::FuncRef() && source.OneIn(2)) {
    code.Op(Op::kRefFunc, {source.Pick(plan.declared)});
  } else {
    NullOf(code, type.element.heap());
  }
  code.End();
  const Bytes limits = testing::EncodeLimits(type.limits);
  builder.AddEntry(ModuleBuilder::kTable,
                   testing::Join({{0x40, 0}, testing::EncodeType(type.element), limits, code.bytes()}));
}

Bytes OffsetOf(ByteSource& source, const ModulePlan& plan, const Limits& limits, uint64_t offset) {
  Code code;
  for (uint32_t i = 0; i < plan.imported_globals && plan.swarm.traps; ++i) {
    const GlobalType& global = plan.globals[i];
    if (global.is_mutable || global.type != limits.index_type() || !source.OneIn(2)) continue;
    return code.Op(Op::kGlobalGet, {i}).End();
  }
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

// Items of an element segment: function indices, or an expression each.
Bytes Items(ByteSource& source, const ModulePlan& plan, bool as_expressions, bool is_extern, uint64_t count) {
  Bytes items = testing::EncodeU(count);
  for (uint64_t i = 0; i < count; ++i) {
    const uint32_t function = source.Pick(plan.declared);
    if (!as_expressions) {
      testing::Append(items, testing::EncodeU(function));
      continue;
    }
    Code code;
    if (is_extern || source.OneIn(4)) {
      NullOf(code, is_extern ? HeapType::kExtern : HeapType::kFunc);
    } else {
      code.Op(Op::kRefFunc, {function});
    }
    testing::Append(items, code.End().bytes());
  }
  return items;
}

// Where a segment of `size` elements fits; behind the end when traps are wanted.
uint64_t PlaceIn(ByteSource& source, const ModulePlan& plan, uint64_t space, uint64_t size) {
  if (plan.swarm.traps && source.OneIn(8)) return source.Interesting();
  const uint64_t room = space >= size ? space - size : 0;
  return source.OneIn(2) ? 0 : source.OneIn(2) ? room : source.Word(2) % (room + 1);
}

void AddActiveElements(ByteSource& source, const ModulePlan& plan, uint32_t table, ModuleBuilder& builder) {
  const TableType& type = plan.tables[table];
  const bool is_extern = type.element != ValType::FuncRef();
  const bool as_expressions = is_extern || (plan.options.reference_types && source.OneIn(4));
  const uint64_t count = source.OneIn(2) ? type.limits.min : source.Below(static_cast<uint32_t>(type.limits.min) + 1);
  const Bytes offset = OffsetOf(source, plan, type.limits, PlaceIn(source, plan, type.limits.min, count));
  const Bytes items = Items(source, plan, as_expressions, is_extern, count);
  // Forms 0 and 4 are of table 0 and of functions; 2 and 6 name the table and the kind or type.
  if (table == 0 && !source.OneIn(4)) {
    builder.AddRawElement(testing::Join({{static_cast<uint8_t>(as_expressions ? 4 : 0)}, offset, items}));
    return;
  }
  const uint8_t kind = !as_expressions ? 0x00 : is_extern ? 0x6f : 0x70;
  builder.AddRawElement(testing::Join(
      {{static_cast<uint8_t>(as_expressions ? 6 : 2)}, testing::EncodeU(table), offset, {kind}, items}));
}

void DefineElements(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  // Passive ones come first: instructions name them by these numbers.
  for (uint32_t i = 0; i < plan.passive_elements; ++i) {
    const bool as_expressions = plan.options.reference_types && source.OneIn(3);
    const Bytes items = Items(source, plan, as_expressions, false, 2 + source.Below(4));
    builder.AddRawElement(as_expressions ? testing::Join({{5, 0x70}, items}) : testing::Join({{1, 0}, items}));
  }
  if (!source.OneIn(4)) AddActiveElements(source, plan, 0, builder);
  for (uint32_t i = 0; i < plan.tables.size() && plan.options.reference_types; ++i) {
    if (source.OneIn(4)) AddActiveElements(source, plan, i, builder);
  }
  // A declarative segment names the functions that ref.func may.
  Code declarative;
  if (plan.options.reference_types && source.OneIn(4)) {
    declarative.U(7).Byte(0x70).U(plan.declared.size());
    for (uint32_t function : plan.declared) declarative.Op(Op::kRefFunc, {function}).End();
  } else {
    declarative.U(3).Byte(0).U(plan.declared.size());
    for (uint32_t function : plan.declared) declarative.U(function);
  }
  builder.AddRawElement(declarative);
}

// Bytes of which no few in a row come again: as far as addresses that shapes compute reach.
Bytes Pattern() {
  Bytes bytes(2048 + 16);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 0x9d + (i >> 8) * 0x35 + 7);
  return bytes;
}

void DefineData(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  if (plan.passive_data > 0 || (plan.swarm.bulk && source.OneIn(8))) builder.AddDataCount();
  for (uint32_t i = 0; i < plan.passive_data; ++i) {
    Bytes bytes = {1, 2, 3, 4, 5, 6, 7, 8};
    testing::Append(bytes, SomeBytes(source, 16));
    builder.AddPassiveData(bytes);
  }
  if (plan.has_active_data) builder.AddData(0, OffsetOf(source, plan, plan.memories[0], 0), {9, 10, 11, 12, 13});
  if (plan.options.patterned_memory && plan.has_page() && !source.OneIn(4)) {
    builder.AddData(0, OffsetOf(source, plan, plan.memories[0], 0), Pattern());
  }
  for (uint32_t i = 0; i < plan.memories.size(); ++i) {
    const Limits& memory = plan.memories[i];
    if (memory.min == 0 || !source.OneIn(2)) continue;
    const Bytes bytes = SomeBytes(source, 64);
    const uint64_t place = PlaceIn(source, plan, memory.min * kPageBytes, bytes.size());
    const Bytes offset = OffsetOf(source, plan, memory, place);
    if (plan.options.multi_memory && source.OneIn(8)) {
      // The form that names the memory, for any.
      builder.AddRawData(testing::Join({{2}, testing::EncodeU(i), offset, testing::EncodeU(bytes.size()), bytes}));
    } else {
      builder.AddData(i, offset, bytes);
    }
  }
}

}  // namespace

void DeclareSpaces(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  for (const FunctionType& type : plan.types) builder.AddRawType(TypeEntry(type));
  AddUnusedTypes(source, plan, builder);
  Import(plan, builder);
  for (uint32_t i = plan.imported_tables; i < plan.tables.size(); ++i) AddTable(source, plan, plan.tables[i], builder);
  for (uint32_t i = plan.imported_memories; i < plan.memories.size(); ++i) builder.AddMemory(plan.memories[i]);
  for (uint32_t i = plan.imported_tags; i < plan.tags.size(); ++i) builder.AddTag(plan.tags[i]);
  for (uint32_t i = plan.imported_globals; i < plan.globals.size(); ++i) {
    const bool is_counter = i == plan.counter;
    const Bytes init = is_counter ? Bytes(Code().I32Const(static_cast<int32_t>(plan.options.own_limit)).End())
                                  : ConstantOf(source, plan, plan.globals[i].type, i);
    builder.AddGlobal(plan.globals[i], init);
  }
}

void DefineSegments(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  DefineElements(source, plan, builder);
  DefineData(source, plan, builder);
}

void ExportAll(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  const bool all = plan.options.export_imports && source.OneIn(2);
  const auto export_range = [&](const char* letter, ExternKind kind, uint32_t first, size_t count) {
    for (uint32_t i = all ? 0 : first; i < count; ++i) builder.Export(letter + std::to_string(i), kind, i);
  };
  export_range("f", ExternKind::kFunc, plan.imported_functions, plan.functions.size());
  export_range("m", ExternKind::kMemory, 0, plan.memories.size());
  export_range("t", ExternKind::kTable, 0, plan.tables.size());
  export_range("g", ExternKind::kGlobal, 0, plan.globals.size());
  export_range("e", ExternKind::kTag, 0, plan.tags.size());
  // Names of their own: none, and more than ASCII.
  if (plan.options.export_imports && source.OneIn(8)) builder.Export("", ExternKind::kTable, 0);
  if (plan.options.export_imports && source.OneIn(8)) builder.Export("\u00e9\u6c34\U0001f300", ExternKind::kTable, 0);
  for (uint32_t i = plan.imported_functions; i < plan.functions.size(); ++i) {
    const FunctionType& type = plan.types[plan.functions[i]];
    // A start function that traps would leave nothing to be seen.
    if (plan.probes[i] == kInvalidOp && type.params.empty() && type.results.empty() && source.OneIn(4)) {
      builder.SetStart(i);
      break;
    }
  }
}

}  // namespace sandbox::fuzz
