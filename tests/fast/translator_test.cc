// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/translator.h (what the code does: tier_test.cc and tests/inplace)

#include "sandbox/fast/translator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/fast/regions.h"
#include "sandbox/fast/verify.h"
#include "tests/fast/translated_module.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox::fast {
namespace {

using testing::Code;
using testing::FastFunctionOf;
using testing::kRichFunctions;
using testing::LoadedModule;
using testing::ModuleBuilder;
using testing::RichModule;

const ValType kI32 = ValType::I32();

Code Times(size_t count, const Code& code) {
  Code all;
  for (size_t i = 0; i < count; ++i) all.Raw(code);
  return all;
}

std::vector<uint16_t> WordsOf(const FunctionCode& code) { return {code.code.begin(), code.code.end()}; }

// Whether the module's first function is translated; if so, that its code is in order.
bool IsTranslated(const Code& body, const std::vector<std::pair<uint32_t, ValType>>& locals = {},
                  FunctionCode* keep = nullptr) {
  ModuleBuilder builder;
  builder.AddMemory({1, 1, false});
  builder.AddFunction(builder.AddType({}, {}), Code(body).End(), locals);
  LoadedModule loaded(builder);
  FunctionCode code(loaded.budget);
  const bool is_translated = Translator(loaded.module, loaded.budget).Translate(0, keep != nullptr ? *keep : code);
  if (is_translated && keep == nullptr) {
    EXPECT_TRUE(IsCodeValid(loaded.module, FastFunctionOf(loaded.module, 0), code));
  }
  return is_translated;
}

// One translator for many functions, in any order, gives what a fresh one gives; also after one that it gave up.
TEST(TranslatorTest, NothingIsLeftOver) {
  ModuleBuilder builder = RichModule();
  const uint32_t too_long = kRichFunctions;
  builder.AddFunction(1, Times(kMaxRegionCost, Code().Op(Op::kNop)).LocalGet(0).Op(Op::kDrop).End(), {{1, kI32}});
  // Given up in the middle of a loop with pins.
  const uint32_t too_long_loop = too_long + 1;
  builder.AddFunction(1,
                      Code()
                          .Begin(Op::kLoop)
                          .Raw(Times(3, Code().LocalGet(0).LocalGet(0).Op(Op::kI32Add).LocalSet(0)))
                          .Raw(Times(kMaxRegionCost, Code().Op(Op::kNop)))
                          .LocalGet(0)
                          .Op(Op::kBrIf, {0})
                          .End()
                          .End(),
                      {{1, kI32}});
  const LoadedModule loaded(builder);
  Budget budget(uint64_t{1} << 30);
  Translator shared(loaded.module, budget);
  for (const uint32_t i : {0u, 1u, 2u, too_long, 3u, 4u, 5u, too_long, 6u, too_long_loop, 7u, 0u, too_long_loop, 3u, 2u}) {
    FunctionCode once(budget);
    FunctionCode again(budget);
    EXPECT_EQ(shared.Translate(i, once), i < too_long);
    EXPECT_EQ(Translator(loaded.module, budget).Translate(i, again), i < too_long);
    if (i < too_long) EXPECT_EQ(WordsOf(once), WordsOf(again)) << i;
  }
}

// The first halfword is the cost of the first region, and that is what reading the body again says.
TEST(TranslatorTest, CostsAreThoseOfTheBody) {
  const LoadedModule loaded(RichModule());
  Budget budget(uint64_t{1} << 30);
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    FunctionCode code(budget);
    ASSERT_TRUE(Translator(loaded.module, budget).Translate(i, code));
    const BodyView body{loaded.module, loaded.module.functions[i]};
    EXPECT_EQ(code.code[0], CostToRegionEnd(body, body.function.code_begin, 0)) << i;
    const Region first = RegionReader::BeforeCode(code, 0).region();
    EXPECT_EQ(first.code, 1u);
    EXPECT_EQ(first.offset, body.function.code_begin);
    EXPECT_EQ(first.height, 0u);
    EXPECT_TRUE(first.is_enterable);
  }
}

// Regions lie at instructions of the body, with the words of the side table that these own, in the order of both codes.
TEST(TranslatorTest, RegionsAreAtInstructions) {
  const LoadedModule loaded(RichModule());
  Budget budget(uint64_t{1} << 30);
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    FunctionCode code(budget);
    ASSERT_TRUE(Translator(loaded.module, budget).Translate(i, code));
    const BodyView body{loaded.module, loaded.module.functions[i]};
    RegionReader reader = RegionReader::BeforeCode(code, 0);
    uint32_t table_index = 0;
    Pc pc = body.at(body.function.code_begin);
    size_t seen = 0;
    for (bool has_more = true; has_more; has_more = reader.Next(), ++seen) {
      const Region& region = reader.region();
      while (body.offset_of(pc) < region.offset) {
        const Instruction in = ReadInstruction(body, pc, table_index);
        pc = in.next;
        table_index += in.table_words;
      }
      ASSERT_EQ(body.offset_of(pc), region.offset) << i;
      EXPECT_EQ(region.side_table, table_index) << i;
      EXPECT_LE(region.height, body.function.operand_slots) << i;
    }
    EXPECT_GT(seen, 0u);
  }
}

TEST(TranslatorTest, StraightLinesAtTheirLimit) {
  // The function's end is one more.
  const Code nop = Code().Op(Op::kNop);
  EXPECT_TRUE(IsTranslated(Times(kMaxRegionCost - 1, nop)));
  EXPECT_FALSE(IsTranslated(Times(kMaxRegionCost, nop)));
  // What divides a line makes it as long as one likes.
  const Code divided = Code().I32Const(0).Begin(Op::kIf).End().Raw(Times(kMaxRegionCost - 10, nop));
  EXPECT_TRUE(IsTranslated(Times(4, divided)));
  // A label does not divide: regions that begin there have the same end.
  EXPECT_FALSE(IsTranslated(Times(4, Code().Begin(Op::kLoop).End().Raw(Times(kMaxRegionCost / 4, nop)))));
}

TEST(TranslatorTest, SlotsAtTheirLimit) {
  for (const uint32_t more : {0u, 1u}) {
    // Locals, the spare one, and operands: 65535 in all can be named.
    const uint32_t locals = 49'000;
    const uint32_t operands = UINT16_MAX - 1 - locals + more;
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({}, {});
    // In pieces, so that it is not the cost that counts.
    Code pieces;
    for (uint32_t i = 0; i < operands; ++i) {
      if (i % 1000 == 999) pieces.I32Const(0).Begin(Op::kIf).End();
      pieces.I32Const(1);
    }
    for (uint32_t i = 0; i < operands; ++i) {
      pieces.Op(Op::kDrop);
      if (i % 1000 == 999) pieces.I32Const(0).Begin(Op::kIf).End();
    }
    builder.AddFunction(type, pieces.End(), {{locals, kI32}});
    LoadedModule loaded(builder);
    FunctionCode code(loaded.budget);
    EXPECT_EQ(loaded.module.functions[0].operand_slots, operands);
    EXPECT_EQ(Translator(loaded.module, loaded.budget).Translate(0, code), more == 0);
    if (more == 0) EXPECT_TRUE(IsCodeValid(loaded.module, FastFunctionOf(loaded.module, 0), code));
  }
}

// Whichever allocation is refused: no, and nothing is left behind; the translator is of use afterwards.
TEST(TranslatorTest, RefusedMemory) {
  const LoadedModule loaded(RichModule());
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    const uint64_t refused = testing::ForEachRefusal([&](testing::FailingAllocator& allocator) {
      Budget budget(uint64_t{1} << 30, &allocator);
      Translator translator(loaded.module, budget);
      FunctionCode code(budget);
      const bool is_translated = translator.Translate(i, code);
      EXPECT_TRUE(is_translated || allocator.has_failed()) << i;
      if (is_translated) EXPECT_TRUE(IsCodeValid(loaded.module, FastFunctionOf(loaded.module, i), code));
      if (!allocator.has_failed()) return;
      FunctionCode second(budget);
      EXPECT_TRUE(translator.Translate(i, second)) << i;
      EXPECT_TRUE(IsCodeValid(loaded.module, FastFunctionOf(loaded.module, i), second));
    });
    EXPECT_GT(refused, 3u) << i;
  }
}

// What cannot be reached takes no code.
TEST(TranslatorTest, DeadCodeIsNotTranslated) {
  Budget budget(uint64_t{1} << 30);
  FunctionCode with(budget);
  FunctionCode without(budget);
  const Code dead = Code().Begin(Op::kBlock).I32Const(1).Begin(Op::kIf).Op(Op::kElse).End().Op(Op::kBr, {0}).End();
  ASSERT_TRUE(IsTranslated(Code().Op(Op::kReturn).Raw(Times(50, dead)), {}, &with));
  ASSERT_TRUE(IsTranslated(Code().Op(Op::kReturn), {}, &without));
  EXPECT_EQ(WordsOf(with), WordsOf(without));
}

// Displacements must reach from any instruction to any.
TEST(TranslatorTest, CodeDoesNotGrowBeyondWhatDisplacementsSpan) {
  EXPECT_EQ(GrownCodeSize(100, 80), 100u);
  EXPECT_EQ(GrownCodeSize(81, 80), 90u);
  EXPECT_EQ(GrownCodeSize(INT32_MAX - 1, INT32_MAX - 2), uint64_t{INT32_MAX});
  EXPECT_EQ(GrownCodeSize(INT32_MAX, INT32_MAX - 1), uint64_t{INT32_MAX});
  EXPECT_EQ(GrownCodeSize(uint64_t{INT32_MAX} + 1, INT32_MAX), 0u);
  EXPECT_EQ(GrownCodeSize(uint64_t{1} << 32, INT32_MAX), 0u);
}

}  // namespace
}  // namespace sandbox::fast
