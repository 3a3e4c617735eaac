// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/error_text.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "sandbox/syntax/opcode.h"
#include "tests/embed/modules.h"
#include "tests/embed/support.h"

namespace sandbox::testing {
namespace {

std::string TextOfType(ValType type) {
  char text[64];
  return std::string(FormatType(type, text));
}

std::string TextOfValue(const Value& value) {
  char text[64];
  return std::string(FormatValue(value, text));
}

std::string TextOfExtern(const ExternType& type, const FuncSignature& signature = {}) {
  char text[64];
  return std::string(FormatExternType(type, signature, text));
}

TEST(ErrorText, NamesTheRuleAndThePlace) {
  EXPECT_EQ(TextOfError({ErrorCode::kTypeMismatch, 0, 0x2f}), "invalid: type mismatch at offset 0x2f (valid-instr)");
  EXPECT_EQ(TextOfError({ErrorCode::kNoSuchExport}), "misuse: no such export (embed-instance-export)");
}

TEST(ErrorText, NamesTheDetail) {
  EXPECT_EQ(TextOfError({ErrorCode::kUnsupportedInstruction, static_cast<uint32_t>(Op::kThrow), 7}),
            "unsupported: instruction is not built in: throw at offset 0x7 (appendix-implementation)");
  EXPECT_EQ(TextOfError({ErrorCode::kLimitExceeded, static_cast<uint32_t>(LimitId::nested_runs)}),
            "limit: implementation limit exceeded: nested_runs (runs that are pending at the same time) (impl-exec)");
  EXPECT_EQ(TextOfError({ErrorCode::kUnknownImport, 3}), "link: unknown import: import 3 (exec-instantiation)");
  EXPECT_EQ(TextOfError({ErrorCode::kBadConfiguration}), "misuse: configuration is not usable (embed)");
  EXPECT_EQ(TextOfError({ErrorCode::kBadConfiguration, static_cast<uint32_t>(LimitId::nesting)}).substr(0, 44),
            "misuse: configuration is not usable: nesting");
}

TEST(ErrorText, IsCutShortWhereTheRoomEnds) {
  const Error error{ErrorCode::kTypeMismatch, 0, 0x2f};
  std::array<char, 10> small{};
  EXPECT_EQ(FormatError(error, small), "invalid: t");
  EXPECT_EQ(FormatError(error, {}), "");
  for (size_t size = 0; size < 60; ++size) {
    std::array<char, 60> room;
    room.fill('~');
    const std::string_view text = FormatError(error, std::span<char>(room).first(size));
    EXPECT_LE(text.size(), size);
    for (size_t i = size; i < room.size(); ++i) EXPECT_EQ(room[i], '~');
  }
}

TEST(ErrorText, Types) {
  EXPECT_EQ(TextOfType(ValType::I32()), "i32");
  EXPECT_EQ(TextOfType(ValType::V128()), "v128");
  EXPECT_EQ(TextOfType(ValType::FuncRef()), "funcref");
  EXPECT_EQ(TextOfType(ValType::ExternRef()), "externref");
  EXPECT_EQ(TextOfType(ValType::Ref(HeapType::kNoFunc, true)), "nullfuncref");
  EXPECT_EQ(TextOfType(ValType::Ref(HeapType::kNone, true)), "nullref");
  EXPECT_EQ(TextOfType(ValType::Ref(HeapType::kI31, true)), "i31ref");
  EXPECT_EQ(TextOfType(ValType::Ref(HeapType::kFunc, false)), "(ref func)");
  EXPECT_EQ(TextOfType(ValType::Ref(HeapType::Defined(5), true)), "(ref null 5)");
  EXPECT_EQ(TextOfType(ValType::Ref(HeapType::Defined(5), false)), "(ref 5)");
}

TEST(ErrorText, ExternTypes) {
  ExternType type;
  const ValType params[] = {ValType::I32(), ValType::I64()};
  const FuncSignature signature{params, std::span<const ValType>(params).first(1)};
  EXPECT_EQ(TextOfExtern(type, signature), "func (i32, i64) -> (i32)");
  type.kind = ExternKind::kTag;
  EXPECT_EQ(TextOfExtern(type, signature), "tag (i32, i64)");
  type.kind = ExternKind::kMemory;
  type.memory.limits.min = 1;
  EXPECT_EQ(TextOfExtern(type), "memory 1..");
  type.memory.limits.max = 2;
  type.memory.limits.is_64 = true;
  EXPECT_EQ(TextOfExtern(type), "memory i64 1..2");
  type.kind = ExternKind::kTable;
  type.table.element = ValType::FuncRef();
  EXPECT_EQ(TextOfExtern(type), "table 0.. funcref");
  type.kind = ExternKind::kGlobal;
  type.global = {ValType::I64(), true};
  EXPECT_EQ(TextOfExtern(type), "global mut i64");
  type.global.is_mutable = false;
  EXPECT_EQ(TextOfExtern(type), "global i64");
}

TEST(ErrorText, Values) {
  EXPECT_EQ(TextOfValue(Value::I32(-42)), "i32:-42");
  EXPECT_EQ(TextOfValue(Value::I64(INT64_MIN)), "i64:-9223372036854775808");
  EXPECT_EQ(TextOfValue(Value::Null(HeapType::kFunc)), "funcref:null");
  EXPECT_EQ(TextOfValue(Value::ExternRef(7)), "externref:7");
  EXPECT_EQ(TextOfValue(Value::FuncRef(FuncHandle())), "funcref");
  EXPECT_EQ(TextOfValue(Value::V128({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255})),
            "v128:0xff0f0e0d0c0b0a090807060504030201");
  EXPECT_EQ(TextOfValue(Value::F32Bits(0x7f800000)), "f32:inf");
  EXPECT_EQ(TextOfValue(Value::F64Bits(0xfff0000000000000)), "f64:-inf");
  EXPECT_EQ(TextOfValue(Value::F32Bits(0x7fc00000)), "f32:nan:0x400000");
  EXPECT_EQ(TextOfValue(Value::F64Bits(0xfff8000000000001)), "f64:-nan:0x8000000000001");
  if (kFloats) {
    EXPECT_EQ(TextOfValue(Value::F32Bits(0x3f800000)), "f32:1");
    EXPECT_EQ(TextOfValue(Value::F64Bits(0x3fb999999999999a)), "f64:0.1");
    EXPECT_EQ(TextOfValue(Value::F64Bits(0x8000000000000000)), "f64:-0");
  }
}

TEST(ErrorText, TrapsAndFrames) {
  Store store = MakeStore();
  const InstanceId traps = MakeInstance(store, kTraps);
  const RunResult run = Must(store.Invoke(traps, "outer"));
  char text[128];
  EXPECT_EQ(FormatTrap(run.trap(), text), "trap: unreachable in $inner (function 0) at offset 0x2c");
  EXPECT_EQ(FormatFrame(1, store.trace_at(1), text), "#1 $middle (function 1) at offset 0x31");
  const InstanceId math = MakeInstance(store, kMath);
  const RunResult divided = Must(store.Invoke(math, "div", {Value::I32(1), Value::I32(0)}));
  EXPECT_EQ(std::string(FormatTrap(divided.trap(), text)).substr(0, 45),
            "trap: integer divide by zero in function 2 at");
  EXPECT_EQ(FormatTrap(TrapInfo(), text), "trap: unreachable");
}

TEST(ErrorText, LinkErrorsOfObjects) {
  Store store = MakeStore();
  char text[128];
  EXPECT_EQ(FormatLinkError(store, text), "");
  Must(store.LinkGlobal("host", "variable", Value::I32(1)));
  EXPECT_EQ(CodeOf(store.Instantiate(LoadOk(kImportAll))), ErrorCode::kIncompatibleImport);
  EXPECT_EQ(FormatLinkError(store, text),
            "incompatible import type: host.variable: expected global mut i32, found global i32");
}

}  // namespace
}  // namespace sandbox::testing
