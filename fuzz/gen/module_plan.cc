// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/module_plan.h"

#include <algorithm>

#include "fuzz/gen/function_generator.h"
#include "sandbox/base/build_config.h"

namespace sandbox::fuzz {
namespace {

Swarm ChooseSwarm(ByteSource& source, const GeneratorOptions& options) {
  const uint64_t off = source.Word(2) & source.Word(2);  // each group is off once in four
  Swarm swarm;
  swarm.floats = kFloats && (off & 1) == 0;
  swarm.references = options.reference_types && (off & 2) == 0;
  swarm.bulk = (off & 4) == 0;
  swarm.calls = (off & 8) == 0;
  swarm.control = (off & 16) == 0;
  swarm.memory = (off & 32) == 0;
  swarm.tail_calls = options.tail_calls && (off & 64) == 0;
  swarm.unreachable_code = (off & 128) == 0;
  swarm.shapes = (off & 256) == 0;
  swarm.arithmetic = (off & 512) == 0;
  swarm.probes = (off & 1024) == 0;
  swarm.variables = (off & 2048) == 0;
  const uint32_t rare = source.Byte();
  swarm.recursion = rare % 8 == 1;
  swarm.traps = rare / 8 % 8 == 1;
  swarm.odd_lebs = options.odd_encodings && rare % 5 == 1;
  swarm.big_frames = rare % 11 == 1;
  swarm.dense_probes = swarm.probes && rare % 8 == 2;
  swarm.forwarders = swarm.tail_calls && rare % 5 == 2;
  swarm.tight = swarm.shapes && !swarm.dense_probes && rare % 3 == 1;
  return swarm;
}

std::vector<ValType> SomeTypes(ByteSource& source, const ModulePlan& plan, uint32_t most) {
  // Long lists are rare, but wide branches and frames need them.
  const bool is_long = source.OneIn(plan.swarm.big_frames ? 3 : 24);
  const uint32_t count = is_long ? source.Below(plan.swarm.big_frames ? 120 : 40) : source.Below(most + 1);
  std::vector<ValType> types;
  for (uint32_t i = 0; i < count; ++i) types.push_back(AnyType(source, plan));
  return types;
}

std::vector<ValType> SomeNumbers(ByteSource& source, const ModulePlan& plan, uint32_t most) {
  std::vector<ValType> types;
  for (uint32_t i = source.Below(most + 1); i > 0; --i) {
    types.push_back(plan.swarm.floats ? source.Pick(std::vector{ValType::I32(), ValType::I64(), ValType::F32(), ValType::F64()})
                                      : source.Pick(std::vector{ValType::I32(), ValType::I64()}));
  }
  return types;
}

Limits MemoryLimits(ByteSource& source, const ModulePlan& plan) {
  Limits limits;
  limits.min = source.Below(3);
  if (plan.swarm.tight && limits.min == 0) limits.min = 1;
  if (source.OneIn(2) || plan.options.own_limit > 0) limits.max = limits.min + source.Below(8);
  limits.is_64 = plan.options.memory64 && source.OneIn(plan.swarm.dense_probes ? 2 : 8);
  return limits;
}

Limits TableLimits(ByteSource& source, const GeneratorOptions& options) {
  Limits limits;
  limits.min = source.Below(20);
  limits.max = limits.min + source.Below(20);
  limits.is_64 = options.table64 && source.OneIn(16);
  return limits;
}

// Types of the same shape as others: equal to them, or open, or derived from an open one.
void ChooseTypes(ByteSource& source, ModulePlan& plan) {
  for (uint32_t i = source.Between(1, 4); i > 0; --i) {
    plan.types.push_back({SomeTypes(source, plan, 4), SomeTypes(source, plan, 3)});
  }
  // What blocks like: nothing in, something out.
  if (source.OneIn(2)) plan.types.push_back({{}, SomeTypes(source, plan, 3)});
  if (!plan.options.rich_types || !source.OneIn(2)) return;
  // Of two, the one is a subtype of the other.
  const uint32_t base = static_cast<uint32_t>(plan.types.size());
  FunctionType derived = source.Pick(plan.types);
  derived.is_open = true;
  plan.types.push_back(derived);
  derived.super = base;
  plan.types.push_back(derived);
  for (uint32_t i = source.Below(3); i > 0; --i) {
    const uint32_t like = source.Below(static_cast<uint32_t>(plan.types.size()));
    FunctionType type = plan.types[like];
    type.super = type.is_open && source.OneIn(2) ? like : kNoIndex;
    type.is_open = source.OneIn(2);
    type.is_grouped = source.OneIn(3);
    plan.types.push_back(type);
  }
}

// A function that is one instruction, with the instruction's own type; where it is of memories or tables, the instruction
// is chosen as the body is written, and this one stands for its kind.
void AddProbe(ByteSource& source, ModulePlan& plan) {
  const bool is_bulk = plan.swarm.dense_probes && source.OneIn(4);
  const bool is_access = plan.swarm.memory && source.OneIn(3);
  const Op op = is_bulk ? (source.OneIn(3) ? Op::kTableGet : Op::kMemoryCopy)
                        : source.Pick(is_access ? AccessRows(plan.swarm.floats) : NumericRows(plan.swarm.floats));
  const Signature signature = InfoOf(op).signature;
  FunctionType type;
  // The body knows where a memory ends: an access takes no address.
  for (size_t i = is_access ? 1 : 0; i < signature.param_count() && !is_bulk; ++i) {
    type.params.push_back(TypeOf(signature.param(i), ValType::I32()));
  }
  if (!is_bulk && signature.result() != Operand::kNone) type.results.push_back(TypeOf(signature.result(), ValType::I32()));
  plan.functions.push_back(static_cast<uint32_t>(plan.types.size()));
  plan.probes.push_back(op);
  plan.types.push_back(type);
}

// A function that does nothing but tail-call another one: a new one of many parameters, whose arguments overlap with where
// they go to, or the host's, which returns to whoever called, of whatever instance.
void AddForwarder(ByteSource& source, ModulePlan& plan) {
  const bool is_to_host = plan.imported_functions > plan.listed_functions && source.OneIn(3);
  if (is_to_host) {
    plan.forwards_to = plan.listed_functions + source.Below(plan.imported_functions - plan.listed_functions);
  } else {
    plan.forwards_to = static_cast<uint32_t>(plan.functions.size());
    const std::vector<ValType> results = plan.types[plan.functions.back()].results;
    plan.functions.push_back(static_cast<uint32_t>(plan.types.size()));
    plan.probes.push_back(kInvalidOp);
    plan.types.push_back({SomeNumbers(source, plan, 12), results});
  }
  const std::vector<ValType> results = plan.types[plan.functions[plan.forwards_to]].results;
  plan.functions.push_back(static_cast<uint32_t>(plan.types.size()));
  plan.probes.push_back(Op::kReturnCall);
  plan.types.push_back({SomeNumbers(source, plan, 3), results});
}

void ChooseFunctions(ByteSource& source, ModulePlan& plan) {
  if (const ImportList* list = plan.options.imports) {
    for (const auto& entry : list->functions) {
      plan.functions.push_back(static_cast<uint32_t>(plan.types.size()));
      plan.types.push_back({entry.type.params, entry.type.results});
    }
    plan.listed_functions = static_cast<uint32_t>(plan.functions.size());
  }
  // The host's functions speak of numbers only, so that any host can answer them.
  plan.imported_functions = plan.listed_functions + source.Below(4);
  for (uint32_t i = plan.listed_functions; i < plan.imported_functions; ++i) {
    plan.functions.push_back(static_cast<uint32_t>(plan.types.size()));
    plan.types.push_back({SomeNumbers(source, plan, 4), SomeNumbers(source, plan, 2)});
  }
  ChooseTypes(source, plan);
  for (uint32_t i = source.Between(1, 6); i > 0; --i) {
    plan.functions.push_back(source.Below(static_cast<uint32_t>(plan.types.size())));
  }
  // A function of a type that is derived can be called by another type than its own.
  for (uint32_t i = 0; i < plan.types.size(); ++i) {
    if (plan.types[i].super != kNoIndex) plan.functions.push_back(i);
  }
  plan.probes.resize(plan.functions.size(), kInvalidOp);
  if (plan.swarm.forwarders) AddForwarder(source, plan);
  if (plan.swarm.probes) {
    const bool is_dense = plan.swarm.dense_probes;
    for (uint32_t i = is_dense ? source.Between(24, 64) : source.OneIn(3) ? source.Between(1, 6) : 0; i > 0; --i) {
      AddProbe(source, plan);
    }
  }
  for (uint32_t i = 0; i < plan.functions.size(); ++i) {
    if (source.OneIn(2) || plan.declared.empty()) plan.declared.push_back(i);
  }
}

void ChooseMemories(ByteSource& source, ModulePlan& plan) {
  if (plan.options.imports != nullptr) {
    for (const auto& entry : plan.options.imports->memories) plan.memories.push_back(entry.type);
    plan.imported_memories = static_cast<uint32_t>(plan.memories.size());
    if (plan.imported_memories > 0 && source.OneIn(2)) return;
  }
  if (!plan.swarm.memory) return;
  const uint32_t count = source.Between(1, plan.options.multi_memory && source.OneIn(plan.swarm.dense_probes ? 2 : 6) ? 3 : 1);
  if (plan.options.imports == nullptr && plan.options.object_imports && source.OneIn(6)) {
    plan.imported_memories = source.Below(count + 1);
  }
  for (uint32_t i = 0; i < count; ++i) plan.memories.push_back(MemoryLimits(source, plan));
}

void ChooseTables(ByteSource& source, ModulePlan& plan) {
  if (plan.options.imports != nullptr) {
    for (const auto& entry : plan.options.imports->tables) plan.tables.push_back(entry.type);
    plan.imported_tables = static_cast<uint32_t>(plan.tables.size());
  }
  // The first table is of functions: what call_indirect needs.
  plan.tables.push_back({ValType::FuncRef(), TableLimits(source, plan.options)});
  if (plan.swarm.references) {
    for (uint32_t i = source.Below(3); i > 0; --i) {
      const ValType element = source.OneIn(2) ? ValType::ExternRef() : ValType::FuncRef();
      plan.tables.push_back({element, TableLimits(source, plan.options)});
    }
  }
  if (plan.options.imports == nullptr && plan.options.object_imports && source.OneIn(6)) {
    plan.imported_tables = source.Below(static_cast<uint32_t>(plan.tables.size()) + 1);
  }
}

void ChooseGlobals(ByteSource& source, ModulePlan& plan) {
  if (plan.options.imports != nullptr) {
    for (const auto& entry : plan.options.imports->globals) plan.globals.push_back(entry.type);
    plan.imported_globals = static_cast<uint32_t>(plan.globals.size());
  } else if (plan.options.object_imports && source.OneIn(4)) {
    plan.imported_globals = source.Between(1, 3);
  }
  for (uint32_t i = static_cast<uint32_t>(plan.globals.size()); i < plan.imported_globals; ++i) {
    ValType type = AnyType(source, plan);
    // The host names no type of the guest's.
    if (type.is_ref() && !type.heap().is_abstract()) type = ValType::I64();
    plan.globals.push_back({type, source.OneIn(2)});
  }
  for (uint32_t i = source.Below(6); i > 0; --i) plan.globals.push_back({AnyType(source, plan), !source.OneIn(4)});
  if (plan.options.own_limit > 0) {
    plan.counter = static_cast<uint32_t>(plan.globals.size());
    plan.globals.push_back({ValType::I32(), true});
  }
}

// Tags have types without results.
void ChooseTags(ByteSource& source, ModulePlan& plan) {
  if (!plan.options.tags || !source.OneIn(8)) return;
  const bool is_imported = plan.options.imports == nullptr && plan.options.object_imports && source.OneIn(2);
  for (uint32_t i = 0; i < plan.types.size(); ++i) {
    if (!plan.types[i].results.empty()) continue;
    // The host makes a tag by its parameters: of a plain type.
    const bool is_plain = !plan.types[i].is_open && plan.types[i].super == kNoIndex &&
                          std::ranges::all_of(plan.types[i].params, [](ValType t) { return !t.is_ref(); });
    if (is_imported && plan.imported_tags == plan.tags.size() && is_plain) ++plan.imported_tags;
    plan.tags.push_back(i);
  }
}

}  // namespace

ValType AnyType(ByteSource& source, const ModulePlan& plan) {
  const uint32_t choice = source.Below(16);
  if (plan.swarm.references && choice >= 13) {
    if (choice == 15 && plan.options.typed_references && !plan.types.empty()) {
      const uint32_t type = source.Below(static_cast<uint32_t>(plan.types.size()));
      return ValType::Ref(HeapType::Defined(type), true);
    }
    return choice == 13 ? ValType::ExternRef() : ValType::FuncRef();
  }
  if (plan.swarm.floats && choice >= 9) return choice % 2 == 0 ? ValType::F32() : ValType::F64();
  return choice % 2 == 0 ? ValType::I32() : ValType::I64();
}

ModulePlan MakePlan(ByteSource& source, const GeneratorOptions& options) {
  ModulePlan plan;
  plan.options = options;
  plan.swarm = ChooseSwarm(source, options);
  plan.dress_seed = source.Word(2);
  ChooseFunctions(source, plan);
  ChooseMemories(source, plan);
  ChooseTables(source, plan);
  ChooseGlobals(source, plan);
  ChooseTags(source, plan);
  if (plan.swarm.bulk) {
    plan.passive_data = source.Below(3);
    plan.has_active_data = plan.passive_data > 0 && plan.has_page();
    plan.passive_elements = source.Below(3);
  }
  return plan;
}

}  // namespace sandbox::fuzz
