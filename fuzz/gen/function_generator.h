// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// One valid function body: a walk that keeps the types of the operand stack and of the labels, as validation does.
#ifndef FUZZ_GEN_FUNCTION_GENERATOR_H_
#define FUZZ_GEN_FUNCTION_GENERATOR_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_plan.h"
#include "sandbox/syntax/opcode.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {

using Types = std::vector<ValType>;

// The numeric instructions that this build has, with and without those that mention floats.
const std::vector<Op>& NumericRows(bool with_floats);
// Loads and stores, likewise.
const std::vector<Op>& AccessRows(bool with_floats);
Types ParamsOf(const OpInfo& info, ValType address);
ValType TypeOf(Operand operand, ValType address);
bool Divides(Op op);
bool TruncatesWithTrap(Op op);

class FunctionGenerator {
 public:
  FunctionGenerator(ByteSource& source, const ModulePlan& plan, uint32_t function);

  void Generate();
  const testing::Bytes& code() const { return code_.bytes(); }
  const std::vector<std::pair<uint32_t, ValType>>& locals() const { return declared_locals_; }

 private:
  static constexpr uint32_t kCounters = 7;

  struct Label {
    Types params;
    Types results;
    size_t base = 0;          // operands below belong to the blocks around it
    Op op = Op::kBlock;
    bool is_unreachable = false;
    bool is_counted = false;  // a loop within a block, both closed together
    const Types& branch_types() const { return op == Op::kLoop ? params : results; }
  };

  // --- Encoding (operands.cc) ---
  // An instruction and its unsigned immediates, sometimes longer than they need be.
  testing::Code& Emit(Op op, std::initializer_list<uint64_t> immediates = {});
  void EmitI32(int32_t value) { EmitInteger(value, 5); }
  void EmitI64(int64_t value) { EmitInteger(value, 10); }
  void EmitInteger(int64_t value, size_t most_bytes);
  void EmitNull(HeapType heap);

  // --- Operands (operands.cc) ---
  void Push(ValType type) { stack_.push_back(type); }
  void Push(const Types& types) { stack_.insert(stack_.end(), types.begin(), types.end()); }
  void Pop(size_t count) { stack_.resize(stack_.size() - count); }
  bool TopIs(const Types& types) const;
  // Sees to it that operands of these types lie on top of the stack: those that are there, or new ones.
  void Require(const Types& types);
  // Pushes a new operand.
  void Make(ValType type);
  void MakeConst(ValType type) { MakeConst(type, source_.BitsOf(type)); }
  void MakeConst(ValType type, uint64_t bits);
  void MakeRef(ValType type);
  // A function that ref.func may name, of that type (kNoIndex: of any) and not that one, or kNoIndex.
  uint32_t DeclaredFunction(uint32_t type, uint32_t but = kNoIndex);
  // Makes a NaN on top of the stack, where this instruction left it, the canonical one, if that is asked for.
  void Canonicalize(Op op);
  bool GetLocal(ValType type);
  std::optional<uint32_t> SomeLocal(ValType type);
  // Takes the topmost operand away: into a local or a global of its type, where it can be seen, or for good.
  void Consume();
  bool GetGlobal(ValType type);
  // Makes an index below about `size` on the stack, in an index type; any number when traps are wanted.
  void MakeIndex(uint64_t size, bool is_64);

  // --- Edges (edges.cc) ---
  // An access that begins or ends within eight bytes of where the memory ends, before or after it grew.
  void EdgeAccess();
  void EdgeBulk();
  // Makes "size of the memory in bytes, plus `delta`".
  void MakeEnd(uint32_t memory, int64_t delta);
  // The whole body: one instruction on parameters and constants.
  void Probe(Op op);
  bool RareOperands(const OpInfo& info);
  void ProbeOperands(const OpInfo& info);
  void Reference();

  // --- Expressions (expressions.cc) ---
  // A local that a loop uses much. Nobody but the loop itself writes one that is kept; one that is small is an address.
  struct Hot {
    uint32_t local = kNoIndex;
    ValType type;
    bool is_kept = false;
    bool is_small = false;
  };
  bool IsKept(uint32_t local) const;
  std::optional<uint32_t> HotLocal(ValType type, bool is_written);
  bool HasPlainMemory() const;
  Op OpFor(ValType type);
  Op AnyCondition();
  void Tree(ValType type, uint32_t depth, bool is_exact = true);
  void ChainLeaf(ValType type);
  Op TermOp(ValType type);
  void Chained(ValType type, bool is_exact);
  void SmallNumber();
  void SmallTree();
  void PlainAddress();
  void JoinedAddress();
  void HotAddress();
  void HotMemarg(Op op);
  bool LoadHot(ValType type);
  void HotAccess();
  void StoreComputed();
  void StoreKept();
  void StoreFinite();
  void Keep();

  // --- Tight loops (tight_loops.cc) ---
  // What the counter does: from start, in steps, as long as it compares with the limit.
  struct Rounds {
    int64_t start = 0;
    int64_t step = 1;
    int64_t limit = 0;
    uint32_t compare = 0;  // eq, ne, lt_s, ...
    bool is_64 = false;
    bool is_small = false;
    bool is_limit_first = false;
    uint32_t counter = kNoIndex;
    uint32_t limit_local = kNoIndex;  // if any: has the limit
    uint32_t next = kNoIndex;         // if any: gets the sum, and the counter that when the next round begins
    uint32_t step_local = kNoIndex;   // if any: has the step
  };
  uint32_t RoundsOf(const Rounds& rounds) const;
  Rounds AnyRounds();
  void EmitNumber(int64_t value, bool is_64) { is_64 ? EmitI64(value) : EmitI32(static_cast<int32_t>(value)); }
  void CompareRound(const Rounds& rounds, bool is_on_stack);
  void StepRound(const Rounds& rounds, bool keeps);
  void EndRound(const Rounds& rounds, uint32_t depth);
  void BranchRound(const Rounds& rounds, uint32_t depth);
  void ChooseHot(const Rounds& rounds);
  void ReadMuch();
  void AddToHot();
  void MoveSmall();
  void Aside();
  void SteppedCondition();
  void LeaveWithValue();
  void TightStep(const Rounds& rounds);
  void TightLoop();

  // --- Shapes (shapes.cc): code as compilers make it and register allocators fear it, balanced in itself ---
  struct BlockShape {
    Types results;
    uint32_t type = kNoIndex;
  };
  void Shape();
  void LocalArithmetic();
  void LocalHazard();
  void Condition();
  void JoinedCondition();
  void SelectChain();
  void CompareAndBranch();
  void ValuedBranches();
  void ManyOperands();
  void HotLoop();
  void LoopWithValues();
  void BranchTableLoop();
  void LoopBody();
  void CallAndKeep();
  void DeepNest();
  void CallMyself();
  BlockShape AnyShape();
  void Open(Op op, const BlockShape& shape);
  void CountRound(uint32_t counter);

  // --- Instructions (instructions.cc) ---
  void Step();
  void Numeric();
  void LoadOrStore();
  void MakeGrowth(const Limits& limits);
  void MemoryOperation();
  void TableOperation();
  void CopyTable(uint32_t table);
  void ReferenceOperation();
  void Variable();
  void Parametric();
  void LongJump();
  void Memarg(const Limits& memory, uint32_t memory_index, uint8_t access_log2);
  void MemargAt(uint32_t memory_index, uint8_t access_log2, uint64_t offset);
  void OverlappingCopy(uint32_t memory);
  Op AnyNumeric();
  // Keeps a division from trapping on zero.
  void GuardDivisor(Op op);

  // --- Control (control.cc) ---
  void Control();
  void BeginBlock(Op op);
  void EndBlock();
  void CloseWithResults();
  void Branch();
  void MakeLabelIndex(uint32_t labels);
  void BranchTable();
  void BranchOnReference();
  void Return();
  void CountDown();
  // A loop that ends after some rounds whatever its body does.
  void BeginCountedLoop();
  // Whether control may leave for good here: where that is too often, bodies are short.
  bool MayLeave();
  void AfterUnconditional();
  void CallSomething();
  void TailCall();
  void Forward();
  uint32_t AnyLabel();
  uint32_t AnyCallee();
  bool MayTrapBySelf(uint32_t function) const;
  // A table of functions and a place in it, where a function of the type will be found.
  void IndirectCallee(uint32_t function, bool is_tail);
  // Whatever lies on top of the stack, of i32, becomes this number by computing.
  void ComputeNumber(uint32_t number);
  bool HasNonNullLocal() const { return plan_.options.typed_references && plan_.swarm.references; }
  uint32_t NonNullLocal() const {
    return static_cast<uint32_t>(locals_.size()) + (plan_.options.canonical_nans ? 2 : 0);
  }
  uint32_t CounterLocal(uint32_t i) const { return NonNullLocal() + (HasNonNullLocal() ? 1 : 0) + i; }
  Label& LabelAt(uint32_t depth) { return labels_[labels_.size() - 1 - depth]; }

  ByteSource& source_;
  const ModulePlan& plan_;
  const uint32_t function_;
  const FunctionType& type_;
  // Alone in its function, an instruction may trap at no cost.
  const bool is_dense_probe_;
  const bool may_trap_;
  testing::Code code_;
  Types locals_;  // those that instructions may choose; behind them two for NaNs, one non-null, the counters of loops
  std::vector<std::pair<uint32_t, ValType>> declared_locals_;
  Types stack_;
  std::vector<Label> labels_;
  uint32_t counters_ = 0;  // of counted loops that are open
  std::vector<Hot> hot_;   // of tight loops that are open
  size_t floor_ = 1;       // labels that stay open until the instructions run out
  uint32_t budget_;        // instructions still to be chosen
};

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_FUNCTION_GENERATOR_H_
