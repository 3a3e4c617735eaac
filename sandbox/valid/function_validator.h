// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Validates function bodies (spec "Validation Algorithm"): operand stack and control stack are data, code that cannot
// be reached is polymorphic, nothing recurses. Along the way the side table and the greatest operand height come off.
//
// The loop over instructions keeps the position and the operand height in registers and decides the common cases of
// common instructions there. Everything else, errors included, is the business of the rules, which work on the members.
#ifndef SANDBOX_VALID_FUNCTION_VALIDATOR_H_
#define SANDBOX_VALID_FUNCTION_VALIDATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "sandbox/base/bytes.h"
#include "sandbox/base/vec.h"
#include "sandbox/binary/cursor.h"
#include "sandbox/binary/type_reader.h"
#include "sandbox/module/module_data.h"
#include "sandbox/syntax/opcode.h"
#include "sandbox/syntax/types.h"
#include "sandbox/valid/byte_rules.h"
#include "sandbox/valid/side_table_builder.h"
#include "sandbox/valid/validation_context.h"

namespace sandbox {

class FunctionValidator {
 public:
  // One validator serves all functions of a module: its stacks keep their memory.
  FunctionValidator(ValidationContext& context, Budget& budget)
      : context_(context),
        sink_(context.sink),
        module_(context.module),
        cursor_({}, 0, context.sink),
        operands_(budget),
        control_(budget),
        locals_(budget),
        runs_(budget),
        initialized_(budget),
        newly_initialized_(budget),
        branches_(budget) {}

  // Where the bodies lie: what the size of the side table is estimated from.
  void SetCodeSection(size_t begin, size_t end) {
    code_begin_ = begin;
    code_end_ = end;
  }

  // Validates the body that is all of `body` (local declarations, then instructions) and completes `record`, whose type
  // is set. Appends to the module's side table.
  [[nodiscard]] bool Validate(const Cursor& body, FunctionRecord& record);

 private:
  // v128 will take two operand entries, so that the height of the stack is its height in slots.
  static_assert(!kVectors);

  enum class FrameKind : uint8_t { kFunction, kBlock, kLoop, kIf, kElse };

  struct Frame {
    FrameKind kind;
    bool is_unreachable;
    CanonIdx type;         // kNoIndex: no parameters, `result` alone
    ValType result;        // kBottom: no result
    uint32_t height;       // of the operand stack below the block's parameters
    uint32_t initialized;  // size of newly_initialized_ at the start of the block
    uint32_t br_table;     // the last br_table that checked this label
    SideTableBuilder::LabelId label;  // an `if` has one more label: where to go when the condition is false
    uint32_t padding = 0;             // frames are indexed in the loop: a power of two
  };
  static_assert(sizeof(Frame) == 32);

  // Locals [previous run's end, end) have this type. Parameters are not among the runs, but counted.
  struct LocalRun {
    uint32_t end;
    ValType type;
  };

  // What the loop keeps in registers.
  struct Hot {
    ByteSpan code;   // the whole module: what follows the body may be read, but not used
    size_t position;
    std::span<ValType> stack;
    size_t height;
    size_t base;     // height of the innermost frame
    size_t max_height;
    std::span<const ValType> locals;  // the simple ones
  };

  bool Start(FunctionRecord& record);
  bool ReadLocals(FunctionRecord& record);
  bool ExpandLocals();
  bool Finish(FunctionRecord& record);

  // The loop and its fast cases, each of which returns false, nothing changed, when it is not one.
  bool Instructions();
  Hot Enter();
  bool Leave(const Hot& hot);
  Shape FastRun(Hot& hot, bool memory_is_32);
  bool FastBlock(Hot& hot, FrameKind kind, uint8_t type);
  bool FastEnd(Hot& hot);
  static bool FastSelect(Hot& hot);
  bool FastBranch(Hot& hot, size_t height, uint8_t depth);
  static bool Push(Hot& hot, ValType type);
  static bool HasTop(const Hot& hot, ValType type);
  static bool HasTop(const Hot& hot, ValType lower, ValType upper);
  static bool LocalOf(const Hot& hot, uint64_t word, ValType& type, size_t& size);
  static size_t MemargSize(Encoded instruction, unsigned access_log2);

  // The rules. Each is at the instruction that begins at start_, its opcode read.
  bool Rule();
  bool ReadOp(Op& op);
  bool ControlRule(Op op);
  bool CallRule(Op op);
  bool VariableRule(Op op);
  bool ReferenceRule(Op op);
  bool TableRule(Op op);
  bool SignatureRule(Op op);  // every instruction whose types are those of its signature
  bool ReadImmediates(Op op, ValType& address);

  bool Block(FrameKind kind);
  bool Else();
  bool End();
  bool Br();
  bool BrIf();
  bool BrTable();
  bool BrOnNull();
  bool BrOnNonNull();
  bool Return();
  bool Select();
  bool SelectTyped();
  bool Call(CanonIdx type, bool is_tail_call);
  bool AreResults(std::span<const ValType> types);
  bool CallFunction(bool is_tail_call);
  bool CallIndirect(bool is_tail_call);
  bool CallRef(bool is_tail_call);
  bool LocalGet();
  bool LocalSet(bool keeps_operand);
  bool Global(bool is_set);
  bool RefNull();
  bool RefFunc();
  bool MemoryCopy();
  bool TableInit();
  bool TableCopy();
  bool ReadMemarg(unsigned access_log2, ValType& address);
  bool ReadMemory(ValType& address);
  bool ReadTable(const TableType*& table);
  bool ReadData();
  bool ReadElement(const ElementSegment*& segment);

  // The stacks. Pops fail with kTypeMismatch; pushes with the operand_stack limit or for lack of memory.
  bool Fail(ErrorCode code) { return sink_.Fail(code, start_); }
  bool Ok(const Result<void>& result) { return context_.Ok(result, start_); }
  bool Matches(ValType sub, ValType super) const { return sub == super || module_.types.Matches(sub, super); }
  bool GrowOperands(size_t height);
  bool Push(ValType type);
  bool PushAll(std::span<const ValType> types);
  bool Pop(ValType type);
  bool PopAny(ValType& type);
  bool PopRef(HeapType& heap);  // kBottom in unreachable code
  bool PopAll(std::span<const ValType> types);
  bool HasExactly(std::span<const ValType> types) const;
  bool CheckTop(std::span<const ValType> types);  // as popping them and pushing what was there
  bool Retype(std::span<const ValType> types);    // as popping and pushing them

  Frame& Innermost() { return control_[control_.size() - 1]; }
  std::span<const ValType> ParamsOf(const Frame& frame) const;
  std::span<const ValType> ResultsOf(const Frame& frame) const;
  std::span<const ValType> LabelTypesOf(const Frame& frame) const;
  bool IsIdentity(const Frame& frame) const;
  bool PushFrame(FrameKind kind, CanonIdx type, ValType result);
  void MarkUnreachable();
  void ForgetInitialized(const Frame& frame);
  bool ReadLabel(Frame*& frame);
  bool AddBranch(const Frame& frame);

  bool TypeOfLocal(uint32_t index, ValType& type);
  bool IsInitialized(uint32_t index) const;

  ValidationContext& context_;
  ErrorSink& sink_;
  ModuleData& module_;
  Cursor cursor_;
  size_t code_begin_ = 0;
  size_t code_end_ = 0;
  size_t start_ = 0;   // of the instruction at hand
  size_t height_ = 0;  // of the operand stack
  size_t max_height_ = 0;
  Vec<ValType> operands_;  // all of its size is storage; the stack is its first height_ elements
  Vec<Frame> control_;
  FuncTypeView type_;
  Vec<ValType> locals_;  // the types of the first locals, as many as the body has bytes
  size_t simple_locals_ = 0;  // as many of them are parameters or have a default value
  Vec<LocalRun> runs_;
  uint32_t local_count_ = 0;
  Vec<uint32_t> initialized_;        // for each local: the number of the function that has initialized it
  Vec<uint32_t> newly_initialized_;  // locals to forget at the end of a block
  uint32_t function_number_ = 0;
  uint32_t br_table_number_ = 0;
  SideTableBuilder branches_;
};

}  // namespace sandbox

#endif  // SANDBOX_VALID_FUNCTION_VALIDATOR_H_
