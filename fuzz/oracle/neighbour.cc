// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/neighbour.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "fuzz/oracle/observation.h"
#include "sandbox/module/module_data.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

bool IsPlain(std::span<const ValType> types) {
  return std::ranges::all_of(types, [](ValType t) { return !t.is_ref() || t.heap().is_abstract(); });
}

// The same module, so many bytes further on, of which a custom section without a name takes at least seven.
constexpr uint32_t kLeastMove = 7;

void MoveBy(std::vector<uint8_t>& module, uint32_t distance) {
  constexpr uint32_t kIdAndSize = 6;
  constexpr ptrdiff_t kHeaderBytes = 8;
  testing::Bytes section = testing::Join({{0}, testing::EncodePadded(distance - kIdAndSize, kIdAndSize - 1)});
  section.resize(distance);
  module.insert(module.begin() + kHeaderBytes, section.begin(), section.end());
}

// Where the first instruction of a function stands.
uint32_t BeginOf(const Module& module, uint64_t choice) {
  const auto& functions = module.data()->functions;
  return functions[choice % functions.size()].code_begin;
}

// One function of each begins at the same offset: who takes the place in one module for the place in the other finds code.
void Align(const Module& neighbour, Neighbours& made) {
  Hash hash;
  hash.AddBytes(made.module);
  const uint64_t choice = hash.value();
  if (choice % 2 == 0) return;
  const Result<Module> module = Module::Load(made.module);
  if (!module) return;
  const uint32_t one = BeginOf(neighbour, choice / 2);
  const uint32_t other = BeginOf(*module, choice / 128);
  MoveBy(made.neighbour, kLeastMove + (one < other ? other - one : 0));
  MoveBy(made.module, kLeastMove + (other < one ? one - other : 0));
}

}  // namespace

void AddExportsOf(const Module& module, const std::string& name, ImportList& list) {
  for (const ExportInfo item : module.exports()) {
    const std::string item_name(item.name);
    switch (item.type.kind) {
      case ExternKind::kFunc:
        if (!IsPlain(item.signature.params) || !IsPlain(item.signature.results)) break;
        list.functions.push_back({name, item_name,
                                  {{item.signature.params.begin(), item.signature.params.end()},
                                   {item.signature.results.begin(), item.signature.results.end()}}});
        break;
      case ExternKind::kTable: {
        // The generator wants the first table to be of functions.
        const TableType& type = item.type.table;
        if (type.element == ValType::FuncRef() || !list.tables.empty()) list.tables.push_back({name, item_name, type});
        break;
      }
      case ExternKind::kMemory: list.memories.push_back({name, item_name, item.type.memory.limits}); break;
      case ExternKind::kGlobal:
        if (IsPlain({&item.type.global.type, 1})) list.globals.push_back({name, item_name, item.type.global});
        break;
      case ExternKind::kTag: break;
    }
  }
}

void AddHostFunctions(ImportList& list) {
  const ValType i32 = ValType::I32();
  const ValType i64 = ValType::I64();
  list.functions.push_back({kEnvironment, "grow", {{i32}, {i32}}});
  list.functions.push_back({kEnvironment, "pair", {{i32, i64}, {i64, i32}}});
  list.functions.push_back({kEnvironment, "trap", {{i64, i32}, {i64}}});
}

Result<void> LinkHostFunctions(Store& store, std::function<void()> tell) {
  SANDBOX_TRY(store.Link(kEnvironment, "grow", [](Caller& caller, uint32_t at) {
    const Result<MemoryView> memory = caller.memory();
    if (!memory) return 0u;
    if (at % 4 != 0) (void)memory->Grow(1);
    return memory->Read<uint32_t>(at).value_or(1u);
  }));
  SANDBOX_TRY(store.Link(kEnvironment, "pair", [tell = std::move(tell)](uint32_t a, uint64_t b) {
    tell();
    return std::tuple(b + 1, a);
  }));
  SANDBOX_TRY(store.Link(kEnvironment, "trap", [](uint64_t a, uint32_t b) -> HostResult<uint64_t> {
    if (b % 8 == 1) return std::unexpected(TrapCode::kHost);
    return a - 1;
  }));
  return {};
}

Neighbours GenerateNeighbours(ByteSource& source, const GeneratorOptions& options, bool is_linked) {
  if (!is_linked) return {{}, GenerateModule(source, options)};
  Neighbours made;
  ByteSource own = source.Take(source.left() / 3);
  made.neighbour = GenerateModule(own, options);
  const Result<Module> neighbour = Module::Load(made.neighbour);
  if (!neighbour) Report("the generator made an invalid module", made.neighbour);
  ImportList list;
  AddHostFunctions(list);
  AddExportsOf(*neighbour, kNeighbour, list);
  GeneratorOptions importing = options;
  importing.imports = &list;
  made.module = GenerateModule(source, importing);
  Align(*neighbour, made);
  return made;
}

}  // namespace sandbox::fuzz
