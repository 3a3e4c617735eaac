// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Blocks and branches (spec "Control Instructions"), and the choice of a rule for the instruction at hand.

#include "sandbox/binary/type_reader.h"
#include "sandbox/valid/function_validator.h"

namespace sandbox {

// Reads an opcode at start_.
bool FunctionValidator::ReadOp(Op& op) {
  uint8_t byte = 0;
  if (cursor_.AtEnd()) return Fail(ErrorCode::kEndExpected);
  if (!cursor_.ReadByte(byte)) return false;
  op = OpFromByte(byte);
  if (IsPrefix(byte)) {
    uint32_t code = 0;
    if (!cursor_.ReadU32(code)) return false;
    op = OpFromEncoding(byte, code).value_or(kInvalidOp);
  }
  if (op == kInvalidOp) return Fail(ErrorCode::kIllegalOpcode);
  return IsBuiltIn(op) || sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
}

bool FunctionValidator::Rule() {
  Op op = kInvalidOp;
  if (!ReadOp(op)) return false;
  const OpInfo& info = InfoOf(op);
  if (!info.signature.by_hand()) return SignatureRule(op);
  switch (info.family) {
    case Family::kControl: return ControlRule(op);
    case Family::kCall: return CallRule(op);
    case Family::kParametric:
    case Family::kVariable: return VariableRule(op);
    case Family::kReference: return ReferenceRule(op);
    case Family::kTable:
    case Family::kMemory: return TableRule(op);
    case Family::kLoad:
    case Family::kStore:
    case Family::kConst:
    case Family::kNumeric:
    case Family::kAggregate:
    case Family::kVector:
    case Family::kException: break;
  }
  // A group that is built in has its rules.
  return sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
}

bool FunctionValidator::ControlRule(Op op) {
  switch (op) {
    case Op::kUnreachable: MarkUnreachable(); return true;
    case Op::kBlock: return Block(FrameKind::kBlock);
    case Op::kLoop: return Block(FrameKind::kLoop);
    case Op::kIf: return Block(FrameKind::kIf);
    case Op::kElse: return Else();
    case Op::kEnd: return End();
    case Op::kBr: return Br();
    case Op::kBrIf: return BrIf();
    case Op::kBrTable: return BrTable();
    case Op::kBrOnNull: return BrOnNull();
    case Op::kBrOnNonNull: return BrOnNonNull();
    case Op::kReturn: return Return();
    default: return sink_.Fail(ErrorCode::kUnsupportedInstruction, start_, static_cast<uint32_t>(op));
  }
}

bool FunctionValidator::Block(FrameKind kind) {
  const size_t type_start = cursor_.position();
  BlockType read;
  if (!ReadBlockType(cursor_, read)) return false;
  CanonIdx type = kNoIndex;
  if (read.index != kNoIndex) {
    if (!context_.FunctionTypeOf(read.index, type_start, type)) return false;
  } else if (!context_.Resolve(read.result, type_start)) {
    return false;
  }
  if (kind == FrameKind::kIf && !Pop(ValType::I32())) return false;
  const auto params = type == kNoIndex ? std::span<const ValType>() : module_.types.FuncType(type).params;
  if (!PopAll(params) || !PushFrame(kind, type, read.result) || !PushAll(params)) return false;
  const SideTableBuilder::LabelId label = Innermost().label;
  if (kind == FrameKind::kLoop) branches_.Place(label, cursor_.position());
  if (kind != FrameKind::kIf) return true;
  SideTableBuilder::LabelId otherwise = 0;
  // The operands are the block's parameters and stay where they are.
  return Ok(branches_.AddLabel(otherwise)) && Ok(branches_.AddBranch(start_, otherwise, 0, 0));
}

bool FunctionValidator::Else() {
  Frame& frame = Innermost();
  if (frame.kind != FrameKind::kIf) return Fail(ErrorCode::kElseWithoutIf);
  if (!PopAll(ResultsOf(frame))) return false;
  if (height_ != frame.height) return Fail(ErrorCode::kTypeMismatch);
  ForgetInitialized(frame);
  frame.kind = FrameKind::kElse;
  frame.is_unreachable = false;
  if (!Ok(branches_.AddBranch(start_, frame.label, 0, 0))) return false;
  branches_.Place(frame.label + 1, cursor_.position());
  return PushAll(ParamsOf(frame));
}

// Whether a block's parameters are acceptable as its results.
bool FunctionValidator::IsIdentity(const Frame& frame) const {
  const auto params = ParamsOf(frame);
  const auto results = ResultsOf(frame);
  if (params.size() != results.size()) return false;
  for (size_t i = 0; i < params.size(); ++i) {
    if (!Matches(params[i], results[i])) return false;
  }
  return true;
}

bool FunctionValidator::End() {
  const Frame frame = Innermost();
  if (!PopAll(ResultsOf(frame))) return false;
  if (height_ != frame.height) return Fail(ErrorCode::kTypeMismatch);
  if (frame.kind == FrameKind::kIf) {
    // Without an `else` the parameters are the results.
    if (!IsIdentity(frame)) return Fail(ErrorCode::kTypeMismatch);
    branches_.Place(frame.label + 1, cursor_.position());
  }
  // Branches to the function's own label go to this `end` itself.
  if (frame.kind == FrameKind::kFunction) branches_.Place(frame.label, start_);
  else if (frame.kind != FrameKind::kLoop) branches_.Place(frame.label, cursor_.position());
  ForgetInitialized(frame);
  (void)control_.PopBack();
  return PushAll(ResultsOf(frame));
}

bool FunctionValidator::ReadLabel(Frame*& frame) {
  uint32_t depth = 0;
  if (!cursor_.ReadU32(depth)) return false;
  if (depth >= control_.size()) return Fail(ErrorCode::kUnknownLabel);
  frame = &control_[control_.size() - 1 - depth];
  return true;
}

// The side-table entry of a branch to `frame` that is taken with the operands at hand.
bool FunctionValidator::AddBranch(const Frame& frame) {
  const size_t keep = LabelTypesOf(frame).size();
  size_t drop = 0;
  // In unreachable code there may be fewer operands than the label wants: such an entry is never used.
  if (frame.kind != FrameKind::kFunction && height_ > keep + frame.height) drop = height_ - keep - frame.height;
  return Ok(branches_.AddBranch(start_, frame.label, static_cast<uint32_t>(keep), static_cast<uint32_t>(drop)));
}

bool FunctionValidator::Br() {
  Frame* frame = nullptr;
  if (!ReadLabel(frame) || !CheckTop(LabelTypesOf(*frame)) || !AddBranch(*frame)) return false;
  MarkUnreachable();
  return true;
}

bool FunctionValidator::BrIf() {
  Frame* frame = nullptr;
  return ReadLabel(frame) && Pop(ValType::I32()) && AddBranch(*frame) && Retype(LabelTypesOf(*frame));
}

// Labels may be many and their types long: each distinct label is checked once.
bool FunctionValidator::BrTable() {
  uint32_t count = 0;
  if (!cursor_.ReadCount(count)) return false;
  if (count > context_.limits.br_table_labels) return sink_.FailLimit(LimitId::br_table_labels, start_);
  if (!Pop(ValType::I32())) return false;
  ++br_table_number_;
  size_t arity = 0;
  for (uint64_t i = 0; i <= count; ++i) {
    Frame* frame = nullptr;
    if (!ReadLabel(frame)) return false;
    const auto types = LabelTypesOf(*frame);
    if (i == 0) arity = types.size();
    if (frame->br_table != br_table_number_) {
      if (types.size() != arity) return Fail(ErrorCode::kTypeMismatch);
      if (!CheckTop(types)) return false;
      frame->br_table = br_table_number_;
    }
    if (!AddBranch(*frame)) return false;
  }
  MarkUnreachable();
  return true;
}

bool FunctionValidator::BrOnNull() {
  Frame* frame = nullptr;
  HeapType heap = HeapType::kBottom;
  return ReadLabel(frame) && PopRef(heap) && AddBranch(*frame) && Retype(LabelTypesOf(*frame)) &&
         Push(ValType::Ref(heap, false));
}

bool FunctionValidator::BrOnNonNull() {
  Frame* frame = nullptr;
  HeapType heap = HeapType::kBottom;
  if (!ReadLabel(frame) || !PopRef(heap)) return false;
  const auto types = LabelTypesOf(*frame);
  if (types.empty() || !types.back().is_ref()) return Fail(ErrorCode::kTypeMismatch);
  return Push(ValType::Ref(heap, false)) && AddBranch(*frame) && PopAll(types) &&
         PushAll(types.first(types.size() - 1));
}

bool FunctionValidator::Return() {
  if (!CheckTop(type_.results)) return false;
  MarkUnreachable();
  return true;
}

}  // namespace sandbox
