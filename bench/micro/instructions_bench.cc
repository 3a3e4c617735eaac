// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// One instruction many times over, on locals as compilers use them: reading operands and writing the result included.
// An item is one such instruction with its surroundings, which wasm/s counts one by one.
#include <string>
#include <vector>

#include "bench/micro/guest.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::bench {
namespace {

constexpr uint32_t kCopies = 16;    // of the sequence in the loop's body
constexpr uint32_t kRounds = 1000;  // of the loop in one call

// Two locals of each type follow the parameter: what is computed, and the other operand.
constexpr uint32_t kParameter = 0;
uint32_t FirstLocal(Operand type) {
  switch (type) {
    case Operand::kI64:
      return 3;
    case Operand::kF32:
      return 5;
    case Operand::kF64:
      return 7;
    default:
      return 1;
  }
}
uint32_t SecondLocal(Operand type) { return FirstLocal(type) + 1; }

Code FillLocals() {
  Code code;
  code.I32Const(123456789).LocalSet(1).I32Const(7).LocalSet(2);
  code.I64Const(1234567890123).LocalSet(3).I64Const(7).LocalSet(4);
  code.Op(Op::kF32Const).Raw({0, 0, 0xc0, 0x3f}).LocalSet(5).Op(Op::kF32Const).Raw({1, 0, 0x80, 0x3f}).LocalSet(6);
  code.Op(Op::kF64Const).Raw({0, 0, 0, 0, 0, 0, 0xf8, 0x3f}).LocalSet(7);
  return code.Op(Op::kF64Const).Raw({1, 0, 0, 0, 0, 0, 0xf0, 0x3f}).LocalSet(8);
}

ModuleBuilder MakeModule(const Code& sequence) {
  ModuleBuilder builder;
  const ValType i32 = ValType::I32();
  builder.AddMemory(Limits{1, 1, false});
  builder.AddGlobal({i32, true}, Code().I32Const(0).End());
  Code body = FillLocals();
  body.Raw(CountDown(Repeated(sequence, kCopies))).LocalGet(1).End();
  builder.ExportFunction(
      "run", builder.AddFunction(builder.AddType({i32}, {i32}), body,
                                 {{2, i32}, {2, ValType::I64()}, {2, ValType::F32()}, {2, ValType::F64()}}));
  return builder;
}

void Register(const std::string& name, const Code& sequence) {
  RegisterInTiers(name, [sequence](benchmark::State& state, Tier tier) {
    Guest guest(MakeModule(sequence), tier);
    guest.Measure(state, kRounds, kCopies);
  });
}

// a = op(a, b), or a = op(a).
Code Numeric(Op op) {
  const Signature signature = InfoOf(op).signature;
  Code code;
  code.LocalGet(FirstLocal(signature.param(0)));
  if (signature.param_count() == 2) code.LocalGet(SecondLocal(signature.param(1)));
  return code.Op(op).LocalSet(FirstLocal(signature.result()));
}

void RegisterNumeric(const std::string& family, const std::vector<Op>& ops) {
  for (const Op op : ops) Register(family + "/" + std::string(TextOf(op)), Numeric(op));
}

void RegisterAccesses() {
  for (const Op op : {Op::kI32Load, Op::kI32Load8U, Op::kI32Load16S, Op::kI64Load, Op::kF32Load, Op::kF64Load}) {
    Register("load/" + std::string(TextOf(op)),
             Code().LocalGet(2).Load(op, 0, 64).LocalSet(FirstLocal(InfoOf(op).signature.result())));
  }
  // The address is what was loaded.
  Register("load/chain", Code().LocalGet(1).I32Const(0xfff8).Op(Op::kI32And).Load(Op::kI32Load).LocalSet(1));
  for (const Op op : {Op::kI32Store, Op::kI32Store8, Op::kI64Store, Op::kF32Store, Op::kF64Store}) {
    Register("store/" + std::string(TextOf(op)),
             Code().LocalGet(2).LocalGet(FirstLocal(InfoOf(op).signature.param(1))).Load(op, 0, 64));
  }
}

void RegisterBranches() {
  Register("branch/br_if_taken", Code().Begin(Op::kBlock).LocalGet(2).Op(Op::kBrIf, {0}).End());
  Register("branch/br_if_not_taken", Code().Begin(Op::kBlock).LocalGet(2).Op(Op::kI32Eqz).Op(Op::kBrIf, {0}).End());
  Register("branch/br_if_compare",
           Code().Begin(Op::kBlock).LocalGet(1).LocalGet(2).Op(Op::kI32GtU).Op(Op::kBrIf, {0}).End());
  Register("branch/br", Code().Begin(Op::kBlock).Op(Op::kBr, {0}).End());
  Register("branch/if_else", Code().LocalGet(2).Begin(Op::kIf).Op(Op::kNop).Op(Op::kElse).Op(Op::kNop).End());
  Register("branch/br_table", Code()
                                  .Begin(Op::kBlock)
                                  .Begin(Op::kBlock)
                                  .Begin(Op::kBlock)
                                  .Begin(Op::kBlock)
                                  .LocalGet(kParameter)
                                  .I32Const(3)
                                  .Op(Op::kI32And)
                                  .BrTable({0, 1, 2}, 3)
                                  .End()
                                  .End()
                                  .End()
                                  .End());
}

void RegisterVariables() {
  Register("variable/copy", Code().LocalGet(1).LocalSet(2));
  Register("variable/tee", Code().LocalGet(1).Op(Op::kLocalTee, {2}).Op(Op::kDrop));
  Register("variable/global", Code().Op(Op::kGlobalGet, {0}).Op(Op::kGlobalSet, {0}));
  Register("variable/select", Code().LocalGet(1).LocalGet(2).LocalGet(kParameter).Op(Op::kSelect).LocalSet(1));
}

[[maybe_unused]] const bool kIsRegistered = [] {
  RegisterNumeric("integer", {Op::kI32Add, Op::kI32Mul, Op::kI32DivU, Op::kI32RemS, Op::kI32Xor, Op::kI32Shl,
                              Op::kI32Rotl, Op::kI32Clz, Op::kI32Popcnt, Op::kI32LtS, Op::kI64Add, Op::kI64Mul,
                              Op::kI64DivU, Op::kI64ShrU, Op::kI64LtS});
  RegisterNumeric("float", {Op::kF32Add, Op::kF32Mul, Op::kF32Div, Op::kF32Sqrt, Op::kF32Min, Op::kF64Add, Op::kF64Mul,
                            Op::kF64Div, Op::kF64Sqrt, Op::kF64Min, Op::kF64Nearest, Op::kF64Copysign, Op::kF64Lt});
  RegisterNumeric("conversion",
                  {Op::kI32WrapI64, Op::kI64ExtendI32S, Op::kI32Extend8S, Op::kI32TruncF64S, Op::kI32TruncSatF64S,
                   Op::kF64ConvertI32S, Op::kF64ConvertI64U, Op::kF32DemoteF64, Op::kI64ReinterpretF64});
  RegisterAccesses();
  RegisterBranches();
  RegisterVariables();
  return true;
}();

}  // namespace
}  // namespace sandbox::bench
