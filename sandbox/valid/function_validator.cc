// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/function_validator.h"

#include <algorithm>

namespace sandbox {
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
  simple_locals_ = room;
  if (!Ok(locals_.ReserveMore(room))) return false;
  for (const ValType type : type_.params.first(std::min(room, type_.params.size()))) locals_.PushReserved(type);
  for (const LocalRun& run : runs_) {
    const size_t end = std::min<size_t>(run.end, room);
    if (!run.type.is_defaultable()) simple_locals_ = std::min(simple_locals_, locals_.size());
    while (locals_.size() < end) locals_.PushReserved(run.type);
  }
  return true;
}

bool FunctionValidator::Finish(FunctionRecord& record) {
  if (!cursor_.AtEnd()) return sink_.Fail(ErrorCode::kEndExpected, cursor_.position());
  record.code_end = static_cast<uint32_t>(cursor_.position());
  record.operand_slots = static_cast<uint32_t>(max_height_);
  record.side_table = static_cast<uint32_t>(module_.side_table.size());
  return Ok(branches_.Finish(module_.side_table, cursor_.position() - code_begin_, code_end_ - code_begin_));
}

inline FunctionValidator::Hot FunctionValidator::Enter() {
  const Frame& frame = Innermost();
  return {module_.bytes, cursor_.position(), operands_.span(),
          height_,       frame.height,       max_height_,
          locals_.span().first(simple_locals_)};
}

// The loop does not look where the body ends: its last `end`, if not an instruction before, leads here. Nothing that
// the loop did behind the end of the body outlives the error.
inline bool FunctionValidator::Leave(const Hot& hot) {
  start_ = std::min(hot.position, cursor_.end());
  cursor_.set_position(start_);
  height_ = hot.height;
  max_height_ = hot.max_height;
  return hot.position <= cursor_.end() || Fail(ErrorCode::kUnexpectedEnd);
}

[[gnu::always_inline]] inline bool FunctionValidator::Push(Hot& hot, ValType type) {
  if (hot.height >= hot.stack.size()) [[unlikely]]
    return false;
  hot.stack[hot.height++] = type;
  hot.max_height = std::max(hot.max_height, hot.height);
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::HasTop(const Hot& hot, ValType type) {
  return hot.height > hot.base && hot.stack[hot.height - 1] == type;
}

[[gnu::always_inline]] inline bool FunctionValidator::HasTop(const Hot& hot, ValType lower, ValType upper) {
  return hot.height >= hot.base + 2 && hot.stack[hot.height - 1] == upper && hot.stack[hot.height - 2] == lower;
}

// The type of the local that a local instruction names, and the size of that instruction.
[[gnu::always_inline]] inline bool FunctionValidator::LocalOf(const Hot& hot, uint64_t word, ValType& type,
                                                             size_t& size) {
  size_t index = word >> 8 & 0x7f;
  size = 2;
  if ((word & 0x8000) != 0) {
    if ((word & 0x800000) != 0) return false;
    index |= word >> 9 & 0x3f80;
    size = 3;
  }
  if (index >= hot.locals.size()) return false;
  type = hot.locals[index];
  return true;
}

// The size of a memory access: an alignment without a memory index, an offset of at most four bytes. 0: not that.
[[gnu::always_inline]] inline size_t FunctionValidator::MemargSize(Encoded instruction, unsigned access_log2) {
  if (instruction.byte(1) > access_log2) return 0;
  const unsigned offset_size = instruction.LebSize(2);
  return offset_size > 4 ? 0 : 2 + offset_size;
}

// A block without parameters and with at most one result, which is a number.
[[gnu::always_inline]] inline bool FunctionValidator::FastBlock(Hot& hot, FrameKind kind, uint8_t type) {
  ValType result;
  if (type == 0x7f) {
    result = ValType::I32();
  } else if (type != 0x40) {
    return false;
  }
  const bool is_if = kind == FrameKind::kIf;
  if (is_if && !HasTop(hot, ValKind::kI32)) return false;
  const size_t height = hot.height - (is_if ? 1 : 0);
  const SideTableBuilder::LabelId label = branches_.next_label();
  if (control_.size() > context_.limits.nesting || !branches_.HasRoom()) return false;
  if (!control_.PushIfRoom({kind, false, kNoIndex, result, static_cast<uint32_t>(height),
                            static_cast<uint32_t>(newly_initialized_.size()), 0, label})) {
    return false;
  }
  branches_.AddLabelReserved();
  if (is_if) {
    branches_.AddLabelReserved();
    branches_.AddBranchReserved(hot.position, label + 1, 0, 0);
  }
  hot.position += 2;
  hot.base = hot.height = height;
  if (kind == FrameKind::kLoop) branches_.Place(label, hot.position);
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::FastEnd(Hot& hot) {
  const Frame& frame = Innermost();
  if (frame.type != kNoIndex || frame.initialized != newly_initialized_.size()) return false;
  if (frame.result != ValType()) {
    if (hot.height != hot.base + 1 || hot.stack[hot.height - 1] != frame.result) return false;
    if (frame.kind == FrameKind::kIf) return false;
  } else if (hot.height != hot.base) {
    return false;
  }
  ++hot.position;
  if (frame.kind != FrameKind::kLoop) branches_.Place(frame.label, hot.position);
  if (frame.kind == FrameKind::kIf) branches_.Place(frame.label + 1, hot.position);
  control_.DropBack();
  hot.base = Innermost().height;
  return true;
}

// A branch, with `height` operands when it is taken, to a label that carries at most one operand.
[[gnu::always_inline]] inline bool FunctionValidator::FastBranch(Hot& hot, size_t height, uint8_t depth) {
  if (depth >= 0x80 || depth >= control_.size()) return false;
  const Frame& frame = control_[control_.size() - 1 - depth];
  if (frame.type != kNoIndex) return false;
  uint32_t keep = 0;
  if (frame.kind != FrameKind::kLoop && frame.result != ValType()) {
    if (height <= hot.base || hot.stack[height - 1] != frame.result) return false;
    keep = 1;
  }
  if (height < keep + frame.height) return false;
  const uint32_t drop = static_cast<uint32_t>(height) - keep - frame.height;
  if (!branches_.HasRoom()) return false;
  branches_.AddBranchReserved(hot.position, frame.label, keep, drop);
  return true;
}

// Two numbers of one type and a condition.
[[gnu::always_inline]] inline bool FunctionValidator::FastSelect(Hot& hot) {
  if (hot.height < hot.base + 3 || hot.stack[hot.height - 1] != ValKind::kI32) return false;
  const ValType type = hot.stack[hot.height - 2];
  if (hot.stack[hot.height - 3] != type || type.is_ref()) return false;
  hot.height -= 2;
  ++hot.position;
  return true;
}

// Runs until an instruction that is not of the common case; its group.
[[gnu::always_inline]] inline Shape FunctionValidator::FastRun(Hot& hot, bool memory_is_32) {
  for (;;) {
    const auto word = LoadLittle<uint64_t>(hot.code, hot.position);
    if (!word) return Shape::kRule;
    const Encoded instruction(*word);
    const ByteRule& rule = kByteRules[instruction.opcode()];
    ValType type;
    size_t size = 0;
    switch (rule.shape) {
      case Shape::kUnary:
        if (!HasTop(hot, rule.first)) return Shape::kRule;
        hot.stack[hot.height - 1] = rule.result;
        ++hot.position;
        continue;
      case Shape::kBinary:
        if (!HasTop(hot, rule.first, rule.second)) return Shape::kRule;
        hot.stack[--hot.height - 1] = rule.result;
        ++hot.position;
        continue;
      case Shape::kLoad:
        size = MemargSize(instruction, rule.access_log2);
        if (size == 0 || !memory_is_32 || !HasTop(hot, ValKind::kI32)) return Shape::kRule;
        hot.stack[hot.height - 1] = rule.result;
        hot.position += size;
        continue;
      case Shape::kStore:
        size = MemargSize(instruction, rule.access_log2);
        if (size == 0 || !memory_is_32 || !HasTop(hot, ValKind::kI32, rule.second)) return Shape::kRule;
        hot.height -= 2;
        hot.position += size;
        continue;
      case Shape::kConst32:
      case Shape::kConst64:
        // Only the longest form has unused bits to look at.
        size = instruction.LebSize(1);
        if (size > (rule.shape == Shape::kConst32 ? 4u : 7u) || !Push(hot, rule.result)) return Shape::kRule;
        hot.position += 1 + size;
        continue;
      case Shape::kBits32:
      case Shape::kBits64:
        if (!Push(hot, rule.result)) return Shape::kRule;
        hot.position += rule.shape == Shape::kBits32 ? 5 : 9;
        continue;
      case Shape::kLocalGet:
        if (!LocalOf(hot, *word, type, size) || !Push(hot, type)) return Shape::kRule;
        hot.position += size;
        continue;
      case Shape::kLocalSet:
      case Shape::kLocalTee:
        if (!LocalOf(hot, *word, type, size) || !HasTop(hot, type)) return Shape::kRule;
        if (rule.shape == Shape::kLocalSet) --hot.height;
        hot.position += size;
        continue;
      case Shape::kDrop:
        if (hot.height <= hot.base) return Shape::kRule;
        --hot.height;
        ++hot.position;
        continue;
      case Shape::kBlock:
        if (!FastBlock(hot, FrameKind::kBlock, instruction.byte(1))) return Shape::kRule;
        continue;
      case Shape::kLoop:
        if (!FastBlock(hot, FrameKind::kLoop, instruction.byte(1))) return Shape::kRule;
        continue;
      case Shape::kIf:
        if (!FastBlock(hot, FrameKind::kIf, instruction.byte(1))) return Shape::kRule;
        continue;
      case Shape::kSelect:
        if (!FastSelect(hot)) return Shape::kRule;
        continue;
      case Shape::kEnd:
        if (!FastEnd(hot)) return Shape::kRule;
        continue;
      case Shape::kBr:
        if (!FastBranch(hot, hot.height, instruction.byte(1))) return Shape::kRule;
        Innermost().is_unreachable = true;
        hot.height = hot.base;
        hot.position += 2;
        continue;
      case Shape::kBrIf:
        if (!HasTop(hot, ValKind::kI32) || !FastBranch(hot, hot.height - 1, instruction.byte(1))) return Shape::kRule;
        --hot.height;
        hot.position += 2;
        continue;
      case Shape::kRule:
      case Shape::kCall:
      case Shape::kGlobalGet:
      case Shape::kGlobalSet:
        return rule.shape;
    }
  }
}

bool FunctionValidator::Instructions() {
  const bool memory_is_32 = !module_.memories.empty() && !module_.memories[0].limits.is_64;
  while (!control_.empty()) {
    Hot hot = Enter();
    const Shape shape = FastRun(hot, memory_is_32);
    if (!Leave(hot)) return false;
    bool is_valid = false;
    switch (shape) {
      case Shape::kCall: is_valid = cursor_.Skip(1) && CallFunction(false); break;
      case Shape::kGlobalGet: is_valid = cursor_.Skip(1) && Global(false); break;
      case Shape::kGlobalSet: is_valid = cursor_.Skip(1) && Global(true); break;
      default: is_valid = Rule(); break;
    }
    if (!is_valid) return false;
  }
  return true;
}

}  // namespace sandbox
