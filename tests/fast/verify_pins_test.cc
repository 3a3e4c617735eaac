// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/verify.h (its rules of pins: each of them, broken, is refused)

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "sandbox/fast/opcode.h"
#include "sandbox/fast/regions.h"
#include "sandbox/fast/translator.h"
#include "sandbox/fast/verify.h"
#include "tests/fast/translated_module.h"

namespace sandbox::fast {
namespace {

using testing::Code;
using testing::FastFunctionOf;
using testing::LoadedModule;
using testing::ModuleBuilder;

const ValType kI32 = ValType::I32();

Code Reads(uint32_t local, size_t count) {
  Code all;
  for (size_t i = 0; i < count; ++i) all.LocalGet(local).I32Const(3).Op(Op::kI32Mul).LocalSet(local);
  return all;
}

// Two loops with pins 0 and 1, and 1 and 2, with whatever leaves pins in the first; a third one has a single pin.
ModuleBuilder PinnedModule() {
  ModuleBuilder b;
  const uint32_t type = b.AddType({kI32}, {kI32});
  const uint32_t none = b.AddType({}, {});
  const uint32_t host = b.ImportFunction("env", "host", none);
  b.AddMemory({1, 2, false});
  b.AddTable({ValType::FuncRef(), Limits{1, 1, false}});
  const uint32_t callee = b.AddFunction(none, Code().End());
  Code first = Code().LocalGet(3).Begin(Op::kLoop).Raw(Reads(0, 22)).Raw(Reads(1, 20)).Call(callee).Call(host);
  first.LocalGet(3).Op(Op::kCallIndirect, {none, 0}).LocalGet(3).Op(Op::kMemoryGrow, {0}).LocalSet(3);
  first.LocalGet(1).LocalSet(0).I32Const(5).LocalSet(1).LocalGet(0).Op(Op::kI32Clz).LocalSet(0).LocalGet(1).LocalSet(2);
  // A branch that goes back, one that goes forward, a jump back, and a step.
  first.Begin(Op::kBlock).LocalGet(0).Op(Op::kBrIf, {0}).LocalGet(1).Op(Op::kBrIf, {1}).End();
  first.LocalGet(0).Begin(Op::kIf).Op(Op::kBr, {1}).End();
  first.LocalGet(0).I32Const(1).Op(Op::kI32Add).Op(Op::kLocalTee, {0}).LocalGet(1).Op(Op::kI32LtU).Op(Op::kBrIf, {0})
      .End();
  // A branch that carries, over a value; and what goes on in place.
  const Code second = Code().LocalGet(0).BeginIndexed(Op::kLoop, type).Raw(Reads(1, 9)).Raw(Reads(2, 8)).LocalSet(3)
                          .LocalGet(1).LocalGet(3).LocalGet(2).Op(Op::kBrIf, {0}).Op(Op::kDrop)
                          .Op(Op::kRefNull).Byte(0x70).Op(Op::kBrOnNull, {0}).Op(Op::kDrop).End().LocalSet(3);
  const Code third = Code().Begin(Op::kLoop).Raw(Reads(2, 3)).LocalGet(2).Op(Op::kBrIf, {0}).End();
  b.AddFunction(type, Code(first).LocalSet(3).Raw(second).LocalGet(3).LocalSet(0).Raw(third).LocalGet(3)
      .End(), {{3, kI32}});
  b.AddElements(0, Code().I32Const(0).End(), {callee});
  return b;
}

class VerifyPinsTest : public ::testing::Test {
 protected:
  VerifyPinsTest() {
    EXPECT_TRUE(Translator(loaded_.module, loaded_.budget).Translate(1, code_));
    EXPECT_TRUE(IsValid());
    EXPECT_EQ(code_.loops.size(), 3u);
    for (size_t i = 1; i < code_.code.size();) {
      starts_.push_back(i);
      i = EndOf(code_.code.span(), i, ShapeOf(code_.code[i]));
    }
  }

  bool IsValid() { return IsCodeValid(loaded_.module, FastFunctionOf(loaded_.module, 1), code_); }
  LoopCode& loop(size_t i) { return code_.loops[i]; }
  uint16_t& word(size_t at) { return code_.code[at]; }
  size_t EndOfInstruction(size_t at) { return EndOf(code_.code.span(), at, ShapeOf(word(at))); }

  template <typename T>
  bool IsValidWith(T& field, T value) {
    const T before = field;
    field = value;
    const bool is_valid = IsValid();
    field = before;
    return is_valid;
  }
  // With the branch displacement in the field at `at` of the instruction at `start` changed.
  bool IsValidWithTarget(size_t start, size_t at, size_t target) {
    const uint16_t before[] = {word(at), word(at + 1)};
    const uint32_t displacement = static_cast<uint32_t>(target) - static_cast<uint32_t>(start);
    word(at) = static_cast<uint16_t>(displacement);
    word(at + 1) = static_cast<uint16_t>(displacement >> 16);
    const bool is_valid = IsValid();
    word(at) = before[0];
    word(at + 1) = before[1];
    return is_valid;
  }
  // Where instructions with one of these opcodes are, in a loop or outside of all.
  std::vector<size_t> Find(std::initializer_list<uint16_t> opcodes, bool is_in_loop) {
    std::vector<size_t> found;
    for (const size_t at : starts_) {
      for (const uint16_t opcode : opcodes) {
        if (word(at) == opcode && (LoopAround(code_, at) != nullptr) == is_in_loop) found.push_back(at);
      }
    }
    EXPECT_FALSE(found.empty()) << *opcodes.begin();
    return found;
  }

  LoadedModule loaded_{PinnedModule()};
  FunctionCode code_{loaded_.budget};
  std::vector<size_t> starts_;
};

TEST_F(VerifyPinsTest, TheTableOfLoops) {
  for (size_t i = 0; i < 3; ++i) {
    LoopCode& one = loop(i);
    for (const uint32_t begin :
        {0u, 1u, one.begin - 5, one.begin - 1, one.begin + 1, one.begin + 3, one.end, one.end + 1, ~0u}) {
      EXPECT_FALSE(IsValidWith(one.begin, begin)) << i << ": " << begin;
    }
    for (const uint32_t end : {0u, one.begin - 1, one.begin, static_cast<uint32_t>(code_.code.size()) + 1, ~0u}) {
      EXPECT_FALSE(IsValidWith(one.end, end)) << i << ": " << end;
    }
    // Without its last instruction, which knows of pins; and up to the next one.
    if (i < 2) EXPECT_FALSE(IsValidWith(one.end, loop(i + 1).begin));
    for (const uint16_t slot : {0, 1, 2, 3, 200, 0xffff}) {
      if (slot != one.pin0) EXPECT_FALSE(IsValidWith(one.pin0, slot)) << i << ": " << slot;
      if (slot != one.pin1) EXPECT_FALSE(IsValidWith(one.pin1, slot)) << i << ": " << slot;
    }
  }
  EXPECT_TRUE(IsValid());
  // Each of them missing, in the wrong order, twice.
  std::vector<LoopCode> whole(code_.loops.begin(), code_.loops.end());
  const auto is_valid_with = [&](const std::vector<LoopCode>& loops) {
    code_.loops.Clear();
    for (const LoopCode& one : loops) EXPECT_TRUE(code_.loops.Push(one).has_value());
    return IsValid();
  };
  EXPECT_TRUE(is_valid_with(whole));
  EXPECT_FALSE(is_valid_with({}));
  for (size_t i = 0; i < 3; ++i) {
    std::vector<LoopCode> changed = whole;
    changed.erase(changed.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_FALSE(is_valid_with(changed)) << i;
    changed = whole;
    changed.push_back(whole[i]);
    EXPECT_FALSE(is_valid_with(changed)) << i;
    changed = whole;
    changed.insert(changed.begin() + static_cast<ptrdiff_t>(i), whole[i]);
    EXPECT_FALSE(is_valid_with(changed)) << i;
    changed = whole;
    std::swap(changed[i], changed[(i + 1) % 3]);
    EXPECT_FALSE(is_valid_with(changed)) << i;
  }
}

// Before a loop: its slots, its head, and nothing between. In it: the same.
TEST_F(VerifyPinsTest, EachEntryChanged) {
  size_t again = 0;
  for (const bool is_in_loop : {false, true}) {
    for (const size_t at : Find({kEnterLoop}, is_in_loop)) {
      again += is_in_loop ? 1 : 0;
      for (const size_t field : {at + 1, at + 2}) {
        for (const uint16_t slot : {0, 1, 2, 3}) {
          if (slot != word(field)) EXPECT_FALSE(IsValidWith(word(field), slot)) << at;
        }
      }
      const size_t head = at + (word(at + 3) | uint32_t{word(at + 4)} << 16);
      for (size_t target = 0; target < code_.code.size() + 2; ++target) {
        EXPECT_EQ(IsValidWithTarget(at, at + 3, target), target == (head & 0xffffffff)) << at << " to " << target;
      }
      // Something else of the same size that writes no pin.
      const uint16_t before = word(at + 1);
      word(at + 1) = 3;
      EXPECT_FALSE(IsValidWith(word(at), uint16_t{kAddConst})) << at;
      word(at + 1) = before;
    }
  }
  // Behind call, call of the host, call_indirect, memory.grow, and br_on_null.
  EXPECT_EQ(again, 5u);
}

// An entry that belongs to no loop.
TEST_F(VerifyPinsTest, AnEntryTooMany) {
  const auto entries = Find({kEnterLoop}, false);
  std::vector<LoopCode> whole(code_.loops.begin(), code_.loops.end());
  for (size_t i = 0; i < 3; ++i) {
    code_.loops.Clear();
    for (size_t j = 0; j < 3; ++j) {
      // It ends where it begins: what it held is in no loop any more.
      LoopCode one = whole[j];
      if (i == j) one.end = one.begin;
      ASSERT_TRUE(code_.loops.Push(one).has_value());
    }
    EXPECT_FALSE(IsValid()) << i;
  }
}

// A branch from anywhere outside to anywhere inside, or from one loop into another.
TEST_F(VerifyPinsTest, NobodyGetsIntoALoopButThroughItsEntry) {
  size_t seen = 0;
  for (const size_t at : starts_) {
    const Shape shape = ShapeOf(word(at));
    const bool is_branch = shape.text().starts_with("tc");
    if (!is_branch) continue;
    ++seen;
    for (const size_t target : starts_) {
      const LoopCode* const into = LoopAround(code_, target);
      const bool is_good = shape.is_back ? target == LoopAround(code_, at)->begin
                                         : into == nullptr || into == LoopAround(code_, at);
      if (!is_good) EXPECT_FALSE(IsValidWithTarget(at, at + 1, target)) << at << " to " << target;
    }
  }
  EXPECT_GT(seen, 5u);
}

// The head is that of the loop around, and there is one.
TEST_F(VerifyPinsTest, GoingBackIsOfALoop) {
  for (const size_t at : Find({kJumpBack}, true)) {
    for (const size_t target :
        starts_) EXPECT_EQ(IsValidWithTarget(at, at + 1, target), target == LoopAround(code_, at)->begin);
  }
  // Without its loop around it.
  const size_t last = Find({kJumpBack}, true).back();
  EXPECT_FALSE(IsValidWith(loop(0).end, static_cast<uint32_t>(last)));
}

// Copies are of the same size: to a slot, to a pin and its slot.
TEST_F(VerifyPinsTest, WhoWritesASlotWritesItsPin) {
  for (const size_t at : Find({kCopy, kPinSlot0, kPinSlot1}, true)) {
    const LoopCode& around = *LoopAround(code_, at);
    for (const uint16_t opcode : {kCopy, kPinSlot0, kPinSlot1}) {
      for (const uint16_t slot : {0, 1, 2, 3, 4}) {
        const uint16_t before = word(at);
        word(at) = opcode;
        const bool is_good = opcode == kPinSlot0   ? slot == around.pin0
                             : opcode == kPinSlot1 ? slot == around.pin1
                                                   : slot != around.pin0 && slot != around.pin1;
        EXPECT_EQ(IsValidWith(word(at + 1), slot), is_good) << at << ": " << opcode << " of " << slot;
        word(at) = before;
      }
    }
  }
  // Also where there is one pin only: the second register is nobody's.
  const LoopCode& single = loop(2);
  ASSERT_EQ(single.pin0, single.pin1);
  size_t seen = 0;
  for (const size_t at : starts_) {
    const Shape shape = ShapeOf(word(at));
    if (LoopAround(code_, at) != &single || shape.pin != 0) continue;
    ++seen;
    EXPECT_FALSE(IsValidWith(word(at), static_cast<uint16_t>(word(at) + 1))) << at;
  }
  EXPECT_GT(seen, 0u);
}

TEST_F(VerifyPinsTest, PinsOutsideOfLoops) {
  for (const size_t at : Find({kCopy}, false)) {
    for (const uint16_t opcode : {kPinSlot0, kPinSlot1}) EXPECT_FALSE(IsValidWith(word(at), opcode)) << at;
  }
  // One loop less: all that it has is outside.
  const size_t first = loop(1).begin;
  for (const size_t at : starts_) {
    if (at < first || at >= loop(1).end || !ShapeOf(word(at)).is_pinned) continue;
    EXPECT_FALSE(IsValidWith(loop(1).end, static_cast<uint32_t>(at))) << at;
  }
}

}  // namespace
}  // namespace sandbox::fast
