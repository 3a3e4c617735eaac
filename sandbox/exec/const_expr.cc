// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/exec/const_expr.h"

#include "sandbox/numeric/int.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox {
namespace {

// The operand stack of one evaluation.
class Operands {
 public:
  explicit Operands(std::span<Slot> cells) : cells_(cells) {}

  void Push(Slot value) {
    SANDBOX_CHECK(height_ < cells_.size());
    cells_[height_++] = value;
  }
  Slot Pop() {
    SANDBOX_CHECK(height_ > 0);
    return cells_[--height_];
  }

  // Replaces the two topmost operands by their combination.
  template <typename T>
  void Combine(T (*combine)(T, T)) {
    const T right = static_cast<T>(Pop());
    const T left = static_cast<T>(Pop());
    Push(SlotOf(combine(left, right)));
  }

 private:
  std::span<Slot> cells_;
  size_t height_ = 0;
};

}  // namespace

Slot EvaluateConstExpr(Instance& instance, Pc& pc) {
  Operands operands(instance.operands.span());
  while (true) {
    const Op op = OpFromByte(pc.Byte());
    pc.Skip(1);
    // Validation lets nothing else through, so this is no switch over all of Op.
    if (op == Op::kEnd) return operands.Pop();
    if (op == Op::kI32Const) {
      operands.Push(SlotOf(static_cast<uint32_t>(pc.S32())));
    } else if (op == Op::kI64Const) {
      operands.Push(SlotOf(static_cast<uint64_t>(pc.S64())));
    } else if (op == Op::kF32Const) {
      operands.Push(pc.Read<uint32_t>());
    } else if (op == Op::kF64Const) {
      operands.Push(pc.Read<uint64_t>());
    } else if (op == Op::kGlobalGet) {
      operands.Push(instance.globals[pc.U32()]->object.value);
    } else if (op == Op::kRefFunc) {
      operands.Push(RefOfAddress(instance.AddressOf(pc.U32())));
    } else if (op == Op::kRefNull) {
      pc.SkipLeb();  // the heap type: all nulls are one
      operands.Push(kNullRef);
    } else if (op == Op::kI32Add) {
      operands.Combine<uint32_t>(numeric::I32Add);
    } else if (op == Op::kI32Sub) {
      operands.Combine<uint32_t>(numeric::I32Sub);
    } else if (op == Op::kI32Mul) {
      operands.Combine<uint32_t>(numeric::I32Mul);
    } else if (op == Op::kI64Add) {
      operands.Combine<uint64_t>(numeric::I64Add);
    } else if (op == Op::kI64Sub) {
      operands.Combine<uint64_t>(numeric::I64Sub);
    } else {
      SANDBOX_CHECK(op == Op::kI64Mul);
      operands.Combine<uint64_t>(numeric::I64Mul);
    }
  }
}

Slot EvaluateConstExpr(Instance& instance, const ConstExpr& expression) {
  Pc pc = Pc::At(instance.module->bytes, expression.code.begin);
  return EvaluateConstExpr(instance, pc);
}

void EvaluateElements(Instance& instance, const ElementSegment& segment, std::span<Ref> items) {
  SANDBOX_CHECK(items.size() == segment.count);
  Pc pc = Pc::At(instance.module->bytes, segment.items.begin);
  for (Ref& item : items) {
    item = segment.has_expressions ? static_cast<Ref>(EvaluateConstExpr(instance, pc))
                                   : RefOfAddress(instance.AddressOf(pc.U32()));
  }
}

}  // namespace sandbox
