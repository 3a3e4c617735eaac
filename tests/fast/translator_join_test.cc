// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/translator.h (translator_join.cc: a branch, a jump or a return that does what came before it as well
// does what the two do in place: results, memory, traps and where they are, fuel; elements of tables whose address waits)

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sandbox/fast/joins.h"
#include "tests/fast/pinned_loops.h"

namespace sandbox::testing {
namespace {

size_t CountIn(const ModuleBuilder& b, uint32_t number, const fast::chain_internal::Grid& grid) {
  size_t count = 0;
  for (const uint16_t opcode : OpcodesOf(b, number)) count += grid.Has(opcode) ? 1 : 0;
  return count;
}

// f(i32, i32) -> i32, local 2 besides, over a page in which all bytes differ somehow.
struct Function {
  explicit Function(const Code& body) {
    b.Export("memory", ExternKind::kMemory, b.AddMemory({1, 1, false}));
    Bytes data;
    for (uint32_t i = 0; i < 4096; ++i) data.push_back(static_cast<uint8_t>(i * 37 + i / 256));
    b.AddData(0, Code().I32Const(0).End(), data);
    b.ExportFunction("f", b.AddFunction(b.AddType({kI32, kI32}, {kI32}), Code(body).End(), {{1, kI32}}));
  }
  void Check(const fast::chain_internal::Grid& grid, size_t count) {
    EXPECT_EQ(CountIn(b, 0, grid), kFastJoins ? count : 0u);
    // One store for all arguments: making stores is most of the work.
    Machines machines;
    machines.steps = {0, 1};
    machines.Each([&](Machinery& m) {
      m.Add(b, "m");
      for (const int32_t first : {0, 1, 7, 100, 65'532, 65'533, -1, INT32_MIN, INT32_MAX}) {
        for (const int32_t second : {5, -1}) m.Run("m", "f", {Value::I32(first), Value::I32(second)});
      }
    });
  }
  ModuleBuilder b;
};

// 11 where the branch is taken, 22 plus local 2 where it is not.
Code Branch(const Code& condition) {
  return Code().Begin(Op::kBlock).Raw(condition).Op(Op::kBrIf, {0}).I32Const(22).LocalGet(2).Op(Op::kI32Add)
      .Op(Op::kReturn).End().I32Const(11).LocalGet(2).Op(Op::kI32Add);
}

TEST(TranslatorJoinTest, WhatIsComputedAndCompared) {
  using fast::join_internal::kTestBranches;
  for (const Op compare : fast::join_internal::kCompares) {
    for (const int32_t constant : {0, 4, -5}) {
      const Code test = Code().I32Const(constant).Op(compare);
      Function(Branch(Code().LocalGet(0).I32Const(12).Op(Op::kI32And).Raw(test))).Check(kTestBranches, 1);
      Function(Branch(Code().LocalGet(0).I32Const(-48).Op(Op::kI32Add).Raw(test))).Check(kTestBranches, 1);
      Function(Branch(Code().LocalGet(0).LocalGet(1).Op(Op::kI32Sub).Raw(test))).Check(kTestBranches, 1);
    }
    Function(Branch(Code().LocalGet(0).I32Const(12).Op(Op::kI32And).LocalGet(1).Op(compare))).Check(kTestBranches, 1);
  }
  // Bits alone; not equal to nothing.
  Function(Branch(Code().LocalGet(0).I32Const(1).Op(Op::kI32And))).Check(kTestBranches, 1);
  Function(Branch(Code().LocalGet(0).I32Const(1).Op(Op::kI32And).Op(Op::kI32Eqz))).Check(kTestBranches, 1);
  // What stays on the stack is computed before; what is kept in a local is not only compared.
  const Code kept = Code().LocalGet(0).I32Const(12).Op(Op::kI32And).Op(Op::kLocalTee, {2}).I32Const(4).Op(Op::kI32LtU);
  Function(Branch(kept)).Check(kTestBranches, 0);
  Function(Code().LocalGet(1).Begin(Op::kBlock).LocalGet(0).I32Const(3).Op(Op::kI32And).Op(Op::kBrIf, {0}).LocalGet(0)
               .LocalSet(2).End().LocalGet(2).Op(Op::kI32Sub)).Check(kTestBranches, 0);
}

TEST(TranslatorJoinTest, WhatIsLoadedAndCompared) {
  using fast::join_internal::kLoadBranches;
  for (const Op load : fast::join_internal::kTestedLoads) {
    const Code loaded = Code().LocalGet(0).Load(load, 0, 3);
    for (const Op compare : fast::join_internal::kCompares) {
      Function(Branch(Code(loaded).I32Const(115).Op(compare))).Check(kLoadBranches, 1);
      Function(Branch(Code(loaded).LocalGet(1).Op(compare))).Check(kLoadBranches, 1);
    }
    Function(Branch(loaded)).Check(kLoadBranches, 1);
    Function(Branch(Code(loaded).Op(Op::kI32Eqz))).Check(kLoadBranches, 1);
  }
}

TEST(TranslatorJoinTest, WhatIsLoadedAndKept) {
  using fast::join_internal::kKeptBranches;
  for (const Op load : fast::join_internal::kKeptLoads) {
    const Code loaded = Code().LocalGet(0).Load(load).Op(Op::kLocalTee, {2});
    Function(Branch(loaded)).Check(kKeptBranches, 1);
    Function(Branch(Code(loaded).Op(Op::kI32Eqz))).Check(kKeptBranches, 1);
    Function(Branch(Code(loaded).I32Const(37).Op(Op::kI32Ne))).Check(kKeptBranches, 1);
    // Another local is compared, and another comparison.
    Function(Branch(Code(loaded).Op(Op::kDrop).LocalGet(1))).Check(kKeptBranches, 0);
    Function(Branch(Code(loaded).I32Const(37).Op(Op::kI32LtU))).Check(kKeptBranches, 0);
  }
}

TEST(TranslatorJoinTest, WhatIsCopiedBefore) {
  using fast::join_internal::kMoveBranches;
  for (const Code& copy : {Code().LocalGet(1).LocalSet(2), Code().I32Const(9).LocalSet(2)}) {
    for (const Op compare : fast::join_internal::kCompares) {
      Function(Branch(Code(copy).LocalGet(0).I32Const(7).Op(compare))).Check(kMoveBranches, 1);
      // What is compared was just written.
      Function(Branch(Code(copy).LocalGet(2).I32Const(5).Op(compare))).Check(kMoveBranches, 1);
    }
    // A copy that comes behind what is compared is no other.
    Function(Branch(Code().LocalGet(0).I32Const(1).Op(Op::kI32Xor).Raw(copy).I32Const(6).Op(Op::kI32Eq)))
        .Check(kMoveBranches, 1);
  }
}

TEST(TranslatorJoinTest, WhatIsCopiedBeforeAJump) {
  using fast::join_internal::kMoveJumps;
  for (const Code& copy : {Code().LocalGet(1).LocalSet(2), Code().I32Const(9).LocalSet(2),
                           Code().LocalGet(1).I32Const(3).Op(Op::kI32Mul).LocalTee(2).LocalSet(1)}) {
    Function(Code().LocalGet(0).Begin(Op::kIf).Raw(copy).Op(Op::kElse).I32Const(100).LocalSet(2).End().LocalGet(2).LocalGet(1)
                 .Op(Op::kI32Sub)).Check(kMoveJumps, 1);
  }
  // The value of a branch.
  Function(Code().Begin(Op::kBlock, kI32).I32Const(3).LocalGet(0).I32Const(5).LocalGet(1).Op(Op::kBrIf, {0}).Op(Op::kDrop)
               .Op(Op::kDrop).Op(Op::kDrop).LocalGet(0).Op(Op::kBr, {0}).End()).Check(kMoveJumps, 2);
}

TEST(TranslatorJoinTest, WhatIsReturned) {
  using namespace fast::join_internal;
  for (const Op op : {Op::kI32Add, Op::kI32Sub, Op::kI32Mul, Op::kI32And, Op::kI32Or, Op::kI32Xor}) {
    Function(Code().LocalGet(0).LocalGet(1).Op(op)).Check(kSumReturns, 1);
    Function(Code().LocalGet(0).LocalGet(1).Op(op).Op(Op::kReturn)).Check(kSumReturns, 1);
  }
  Function(Code().LocalGet(0).I32Const(-3).Op(Op::kI32Add)).Check(kSumReturns, 1);
  for (const Op op : {Op::kI32Shl, Op::kI32ShrU, Op::kI32ShrS, Op::kI32And, Op::kI32Mul, Op::kI32Rotl}) {
    Function(Code().LocalGet(0).I32Const(3).Op(op)).Check(kShiftReturns, 1);
  }
  Function(Code().LocalGet(0).LocalGet(1).Op(Op::kI32DivS)).Check(kSumReturns, 0);
}

// --- Addresses that wait --------------------------------------------------------------------------------------------

Code Element(uint32_t local, int32_t table) {
  return Code().LocalGet(local).I32Const(2).Op(Op::kI32Shl).I32Const(table).Op(Op::kI32Add);
}

// An address that was named before the value is computed is what it was then.
TEST(TranslatorJoinTest, ElementsThatAreStored) {
  const auto& none = fast::join_internal::kSumReturns;
  const Code value = Code().LocalGet(1).I32Const(3).Op(Op::kI32Mul);
  const Code read = Code().LocalGet(0).I32Const(2).Op(Op::kI32Shl).Load(Op::kI32Load, 2, 64);
  Function(Element(0, 64).Raw(value).Load(Op::kI32Store).Raw(read)).Check(none, 0);
  Function(Element(0, 64).LocalGet(1).Load(Op::kI32Store8).Raw(read)).Check(none, 0);
  Function(Element(0, 64).I32Const(77).Load(Op::kI32Store16, 0, 1).Raw(read)).Check(none, 0);
  // Its local changes, or is the value as well.
  Function(Element(0, 64).LocalGet(0).I32Const(1).Op(Op::kI32Add).LocalTee(0).Load(Op::kI32Store).Raw(read)).Check(none, 0);
  Function(Element(0, 64).LocalGet(0).Load(Op::kI32Store).Raw(read)).Check(none, 0);
  Function(Code().LocalGet(1).I32Const(5).Op(Op::kI32Xor).LocalTee(2).Op(Op::kDrop).Raw(Element(2, 64)).LocalGet(2)
               .Load(Op::kI32Store).LocalGet(2).I32Const(2).Op(Op::kI32Shl).Load(Op::kI32Load, 2, 64)).Check(none, 0);
  // The value is loaded, and waits itself.
  Function(Element(0, 64).Raw(Element(1, 32)).Load(Op::kI32Load).Load(Op::kI32Store).Raw(read)).Check(none, 0);
  Function(Element(0, 64).Raw(Element(1, 32)).Load(Op::kI32Store).Raw(read)).Check(none, 0);
}

// Numbers that wait, in all places that want them: the other operand in a register or not, written, kept over branches.
TEST(TranslatorJoinTest, ShiftedNumbers) {
  const auto& none = fast::join_internal::kKeptBranches;
  const Code shifted = Code().LocalGet(0).I32Const(5).Op(Op::kI32Shl);
  const Code product = Code().LocalGet(1).LocalGet(0).Op(Op::kI32Mul);
  for (const Code& first : {shifted, Element(0, 9)}) {
    for (const Code& second : {Code().LocalGet(1), product, Element(1, 1), Code().I32Const(12), Code().LocalGet(0)}) {
      for (const Op op : {Op::kI32Sub, Op::kI32Or, Op::kI32Add, Op::kI32LtU, Op::kI32Rotl}) {
        Function(Code(first).Raw(second).Op(op)).Check(none, 0);
        Function(Code(second).Raw(first).Op(op)).Check(none, 0);
      }
    }
    Function(Code(first).LocalTee(0).LocalGet(0).Op(Op::kI32Sub)).Check(none, 0);
    Function(Code(first).LocalSet(2).LocalGet(2).LocalGet(0).Op(Op::kI32Sub)).Check(none, 0);
    Function(Code(first).LocalGet(0).Raw(first).LocalSet(0).LocalGet(0).Op(Op::kI32Sub).Op(Op::kI32Sub)).Check(none, 0);
    Function(Code(first).Begin(Op::kBlock).LocalGet(1).Op(Op::kBrIf, {0}).I32Const(1).LocalSet(0).End().LocalGet(0)
                 .Op(Op::kI32Sub)).Check(none, 0);
    Function(Code(first).LocalGet(1).LocalGet(0).Op(Op::kSelect)).Check(none, 0);
    Function(Code().LocalGet(1).LocalGet(1).Raw(first).Op(Op::kSelect)).Check(none, 0);
    Function(Code(first).Op(Op::kI32Clz)).Check(none, 0);
    Function(Branch(first)).Check(none, 0);
  }
}

// What waits and goes to a local is one instruction.
TEST(TranslatorJoinTest, ShiftedNumberBecomesALocal) {
  for (const uint32_t local : {0u, 2u}) {
    Function f(Code().LocalGet(0).I32Const(5).Op(Op::kI32Shl).LocalSet(local).LocalGet(local));
    f.Check(fast::join_internal::kSumReturns, 0);
    EXPECT_EQ(OpcodesOf(f.b, 0).size(), 2u);  // the shift and the return
  }
}

// --- In loops -------------------------------------------------------------------------------------------------------

// Locals that are pinned are compared, stepped on and copied; after each pause as well.
TEST(TranslatorJoinTest, Loops) {
  using namespace fast::join_internal;
  struct Case {
    const char* name;
    Code body;
    const fast::chain_internal::Grid& grid;
  };
  const Code out = Code().Op(Op::kBrIf, {1});
  const Case cases[] = {
      // Local 2 steps on by a local, pinned or not, and goes round.
      {"step", Code().LocalGet(2).LocalGet(0).Op(Op::kI32Add).LocalTee(2).I32Const(40).Op(Op::kI32LtS), kVarStepBranches},
      {"step by slot", Code().LocalGet(0).LocalGet(3).Op(Op::kI32Add).LocalTee(0).LocalGet(1).Op(Op::kI32LtS), kVarStepBranches},
      {"bits", Code().Raw(Update(0, Op::kI32Add, Code().I32Const(1))).LocalGet(0).I32Const(7).Op(Op::kI32And), kTestBranches},
      {"copy", Code().Raw(Update(0, Op::kI32Add, Code().I32Const(3))).LocalGet(1).LocalSet(4).LocalGet(0).I32Const(30)
                   .Op(Op::kI32LtS), kMoveBranches},
      {"link", Code().LocalGet(0).I32Const(4).Op(Op::kI32Add).LocalTee(0).Load(Op::kI32Load, 0, 16).LocalTee(2), kKeptBranches},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Subject subject;
    // At most so many rounds.
    const Code count = Code().LocalGet(5).I64Const(1).Op(Op::kI64Add).LocalTee(5).I64Const(12).Op(Op::kI64GtU);
    const Code code = Code().I32Const(2).LocalSet(3).Begin(Op::kBlock).Begin(Op::kLoop).Raw(count).Raw(out).Raw(AddTo(4, 0)).Raw(each.body).Op(Op::kBrIf, {0}).End().End()
        .Raw(Subject::Sum());
    const uint32_t f = subject.b.AddFunction(subject.type, Code(code).End(), {{3, kI32}, {2, ValType::I64()}});
    subject.b.ExportFunction("f", f);
    EXPECT_EQ(PinnedLoops(subject.b, f, 1), kFastPins ? 1u : 0u);
    if (kFastJoins) EXPECT_GE(CountIn(subject.b, f - 1, each.grid), 1u);
    for (const int32_t from : {0, 1, 6, -3}) {
      subject.Check({Value::I32(from), Value::I32(9)});
      subject.CheckEachPause({Value::I32(from), Value::I32(9)});
    }
  }
}

// --- At random ------------------------------------------------------------------------------------------------------

class RandomCode {
 public:
  explicit RandomCode(uint32_t seed) : random_(seed) {}

  // Statements in blocks, which branch out and around.
  Code Statements(uint32_t count, uint32_t depth) {
    Code code;
    for (; count > 0; --count) {
      const uint32_t kind = Below(9);
      if (kind < 2 && depth > 0) {
        code.Begin(Op::kBlock).Raw(Statements(2, depth - 1)).Raw(Condition()).Op(Op::kBrIf, {0})
            .Raw(Statements(1 + Below(2), depth - 1)).End();
      } else if (kind < 4 && depth > 0) {
        code.Raw(Condition()).Begin(Op::kIf).Raw(Statements(1, depth - 1)).Op(Op::kElse).Raw(Statements(1, depth - 1)).End();
      } else if (kind < 5) {
        code.Raw(Address()).Raw(Int(2)).Load(Pick({Op::kI32Store, Op::kI32Store8, Op::kI32Store16}), 0, Below(9));
      } else if (kind < 7) {
        code.LocalGet(Below(5)).LocalSet(Local());
      } else {
        code.Raw(Int(2)).LocalSet(Local());
      }
    }
    return code;
  }
  Code Condition() {
    Code code;
    if (Below(3) == 0) code.Raw(Int(1)).LocalSet(Local());
    const uint32_t kind = Below(4);
    if (kind == 0) code.Raw(Int(2));
    else if (kind == 1) code.Raw(Address()).Load(Pick({Op::kI32Load, Op::kI32Load8U, Op::kI32Load8S}), 0, Below(9));
    else code.LocalGet(Below(5)).Raw(Int(0)).Op(Pick({Op::kI32And, Op::kI32Add, Op::kI32Sub}));
    if (Below(4) == 0) code.LocalTee(Local());
    if (Below(4) == 0) return code;
    return code.Raw(Below(2) == 0 ? Code().LocalGet(Below(5)) : Code().I32Const(static_cast<int32_t>(Below(12)) - 3))
        .Op(Pick({Op::kI32Eq, Op::kI32Ne, Op::kI32LtU, Op::kI32LtS, Op::kI32GtU, Op::kI32GtS, Op::kI32LeU, Op::kI32GeS}));
  }

 private:
  uint32_t Below(uint32_t bound) { return std::uniform_int_distribution<uint32_t>(0, bound - 1)(random_); }
  Op Pick(std::initializer_list<Op> ops) { return ops.begin()[Below(static_cast<uint32_t>(ops.size()))]; }
  // Not the one that counts rounds.
  uint32_t Local() { return 2 + Below(3); }
  Code Int(uint32_t depth) {
    const uint32_t kind = depth == 0 ? Below(2) : Below(7);
    if (kind == 0) return Code().LocalGet(Below(5));
    if (kind == 1) return Code().I32Const(static_cast<int32_t>(Below(40)) - 8);
    if (kind == 2) return Code().LocalGet(Below(5)).I32Const(static_cast<int32_t>(Below(6))).Op(Op::kI32Shl);
    if (kind == 3) return Address().Load(Pick({Op::kI32Load, Op::kI32Load8U}), 0, Below(9));
    return Int(depth - 1).Raw(Int(depth - 1)).Op(Pick({Op::kI32Add, Op::kI32Sub, Op::kI32And, Op::kI32Or, Op::kI32Xor, Op::kI32Shl}));
  }
  // Mostly within memory.
  Code Address() {
    if (Below(3) == 0) return Code().LocalGet(Below(5)).I32Const(2).Op(Op::kI32Shl).I32Const(64).Op(Op::kI32Add);
    return Int(1).I32Const(0x7ff0).Op(Op::kI32And);
  }

  std::mt19937 random_;
};

TEST(TranslatorJoinTest, RandomLoops) {
  // Eight functions in each store: making stores is most of the work.
  const std::vector<std::string> names = {"f", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};
  std::set<uint16_t> joins;
  for (uint32_t seed = 0; seed < 50 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomCode random(seed);
    Subject subject;
    for (const std::string& name : names) {
      const Code code = Code().Begin(Op::kLoop).Raw(random.Statements(5, 2)).Raw(StepAndGoBack(0, 1)).End().Raw(Subject::Sum());
      const uint32_t f = subject.b.AddFunction(subject.type, Code(code).End(), {{3, kI32}, {2, ValType::I64()}});
      subject.b.ExportFunction(name.c_str(), f);
      for (const uint16_t opcode : OpcodesOf(subject.b, f - 1)) {
        if (opcode >= fast::kChainsEnd) joins.insert(opcode);
      }
    }
    Machines machines;
    machines.Each([&](Machinery& m) {
      subject.Start(m, true);
      // Twice, so that the second time finds everything translated.
      for (const std::string& name : names) m.Run("m", name.c_str(), {Value::I32(0), Value::I32(5)});
      for (const std::string& name : names) m.Run("m", name.c_str(), {Value::I32(0), Value::I32(5)});
    });
    subject.CheckEachPause({Value::I32(0), Value::I32(3)});
  }
  // Otherwise this test looks at nothing.
  EXPECT_GE(joins.size(), kFastJoins ? 150u : 0u);
}

}  // namespace
}  // namespace sandbox::testing
