// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Tests: sandbox/fast/bulk_handlers.h (memory.copy and memory.fill do what they do in place: at the edges of memory, when
// fuel runs out before them, in loops with pins, of other memories)

#include "sandbox/fast/bulk_handlers.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/fast/pinned_loops.h"

namespace sandbox::testing {
namespace {

constexpr int32_t kPage = 65'536;

// Adds up some of memory `memory` into local 3, which is returned.
Code Sum(uint32_t memory) {
  Code code;
  for (const uint32_t at : {0u, 7u, 8u, 15u, 100u, 101u, 65'533u, 65'534u, 65'535u}) {
    code.LocalGet(3).I32Const(31).Op(Op::kI32Mul).I32Const(static_cast<int32_t>(at)).Op(Op::kI32Load8U);
    // An alignment of 0 in the named memory, an offset of 0.
    if (memory == 0) code.U(0).U(0);
    else code.U(0x40).U(memory).U(0);
    code.Op(Op::kI32Add).LocalSet(3);
  }
  return code.LocalGet(3);
}

// "copy" and "fill" of (i32, i32, i32) of the memory, of one page.
ModuleBuilder Bulk(uint32_t memory) {
  ModuleBuilder b;
  for (uint32_t i = 0; i <= memory; ++i) b.AddMemory({1, 1, false});
  b.AddData(memory, Code().I32Const(0).End(), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  const uint32_t type = b.AddType({kI32, kI32, kI32}, {kI32});
  const Code operands = Code().LocalGet(0).LocalGet(1).LocalGet(2);
  b.ExportFunction("copy", b.AddFunction(type, Code(operands).Op(Op::kMemoryCopy, {memory, memory}).Raw(Sum(memory)).End(),
                                         {{1, kI32}}));
  b.ExportFunction("fill", b.AddFunction(type, Code(operands).Op(Op::kMemoryFill, {memory}).Raw(Sum(memory)).End(), {{1, kI32}}));
  return b;
}

// All in one store, whose memory goes on as it is. In single units of fuel what is short enough for that.
void CheckAtTheEdges(const ModuleBuilder& b, uint64_t step, std::initializer_list<int32_t> lengths) {
  Machines machines;
  machines.steps = {step};
  machines.Each([&](Machinery& m) {
    m.Add(b, "m");
    for (const int32_t length : lengths) {
      for (const int32_t to : {0, 3, kPage - 9, kPage - 8, kPage - 7, kPage, kPage + 1, -1, -8}) {
        for (const int32_t from : {0, 5, kPage - 8, kPage - 7, kPage, kPage + 1, -8}) {
          m.Run("m", "copy", {Value::I32(to), Value::I32(from), Value::I32(length)});
          m.Run("m", "fill", {Value::I32(to), Value::I32(from), Value::I32(length)});
        }
      }
    }
  });
}

TEST(BulkHandlersTest, AtTheEdges) {
  for (const uint32_t memory : {0u, 1u}) {
    CheckAtTheEdges(Bulk(memory), 0, {0, 1, 8, -1});
    CheckAtTheEdges(Bulk(memory), 1, {0, 8});
  }
}

// It costs more than its region has left, by one and not.
TEST(BulkHandlersTest, FuelRunsOutBeforeIt) {
  for (const int32_t length : {0, 1, 64, 65, 640, kPage}) {
    const Code body = Code().LocalGet(0).I32Const(77).I32Const(length).Op(Op::kMemoryFill, {0}).LocalGet(2).LocalGet(0).Op(Op::kI32Mul)
        .I32Const(1).Op(Op::kI32Add).LocalSet(2);
    Subject one;
    one.Export(Code().Begin(Op::kLoop).Raw(Times(4, Code().Raw(AddTo(2, 0)).Raw(Mix(2)))).Raw(body).Raw(StepAndGoBack(0, 1)).End()
        .Raw(Subject::Sum()));
    one.Check();
    one.CheckEachPause();
  }
}

TEST(BulkHandlersTest, InLoopsWithPins) {
  const Code hot = Times(4, Code().Raw(AddTo(2, 0)).Raw(Mix(2)));
  const Code copy = Code().LocalGet(2).I32Const(0xfff).Op(Op::kI32And).LocalGet(0).LocalGet(0).Op(Op::kMemoryCopy, {0, 0});
  const Code fill = Code().LocalGet(0).LocalGet(2).I32Const(9).Op(Op::kMemoryFill, {0});
  const Code load = Code().LocalGet(2).I32Const(0xfff).Op(Op::kI32And).Load(Op::kI32Load).LocalGet(2).Op(Op::kI32Xor).LocalSet(2);
  Subject().CheckLoop(Code(hot).Raw(copy).Raw(load));
  Subject().CheckLoop(Code(hot).Raw(fill).Raw(load));
  Subject().CheckLoop(Code(hot).Raw(fill).Raw(copy).Raw(hot).Raw(load));
}

}  // namespace
}  // namespace sandbox::testing
