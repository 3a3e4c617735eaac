// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/module_plan.h"

#include <algorithm>

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
  swarm.recursion = source.OneIn(8);
  swarm.traps = source.OneIn(8);
  return swarm;
}

std::vector<ValType> SomeTypes(ByteSource& source, const ModulePlan& plan, uint32_t most) {
  // Long lists are rare, but wide branches and frames need them.
  const uint32_t count = source.OneIn(24) ? source.Below(40) : source.Below(most + 1);
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

Limits MemoryLimits(ByteSource& source, const GeneratorOptions& options) {
  Limits limits;
  limits.min = source.Below(3);
  if (source.OneIn(2) || options.own_limit > 0) limits.max = limits.min + source.Below(8);
  limits.is_64 = options.memory64 && source.OneIn(8);
  return limits;
}

Limits TableLimits(ByteSource& source, const GeneratorOptions& options) {
  Limits limits;
  limits.min = source.Below(20);
  limits.max = limits.min + source.Below(20);
  limits.is_64 = options.table64 && source.OneIn(16);
  return limits;
}

void ChooseFunctions(ByteSource& source, ModulePlan& plan) {
  // Imports speak of numbers only, so that any host can answer them.
  plan.imported_functions = source.Below(4);
  for (uint32_t i = 0; i < plan.imported_functions; ++i) {
    plan.functions.push_back(static_cast<uint32_t>(plan.types.size()));
    plan.types.push_back({SomeNumbers(source, plan, 4), SomeNumbers(source, plan, 2)});
  }
  for (uint32_t i = source.Between(1, 4); i > 0; --i) {
    plan.types.push_back({SomeTypes(source, plan, 4), SomeTypes(source, plan, 3)});
  }
  for (uint32_t i = source.Between(1, 6); i > 0; --i) {
    plan.functions.push_back(source.Below(static_cast<uint32_t>(plan.types.size())));
  }
  for (uint32_t i = 0; i < plan.functions.size(); ++i) {
    if (source.OneIn(2) || plan.declared.empty()) plan.declared.push_back(i);
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
  ChooseFunctions(source, plan);
  const uint32_t most_memories = options.multi_memory && source.OneIn(6) ? 3 : 1;
  for (uint32_t i = plan.swarm.memory ? source.Between(1, most_memories) : 0; i > 0; --i) {
    plan.memories.push_back(MemoryLimits(source, options));
  }
  // The first table is of functions: what call_indirect needs.
  plan.tables.push_back({ValType::FuncRef(), TableLimits(source, options)});
  if (plan.swarm.references) {
    for (uint32_t i = source.Below(3); i > 0; --i) {
      plan.tables.push_back({source.OneIn(2) ? ValType::ExternRef() : ValType::FuncRef(), TableLimits(source, options)});
    }
  }
  for (uint32_t i = source.Below(6); i > 0; --i) plan.globals.push_back({AnyType(source, plan), !source.OneIn(4)});
  if (options.own_limit > 0) {
    plan.counter = static_cast<uint32_t>(plan.globals.size());
    plan.globals.push_back({ValType::I32(), true});
  }
  if (plan.swarm.bulk) {
    plan.passive_data = source.Below(3);
    plan.passive_elements = source.Below(3);
  }
  return plan;
}

}  // namespace sandbox::fuzz
