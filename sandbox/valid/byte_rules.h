// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the loop of function validation knows about an instruction from its first bytes.
#ifndef SANDBOX_VALID_BYTE_RULES_H_
#define SANDBOX_VALID_BYTE_RULES_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "sandbox/syntax/opcode.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

// The group of an opcode byte, for the loop.
enum class Shape : uint8_t {
  kRule,  // has no fast case
  kUnary,
  kBinary,
  kLoad,
  kStore,
  kConst32,  // LEB128 of at most 5 bytes
  kConst64,  // of at most 10
  kBits32,
  kBits64,
  kLocalGet,
  kLocalSet,
  kLocalTee,
  kDrop,
  kBlock,
  kLoop,
  kEnd,
  kBr,
  kBrIf,
  kIf,
  kSelect,
  kCall,
  kGlobalGet,
  kGlobalSet,
};

struct ByteRule {
  Shape shape = Shape::kRule;
  uint8_t access_log2 = 0;
  uint8_t unused[3] = {};  // a power of two in size
  ValKind first = ValKind::kBottom;   // the deeper operand
  ValKind second = ValKind::kBottom;  // the upper one
  ValKind result = ValKind::kBottom;
};

constexpr ValKind KindOf(Operand operand) {
  switch (operand) {
    case Operand::kI32: return ValKind::kI32;
    case Operand::kI64: return ValKind::kI64;
    case Operand::kF32: return ValKind::kF32;
    case Operand::kF64: return ValKind::kF64;
    case Operand::kV128: return ValKind::kV128;
    case Operand::kAddress: return ValKind::kI32;  // 64-bit memories are left to the rule
    case Operand::kNone: return ValKind::kBottom;
  }
  return ValKind::kBottom;
}

constexpr Shape ShapeOf(Op op) {
  const OpInfo& info = InfoOf(op);
  switch (op) {
    case Op::kI32Const: return Shape::kConst32;
    case Op::kI64Const: return Shape::kConst64;
    case Op::kF32Const: return Shape::kBits32;
    case Op::kF64Const: return Shape::kBits64;
    case Op::kLocalGet: return Shape::kLocalGet;
    case Op::kLocalSet: return Shape::kLocalSet;
    case Op::kLocalTee: return Shape::kLocalTee;
    case Op::kDrop: return Shape::kDrop;
    case Op::kBlock: return Shape::kBlock;
    case Op::kLoop: return Shape::kLoop;
    case Op::kEnd: return Shape::kEnd;
    case Op::kBr: return Shape::kBr;
    case Op::kBrIf: return Shape::kBrIf;
    case Op::kCall: return Shape::kCall;
    case Op::kGlobalGet: return Shape::kGlobalGet;
    case Op::kGlobalSet: return Shape::kGlobalSet;
    case Op::kIf: return Shape::kIf;
    case Op::kSelect: return Shape::kSelect;
    default: break;
  }
  switch (info.family) {
    case Family::kLoad: return Shape::kLoad;
    case Family::kStore: return Shape::kStore;
    case Family::kNumeric: return info.signature.param_count() == 1 ? Shape::kUnary : Shape::kBinary;
    default: return Shape::kRule;
  }
}

// From opcode.def.
inline constexpr auto kByteRules = [] {
  std::array<ByteRule, 256> rules{};
  for (size_t byte = 0; byte < rules.size(); ++byte) {
    const Op op = OpFromByte(static_cast<uint8_t>(byte));
    if (op == kInvalidOp || !IsBuiltIn(op)) continue;
    const OpInfo& info = InfoOf(op);
    ByteRule& rule = rules[byte];
    rule.shape = ShapeOf(op);
    rule.access_log2 = info.access_log2;
    if (info.signature.by_hand()) continue;
    rule.first = KindOf(info.signature.param(0));
    rule.second = KindOf(info.signature.param(1));
    rule.result = KindOf(info.signature.result());
  }
  return rules;
}();

static_assert(sizeof(ByteRule) == 8);

// The instruction at a position: eight bytes read at once, opcode first.
class Encoded {
 public:
  explicit Encoded(uint64_t word) : word_(word) {}

  uint8_t opcode() const { return static_cast<uint8_t>(word_); }
  uint8_t byte(unsigned i) const { return static_cast<uint8_t>(word_ >> 8 * i); }
  // The number of bytes of the LEB128 behind byte i - 1; more than 7 when its end is not in sight.
  unsigned LebSize(unsigned i) const {
    const uint64_t last = ~word_ >> 8 * i & 0x0080'8080'8080'8080 >> 8 * (i - 1);
    return last == 0 ? 8 : static_cast<unsigned>(std::countr_zero(last)) / 8 + 1;
  }

 private:
  uint64_t word_;
};

}  // namespace sandbox

#endif  // SANDBOX_VALID_BYTE_RULES_H_
