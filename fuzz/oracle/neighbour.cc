// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/neighbour.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "fuzz/oracle/observation.h"

namespace sandbox::fuzz {
namespace {

bool IsPlain(std::span<const ValType> types) {
  return std::ranges::all_of(types, [](ValType t) { return !t.is_ref() || t.heap().is_abstract(); });
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
  return made;
}

}  // namespace sandbox::fuzz
