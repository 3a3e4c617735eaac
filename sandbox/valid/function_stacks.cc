// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The operand and control stacks of function validation, and the locals.

#include <algorithm>

#include "sandbox/valid/function_validator.h"

namespace sandbox {

// Storage for a stack of `height` operands.
bool FunctionValidator::GrowOperands(size_t height) {
  const uint64_t limit = context_.limits.operand_stack;
  if (height > limit) return sink_.FailLimit(LimitId::operand_stack, start_);
  if (height <= operands_.size()) return true;
  const size_t size = std::max(height, static_cast<size_t>(std::min<uint64_t>(limit, operands_.size() * 2 + 32)));
  return Ok(operands_.Resize(size));
}

bool FunctionValidator::Push(ValType type) {
  if (height_ >= operands_.size() && !GrowOperands(height_ + 1)) return false;
  operands_[height_++] = type;
  max_height_ = std::max(max_height_, height_);
  return true;
}

bool FunctionValidator::PushAll(std::span<const ValType> types) {
  if (types.empty()) return true;
  if (types.size() > operands_.size() - height_ && !GrowOperands(height_ + types.size())) return false;
  if (types.size() == 1) {
    operands_[height_] = types[0];
  } else {
    CopyInto(operands_.span().subspan(height_), types);
  }
  height_ += types.size();
  max_height_ = std::max(max_height_, height_);
  return true;
}

bool FunctionValidator::PopAny(ValType& type) {
  const Frame& frame = Innermost();
  if (height_ > frame.height) {
    type = operands_[--height_];
    return true;
  }
  type = ValType();
  return frame.is_unreachable || Fail(ErrorCode::kTypeMismatch);
}

bool FunctionValidator::Pop(ValType type) {
  ValType actual;
  return PopAny(actual) && (Matches(actual, type) || Fail(ErrorCode::kTypeMismatch));
}

bool FunctionValidator::PopRef(HeapType& heap) {
  ValType actual;
  if (!PopAny(actual)) return false;
  heap = actual.is_ref() ? actual.heap() : HeapType(HeapType::kBottom);
  return actual.is_ref() || actual.kind() == ValKind::kBottom || Fail(ErrorCode::kTypeMismatch);
}

// The common case of CheckTop. Without an early exit, because types can be a thousand and compilers compare them many
// at a time then.
inline bool FunctionValidator::HasExactly(std::span<const ValType> types) const {
  if (height_ - control_.back().height < types.size()) return false;
  const auto top = operands_.span().subspan(height_ - types.size(), types.size());
  uint32_t difference = 0;
  for (size_t i = 0; i < types.size(); ++i) difference |= top[i].bits() ^ types[i].bits();
  return difference == 0;
}

bool FunctionValidator::CheckTop(std::span<const ValType> types) {
  if (HasExactly(types)) return true;
  const Frame& frame = Innermost();
  const size_t present = std::min<size_t>(types.size(), height_ - frame.height);
  if (present < types.size() && !frame.is_unreachable) return Fail(ErrorCode::kTypeMismatch);
  // What unreachable code lacks matches anything.
  const auto wanted = types.last(present);
  const auto top = operands_.span().subspan(height_ - present, present);
  for (size_t i = 0; i < present; ++i) {
    if (!Matches(top[i], wanted[i])) return Fail(ErrorCode::kTypeMismatch);
  }
  return true;
}

bool FunctionValidator::PopAll(std::span<const ValType> types) {
  if (types.empty()) return true;
  if (!CheckTop(types)) return false;
  height_ -= std::min<size_t>(types.size(), height_ - Innermost().height);
  return true;
}

bool FunctionValidator::Retype(std::span<const ValType> types) {
  return HasExactly(types) || (PopAll(types) && PushAll(types));
}

std::span<const ValType> FunctionValidator::ParamsOf(const Frame& frame) const {
  if (frame.type == kNoIndex) return {};
  return module_.types.FuncType(frame.type).params;
}

std::span<const ValType> FunctionValidator::ResultsOf(const Frame& frame) const {
  if (frame.type != kNoIndex) return module_.types.FuncType(frame.type).results;
  return MakeSpan(&frame.result, frame.result == ValType() ? 0 : 1);
}

std::span<const ValType> FunctionValidator::LabelTypesOf(const Frame& frame) const {
  return frame.kind == FrameKind::kLoop ? ParamsOf(frame) : ResultsOf(frame);
}

// Opens a block whose parameters were popped.
bool FunctionValidator::PushFrame(FrameKind kind, CanonIdx type, ValType result) {
  // The frame of the function itself does not count.
  if (control_.size() > context_.limits.nesting) return sink_.FailLimit(LimitId::nesting, start_);
  Frame frame{kind, false, type, result, static_cast<uint32_t>(height_),
              static_cast<uint32_t>(newly_initialized_.size()), 0, 0};
  if (!Ok(branches_.AddLabel(frame.label))) return false;
  return Ok(control_.Push(frame));
}

void FunctionValidator::MarkUnreachable() {
  Frame& frame = Innermost();
  frame.is_unreachable = true;
  height_ = frame.height;
}

void FunctionValidator::ForgetInitialized(const Frame& frame) {
  while (newly_initialized_.size() > frame.initialized) initialized_[newly_initialized_.PopBack()] = 0;
}

bool FunctionValidator::TypeOfLocal(uint32_t index, ValType& type) {
  if (index >= local_count_) return Fail(ErrorCode::kUnknownLocal);
  if (index < locals_.size()) {
    type = locals_[index];
  } else if (index < type_.params.size()) {
    type = type_.params[index];
  } else {
    const auto run = std::upper_bound(runs_.begin(), runs_.end(), index,
                                      [](uint32_t i, const LocalRun& candidate) { return i < candidate.end; });
    type = run->type;
  }
  return true;
}

bool FunctionValidator::IsInitialized(uint32_t index) const {
  return index < type_.params.size() || initialized_[index] == function_number_;
}

}  // namespace sandbox
