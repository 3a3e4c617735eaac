// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/verify.h

#include "sandbox/fast/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sandbox/fast/joins.h"
#include "sandbox/fast/opcode.h"
#include "sandbox/fast/regions.h"
#include "sandbox/fast/translator.h"
#include "tests/fast/translated_module.h"
#include "tests/lib/failing_allocator.h"

namespace sandbox::fast {
namespace {

using testing::FastFunctionOf;
using testing::kRichFunctions;
using testing::LoadedModule;
using testing::RichModule;

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    Translator translator(module(), loaded_.budget);
    for (uint32_t i = 0; i < kRichFunctions; ++i) {
      codes_.push_back(std::make_unique<FunctionCode>(loaded_.budget));
      EXPECT_TRUE(translator.Translate(i, *codes_.back())) << i;
    }
  }
  const ModuleData& module() const { return loaded_.module; }
  FunctionCode& code(uint32_t i) { return *codes_[i]; }
  bool IsValid(uint32_t i) { return IsCodeValid(module(), FastFunctionOf(module(), i), code(i)); }

  // With another value in one halfword.
  bool IsValidWith(uint32_t function, size_t at, uint32_t value) {
    uint16_t& halfword = code(function).code[at];
    const uint16_t before = halfword;
    halfword = static_cast<uint16_t>(value);
    const bool is_valid = IsValid(function);
    halfword = before;
    return is_valid;
  }

  // The halfwords at which an instruction begins.
  std::vector<size_t> Starts(uint32_t function) {
    const Vec<uint16_t>& words = code(function).code;
    std::vector<size_t> starts;
    for (size_t i = 1; i < words.size();) {
      starts.push_back(i);
      EXPECT_TRUE(ShapeOf(words[i]).exists);
      const Shape shape = ShapeOf(words[i++]);
      for (const char field : shape.text()) {
        // One entry more than the labels that the number before says.
        if (field == '*') i += 4 * (words[i - 2] + size_t{1});
        else i += SizeOfField(field);
      }
    }
    return starts;
  }

  // Calls look(start, field's letter, field's halfword) for each field of the function.
  template <typename Look>
  void ForEachField(uint32_t function, Look look) {
    for (const size_t start : Starts(function)) {
      size_t at = start + 1;
      const Shape shape = ShapeOf(code(function).code[start]);
      for (const char field : shape.text()) {
        if (field == '*') break;
        look(start, field, at);
        at += SizeOfField(field);
      }
    }
  }

  std::set<size_t> Regions(uint32_t function) {
    std::set<size_t> found;
    RegionReader reader = RegionReader::BeforeCode(code(function), 0);
    do found.insert(reader.region().code);
    while (reader.Next());
    return found;
  }

  // A loop with pins is entered at its head, from before it, or from inside.
  bool MayEnter(uint32_t function, size_t from, int64_t target) {
    for (const LoopCode& loop : code(function).loops) {
      const auto is_in = [&](int64_t at) { return loop.begin <= at && at < loop.end; };
      const uint16_t opcode = code(function).code[from];
      const bool is_bound = opcode == kEnterLoop || ShapeOf(opcode).is_back;
      const bool is_its_own = is_in(static_cast<int64_t>(from)) || from + 5 == loop.begin;
      if (is_bound && is_its_own) return target == loop.begin;
      if (is_in(target) && !is_in(static_cast<int64_t>(from))) return false;
    }
    return true;
  }

  // Sends the branch at `start`, whose distance stands at `field`, everywhere in the code and a little beyond: accepted where
  // is_good(target) and the loops allow it.
  template <typename IsGood>
  void ExpectTargets(uint32_t function, size_t start, size_t field, IsGood is_good) {
    Vec<uint16_t>& words = code(function).code;
    const uint16_t before[] = {words[field], words[field + 1]};
    const int64_t size = static_cast<int64_t>(words.size());
    for (int64_t target = -3; target < size + 3; ++target) {
      const uint32_t displacement = static_cast<uint32_t>(target - static_cast<int64_t>(start));
      words[field] = static_cast<uint16_t>(displacement);
      words[field + 1] = static_cast<uint16_t>(displacement >> 16);
      const bool is_accepted =
          target > 0 && target < size && is_good(static_cast<size_t>(target)) && MayEnter(function, start, target);
      EXPECT_EQ(IsValid(function), is_accepted) << function << " at " << field << " to " << target;
    }
    words[field] = before[0];
    words[field + 1] = before[1];
  }

  // The rules once more, as simply as they can be written down.
  bool IsHarmless(uint32_t function) {
    const FastFunction shape = FastFunctionOf(module(), function);
    const uint32_t slots = shape.param_slots + shape.needed_slots;
    const std::vector<size_t> list = Starts(function);
    const std::set<size_t> starts(list.begin(), list.end());
    bool is_harmless = true;
    ForEachField(function, [&](size_t start, char field, size_t at) {
      const uint32_t value = code(function).code[at];
      if (field == 'd' || field == 's') is_harmless &= value < slots;
      if (field == 'b') is_harmless &= value <= slots;
      const int32_t distance = static_cast<int16_t>(value);
      if (field == 'r') is_harmless &= distance <= 0 && static_cast<int32_t>(slots) + distance >= 0;
      if (field != 't') return;
      const int32_t displacement = static_cast<int32_t>(value | uint32_t{code(function).code[at + 1]} << 16);
      is_harmless &= starts.contains(static_cast<size_t>(static_cast<int64_t>(start) + displacement));
    });
    return is_harmless;
  }

  LoadedModule loaded_{RichModule()};
  std::vector<std::unique_ptr<FunctionCode>> codes_;
};

TEST_F(VerifyTest, WhatTheTranslatorMakesIsAccepted) {
  for (uint32_t i = 0; i < kRichFunctions; ++i) EXPECT_TRUE(IsValid(i)) << i;
}

TEST_F(VerifyTest, EachHalfwordChanged) {
  size_t refused = 0;
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    Vec<uint16_t>& words = code(i).code;
    for (size_t at = 0; at < words.size(); ++at) {
      const uint16_t before = words[at];
      for (const uint32_t value : {0u, 1u, before + 1u, before - 1u, before ^ 0x8000u, 0xffffu,
                                   static_cast<uint32_t>(kOpcodeCount)}) {
        words[at] = static_cast<uint16_t>(value);
        if (IsValid(i)) EXPECT_TRUE(IsHarmless(i)) << i << " at " << at << ": " << value;
        else ++refused;
      }
      words[at] = before;
    }
    EXPECT_TRUE(IsValid(i));
  }
  EXPECT_GT(refused, 500u);
}

// A result goes to its slot, or to a local's below that; what is not known to be a call gives none elsewhere.
TEST_F(VerifyTest, ResultsOutsideTheFrame) {
  size_t calls = 0;
  size_t others = 0;
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    ForEachField(i, [&](size_t start, char field, size_t at) {
      if (field != 'r') return;
      const uint16_t opcode = code(i).code[start];
      EXPECT_TRUE(IsValidWith(i, at, 0)) << i << " at " << start;
      for (const int distance : {1, 100, INT16_MAX, INT16_MIN}) EXPECT_FALSE(IsValidWith(i, at, static_cast<uint16_t>(distance)));
      const bool is_indirect = opcode == kCallIndirect || opcode == kCallIndirectAcc;
      if (opcode != kCall && opcode != kCallImport && !is_indirect) {
        ++others;
        EXPECT_FALSE(IsValidWith(i, at, static_cast<uint16_t>(-1))) << i << " at " << start;
        return;
      }
      ++calls;
      // Indirectly, the index lies above the arguments, all of one parameter.
      const int home = is_indirect ? code(i).code[start + 6] - 1 : code(i).code[start + (opcode == kCall ? 3 : 9)];
      EXPECT_TRUE(IsValidWith(i, at, static_cast<uint16_t>(-home))) << i << " at " << start;
      EXPECT_FALSE(IsValidWith(i, at, static_cast<uint16_t>(-home - 1))) << i << " at " << start;
      if (opcode != kCallImport) return;
      // All who bring the result must find it in the same place.
      code(i).code[at] = static_cast<uint16_t>(-home);
      for (const size_t place : {start + 5, start + 6, start + 9}) {
        EXPECT_FALSE(IsValidWith(i, place, code(i).code[place] + 1u)) << i << " at " << start;
        EXPECT_FALSE(IsValidWith(i, place, code(i).code[place] - 1u)) << i << " at " << start;
      }
      code(i).code[at] = 0;
    });
  }
  EXPECT_GT(calls, 3u);
  EXPECT_GT(others, 0u);
}

// A call without a result, or with two, has none for a local.
TEST_F(VerifyTest, ResultsThatAreNotOne) {
  testing::ModuleBuilder b;
  const ValType i32 = ValType::I32();
  const uint32_t none = b.AddType({i32}, {});
  const uint32_t two = b.AddType({i32}, {i32, i32});
  b.AddTable({ValType::FuncRef(), Limits{4, 8, false}});
  b.ImportFunction("env", "none", none);
  b.ImportFunction("env", "two", two);
  const uint32_t first = b.AddFunction(none, testing::Code().End());
  const uint32_t second = b.AddFunction(two, testing::Code().LocalGet(0).LocalGet(0).End());
  testing::Code code;
  for (const uint32_t callee : {first, second, 0u, 1u}) {
    code.LocalGet(0).LocalGet(0).Call(callee);
    if (callee == second || callee == 1) code.Op(Op::kDrop).Op(Op::kDrop);
    code.Op(Op::kDrop);
  }
  for (const uint32_t type : {none, two}) {
    code.LocalGet(0).LocalGet(0).I32Const(1).Op(Op::kCallIndirect, {type, 0});
    if (type == two) code.Op(Op::kDrop).Op(Op::kDrop);
    code.Op(Op::kDrop);
  }
  b.AddFunction(none, code.End());
  const LoadedModule loaded(b);
  Budget budget(uint64_t{1} << 30);
  FunctionCode made(budget);
  ASSERT_TRUE(Translator(loaded.module, budget).Translate(2, made));
  const FastFunction frame = FastFunctionOf(loaded.module, 2);
  ASSERT_TRUE(IsCodeValid(loaded.module, frame, made));
  size_t seen = 0;
  for (size_t i = 1; i < made.code.size();) {
    size_t at = i + 1;
    const Shape shape = ShapeOf(made.code[i]);
    for (const char field : shape.text()) {
      if (field == 'r') {
        ++seen;
        made.code[at] = static_cast<uint16_t>(-1);
        EXPECT_FALSE(IsCodeValid(loaded.module, frame, made)) << i;
        made.code[at] = 0;
      }
      at += SizeOfField(field);
    }
    i = static_cast<size_t>(EndOf(made.code.span(), i, shape));
  }
  EXPECT_EQ(seen, 6u);
}

// Values that are moved, or returned, in a row.
TEST_F(VerifyTest, RowsBeyondTheFrame) {
  size_t seen = 0;
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    const FastFunction shape = FastFunctionOf(module(), i);
    const uint32_t slots = shape.param_slots + shape.needed_slots;
    for (const size_t start : Starts(i)) {
      const uint16_t opcode = code(i).code[start];
      if (opcode != kReturnMany && opcode != kMoveDown) continue;
      ++seen;
      const size_t count = start + (opcode == kReturnMany ? 2 : 3);
      const uint32_t begin = std::max<uint32_t>(code(i).code[start + 1], opcode == kMoveDown ? code(i).code[start + 2] : 0);
      EXPECT_TRUE(IsValidWith(i, count, slots - begin)) << i << " at " << start;
      EXPECT_FALSE(IsValidWith(i, count, slots - begin + 1)) << i << " at " << start;
      EXPECT_FALSE(IsValidWith(i, count, 60'000)) << i << " at " << start;
    }
  }
  EXPECT_GT(seen, 1u);
}

TEST_F(VerifyTest, SlotsBeyondTheFrame) {
  size_t seen = 0;
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    const FastFunction shape = FastFunctionOf(module(), i);
    const uint32_t slots = shape.param_slots + shape.needed_slots;
    ForEachField(i, [&](size_t start, char field, size_t at) {
      if (field != 'd' && field != 's' && field != 'b') return;
      ++seen;
      // Behind the last slot begins an empty range only; how long it is stands where host functions are called.
      const uint16_t opcode = code(i).code[start];
      const bool is_import = opcode == kCallImport && code(i).code[at + 1] != 0;
      const bool is_filled = is_import || opcode == kReturnMany || opcode == kMoveDown;
      EXPECT_EQ(IsValidWith(i, at, slots), field == 'b' && !is_filled) << i << " at " << start;
      if (field == 'b' && is_import) EXPECT_FALSE(IsValidWith(i, at + 1, slots + 1)) << i << " at " << start;
      EXPECT_FALSE(IsValidWith(i, at, slots + 1)) << i << " at " << start;
      EXPECT_FALSE(IsValidWith(i, at, 0xffff)) << i << " at " << start;
    });
  }
  EXPECT_GT(seen, 40u);
}

// Where a branch goes: everywhere but to where regions begin, or to what stands before such a place, it is refused.
TEST_F(VerifyTest, Targets) {
  size_t branches = 0;
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    const std::set<size_t> regions = Regions(i);
    std::set<size_t> refunds;
    ForEachField(i, [&](size_t start, char, size_t) {
      if (code(i).code[start] == kRefund) refunds.insert(start);
    });
    ForEachField(i, [&](size_t start, char field, size_t at) {
      if (field != 't') return;
      ++branches;
      ExpectTargets(i, start, at, [&](size_t target) { return regions.contains(target) || refunds.contains(target); });
    });
  }
  EXPECT_GT(branches, 5u);
}

// An entry of br_table says where it goes and which instruction is there. Neither is believed without the other.
TEST_F(VerifyTest, EntriesOfTables) {
  size_t entries = 0;
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    Vec<uint16_t>& words = code(i).code;
    const std::vector<size_t> list = Starts(i);
    const std::set<size_t> starts(list.begin(), list.end());
    for (const size_t start : list) {
      if (words[start] != kBrTable && words[start] != kBrTableAcc) continue;
      const size_t count = start + (words[start] == kBrTable ? 2 : 1);
      for (size_t at = count + 2; at < count + 2 + 4 * (words[count] + size_t{1}); at += 4) {
        ++entries;
        for (uint32_t opcode = 0; opcode <= kOpcodeCount; ++opcode)
          EXPECT_EQ(IsValidWith(i, at + 3, opcode), opcode == words[at + 3]) << i << " at " << at;
        ExpectTargets(i, start, at,
                      [&](size_t target) { return starts.contains(target) && words[target] == words[at + 3]; });
      }
    }
  }
  EXPECT_GT(entries, 3u);
}

TEST_F(VerifyTest, OpcodesThatMayNotBeThere) {
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    for (const size_t start : Starts(i)) {
      for (const uint32_t opcode : {uint32_t{kReturnStub}, uint32_t{kTranslateStub}, uint32_t{kInPlaceStub},
                                    static_cast<uint32_t>(kOpcodeCount), 0xffffu}) {
        EXPECT_FALSE(IsValidWith(i, start, opcode)) << i << " at " << start;
      }
    }
  }
}

// Which number, the halfword in which it begins (from the opcode), and how many there are.
TEST_F(VerifyTest, IndicesOutOfRange) {
  struct Index {
    uint16_t opcode;
    size_t at;
    uint32_t count;
  };
  const uint32_t functions = kRichFunctions + 1;
  const Index indices[] = {
      {kCall, 1, kRichFunctions}, {kCallImport, 1, 1},  {kRefFunc, 2, functions},
      {kCallIndirect, 3, 1},      {kCallIndirectAcc, 3, 1}, {kGlobalGet, 2, 2},
  };
  for (const Index& index : indices) {
    size_t seen = 0;
    for (uint32_t i = 0; i < kRichFunctions; ++i) {
      for (const size_t start : Starts(i)) {
        if (code(i).code[start] != index.opcode) continue;
        ++seen;
        EXPECT_TRUE(IsValidWith(i, start + index.at, index.count - 1)) << index.opcode;
        EXPECT_FALSE(IsValidWith(i, start + index.at, index.count)) << index.opcode;
        EXPECT_FALSE(IsValidWith(i, start + index.at, 0xffff)) << index.opcode;
        // The upper half of a number of two halfwords.
        const bool is_halfword = index.opcode == kCallIndirect || index.opcode == kCallIndirectAcc;
        if (!is_halfword) EXPECT_FALSE(IsValidWith(i, start + index.at + 1, 1)) << index.opcode;
      }
    }
    EXPECT_GT(seen, 0u) << index.opcode;
  }
}

TEST_F(VerifyTest, CutOff) {
  for (uint32_t i = 0; i < kRichFunctions; ++i) {
    const std::vector<size_t> starts = Starts(i);
    const std::set<size_t> whole(starts.begin(), starts.end());
    while (code(i).code.size() > 0) {
      code(i).code.Truncate(code(i).code.size() - 1);
      // Cut between instructions it may still be in order, if no branch or region lay behind.
      if (!whole.contains(code(i).code.size())) EXPECT_FALSE(IsValid(i)) << i << " of " << code(i).code.size();
    }
  }
}

TEST_F(VerifyTest, WithoutRegions) {
  FunctionCode bare(loaded_.budget);
  ASSERT_TRUE(bare.code.Push(1).has_value());
  ASSERT_TRUE(bare.code.Push(kReturn).has_value());
  EXPECT_FALSE(IsCodeValid(module(), FastFunctionOf(module(), 7), bare));
}

}  // namespace
}  // namespace sandbox::fast
