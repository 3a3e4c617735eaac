// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What an engine must see of modules whose behaviour is known: run with each engine.
#include "fuzz/reference/engine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fuzz/oracle/our_engine.h"
#include "fuzz/reference/agreement.h"
#include "fuzz/reference/known_differences.h"
#include "sandbox/sandbox.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using testing::Bytes;
using testing::Code;
using testing::ModuleBuilder;

Limits Pages(uint64_t min, uint64_t max) {
  Limits limits;
  limits.min = min;
  limits.max = max;
  return limits;
}

// One of everything that can be observed. "f" divides, calls the host and stores; "t" traps in a way of its own.
Bytes Sample(Op trapping, const Bytes& operands) {
  ModuleBuilder builder;
  const uint32_t unary = builder.AddType({ValType::I32()}, {ValType::I32()});
  const uint32_t wide = builder.AddType({ValType::I64(), ValType::F64()}, {ValType::I64(), ValType::F64()});
  const uint32_t plain = builder.AddType({}, {ValType::I32()});
  builder.ImportFunction(kHostModule, "f0", unary);
  builder.ImportGlobal(kHostModule, "g0", {ValType::I64(), true});
  builder.AddTable({ValType::FuncRef(), Pages(3, 4)});
  builder.AddMemory(Pages(1, 2));
  builder.AddGlobal({ValType::F32(), true}, Code().Op(Op::kF32Const).Raw({0, 0, 0x80, 0x3f}).End());
  const uint32_t f = builder.AddFunction(
      unary, Code().I32Const(8).LocalGet(0).Call(0).Op(Op::kI32Store, {2, 0}).LocalGet(0).End());
  const uint32_t g = builder.AddFunction(wide, Code().LocalGet(0).Op(Op::kGlobalSet, {0}).LocalGet(0).LocalGet(1).End());
  const uint32_t t = builder.AddFunction(plain, Code().Raw(operands).Op(trapping).End());
  builder.ExportFunction("f", f);
  builder.ExportFunction("g", g);
  builder.ExportFunction("t", t);
  builder.Export("memory", ExternKind::kMemory, 0);
  builder.Export("table", ExternKind::kTable, 0);
  builder.Export("imported", ExternKind::kGlobal, 0);
  builder.Export("global", ExternKind::kGlobal, 1);
  builder.AddElements(0, Code().I32Const(1).End(), {f, 0});
  return builder.Build();
}

Observation Ours(const Bytes& module, const Invocations& invocations) {
  RunOptions options;
  options.seed = invocations.seed;
  options.rounds = invocations.rounds;
  return Observe(module, options);
}

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Reference().is_available()) GTEST_SKIP() << "NOT TESTED: no " << Reference().name() << " here";
  }
};

TEST_F(EngineTest, SeesWhatIsThere) {
  const Bytes module = Sample(Op::kI32DivU, Code().I32Const(7).I32Const(0).bytes());
  const Invocations invocations = {12345, 3};
  const EngineRun run = Reference().Execute(module, invocations);
  ASSERT_TRUE(run.is_observed);
  EXPECT_TRUE(run.seen.is_valid && run.seen.is_instantiated) << run.seen.refusal;
  ASSERT_EQ(run.seen.calls.size(), 1u + 3 * 3);
  EXPECT_EQ(run.seen.calls[0].name, "start");
  EXPECT_EQ(run.seen.calls[1].name, "f");
  EXPECT_EQ(run.seen.calls[1].results, std::vector{ArgumentBits(12345, 0, 0, 0, ValType::I32())});
  EXPECT_EQ(run.seen.calls[2].results.size(), 2u);
  EXPECT_EQ(run.seen.calls[3].ending, Ending::kTrapped);
  EXPECT_EQ(run.seen.memories.size(), 1u);
  EXPECT_EQ(run.seen.tables.size(), 1u);
  EXPECT_EQ(run.seen.globals, (std::vector{ArgumentBits(12345, 1, 2, 0, ValType::I64()), uint64_t{0x3f800000}}));
  EXPECT_EQ(Difference(Ours(module, invocations), run.seen, false), "");
}

TEST_F(EngineTest, TellsTrapsApart) {
  const Code zero_divided = Code().I32Const(1).I32Const(0);
  const Code overflowing = Code().I32Const(INT32_MIN).I32Const(-1);
  const Code far = Code().I32Const(-1);
  const Bytes by_zero = Sample(Op::kI32RemS, zero_divided);
  const Bytes overflow = Sample(Op::kI32DivS, overflowing);
  const Bytes unreachable = Sample(Op::kUnreachable, {});
  const Bytes memory = Sample(Op::kI32Eqz, Code().Raw(far).Op(Op::kI32Load, {2, 0}).bytes());
  const Bytes null = Sample(Op::kI32Eqz, Code().I32Const(0).Op(Op::kCallIndirect, {2, 0}).bytes());
  const Bytes outside = Sample(Op::kI32Eqz, Code().Raw(far).Op(Op::kCallIndirect, {2, 0}).bytes());
  const Bytes mismatch = Sample(Op::kI32Eqz, Code().I32Const(1).Op(Op::kCallIndirect, {2, 0}).bytes());
  const std::vector<Bytes> modules = {by_zero, overflow, unreachable, memory, null, outside, mismatch};
  for (size_t i = 0; i < modules.size(); ++i) {
    const EngineRun run = Reference().Execute(modules[i], {1, 1});
    ASSERT_TRUE(run.is_observed && run.seen.is_valid) << i;
    EXPECT_EQ(Difference(Ours(modules[i], {1, 1}), run.seen, false), "") << i;
    // Nor is it the trap of the module before.
    const Observation other = Ours(modules[(i + 3) % modules.size()], {1, 1});
    EXPECT_NE(Difference(other, run.seen, false), "") << i;
  }
}

TEST_F(EngineTest, SeesAnotherResultMemoryGlobalOrTable) {
  const Bytes module = Sample(Op::kUnreachable, {});
  const Observation theirs = Reference().Execute(module, {5, 1}).seen;
  const auto differs = [&](auto change) {
    Observation ours = Ours(module, {5, 1});
    change(ours);
    return !Difference(ours, theirs, false).empty();
  };
  EXPECT_FALSE(differs([](Observation&) {}));
  EXPECT_TRUE(differs([](Observation& seen) { seen.calls[1].results[0] ^= 1; }));
  EXPECT_TRUE(differs([](Observation& seen) { seen.memories[0] ^= 1; }));
  EXPECT_TRUE(differs([](Observation& seen) { seen.globals[0] ^= 1; }));
  EXPECT_TRUE(differs([](Observation& seen) { seen.tables[0] ^= 1; }));
}

TEST_F(EngineTest, JudgesBothWays) {
  const Bytes valid = Sample(Op::kUnreachable, {});
  const Bytes invalid = Sample(Op::kI32Add, {});
  Bytes malformed = valid;
  malformed[4] = 9;
  EXPECT_EQ(Reference().Judge(valid).verdict, Verdict::kAccepts);
  EXPECT_EQ(Reference().Judge(invalid).verdict, Verdict::kRejects);
  EXPECT_EQ(Reference().Judge(malformed).verdict, Verdict::kRejects);
  EXPECT_NE(Reference().Judge(invalid).words, "");
  for (const Bytes& module : {valid, invalid, malformed}) {
    const Agreement agreement = AgreeOnValidity(module, Reference());
    EXPECT_TRUE(agreement.is_compared);
    EXPECT_EQ(agreement.difference, "");
  }
}

// A row that nothing needs any more hides what it should not.
TEST_F(EngineTest, KnownDifferencesAreThere) {
  ModuleBuilder flags;
  flags.AddMemory(Pages(1, 1));
  flags.AddRawData({5, 0});
  ModuleBuilder count;
  count.AddDataCount(1);
  ModuleBuilder reference;
  const uint32_t type = reference.AddType({}, {});
  reference.AddFunction(type, Code().End(), {{1, ValType::Ref(HeapType::Defined(type), true)}});
  ModuleBuilder unended;
  unended.AddFunction(unended.AddType({}, {}), Code().Begin(Op::kBlock).End());
  ModuleBuilder old_exceptions;
  old_exceptions.AddFunction(old_exceptions.AddType({}, {}), Code().Raw({0x06, 0x40, 0x19, 0x0b}).End());
  ModuleBuilder branch;
  branch.AddFunction(branch.AddType({}, {}),
                     Code().Begin(Op::kLoop).Op(Op::kRefFunc, {0}).Op(Op::kBrOnNonNull, {0}).End().End());
  branch.ExportFunction("f", 0);
  struct Case {
    std::string_view engine;
    Bytes module;
  };
  for (const Case& item : std::vector<Case>{{"wabt", flags.Build()},
                                            {"wabt", count.Build()},
                                            {"wabt", reference.Build()},
                                            {"wabt", unended.Build()},
                                            {"v8", old_exceptions.Build()},
                                            {"v8", branch.Build()}}) {
    if (item.engine != Reference().name()) continue;
    const bool we_accept = Module::Load(item.module).has_value();
    EXPECT_NE(we_accept, Reference().Judge(item.module).verdict == Verdict::kAccepts);
    const Agreement agreement = AgreeOnValidity(item.module, Reference());
    EXPECT_FALSE(agreement.is_compared);
    EXPECT_EQ(agreement.difference, "");
  }
}

}  // namespace
}  // namespace sandbox::fuzz
