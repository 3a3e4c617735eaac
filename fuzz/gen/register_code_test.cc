// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Generated modules make the fast tier use its instructions, those for loops above all: what a generator never brings
// about, no comparison of tiers can find. And all that the translator makes of them passes the verifier.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <random>
#include <span>
#include <vector>

#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/register_code.h"
#include "sandbox/base/build_config.h"
#include "sandbox/fast/joins.h"
#include "sandbox/fast/opcode.h"
#include "sandbox/fast/translator.h"
#include "sandbox/fast/verify.h"
#include "sandbox/valid/load.h"

namespace sandbox::fuzz {
namespace {

using namespace fast;

constexpr int kModules = 9000;

// How often each opcode occurs.
class CodeCounter {
 public:
  CodeCounter() : counts_(kOpcodeCount) {}

  void Add(const FunctionCode& code) {
    const std::span<const uint16_t> halfwords = code.code.span();
    for (size_t at = 1; at < halfwords.size();) {
      const Shape shape = ShapeOf(halfwords[at]);
      ASSERT_TRUE(shape.exists);
      ++counts_[halfwords[at]];
      at = static_cast<size_t>(EndOf(halfwords, at, shape));
    }
  }
  bool Has(uint16_t opcode) const { return counts_[opcode] != 0; }

 private:
  std::vector<uint64_t> counts_;
};

// Of the opcodes that a family's function gives for each of `rows`, how many occur.
class Family {
 public:
  Family(const char* name, const CodeCounter& counter) : name_(name), counter_(counter) {}
  void Look(uint16_t opcode) {
    ++all_;
    if (counter_.Has(opcode)) ++seen_;
  }
  void ExpectPercent(uint32_t percent) const {
    std::printf("%s: %u of %u\n", name_, seen_, all_);
    EXPECT_GE(seen_ * 100, all_ * percent) << name_;
  }

 private:
  const char* name_;
  const CodeCounter& counter_;
  uint32_t seen_ = 0;
  uint32_t all_ = 0;
};

constexpr Op kArithmetic[] = {Op::kI32Add, Op::kI32Sub, Op::kI32Shl, Op::kI64Add, Op::kI64Xor};
constexpr Op kLoads[] = {Op::kI32Load, Op::kI32Load8U, Op::kI64Load};
constexpr Op kStores[] = {Op::kI32Store, Op::kI32Store8, Op::kI64Store};
constexpr Op kCompares[] = {Op::kI32Ne, Op::kI32LtS, Op::kI32LtU, Op::kI32GtU};

void ExpectLoops(const CodeCounter& counter) {
  Family arithmetic("arithmetic with pins", counter);
  Family branches("branches back", counter);
  Family steps("steps of pins", counter);
  Family loads("loads by pins", counter);
  Family stores("stores by pins", counter);
  Family indexed("accesses to elements", counter);
  for (const Op op : kArithmetic) {
    for (const Pair pair : {Pair::kPin0Slot, Pair::kPin0Const, Pair::kPin1Slot, Pair::kPin1Const, Pair::kPin0Pin1}) {
      for (const Dst dst : {Dst::kSlot, Dst::kPin0, Dst::kPin1}) arithmetic.Look(BinaryCode(op, pair, dst));
    }
  }
  for (const Op op : kCompares) {
    for (const Pair pair : {Pair::kPin0Slot, Pair::kPin0Const, Pair::kPin1Const}) {
      branches.Look(BranchCode(op, pair, BranchForm::kBackIf));
    }
    for (const Src second : {Src::kSlot, Src::kConst}) {
      for (const Src stepped : {Src::kPin0, Src::kPin1}) steps.Look(StepBranchCode(op, {stepped, second, true}));
    }
  }
  for (const Address address : {Address::kPin0, Address::kPin1, Address::kPin0Sum, Address::kPin1Sum}) {
    for (const Op op : kLoads) loads.Look(LoadCode(op, address));
    for (const Op op : kStores) stores.Look(StoreCode(op, address, Src::kAcc));
  }
  for (size_t i = 0; i < kIndices; ++i) {
    for (const Op op : kLoads) indexed.Look(IndexedLoadCode(op, static_cast<Index>(i)));
    for (const Op op : kStores) indexed.Look(IndexedStoreCode(op, static_cast<Index>(i), Src::kSlot));
  }
  arithmetic.ExpectPercent(70);
  branches.ExpectPercent(90);
  steps.ExpectPercent(90);
  loads.ExpectPercent(75);
  // Most integers that are stored are computed by the store.
  stores.ExpectPercent(60);
  indexed.ExpectPercent(50);
  constexpr Plain kOfLoops[] = {kEnterLoop, kJumpBack,  kPinAcc0,   kPinAcc1,
                                kPinSlot0,  kPinSlot1,  kPinConst0, kPinConst1};
  for (const Plain opcode : kOfLoops) {
    EXPECT_TRUE(counter.Has(opcode)) << opcode;
  }
}

// All of a grid, whether or not the translator ever makes it.
void ExpectGrid(const CodeCounter& counter, const char* name, const chain_internal::Grid& grid, uint32_t percent) {
  Family family(name, counter);
  for (size_t code = grid.begin; code < grid.end(); ++code) {
    if (ShapeOf(static_cast<uint16_t>(code)).exists) family.Look(static_cast<uint16_t>(code));
  }
  family.ExpectPercent(percent);
}

void ExpectChains(const CodeCounter& counter) {
  using namespace chain_internal;
  ExpectGrid(counter, "shifts before", kShiftChains, 25);
  ExpectGrid(counter, "sums before", kSumChains, 55);
  ExpectGrid(counter, "loads before integers", kIntLoadChains, 45);
  ExpectGrid(counter, "stores of integers", kIntStoreChains, 20);
  ExpectGrid(counter, "words before", kWordChains, 25);
  ExpectGrid(counter, "elements of tables", kTableChains, 20);
  if (!kFloats) return;
  ExpectGrid(counter, "f32 terms", kF32Chains, 50);
  ExpectGrid(counter, "f64 terms", kF64Chains, 50);
  ExpectGrid(counter, "loads before f32", kF32LoadChains, 20);
  ExpectGrid(counter, "loads before f64", kF64LoadChains, 20);
  ExpectGrid(counter, "stores of f32", kF32StoreChains, 15);
  ExpectGrid(counter, "stores of f64", kF64StoreChains, 15);
}

void ExpectJoins(const CodeCounter& counter) {
  using namespace join_internal;
  ExpectGrid(counter, "computed and compared", kTestBranches, 15);
  ExpectGrid(counter, "loaded and compared", kLoadBranches, 12);
  ExpectGrid(counter, "loaded, kept and compared", kKeptBranches, 10);
  ExpectGrid(counter, "copied before a branch", kMoveBranches, 35);
  ExpectGrid(counter, "stepped and compared", kVarStepBranches, 15);
  ExpectGrid(counter, "copied before a jump", kMoveJumps, 80);
  ExpectGrid(counter, "sums that are returned", kSumReturns, 25);
  ExpectGrid(counter, "shifts that are returned", kShiftReturns, 20);
  EXPECT_TRUE(counter.Has(kShiftConst));
  EXPECT_TRUE(counter.Has(kCallIndirectAcc));
}

TEST(RegisterCode, OfGeneratedModules) {
  std::mt19937_64 random(11);
  CodeCounter counter;
  GeneratorOptions options = GeneratorOptions::Everything();
  options.canonical_nans = true;
  for (int i = 0; i < kModules; ++i) {
    std::vector<uint8_t> input(random() % 2000);
    for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
    ByteSource source(input);
    const std::vector<uint8_t> bytes = GenerateModule(source, options);
    Budget budget(uint64_t{1} << 30);
    ModuleData module(budget);
    if (!LoadModule(bytes, ImplementationLimits(), module)) continue;
    Translator translator(module, budget);
    for (uint32_t number = 0; number < module.functions.size(); ++number) {
      FunctionCode code(budget);
      if (!translator.Translate(number, code)) continue;
      ASSERT_TRUE(IsCodeValid(module, FrameOf(module, number), code)) << "input " << i;
      counter.Add(code);
    }
  }
  if (kFastPins && kFastIndices) ExpectLoops(counter);
  if (kFastPins && kFastChains) ExpectChains(counter);
  if (kFastJoins) ExpectJoins(counter);
}

}  // namespace
}  // namespace sandbox::fuzz
