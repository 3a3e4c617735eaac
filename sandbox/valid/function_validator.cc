// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/function_validator.h"

#include <algorithm>
#include <array>

namespace sandbox {
namespace {

// How the loop treats an opcode byte.
enum class Shape : uint8_t {
  kRule,  // not at all
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
  kBrIf,
};

struct ByteRule {
  Shape shape = Shape::kRule;
  uint8_t access_log2 = 0;
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
    case Op::kBrIf: return Shape::kBrIf;
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
constexpr auto kByteRules = [] {
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

}  // namespace

bool FunctionValidator::Validate(const Cursor& body, FunctionRecord& record) {
  cursor_ = body;
  start_ = body.position();
  return Start(record) && Instructions() && Finish(record);
}

bool FunctionValidator::Start(FunctionRecord& record) {
  type_ = module_.types.FuncType(record.type);
  ++function_number_;
  br_table_number_ = 0;
  height_ = max_height_ = 0;
  control_.Clear();
  newly_initialized_.Clear();
  branches_.Start();
  if (!ReadLocals(record) || !ExpandLocals()) return false;
  record.code_begin = static_cast<uint32_t>(cursor_.position());
  record.param_slots = static_cast<uint16_t>(type_.params.size());
  record.result_slots = static_cast<uint16_t>(type_.results.size());
  record.call_cost = CeilDiv(uint32_t{record.param_slots}, 8u) + CeilDiv(record.local_slots, 8u);
  start_ = cursor_.position();
  return PushFrame(FrameKind::kFunction, record.type, ValType());
}

// Locals stay runs, as they are written: a few bytes can declare as many as the limit allows.
bool FunctionValidator::ReadLocals(FunctionRecord& record) {
  const size_t start = cursor_.position();
  uint32_t run_count = 0;
  uint64_t total = type_.params.size();
  bool all_defaultable = true;
  runs_.Clear();
  if (!cursor_.ReadCount(run_count)) return false;
  for (uint32_t i = 0; i < run_count; ++i) {
    uint32_t count = 0;
    ValType type;
    if (!cursor_.ReadU32(count)) return false;
    const size_t type_start = cursor_.position();
    if (!ReadValueType(cursor_, type) || !context_.Resolve(type, type_start)) return false;
    total += count;
    if (total > UINT32_MAX) return sink_.Fail(ErrorCode::kTooManyLocals, start);
    all_defaultable &= type.is_defaultable();
    if (!Ok(runs_.Push({static_cast<uint32_t>(total), type}))) return false;
  }
  if (total > context_.limits.locals) return sink_.FailLimit(LimitId::locals, start);
  local_count_ = static_cast<uint32_t>(total);
  record.local_slots = local_count_ - static_cast<uint32_t>(type_.params.size());
  if (all_defaultable || local_count_ <= initialized_.size()) return true;
  return Ok(initialized_.ReserveMore(local_count_ - initialized_.size())) && Ok(initialized_.Resize(local_count_, 0));
}

// The types of the first locals by index, for the loop: not more than the body has bytes, so that all functions
// together cost no more than their bytes.
bool FunctionValidator::ExpandLocals() {
  const size_t room = std::min<size_t>(local_count_, cursor_.remaining());
  locals_.Clear();
  if (!Ok(locals_.ReserveMore(room))) return false;
  for (const ValType type : type_.params.first(std::min(room, type_.params.size()))) locals_.PushReserved(type);
  for (const LocalRun& run : runs_) {
    const size_t end = std::min<size_t>(run.end, room);
    while (locals_.size() < end) locals_.PushReserved(run.type);
  }
  return true;
}

bool FunctionValidator::Finish(FunctionRecord& record) {
  if (!cursor_.AtEnd()) return sink_.Fail(ErrorCode::kEndExpected, cursor_.position());
  record.code_end = static_cast<uint32_t>(cursor_.position());
  record.operand_slots = static_cast<uint32_t>(max_height_);
  record.side_table = static_cast<uint32_t>(module_.side_table.size());
  return Ok(branches_.Finish(module_.side_table));
}

inline FunctionValidator::Hot FunctionValidator::Enter() {
  return {cursor_.bytes(), cursor_.position(), operands_.span(), height_,
          Innermost().height, max_height_, locals_.span()};
}

inline void FunctionValidator::Leave(const Hot& hot) {
  start_ = hot.position;
  cursor_.set_position(hot.position);
  height_ = hot.height;
  max_height_ = hot.max_height;
}

[[gnu::always_inline]] inline bool FunctionValidator::Push(Hot& hot, ValType type) {
  if (hot.height >= hot.stack.size()) [[unlikely]]
    return false;
  hot.stack[hot.height++] = type;
  hot.max_height = std::max(hot.max_height, hot.height);
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::Pop(Hot& hot, ValType type) {
  if (hot.height <= hot.base || hot.stack[hot.height - 1] != type) [[unlikely]]
    return false;
  --hot.height;
  return true;
}

// The three below are at the opcode and move behind the immediates.
[[gnu::always_inline]] inline bool FunctionValidator::LocalGet(Hot& hot) {
  if (hot.position + 1 >= hot.code.size()) return false;
  const uint8_t index = hot.code[hot.position + 1];
  // Two-byte indices are left to the rule; so are locals that may be uninitialized.
  if (index >= 0x80 || index >= hot.locals.size()) return false;
  const ValType type = hot.locals[index];
  if (!type.is_defaultable() || !Push(hot, type)) return false;
  hot.position += 2;
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::LocalSet(Hot& hot) {
  if (hot.position + 1 >= hot.code.size()) return false;
  const uint8_t index = hot.code[hot.position + 1];
  if (index >= 0x80 || index >= hot.locals.size()) return false;
  const ValType type = hot.locals[index];
  if (!type.is_defaultable() || !Pop(hot, type)) return false;
  hot.position += 2;
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::LocalTee(Hot& hot) {
  if (!LocalSet(hot)) return false;
  ++hot.height;
  return true;
}

// Moves behind the opcode and a signed LEB128 that is shorter than the longest one: its value does not matter, and only
// the longest has unused bits.
[[gnu::always_inline]] inline bool FunctionValidator::SkipSigned(Hot& hot, unsigned max_bytes) {
  size_t position = hot.position + 1;
  for (unsigned i = 1; i < max_bytes; ++i) {
    if (position >= hot.code.size()) return false;
    if (hot.code[position++] < 0x80) {
      hot.position = position;
      return true;
    }
  }
  return false;
}

// Likewise for an alignment and an offset below 2^28 into memory 0.
[[gnu::always_inline]] inline bool FunctionValidator::SkipMemarg(Hot& hot, unsigned access_log2) {
  size_t position = hot.position + 1;
  if (position >= hot.code.size() || hot.code[position] > access_log2) return false;
  for (unsigned i = 0; i < 4; ++i) {
    if (++position >= hot.code.size()) return false;
    if (hot.code[position] < 0x80) {
      hot.position = position + 1;
      return true;
    }
  }
  return false;
}

bool FunctionValidator::Instructions() {
  const bool memory_is_32 = !module_.memories.empty() && !module_.memories[0].limits.is_64;
  for (;;) {
    Hot hot = Enter();
    for (bool is_fast = true; is_fast;) {
      if (hot.position >= hot.code.size()) break;
      const ByteRule& rule = kByteRules[hot.code[hot.position]];
      is_fast = false;
      switch (rule.shape) {
        case Shape::kRule:
        case Shape::kBrIf:
          break;
        case Shape::kUnary:
          if (hot.height > hot.base && hot.stack[hot.height - 1] == rule.first) {
            hot.stack[hot.height - 1] = rule.result;
            ++hot.position;
            is_fast = true;
          }
          break;
        case Shape::kBinary:
          if (hot.height >= hot.base + 2 && hot.stack[hot.height - 1] == rule.second &&
              hot.stack[hot.height - 2] == rule.first) {
            hot.stack[--hot.height - 1] = rule.result;
            ++hot.position;
            is_fast = true;
          }
          break;
        case Shape::kLoad:
          if (memory_is_32 && hot.height > hot.base && hot.stack[hot.height - 1] == ValKind::kI32 &&
              SkipMemarg(hot, rule.access_log2)) {
            hot.stack[hot.height - 1] = rule.result;
            is_fast = true;
          }
          break;
        case Shape::kStore:
          if (memory_is_32 && hot.height >= hot.base + 2 && hot.stack[hot.height - 1] == rule.second &&
              hot.stack[hot.height - 2] == ValKind::kI32 && SkipMemarg(hot, rule.access_log2)) {
            hot.height -= 2;
            is_fast = true;
          }
          break;
        case Shape::kConst32:
          is_fast = hot.height < hot.stack.size() && SkipSigned(hot, 5) && Push(hot, ValKind::kI32);
          break;
        case Shape::kConst64:
          is_fast = hot.height < hot.stack.size() && SkipSigned(hot, 10) && Push(hot, ValKind::kI64);
          break;
        case Shape::kBits32:
          if (hot.code.size() - hot.position > 4 && Push(hot, ValKind::kF32)) {
            hot.position += 5;
            is_fast = true;
          }
          break;
        case Shape::kBits64:
          if (hot.code.size() - hot.position > 8 && Push(hot, ValKind::kF64)) {
            hot.position += 9;
            is_fast = true;
          }
          break;
        case Shape::kLocalGet: is_fast = LocalGet(hot); break;
        case Shape::kLocalSet: is_fast = LocalSet(hot); break;
        case Shape::kLocalTee: is_fast = LocalTee(hot); break;
        case Shape::kDrop:
          if (hot.height > hot.base) {
            --hot.height;
            ++hot.position;
            is_fast = true;
          }
          break;
      }
    }
    Leave(hot);
    if (!Rule()) return false;
    if (control_.empty()) return true;
  }
}

}  // namespace sandbox
