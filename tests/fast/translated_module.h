// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Functions translated one by one for a test, and modules for that.
#ifndef TESTS_FAST_TRANSLATED_MODULE_H_
#define TESTS_FAST_TRANSLATED_MODULE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/fast/translator.h"
#include "sandbox/fast/verify.h"
#include "sandbox/valid/load.h"
#include "tests/lib/module_builder.h"

namespace sandbox::testing {

struct LoadedModule {
  explicit LoadedModule(const ModuleBuilder& builder, const ImplementationLimits& limits = {}) : bytes(builder.Build()) {
    const Result<void> loaded = LoadModule(bytes, limits, module);
    EXPECT_TRUE(loaded.has_value()) << TextOf(loaded.error().code) << " at " << loaded.error().offset;
  }
  Bytes bytes;
  Budget budget{uint64_t{1} << 32};
  ModuleData module{budget};
};

// What tier.cc makes of a record.
inline FastFunction FastFunctionOf(const ModuleData& module, uint32_t number) {
  const FunctionRecord& record = module.functions[number];
  FastFunction function;
  function.local_slots = record.local_slots;
  function.needed_slots = record.local_slots + 1 + record.operand_slots;
  function.param_slots = record.param_slots;
  function.call_cost = record.call_cost;
  function.number = number;
  return function;
}

// The opcodes of a function's translation, which is valid.
inline std::vector<uint16_t> OpcodesOf(const ModuleBuilder& b, uint32_t number) {
  const LoadedModule loaded(b);
  Budget budget(uint64_t{1} << 30);
  FunctionCode code(budget);
  EXPECT_TRUE(fast::Translator(loaded.module, budget).Translate(number, code));
  EXPECT_TRUE(fast::IsCodeValid(loaded.module, FastFunctionOf(loaded.module, number), code));
  std::vector<uint16_t> opcodes;
  for (size_t i = 1; i < code.code.size();) {
    opcodes.push_back(code.code[i]);
    i = static_cast<size_t>(fast::EndOf(code.code.span(), i, fast::ShapeOf(code.code[i])));
  }
  return opcodes;
}

// A module in which each kind of register code occurs: numbers, memory, branches of all kinds, calls of all kinds.
inline ModuleBuilder RichModule() {
  using Op = sandbox::Op;
  const ValType i32 = ValType::I32();
  const ValType i64 = ValType::I64();
  ModuleBuilder b;
  const uint32_t unary = b.AddType({i32}, {i32});
  const uint32_t none = b.AddType({}, {});
  const uint32_t pair = b.AddType({i32, i64}, {i64, i32});
  b.ImportFunction("env", "host", unary);
  b.AddMemory({1, 2, false});
  b.AddTable({ValType::FuncRef(), Limits{4, 8, false}});
  b.AddGlobal({i64, true}, Code().I64Const(5).End());
  b.AddGlobal({ValType::FuncRef(), true}, Code().Op(Op::kRefNull).Byte(0x70).End());
  // 1: a loop that adds up memory.
  b.AddFunction(unary,
                Code()
                    .Begin(Op::kLoop)
                    .LocalGet(1)
                    .LocalGet(0)
                    .Load(Op::kI32Load, 2, 4)
                    .Op(Op::kI32Add)
                    .LocalSet(1)
                    .LocalGet(0)
                    .LocalGet(1)
                    .Load(Op::kI32Store8, 0, 9)
                    .LocalGet(0)
                    .I32Const(1)
                    .Op(Op::kI32Sub)
                    .Op(Op::kLocalTee, {0})
                    .Op(Op::kBrIf, {0})
                    .End()
                    .LocalGet(1)
                    .End(),
                {{1, i32}});
  // 2: br_table, with and without values below; if and else; select.
  b.AddFunction(unary,
                Code()
                    .Begin(Op::kBlock, i32)
                    .Begin(Op::kBlock, i32)
                    .I32Const(7)
                    .I32Const(8)
                    .LocalGet(0)
                    .BrTable({0, 1, 0}, 1)
                    .End()
                    .I32Const(1)
                    .Op(Op::kI32Add)
                    .End()
                    .LocalGet(0)
                    .Begin(Op::kIf, i32)
                    .I32Const(3)
                    .Op(Op::kElse)
                    .LocalGet(0)
                    .I32Const(5)
                    .LocalGet(0)
                    .Op(Op::kSelect)
                    .End()
                    .Op(Op::kI32DivS)
                    .End());
  // 3: calls: defined, imported, indirect; globals; bulk memory.
  b.AddFunction(unary,
                Code()
                    .LocalGet(0)
                    .Call(1)
                    .Call(0)
                    .I32Const(0)
                    .Op(Op::kCallIndirect, {unary, 0})
                    .LocalGet(0)
                    .I32Const(3)
                    .Op(Op::kI32And)
                    .Op(Op::kCallIndirect, {unary, 0})
                    .Op(Op::kGlobalGet, {0})
                    .I64Const(int64_t{1} << 40)
                    .Op(Op::kI64Add)
                    .Op(Op::kGlobalSet, {0})
                    .Op(Op::kRefFunc, {3})
                    .Op(Op::kGlobalSet, {1})
                    .I32Const(0)
                    .I32Const(1)
                    .I32Const(2)
                    .Op(Op::kMemoryFill, {0})
                    .I32Const(1)
                    .Op(Op::kMemoryGrow, {0})
                    .Op(Op::kI32Xor)
                    .End());
  // 4: several results; a branch with two values over others.
  b.AddFunction(pair,
                Code()
                    .BeginIndexed(Op::kBlock, pair + 1)
                    .I32Const(9)
                    .LocalGet(1)
                    .LocalGet(0)
                    .Op(Op::kBr, {0})
                    .End()
                    .End());
  b.AddType({}, {i64, i32});
  // 5: tail calls.
  b.AddFunction(unary, Code().LocalGet(0).Op(Op::kReturnCall, {1}).End());
  b.AddFunction(unary, Code().LocalGet(0).I32Const(0).Op(Op::kReturnCallIndirect, {unary, 0}).End());
  // 7: a branch that keeps a value, return in the middle, unreachable.
  b.AddFunction(unary,
                Code()
                    .Begin(Op::kBlock, i32)
                    .I32Const(4)
                    .LocalGet(0)
                    .Op(Op::kBrIf, {0})
                    .LocalGet(0)
                    .Begin(Op::kIf)
                    .LocalGet(0)
                    .Op(Op::kReturn)
                    .End()
                    .Op(Op::kDrop)
                    .Op(Op::kUnreachable)
                    .End()
                    .End());
  // 8: nothing.
  b.AddFunction(none, Code().End());
  b.AddElements(0, Code().I32Const(0).End(), {1, 2, 3});
  return b;
}
inline constexpr uint32_t kRichFunctions = 8;  // defined ones

}  // namespace sandbox::testing

#endif  // TESTS_FAST_TRANSLATED_MODULE_H_
