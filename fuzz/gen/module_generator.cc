// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/module_generator.h"

#include <array>

#include "fuzz/gen/broken_module.h"
#include "fuzz/gen/function_generator.h"
#include "fuzz/gen/module_plan.h"
#include "fuzz/gen/sections.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::ModuleBuilder;

void DefineFunctions(ByteSource& source, const ModulePlan& plan, ModuleBuilder& builder) {
  for (uint32_t i = plan.imported_functions; i < plan.functions.size(); ++i) {
    // A function of one instruction stands at the end, and with the first of all operands it says little.
    const bool is_drawn = plan.probes[i] != kInvalidOp && source.is_empty();
    // Choices for what comes when the functions have used up the input.
    const std::array<uint8_t, 64> choices = DrawChoices(plan.dress_seed + i);
    ByteSource drawn(choices);
    FunctionGenerator generator(is_drawn ? drawn : source, plan, i);
    generator.Generate();
    builder.AddFunction(plan.functions[i], generator.code(), generator.locals());
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
  const std::array<uint8_t, 64> choices = DrawChoices(plan.dress_seed);
  ByteSource dress(choices);
  const std::vector<uint8_t> module = Dress(dress, plan, builder.Build());
  return options.break_a_rule ? BreakOneRule(dress, module, options).bytes : module;
}

}  // namespace sandbox::fuzz
