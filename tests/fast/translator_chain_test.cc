// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/translator.h (translator_chain.cc: an instruction that does the work of two does what the two do in
// place: results, memory, traps and where they are, fuel)

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sandbox/fast/chains.h"
#include "tests/fast/pinned_loops.h"

namespace sandbox::testing {
namespace {

bool IsChain(uint16_t opcode) { return opcode >= fast::opcode_internal::kSteps.end() && opcode < fast::kChainsEnd; }

// How many instructions of that kind a function with this body consists of, which has two locals more.
template <typename IsWanted>
size_t CountIn(const Code& body, std::vector<ValType> params, ValType result, IsWanted is_wanted) {
  ModuleBuilder b;
  b.AddMemory({1, 1, false});
  b.AddFunction(b.AddType(params, {result}), Code(body).End(), {{2, kI32}});
  const std::vector<uint16_t> opcodes = OpcodesOf(b, 0);
  return static_cast<size_t>(std::ranges::count_if(opcodes, is_wanted));
}
size_t ChainsIn(const Code& body, std::vector<ValType> params, ValType result) {
  return CountIn(body, params, result, IsChain);
}

// --- By hand --------------------------------------------------------------------------------------------------------

// f(i32, i32, i32) -> i32 with a page of memory in which all bytes differ somehow.
void ExpectSameOfInts(const Code& body, std::initializer_list<Value> arguments) {
  ModuleBuilder b;
  b.AddMemory({1, 1, false});
  Bytes data;
  for (uint32_t i = 0; i < 4096; ++i) data.push_back(static_cast<uint8_t>(i * 37 + i / 256));
  b.AddData(0, Code().I32Const(0).End(), data);
  b.ExportFunction("f", b.AddFunction(b.AddType({kI32, kI32, kI32}, {kI32}), Code(body).End(), {{2, kI32}}));
  ExpectSame(b, "f", arguments, 1);
}

TEST(TranslatorChainTest, ThreeOperands) {
  const Code sum = Code().LocalGet(0).LocalGet(1).Op(Op::kI32Add).LocalGet(2).Op(Op::kI32Sub);
  EXPECT_EQ(ChainsIn(sum, {kI32, kI32, kI32}, kI32), kFastChains ? 1u : 0u);
  ExpectSameOfInts(sum, {Value::I32(1), Value::I32(20), Value::I32(300)});
  const Code other_way = Code().LocalGet(0).LocalGet(1).LocalGet(2).Op(Op::kI32Mul).Op(Op::kI32Sub);
  EXPECT_EQ(ChainsIn(other_way, {kI32, kI32, kI32}, kI32), kFastChains ? 1u : 0u);
  ExpectSameOfInts(other_way, {Value::I32(1), Value::I32(20), Value::I32(300)});
}

// A shift takes its count from one side only.
TEST(TranslatorChainTest, WhatIsNotAChain) {
  const Code count = Code().LocalGet(0).LocalGet(1).LocalGet(2).Op(Op::kI32Add).Op(Op::kI32Shl);
  EXPECT_EQ(ChainsIn(count, {kI32, kI32, kI32}, kI32), 0u);
  ExpectSameOfInts(count, {Value::I32(3), Value::I32(1), Value::I32(34)});
  // What goes to a local is not only for the next one.
  const Code kept = Code().LocalGet(0).LocalGet(1).Op(Op::kI32Xor).Op(Op::kLocalTee, {3}).LocalGet(2).Op(Op::kI32Add)
      .LocalGet(3).Op(Op::kI32Mul);
  ExpectSameOfInts(kept, {Value::I32(3), Value::I32(1), Value::I32(34)});
}

// What comes behind a chain is not chained as if the first half of it stood there.
TEST(TranslatorChainTest, BehindAChain) {
  const Code loaded = Code().LocalGet(0).Load(Op::kI32Load8U, 0, 3).I32Const(8).Op(Op::kI32Shl).LocalGet(0)
      .Load(Op::kI32Load8U).Op(Op::kI32Or).LocalGet(1).Op(Op::kI32Xor).LocalGet(2).Op(Op::kI32Add);
  ExpectSameOfInts(loaded, {Value::I32(77), Value::I32(1), Value::I32(34)});
  const Code sums = Code().LocalGet(0).LocalGet(1).Op(Op::kI32Add).LocalGet(2).Op(Op::kI32Mul).LocalGet(0).Op(Op::kI32Xor)
      .LocalGet(1).Op(Op::kI32Sub).I32Const(3).Op(Op::kI32Shl).LocalGet(2).Op(Op::kI32And);
  ExpectSameOfInts(sums, {Value::I32(77), Value::I32(1000), Value::I32(-34)});
}

// The element of a table at a constant place is one access still; one whose address is not that is not.
TEST(TranslatorChainTest, ElementsOfTables) {
  const Code element = Code().LocalGet(0).I32Const(2).Op(Op::kI32Shl).I32Const(1024).Op(Op::kI32Add).Load(Op::kI32Load, 2, 4);
  EXPECT_EQ(ChainsIn(element, {kI32, kI32, kI32}, kI32), 0u);
  ExpectSameOfInts(element, {Value::I32(9), Value::I32(0), Value::I32(0)});
  for (const Op op : {Op::kI32Xor, Op::kI32Add}) {
    const Code scaled = Code().LocalGet(0).I32Const(2).Op(Op::kI32Shl).LocalGet(1).Op(op).Load(Op::kI32Load, 2, 4).LocalGet(2)
        .Op(Op::kI32Add);
    ExpectSameOfInts(scaled, {Value::I32(9), Value::I32(64), Value::I32(5)});
  }
  // What is shifted has been computed in the same instruction.
  for (const Op op : {Op::kI32Add, Op::kI32Mul, Op::kI32Xor}) {
    const Code computed = Code().LocalGet(0).LocalGet(1).Op(op).I32Const(2).Op(Op::kI32Shl).I32Const(16).Op(Op::kI32Add)
        .Load(Op::kI32Load);
    ExpectSameOfInts(computed, {Value::I32(3), Value::I32(40), Value::I32(0)});
  }
}

// What of a number is taken by a shift and a mask, or a mask alone, is an index into a table of a width, at a place, or at none.
TEST(TranslatorChainTest, FieldsIndexTables) {
  using fast::chain_internal::kBases;
  using fast::chain_internal::kTableChains;
  const auto table_loads = [](const Code& body, bool is_rotated) {
    return CountIn(body, {kI32, kI32, kI32}, kI32, [is_rotated](uint16_t opcode) {
      return kTableChains.Has(opcode) && (kTableChains.ColumnOf(opcode) >= kBases) == is_rotated;
    });
  };
  const Code numbers[] = {Code().LocalGet(0), Code().LocalGet(0).LocalGet(1).Op(Op::kI32Xor).LocalGet(2).Op(Op::kI32Rotl)};
  for (const Code& number : numbers) {
    for (const uint32_t right : {0u, 5u, 31u, 40u}) {
      for (const int32_t mask : {7, 255, 0x3f8, -4}) {
        for (const uint32_t left : {0u, 2u, 33u}) {
          for (const uint32_t place : {0u, 512u}) {
            Code code = number;
            if (right != 0) code.I32Const(static_cast<int32_t>(right)).Op(Op::kI32ShrU);
            code.I32Const(mask).Op(Op::kI32And);
            if (left != 0) code.I32Const(static_cast<int32_t>(left)).Op(Op::kI32Shl);
            if (place != 0) code.I32Const(static_cast<int32_t>(place)).Op(Op::kI32Add);
            code.Load(Op::kI32Load16U, 0, 6).LocalGet(1).Op(Op::kI32Add);
            // A chain of two others and a mask is no field, and the mask is not its last part.
            const uint64_t most = static_cast<uint32_t>(mask) & (UINT32_MAX >> right % 32);
            const bool may_wrap = (most << left % 32) + place > UINT32_MAX;
            // Elements as wide as what is loaded need no rotation.
            const bool is_rotated = right % 32 != 0 || left % 32 != 1;
            if (right != 0 || &number == &numbers[0]) {
              EXPECT_EQ(table_loads(code, is_rotated), kFastChains && !may_wrap ? 1u : 0u)
                  << right << " " << mask << " " << left << " " << place;
            }
            EXPECT_EQ(table_loads(code, !is_rotated), 0u) << right << " " << mask << " " << left << " " << place;
            ExpectSameOfInts(code, {Value::I32(0x12345), Value::I32(-7), Value::I32(11)});
            if (HasFailure()) FAIL();
          }
        }
      }
    }
  }
  // What is added wraps, or lies beyond any memory.
  for (const uint32_t left : {0u, 2u}) {
    for (const int32_t sum : {-8, INT32_MIN, 24}) {
      for (const uint32_t offset : {0u, 16u, 0x8000'0010u, 0xffff'fff8u}) {
        const Code far = Code().LocalGet(0).I32Const(15).Op(Op::kI32And).I32Const(static_cast<int32_t>(left)).Op(Op::kI32Shl)
            .I32Const(sum).Op(Op::kI32Add).Load(Op::kI32Load, 0, offset);
        for (const int32_t number : {0, 3, 15}) ExpectSameOfInts(far, {Value::I32(number), Value::I32(0), Value::I32(0)});
      }
    }
  }
  const Code twice = Code().LocalGet(0).I32Const(15).Op(Op::kI32And).I32Const(16).Op(Op::kI32Add).I32Const(32).Op(Op::kI32Add)
      .Load(Op::kI32Load);
  ExpectSameOfInts(twice, {Value::I32(7), Value::I32(0), Value::I32(0)});
  // The masked number is an operand as well.
  const Code kept = Code().LocalGet(0).I32Const(63).Op(Op::kI32And).Op(Op::kLocalTee, {3}).I32Const(2).Op(Op::kI32Shl).Load(Op::kI32Load)
      .LocalGet(3).Op(Op::kI32Xor);
  for (const bool is_rotated : {false, true}) EXPECT_EQ(table_loads(kept, is_rotated), 0u);
  ExpectSameOfInts(kept, {Value::I32(99), Value::I32(1), Value::I32(2)});
  const Code is_signed = Code().LocalGet(0).I32Const(3).Op(Op::kI32ShrS).I32Const(-8).Op(Op::kI32And).Load(Op::kI32Load, 0, 64);
  ExpectSameOfInts(is_signed, {Value::I32(-200), Value::I32(1), Value::I32(2)});
  ExpectSameOfInts(is_signed, {Value::I32(200), Value::I32(1), Value::I32(2)});
  const Code wide = Code().LocalGet(0).I32Const(15).Op(Op::kI32And).I32Const(3).Op(Op::kI32Shl).Load(Op::kI64Load, 3, 8).I64Const(17)
      .Op(Op::kI64ShrU).Op(Op::kI32WrapI64);
  ExpectSameOfInts(wide, {Value::I32(99), Value::I32(1), Value::I32(2)});
}

// An operand that was computed just before the inner instruction stays in the accumulator; one that was computed earlier does not.
TEST(TranslatorChainTest, OperandsInTheAccumulator) {
  const auto in_accumulator = [](const Code& body) {
    return CountIn(body, {kI32, kI32, kI32}, kI32, [](uint16_t opcode) {
      using namespace fast::chain_internal;
      return kShiftChains.Has(opcode) && kShiftUsers[kShiftChains.ColumnOf(opcode)].other == fast::Src::kAcc;
    });
  };
  const Code sum = Code().LocalGet(0).LocalGet(1).Op(Op::kI32Sub);
  const Code loaded = Code().LocalGet(0).Load(Op::kI32Load8U, 0, 9);
  const Code table = Code().LocalGet(0).I32Const(31).Op(Op::kI32And).I32Const(2).Op(Op::kI32Shl).Load(Op::kI32Load, 0, 16);
  const Code set = Code().LocalGet(1).LocalGet(2).Op(Op::kI32Mul).LocalSet(3);
  const Code shift = Code().LocalGet(2).I32Const(5).Op(Op::kI32ShrU);
  for (const Op op : {Op::kI32Xor, Op::kI32Add, Op::kI32Or}) {
    for (const Code& first : {sum, loaded, table}) {
      const Code joined = Code(first).Raw(shift).Op(op);
      EXPECT_EQ(in_accumulator(joined), kFastChains ? 1u : 0u);
      const Code parted = Code(first).Raw(set).Raw(shift).Op(op).LocalGet(3).Op(Op::kI32Add);
      EXPECT_EQ(in_accumulator(parted), 0u);
      for (const Code& code : {joined, parted}) ExpectSameOfInts(code, {Value::I32(77), Value::I32(-5), Value::I32(0x1234)});
    }
  }
}

// Accesses that are part of a chain trap where they stand, at the last byte but not before it, and memory is as in place.
TEST(TranslatorChainTest, Traps) {
  ModuleBuilder b;
  b.Export("memory", ExternKind::kMemory, b.AddMemory({1, 1, false}));
  b.ExportFunction("load", b.AddFunction(b.AddType({kI32}, {kI32}),
                                         Code().LocalGet(0).Load(Op::kI32Load, 0, 8).LocalGet(0).Op(Op::kI32Add)
                                             .LocalGet(0).Load(Op::kI32Load, 0, 16).I32Const(5).Op(Op::kI32Mul)
                                             .Op(Op::kI32Sub).End()));
#if SANDBOX_FLOATS
  const Code stores = Code().LocalGet(0).LocalGet(1).LocalGet(1).Op(Op::kF64Mul).Load(Op::kF64Store, 0, 8).LocalGet(0)
      .LocalGet(1).LocalGet(1).Op(Op::kF64Add).Load(Op::kF64Store, 0, 16);
  b.ExportFunction("store", b.AddFunction(b.AddType({kI32, ValType::F64()}, {}), Code(stores).End()));
#endif
  b.ExportFunction("table", b.AddFunction(b.AddType({kI32}, {kI32}),
                                          Code().LocalGet(0).I32Const(1).Op(Op::kI32ShrU).I32Const(0x7fff'ffff).Op(Op::kI32And)
                                              .I32Const(1).Op(Op::kI32Shl).I32Const(8).Op(Op::kI32Add).Load(Op::kI32Load, 0, 4)
                                              .LocalGet(0).I32Const(-1).Op(Op::kI32And).Load(Op::kI32Load16U, 0, 8)
                                              .Op(Op::kI32Sub).End()));
  for (const int32_t below : {8, 11, 12, 13, 16, 19, 20, 21, 23, 24, 25, 1000, -1}) {
    const Value address = Value::I32(65'536 - below);
    ExpectSame(b, "load", {address}, 1);
    ExpectSame(b, "table", {address}, 1);
#if SANDBOX_FLOATS
    ExpectSame(b, "store", {address, Value::F64(1.5)}, 1);
#endif
  }
}

#if SANDBOX_FLOATS
TEST(TranslatorChainTest, FloatsOnEitherSide) {
  const ValType f64 = ValType::F64();
  for (const Op inner : {Op::kF64Add, Op::kF64Sub, Op::kF64Mul}) {
    for (const Op outer : {Op::kF64Add, Op::kF64Sub, Op::kF64Mul}) {
      ModuleBuilder b;
      const uint32_t type = b.AddType({f64, f64, f64}, {ValType::I64()});
      const Code left = Code().LocalGet(0).LocalGet(1).Op(inner).LocalGet(2).Op(outer);
      const Code right = Code().LocalGet(2).LocalGet(0).LocalGet(1).Op(inner).Op(outer);
      EXPECT_EQ(ChainsIn(left, {f64, f64, f64}, f64), kFastChains ? 1u : 0u);
      EXPECT_EQ(ChainsIn(right, {f64, f64, f64}, f64), kFastChains ? 1u : 0u);
      b.ExportFunction("left", b.AddFunction(type, Code(left).Op(Op::kI64ReinterpretF64).End()));
      b.ExportFunction("right", b.AddFunction(type, Code(right).Op(Op::kI64ReinterpretF64).End()));
      for (const char* name : {"left", "right"}) ExpectSame(b, name, {Value::F64(2.5), Value::F64(7), Value::F64(0.1)});
    }
  }
}
#endif

// --- At random ------------------------------------------------------------------------------------------------------

// Where in memory f64 and f32 lie, which nothing else touches: NaNs that are made need not have the same bits in both tiers.
constexpr uint32_t kF64Memory = 0xa000;
constexpr uint32_t kF32Memory = 0xc000;
constexpr uint32_t kFirstF64 = 7;
constexpr uint32_t kFirstF32 = 10;
constexpr uint32_t kFloatLocals = 3;

// Statements on few locals, most of which are chains somewhere.
class RandomCode {
 public:
  explicit RandomCode(uint32_t seed) : random_(seed) {}

  Code Statements(uint32_t count) {
    Code code;
    for (; count > 0; --count) {
      const uint32_t kind = Below(kFloats ? 10 : 7);
      if (kind < 4) code.Raw(TwoOnHotLocals()).LocalSet(2 + Below(2));
      else if (kind < 6) code.Raw(Int(3)).LocalSet(2 + Below(3));
      else if (kind < 7) code.Raw(Address()).Raw(Int(2)).Load(Pick({Op::kI32Store, Op::kI32Store8, Op::kI32Store16}), 0, Below(9));
      else Float(code, kind == 7);
    }
    return code;
  }

 private:
  uint32_t Below(uint32_t bound) { return std::uniform_int_distribution<uint32_t>(0, bound - 1)(random_); }
  Op Pick(std::initializer_list<Op> ops) { return ops.begin()[Below(static_cast<uint32_t>(ops.size()))]; }

  // Of locals that the loop keeps in registers.
  Code TwoOnHotLocals() {
    const auto operand = [&] {
      return Below(5) < 3 ? Code().LocalGet(2 + Below(2)) : Below(2) == 0 ? Code().LocalGet(Below(5)) : Code().I32Const(Below(99));
    };
    Code inner = Code().LocalGet(2 + Below(2)).I32Const(static_cast<int32_t>(Below(40)));
    if (Below(2) == 0) inner.Op(Pick({Op::kI32Shl, Op::kI32ShrU, Op::kI32And, Op::kI32Rotl, Op::kI32ShrS, Op::kI32Mul}));
    else inner = operand().Raw(operand()).Op(Pick({Op::kI32Add, Op::kI32Xor, Op::kI32Sub, Op::kI32Mul}));
    const Op outer = Pick({Op::kI32Add, Op::kI32Xor, Op::kI32Or, Op::kI32And, Op::kI32Sub, Op::kI32Shl});
    return Below(2) == 0 ? Code(inner).Raw(operand()).Op(outer) : operand().Raw(inner).Op(outer);
  }

  Code Int(uint32_t depth) {
    const uint32_t kind = depth == 0 ? Below(2) : Below(10);
    if (kind == 0) return Code().LocalGet(Below(5));
    if (kind == 1) return Code().I32Const(static_cast<int32_t>(Below(2) == 0 ? Below(40) : Below(~0u)));
    if (kind == 2) {
      return Address().Load(Pick({Op::kI32Load, Op::kI32Load8U, Op::kI32Load8S, Op::kI32Load16U, Op::kI32Load16S}), 0, Below(9));
    }
    if (kind == 3) return Int(depth - 1).Op(Pick({Op::kI32Clz, Op::kI32Extend8S, Op::kI32Eqz}));
    const Op op = Pick({Op::kI32Add, Op::kI32Sub, Op::kI32Mul, Op::kI32And, Op::kI32Or, Op::kI32Xor, Op::kI32Shl, Op::kI32ShrS,
                        Op::kI32ShrU, Op::kI32Rotl, Op::kI32Rotr, Op::kI32LtS});
    return Int(depth - 1).Raw(Int(depth - 1)).Op(op);
  }
  // Mostly within memory.
  Code Address() {
    if (Below(8) == 0) return Int(1).I32Const(0xff).Op(Op::kI32And).I32Const(3).Op(Op::kI32Shl).I32Const(40).Op(Op::kI32Add);
    Code code = Int(1);
    if (Below(4) == 0) {
      code.I32Const(static_cast<int32_t>(Below(34))).Op(Op::kI32ShrU).I32Const(0xff).Op(Op::kI32And);
      return Below(2) == 0 ? code : code.I32Const(static_cast<int32_t>(Below(4))).Op(Op::kI32Shl);
    }
    if (Below(40) != 0) code.I32Const(0x7ff0).Op(Op::kI32And);
    if (Below(3) == 0) code.I32Const(static_cast<int32_t>(Below(64))).Op(Op::kI32Add);
    return code;
  }

  Code FloatAddress() { return Int(1).I32Const(0x0ff0).Op(Op::kI32And); }
  uint32_t FloatOffset(bool is_64) { return (is_64 ? kF64Memory : kF32Memory) + 8 * Below(2); }
  Code FloatValue(uint32_t depth, bool is_64) {
    const uint32_t kind = depth == 0 ? 0 : Below(6);
    if (kind == 0) return Code().LocalGet((is_64 ? kFirstF64 : kFirstF32) + Below(kFloatLocals));
    if (kind == 1) return FloatAddress().Load(is_64 ? Op::kF64Load : Op::kF32Load, 0, FloatOffset(is_64));
    const Op op = is_64 ? Pick({Op::kF64Add, Op::kF64Sub, Op::kF64Mul}) : Pick({Op::kF32Add, Op::kF32Sub, Op::kF32Mul});
    return FloatValue(depth - 1, is_64).Raw(FloatValue(depth - 1, is_64)).Op(op);
  }
  void Float(Code& code, bool is_64) {
    if (Below(3) == 0) {
      code.Raw(FloatAddress()).Raw(FloatValue(3, is_64)).Load(is_64 ? Op::kF64Store : Op::kF32Store, 0, FloatOffset(is_64));
    } else {
      code.Raw(FloatValue(3, is_64)).LocalSet((is_64 ? kFirstF64 : kFirstF32) + Below(kFloatLocals));
    }
  }

  std::mt19937 random_;
};

// Local 5 becomes another one by what `i32` computes.
Code Mixed(const Code& i32) {
  return Code().LocalGet(5).I32Const(5).Op(Op::kI32Rotl).Raw(i32).Op(Op::kI32Xor).LocalSet(5);
}
// The bits of a float, which code computes without effect, if it is a number.
Code BitsOf(const Code& code, bool is_64) {
  Code bits = Code().Raw(code);
  if (is_64) bits.Op(Op::kI64ReinterpretF64).I64Const(32).Op(Op::kI64ShrU).Op(Op::kI32WrapI64);
  else bits.Op(Op::kI32ReinterpretF32);
  return bits.I32Const(-1).Raw(code).Raw(code).Op(is_64 ? Op::kF64Eq : Op::kF32Eq).Op(Op::kSelect);
}
// Local 6 counts from 0 to `end`.
Code Over(uint32_t end, uint32_t step, const Code& body) {
  return Code().I32Const(0).LocalSet(6).Begin(Op::kLoop).Raw(body).LocalGet(6).I32Const(static_cast<int32_t>(step)).Op(Op::kI32Add)
      .Op(Op::kLocalTee, {6}).I32Const(static_cast<int32_t>(end)).Op(Op::kI32LtU).Op(Op::kBrIf, {0}).End();
}

// f(i32 from, i32 to): a loop around the statements; what locals and memory became is the result.
ModuleBuilder RandomLoop(uint32_t seed) {
  ModuleBuilder b;
  b.AddMemory({1, 1, false});
  Bytes data;
  for (uint32_t i = 0; i < 0x8100; ++i) data.push_back(static_cast<uint8_t>(i * i + i / 7));
  b.AddData(0, Code().I32Const(0).End(), data);
  Code code;
  Locals locals = {{5, kI32}};
  Code sums;
  if (kFloats) {
    locals = {{5, kI32}, {kFloatLocals, ValType::F64()}, {kFloatLocals, ValType::F32()}};
    for (uint32_t i = 0; i < kFloatLocals; ++i) {
      code.I32Const(static_cast<int32_t>(i)).Op(Op::kF64ConvertI32S).LocalSet(kFirstF64 + i);
      code.I32Const(static_cast<int32_t>(i)).Op(Op::kF32ConvertI32S).LocalSet(kFirstF32 + i);
      sums.Raw(Mixed(BitsOf(Code().LocalGet(kFirstF64 + i), true))).Raw(Mixed(BitsOf(Code().LocalGet(kFirstF32 + i), false)));
    }
    sums.Raw(Over(0x1000, 8, Mixed(BitsOf(Code().LocalGet(6).Load(Op::kF64Load, 0, kF64Memory), true))));
    sums.Raw(Over(0x1000, 8, Mixed(BitsOf(Code().LocalGet(6).Load(Op::kF32Load, 0, kF32Memory), false))));
  }
  code.Begin(Op::kLoop).Raw(RandomCode(seed).Statements(8)).Raw(StepAndGoBack(0, 1)).End();
  code.Raw(Over(0x8100, 4, Mixed(Code().LocalGet(6).Load(Op::kI32Load)))).Raw(sums);
  for (uint32_t local = 0; local < 5; ++local) code.Raw(Mixed(Code().LocalGet(local)));
  b.ExportFunction("f", b.AddFunction(b.AddType({kI32, kI32}, {kI32}), code.LocalGet(5).End(), locals));
  return b;
}

TEST(TranslatorChainTest, RandomLoops) {
  std::set<uint16_t> chains;
  for (uint32_t seed = 0; seed < 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const ModuleBuilder b = RandomLoop(seed);
    for (const uint16_t opcode : OpcodesOf(b, 0)) {
      if (IsChain(opcode)) chains.insert(opcode);
    }
    Machines machines;
    machines.steps = {seed % 16 == 0 ? uint64_t{7} : 0};
    machines.Each([&](Machinery& m) {
      m.Add(b, "m");
      m.Run("m", "f", {Value::I32(0), Value::I32(3)});
    });
  }
  // Otherwise this test looks at nothing.
  EXPECT_GE(chains.size(), kFastChains ? (kFloats ? 400u : 250u) : 0u);
}

}  // namespace
}  // namespace sandbox::testing
