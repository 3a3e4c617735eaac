// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A slow, separate reading of what a side table must say, for tests: walks a valid function's code and follows every
// branch. Knows nothing of how the validator makes the table.
#ifndef TESTS_VALID_SIDE_TABLE_ORACLE_H_
#define TESTS_VALID_SIDE_TABLE_ORACLE_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/binary/cursor.h"
#include "sandbox/module/module_data.h"
#include "sandbox/module/side_table.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::testing {

class SideTableOracle {
 public:
  SideTableOracle(const ModuleData& module, size_t function)
      : module_(module), record_(module.functions[function]), cursor_(module.bytes, record_.code_begin) {
    const bool is_last = function + 1 == module.functions.size();
    words_end_ = is_last ? module.side_table.size() : module.functions[function + 1].side_table;
    word_ = record_.side_table;
  }

  // "" or what is wrong.
  std::string Check() {
    const FuncTypeView type = module_.types.FuncType(record_.type);
    frames_.push_back({Op::kNop, 0, 0, type.results.size(), 0, false});
    while (!frames_.empty() && problem_.empty()) Step();
    if (!problem_.empty()) return problem_;
    if (cursor_.position() != record_.code_end) return "code_end";
    if (word_ != words_end_) return "number of words";
    if (max_height_ > record_.operand_slots) return "operand_slots";
    for (const Jump& jump : jumps_) {
      const auto target = word_at_.find(jump.target);
      if (target == word_at_.end()) return "target is no instruction: " + std::to_string(jump.target);
      if (target->second != jump.word) return "table position at " + std::to_string(jump.pc);
    }
    return "";
  }

 private:
  struct Frame {
    Op op;
    size_t height;
    size_t params;
    size_t results;
    size_t loop_target;
    bool is_dead;
    std::vector<size_t> jumps = {};    // to its end, by number
    std::optional<size_t> else_jump = {};
  };
  struct Jump {
    size_t pc;
    size_t target;  // as the entry says
    size_t word;    // as the entry says
  };

  void Problem(const std::string& what) {
    if (problem_.empty()) problem_ = what + " at byte " + std::to_string(pc_);
  }

  // The entry at word_; moves behind it.
  SideTableEntry ReadEntry() {
    SideTableEntry entry;
    if (word_ >= words_end_) return Problem("too few words"), entry;
    const size_t start = word_;
    const uint32_t word = module_.side_table[start];
    if (start + side_table::WordsOf(word) > words_end_) return Problem("cut entry"), entry;
    word_ += side_table::WordsOf(word);
    if (side_table::IsWide(word)) {
      entry.pc_delta = side_table::WidePcDelta(word);
      entry.table_delta = static_cast<int32_t>(module_.side_table[start + 1]);
      entry.keep = side_table::WideKeep(module_.side_table[start + 2]);
      entry.drop = side_table::WideDrop(module_.side_table[start + 2]);
    } else {
      entry = {side_table::NarrowPcDelta(word), side_table::NarrowTableDelta(word), side_table::NarrowKeep(word),
               side_table::NarrowDrop(word)};
    }
    jumps_.push_back({pc_, pc_ + static_cast<size_t>(int64_t{entry.pc_delta}),
                      start + static_cast<size_t>(int64_t{entry.table_delta})});
    return entry;
  }

  void Branch(uint32_t depth, size_t height, bool is_dead) {
    Frame& frame = frames_[frames_.size() - 1 - depth];
    const bool is_function = depth + 1 == frames_.size();
    const bool is_loop = frame.op == Op::kLoop;
    const size_t arity = is_loop ? frame.params : frame.results;
    const SideTableEntry entry = ReadEntry();
    if (!problem_.empty()) return;
    if (entry.keep != arity) Problem("keep");
    if (!is_dead && entry.drop != (is_function ? 0 : height - arity - frame.height)) Problem("drop");
    if (is_loop && jumps_.back().target != frame.loop_target) Problem("loop target");
    if (!is_loop) frame.jumps.push_back(jumps_.size() - 1);
  }

  void Pop(size_t count) {
    const Frame& frame = frames_.back();
    height_ -= frame.is_dead ? std::min(count, height_ - frame.height) : count;
  }
  void Push(size_t count) {
    height_ += count;
    max_height_ = std::max(max_height_, height_);
  }
  void Die() {
    frames_.back().is_dead = true;
    height_ = frames_.back().height;
  }

  void Call(FuncTypeView type) {
    Pop(type.params.size());
    Push(type.results.size());
  }
  FuncTypeView TypeAt(uint32_t index) { return module_.types.FuncType(module_.type_index[index]); }

  void Begin(Op op) {
    if (op == Op::kIf) Pop(1);
    Frame frame{op, 0, 0, 0, 0, false};
    // A block type: one byte that is negative, a reference type of more, or an index.
    const uint8_t first = module_.bytes[cursor_.position()];
    if (first == 0x40 || (first >= 0x69 && first < 0x80)) {
      cursor_.ReadByte();
      frame.results = first == 0x40 ? 0 : 1;
    } else if (first == 0x63 || first == 0x64) {
      cursor_.ReadByte();
      (void)cursor_.ReadS64();
      frame.results = 1;
    } else {
      const FuncTypeView type = TypeAt(static_cast<uint32_t>(cursor_.ReadS64()));
      frame.params = type.params.size();
      frame.results = type.results.size();
    }
    Pop(frame.params);
    frame.height = height_;
    frame.loop_target = cursor_.position();
    if (op == Op::kIf) {
      (void)ReadEntry();
      frame.else_jump = jumps_.size() - 1;
    }
    frames_.push_back(frame);
    Push(frame.params);
  }

  void Else() {
    (void)ReadEntry();
    Frame& frame = frames_.back();
    frame.jumps.push_back(jumps_.size() - 1);
    if (problem_.empty() && jumps_[*frame.else_jump].target != cursor_.position()) Problem("else target");
    frame.else_jump.reset();
    frame.is_dead = false;
    height_ = frame.height;
    Push(frame.params);
  }

  void End() {
    Frame frame = frames_.back();
    frames_.pop_back();
    if (frame.else_jump) frame.jumps.push_back(*frame.else_jump);
    const size_t target = frames_.empty() ? pc_ : cursor_.position();
    for (const size_t jump : frame.jumps) {
      if (jumps_[jump].target != target) Problem("target of the branch at " + std::to_string(jumps_[jump].pc));
    }
    height_ = frame.height;
    Push(frame.results);
  }

  void BrTable() {
    Pop(1);
    const uint32_t count = cursor_.ReadU32();
    const bool is_dead = frames_.back().is_dead;
    const size_t start = word_;
    for (uint64_t i = 0; i <= count && problem_.empty(); ++i) Branch(cursor_.ReadU32(), height_, is_dead);
    if (!problem_.empty()) return;
    const size_t width = side_table::WordsOf(module_.side_table[start]);
    if (word_ - start != (uint64_t{count} + 1) * width) return Problem("br_table of two widths");
    Die();
  }

  void Step() {
    pc_ = cursor_.position();
    word_at_[pc_] = word_;
    const uint8_t byte = cursor_.ReadByte();
    const Op op = IsPrefix(byte) ? *OpFromEncoding(byte, cursor_.ReadU32()) : OpFromByte(byte);
    switch (op) {
      case Op::kBlock:
      case Op::kLoop:
      case Op::kIf: return Begin(op);
      case Op::kElse: return Else();
      case Op::kEnd: return End();
      case Op::kBrTable: return BrTable();
      case Op::kBr: Branch(cursor_.ReadU32(), height_, frames_.back().is_dead); return Die();
      case Op::kBrIf:
        Pop(1);
        return ConditionalBranch(height_);
      case Op::kBrOnNull:
        Pop(1);
        ConditionalBranch(height_);
        return Push(1);
      case Op::kBrOnNonNull:
        ConditionalBranch(height_);
        return Pop(1);
      case Op::kUnreachable:
      case Op::kReturn: return Die();
      default: break;
    }
    const std::vector<uint32_t> immediates = Immediates(InfoOf(op).immediates);
    switch (op) {
      case Op::kCall: return Call(module_.types.FuncType(module_.FunctionType(immediates[0])));
      case Op::kCallIndirect:
      case Op::kCallRef:
        Pop(1);
        return Call(TypeAt(immediates[0]));
      case Op::kReturnCall:
      case Op::kReturnCallIndirect:
      case Op::kReturnCallRef: return Die();
      case Op::kDrop:
      case Op::kLocalSet:
      case Op::kGlobalSet: return Pop(1);
      case Op::kSelect:
      case Op::kSelectTyped: return Pop(2);
      case Op::kLocalGet:
      case Op::kGlobalGet:
      case Op::kRefNull:
      case Op::kRefFunc:
      case Op::kTableSize: return Push(1);
      case Op::kTableGrow: return Pop(1);
      case Op::kTableSet: return Pop(2);
      case Op::kMemoryCopy:
      case Op::kTableInit:
      case Op::kTableCopy:
      case Op::kTableFill: return Pop(3);
      case Op::kLocalTee:
      case Op::kTableGet:
      case Op::kRefIsNull:
      case Op::kRefAsNonNull: return;
      default: break;
    }
    if (InfoOf(op).signature.by_hand()) return Problem(std::string("unknown instruction ") + std::string(TextOf(op)));
    Pop(InfoOf(op).signature.param_count());
    Push(InfoOf(op).signature.result() == Operand::kNone ? 0 : 1);
  }

  // The operands of the label stay; in dead code they come into being.
  void ConditionalBranch(size_t height) {
    const uint32_t depth = cursor_.ReadU32();
    Branch(depth, height, frames_.back().is_dead);
    if (!problem_.empty() || !frames_.back().is_dead) return;
    const Frame& label = frames_[frames_.size() - 1 - depth];
    const size_t arity = label.op == Op::kLoop ? label.params : label.results;
    height_ = std::max(height_, frames_.back().height + arity);
  }

  std::vector<uint32_t> Immediates(Immediate kind) {
    const auto numbers = [&](size_t count) {
      std::vector<uint32_t> result;
      for (size_t i = 0; i < count; ++i) result.push_back(cursor_.ReadU32());
      return result;
    };
    switch (kind) {
      case Immediate::kNone: return {};
      case Immediate::kFunc:
      case Immediate::kType:
      case Immediate::kLocal:
      case Immediate::kGlobal:
      case Immediate::kTable:
      case Immediate::kMemory:
      case Immediate::kData:
      case Immediate::kElem: return numbers(1);
      case Immediate::kTypeTable:
      case Immediate::kTwoMemories:
      case Immediate::kDataMemory:
      case Immediate::kElemTable:
      case Immediate::kTwoTables: return numbers(2);
      case Immediate::kI32:
      case Immediate::kI64:
      case Immediate::kHeapType: (void)cursor_.ReadS64(); return {};
      case Immediate::kF32: (void)cursor_.ReadBits32(); return {};
      case Immediate::kF64: (void)cursor_.ReadBits64(); return {};
      case Immediate::kSelect: {
        (void)cursor_.ReadU32();
        const uint8_t form = cursor_.ReadByte();
        if (form == 0x63 || form == 0x64) (void)cursor_.ReadS64();
        return {};
      }
      case Immediate::kMemarg: {
        const uint32_t flags = cursor_.ReadU32();
        if ((flags & 0x40) != 0) (void)cursor_.ReadU32();
        (void)cursor_.ReadU64();
        return {};
      }
      default: Problem("unknown immediates"); return {};
    }
  }

  const ModuleData& module_;
  const FunctionRecord& record_;
  TrustedCursor cursor_;
  size_t words_end_ = 0;
  size_t word_ = 0;
  size_t pc_ = 0;
  size_t height_ = 0;
  size_t max_height_ = 0;
  std::vector<Frame> frames_;
  std::vector<Jump> jumps_;
  std::map<size_t, size_t> word_at_;  // byte of an instruction -> word of the table
  std::string problem_;
};

// "" or what is wrong with the side table of a module.
inline std::string CheckSideTable(const ModuleData& module) {
  for (size_t i = 0; i < module.functions.size(); ++i) {
    const std::string problem = SideTableOracle(module, i).Check();
    if (!problem.empty()) return "function " + std::to_string(i) + ": " + problem;
  }
  return "";
}

}  // namespace sandbox::testing

#endif  // TESTS_VALID_SIDE_TABLE_ORACLE_H_
