// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Translates validated functions to register code in one forward pass.
//
// Frames look as in place: locals, one spare cell, operands. An operand that nothing has forced into its slot yet is
// remembered instead of computed: `local.get` and constants emit nothing and become operands of what uses them, `local.set`
// redirects the result of the instruction before it, a comparison joins the branch behind it. At branches, labels and calls
// all operands are put into their slots (Flush), so that every way to a label agrees, and so that the in-place tier can
// take over there.
#ifndef SANDBOX_FAST_TRANSLATOR_H_
#define SANDBOX_FAST_TRANSLATOR_H_

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "sandbox/base/vec.h"
#include "sandbox/fast/chains.h"
#include "sandbox/fast/instruction.h"
#include "sandbox/fast/loop_plan.h"
#include "sandbox/fast/opcode.h"
#include "sandbox/fast/regions.h"
#include "sandbox/module/module_data.h"
#include "sandbox/module/translated.h"

namespace sandbox::fast {

// Halfwords: how many the code of a function gets when it has `size` and more of them, `needed`, are needed. 0 when code
// does not get as large as that.
uint64_t GrownCodeSize(uint64_t needed, uint64_t size);

class Translator {
 public:
  // One translator serves many functions: its stacks keep their memory.
  Translator(const ModuleData& module, Budget& budget) noexcept;

  // Fills `out`, which may have served before. False: the function runs in place (it is beyond what an encoding holds, or
  // memory was refused); `out` is of no use then. Time and memory: linear in the size of the body.
  [[nodiscard]] bool Translate(uint32_t number, FunctionCode& out);

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  // kSum: i32 of a local plus bits; kShifted: of a local shifted left, plus bits.
  enum class Kind : uint8_t { kSlot, kLocal, kConst, kSum, kShifted };
  static constexpr bool IsLazy(Kind kind) { return kind == Kind::kSum || kind == Kind::kShifted; }
  // Which accumulator: of integers (and of references), of floats.
  enum Bank : uint8_t { kInt, kFloat };

  // An operand of the module's code that nobody has used yet.
  struct Entry {
    Kind kind = Kind::kSlot;
    bool is_linked = false;       // in the list of its local
    uint8_t shift = 0;
    uint32_t local = 0;
    uint32_t next = kNone;        // the next entry down with that local
    uint32_t producer = kNone;    // halfword of the instruction that made it, if the result need not be in the slot
    uint64_t bits = 0;            // of a constant, or added to a local
  };

  // Where the value of an operand is found.
  struct Place {
    Src src = Src::kSlot;
    uint16_t slot = 0;
    uint64_t bits = 0;
  };

  // What an accumulator holds, besides.
  struct Bankful {
    uint32_t entry = kNone;  // the value of this entry of the stack
    uint32_t local = kNone;  // the value of this local
  };

  // An instruction of two operands that was emitted, for the one behind it, which may do its work, too.
  struct Computed {
    uint32_t at = kNone;
    uint32_t end = kNone;
    Op op = kInvalidOp;
    uint16_t slot = 0;  // of its result
    // As they are found, whether the instruction has forms for pins or not.
    Place first;
    Place second;
    // One instruction does what this says and what the one before it says, which gives one operand.
    bool is_chain = false;

    // Nothing was computed.
    void Forget() {
      at = end = kNone;
      op = kInvalidOp;
    }
    bool IsSum() const { return op == Op::kI32Add && second.src == Src::kConst; }
    bool IsShift() const { return op == Op::kI32Shl && second.src == Src::kConst; }
  };

  // The last four in a row, the last one first; at: kNone where there is none. A field of a number, scaled and added to, is that.
  class Recent {
   public:
    Computed& operator[](size_t i) { return items_[PlaceOf(i)]; }
    const Computed& operator[](size_t i) const { return items_[PlaceOf(i)]; }
    void Forget() {
      for (Computed& item : items_) item.Forget();
    }
    // One more, to be filled in: the first one is forgotten.
    Computed& Next() {
      newest_ = (newest_ + 1) % items_.size();
      return items_[newest_];
    }
    // The last one goes.
    void Retract() {
      items_[newest_].Forget();
      newest_ = PlaceOf(1);
    }

   private:
    size_t PlaceOf(size_t i) const { return (newest_ + items_.size() - i) % items_.size(); }

    std::array<Computed, 4> items_;
    size_t newest_ = 0;
  };

  enum class BlockKind : uint8_t { kFunction, kBlock, kLoop, kIf, kElse };
  struct Block {
    BlockKind kind;
    uint32_t height = 0;         // of the operand stack below the parameters
    uint32_t params = 0;
    uint32_t results = 0;
    uint32_t fixups = kNone;     // branches to the label, which lies ahead
    uint32_t otherwise = kNone;  // the branch over an `if` without `else` so far
    uint32_t code = 0;           // of a loop: its first halfword
    uint32_t loop = kNone;       // ... and the number of its cost
    bool has_pins = false;       // ... and whether locals are pinned in it
    bool is_reached_in_place = false;  // the label may be arrived at by the in-place tier

    bool has_label() const { return fixups != kNone || otherwise != kNone || is_reached_in_place; }
  };

  // A br_table in the code. Its last entry is the default's.
  struct LabelTable {
    uint32_t instruction;  // halfword from which displacements count
    uint32_t entries;      // halfword of the first
    uint32_t labels;       // one less than there are entries
  };
  struct Fixup {
    uint32_t instruction;  // halfword from which the displacement counts
    uint32_t target;       // halfword of the displacement
    uint32_t cost;         // halfword of the cost
    uint32_t next;
  };
  // A cost that is known when the region ends.
  struct Pending {
    uint32_t at;     // halfword, or number of a loop
    uint32_t start;  // the counter where the region begins
    bool is_loop;
  };

  // What any instruction but br_table takes at most, in halfwords, and an operand of it.
  static constexpr size_t kMaxLine = 16;
  static constexpr size_t kMaxOperand = 4;

  // One instruction while it is written, for those that there are most of: room is looked for once.
  class Line {
   public:
    explicit Line(std::span<uint16_t> room) : room_(room.first<kMaxLine>()) {}
    size_t size() const { return size_; }
    void Put16(uint16_t value) { room_[size_++] = value; }
    void Put32(uint32_t value) {
      Put16(static_cast<uint16_t>(value));
      Put16(static_cast<uint16_t>(value >> 16));
    }
    void Put(const Place& place, Operand type);
    // A branch's target and cost, not known yet.
    void PutTarget() {
      Put32(0);
      Put16(0);
    }

   private:
    std::span<uint16_t, kMaxLine> room_;
    size_t size_ = 0;
  };

  // --- Code (translator_emit.cc) ---
  bool Fail() {
    is_ok_ = false;
    return false;
  }
  template <typename T>
  bool Append(Vec<T>& to, const T& value) {
    return to.PushIfRoom(value) || Ok(to.Push(value));
  }
  bool Ok(const Result<void>& result) { return result.has_value() || Fail(); }
  uint32_t here() const { return end_; }
  // Room for so many halfwords more. False: memory is refused, or these are more than kMaxCodeSize, and nothing may be written.
  bool GrowCode(size_t more);
  bool HasRoom() { return code_.size() - end_ >= kMaxLine || GrowCode(kMaxLine); }
  // Where there is room: the instruction begins, ends and is the last one, whose place is the result.
  Line Open(uint16_t opcode) {
    Line line(code_.subspan(end_));
    line.Put16(opcode);
    return line;
  }
  uint32_t Close(const Line& line) {
    before_last_ = std::exchange(last_, end_);
    end_ += static_cast<uint32_t>(line.size());
    return last_;
  }
  uint32_t Begin(uint16_t opcode);
  // What was emitted last is not to be changed by what comes.
  void Seal() {
    last_ = before_last_ = exposed_ = load_.at = kNone;
    computed_.Forget();
  }
  void Put16(uint32_t value);
  void Put32(uint32_t value);
  void Put64(uint64_t value);
  void PutOperand(const Place& place, Operand type);
  void PutTarget();
  void EmitCopy(uint16_t to, uint16_t from);
  // What was written there, and something else instead. Where memory was refused there is nothing: no instruction, and a failure.
  uint16_t CodeAt(uint32_t at) const { return at < here() ? code_[at] : uint16_t{kReturnStub}; }
  void Patch16(uint32_t at, uint32_t value);
  void Patch32(uint32_t at, uint32_t value);

  // --- The operand stack (translator_stack.cc) ---
  uint32_t height() const { return static_cast<uint32_t>(stack_.size()); }
  uint16_t Home(uint32_t entry) const { return static_cast<uint16_t>(first_operand_ + entry); }
  void Push(const Entry& entry);
  void PushSlot();
  void PushResult(uint32_t producer, Bank bank);
  void PushLocal(uint32_t index);
  void PushConst(uint64_t bits);
  Entry Pop();
  void DropTop();
  void PopMany(uint32_t count);
  // Where the topmost operand is, for an instruction that wants it in this bank; it is popped. A constant that does not
  // fit an instruction of this type is put into its slot first. In a pin only for instructions that have forms for that.
  Place TakePinned(Operand type);
  Place TakeComputed(Bank bank);
  Place Take(Operand type) { return WithoutPin(TakePinned(type)); }
  static Place WithoutPin(Place place) {
    if (IsPin(place.src)) place.src = Src::kSlot;
    return place;
  }
  // A local as an integer operand.
  Place PlaceOf(uint32_t local) const;
  // How an access finds its address.
  struct Where {
    bool is_indexed = false;
    Address address = Address::kSlot;
    Index index = Index::kSlotSlot;  // if it is indexed
    Place first;
    Place second;
    uint32_t shift = 0;
    uint32_t sum = 0;
  };
  // The topmost operand, an i32 that is an address.
  Where TakeAddress(bool may_be_indexed);
  bool TryTakeIndex(Where& where);
  bool IsShiftedSum() const;
  static void PutAddress(Line& line, const Where& where);
  bool TryLoadFromTable(Op load, Where where, uint32_t offset);
  // Whether the topmost operand is the result of that instruction, the last one.
  bool IsTopFrom(const Computed& computed) const;
  // The code from `begin` on goes, which has changed that accumulator: who comes does the work.
  void Retract(uint32_t begin, Bank bank);
  // The same of what makes the topmost operand, which goes, too.
  void TakeBack(uint32_t begin, Bank bank);
  // A local plus a constant, whose result goes to that slot and to the accumulator.
  uint32_t EmitSum(uint16_t slot, uint32_t local, uint64_t bits);
  uint32_t EmitShifted(uint16_t slot, const Entry& shifted);
  bool TryPushSum();
  bool TryPushShift();
  // The topmost operand, if it waits to be computed, is computed into its slot and the accumulator.
  void Settle();
  // Whether computing the operand below the topmost one would take the accumulator away from that.
  bool WouldDisturbTop() const;
  // The same for an instruction that wants it in a slot.
  uint16_t TakeInSlot();
  void Materialize(uint32_t entry);
  void LinkLocal(Entry& entry, uint32_t index);
  void Flush();
  // Puts copies of a local that are on the stack into their slots: it is about to change.
  void Preserve(uint32_t local);
  void ForgetAccumulators();
  void SetAccumulator(Bank bank, uint32_t entry, uint32_t local);

  // --- Chains (translator_chain.cc) ---
  bool IsOnlyForNext(uint32_t at) const;
  // An instruction whose operands are popped and are there, or a store whose operands are the topmost: false where there
  // is no chain, and nothing has happened.
  bool TryChain(Op op, Place first, Place second);
  bool TryStoreChain(Op store, uint32_t offset);
  bool ChainComputed(const Outer& outer, Place other);
  bool IsStillInAccumulator(const Place& operand, const Computed& last) const;
  bool ChainLoad(Outer outer, Place other);

  // --- Joins (translator_join.cc) ---
  // A plain instruction that copies: the last one, and its fields.
  struct Move {
    uint32_t at = kNone;
    uint16_t code = kReturnStub;
    uint32_t count = 0;
    std::array<uint16_t, 4> fields{};
  };
  Move LastMove() const;
  static void PutFields(Line& line, const Move& move);
  // A return whose operand is the topmost: false where there is no join, and nothing has happened.
  bool TryReturnOf();

  // --- Regions (translator_emit.cc) ---
  void StartRegion(bool is_enterable) { StartRegionAt(pc_, table_index_, is_enterable); }
  void StartRegionAt(Pc pc, uint32_t table_index, bool is_enterable);
  void EndRegion();
  void AwaitCost(uint32_t halfword);
  // A branch's target and cost, whose fields lie there.
  void Aim(uint32_t instruction, uint32_t target, uint32_t cost, uint32_t depth);
  void AimAhead(uint32_t& fixups, uint32_t instruction, uint32_t target, uint32_t cost);
  // Those branches lead here.
  void Land(uint32_t fixups);
  // The label of these branches is here.
  void PlaceLabel(uint32_t fixups, uint32_t more_fixups);

  // --- Pins (translator_pins.cc) ---
  // The pin of a local, or kPins.
  size_t PinOf(uint32_t local) const;
  // Before a loop, and in one behind what leaves the pins to others.
  void EnterLoop(uint32_t head);
  void ReenterLoop(bool is_enterable = true);
  void PlanLoop(Block& block);
  void LeaveLoop(const Block& block);
  // Pops the topmost operand into a pinned local.
  void CopyToPin(uint32_t local, size_t pin);
  // The instruction at `producer`, which writes the slot of a local, writes its pin, too.
  void AlsoPin(uint32_t producer, size_t pin);

  // --- Instructions (translator.cc, translator_control.cc, translator_call.cc, translator_value.cc) ---
  bool Start(uint32_t number, FunctionCode& out);
  bool Run();
  // False, and nothing has happened: it is not one of the common ones.
  bool StepCommon(const BodyView& body);
  bool StepControl(const BodyView& body, Op op, Pc pc);
  void StepOther(const Instruction& in);
  void StepDead(const Instruction& in);

  void Control(const Instruction& in);
  void OpenBlock(Op op, Pc at);
  void OpenIf();
  void Else();
  void End();
  void EndFunction();
  void Br(uint32_t depth);
  void BrIf(uint32_t depth);
  void BrIfWith(uint32_t keep, uint32_t depth);
  void BrTable(const Instruction& in);
  // Tells each br_table with which instruction its targets begin, now that none of them changes any more.
  bool FillTables();
  void Return();
  void EmitReturn();
  struct Branch {
    uint32_t instruction;
    uint32_t target;
    uint32_t cost;
    uint32_t fall_cost;
  };
  // Emits a branch that is taken when the topmost operand, popped, is (not) zero. All other operands are in their slots;
  // the region has ended and the next one, of those who run on, begun.
  Branch EmitBranchOn(bool sense, bool is_back);
  // The same without what comes behind it.
  Branch EmitConditional(bool sense, bool is_back);
  void RunOn(uint32_t cost);
  // The comparison that the branch on the topmost operand, which is popped, makes.
  struct Condition {
    Op op = Op::kI32Ne;
    Place first;
    Place second{.src = Src::kConst, .slot = 0, .bits = 0};
  };
  Condition TakeCondition();
  // A branch on this condition that does what came before it as well. False: there is none; operands may have been flushed.
  bool TryJoin(Condition condition, bool is_back, Branch& branch);
  bool JoinComputed(const Condition& condition, bool is_back, Branch& branch);
  bool JoinLoad(const Condition& condition, bool is_back, Branch& branch);
  bool JoinStep(const Condition& condition, bool is_back, Branch& branch);
  bool JoinMove(const Condition& condition, bool is_back, Branch& branch);
  Dst KeptIn(const Condition& condition) const;
  // Where there is room: a branch, which ends the region, up to what it compares; and its end.
  Line OpenBranch(uint16_t code);
  Branch CloseBranch(const Line& line);
  // A jump, whose target is not known yet: where it stands.
  uint32_t EmitJump(bool is_back);
  // The step before a branch that becomes part of it, if there is one.
  const Computed* StepOf(const Condition& condition) const;
  Branch EmitStep(const Computed& step, const Condition& condition, bool is_back);
  void PutJump(uint32_t depth);
  // Whether that label is the head of the loop that has pins now.
  bool IsBack(uint32_t depth) { return At(depth).kind == BlockKind::kLoop && At(depth).has_pins; }
  // Puts what a label keeps where it wants it.
  void MoveForLabel(const Block& block);
  // The operands are those that a block begins (or ends) with.
  void ResetStack(uint32_t height, uint32_t more);
  void Die();

  void Call(uint32_t number);
  void CallImport(FuncTypeView type, uint32_t index);
  void CallIndirect(const Instruction& in, FuncTypeView type, uint32_t table);
  void ExpectResult(std::span<const ValType> results, uint32_t home);
  void GoOnBehindCall(uint32_t home);
  void PushCallResults(std::span<const ValType> results);
  // What charges for itself. Before: the region has ended, all operands are in their slots.
  void Charging(const Instruction& in);
  void Cold(uint32_t function, uint32_t pops, uint32_t pushes, Plain opcode = kCold);
  void ColdAll(const Instruction& in);
  void ColdReturnCall(uint32_t function);
  void StepInPlace(const Instruction& in);
  uint16_t TopSlot() const { return static_cast<uint16_t>(first_operand_ + height() - 1); }
  FuncTypeView TypeOfCallee(const Instruction& in, uint32_t& index) const;

  void GlobalGet(uint32_t index);
  void GlobalSet(uint32_t index);
  void SetLocal(uint32_t local, bool keeps);
  void KeepReturned(uint32_t local, bool keeps);
  void LetProduce(uint32_t local);
  void CopyToLocal(uint32_t local);
  void Reference(const Instruction& in);
  void Select();
  void Load(Op op, uint32_t offset);
  void Store(Op op, uint32_t offset);
  void Unary(Op op);
  void Binary(Op op);
  void EmitBinary(Op op, Place first, Place second);
  static void Order(Op& op, Place& first, Place& second);
  // The instruction that gives the same with its operands the other way round, or kInvalidOp.
  static Op Mirrored(Op op);
  // The result of a plain instruction: in its slot only.
  void PushPlain(uint32_t producer);

  Block& At(uint32_t depth) { return blocks_[blocks_.size() - 1 - depth]; }
  uint32_t LabelArity(const Block& block) const { return block.kind == BlockKind::kLoop ? block.params : block.results; }

  const ModuleData& module_;
  const FunctionRecord* function_ = nullptr;
  FunctionCode* out_ = nullptr;
  std::span<uint16_t> code_;    // all of the room in out_->code, of which ...
  uint32_t end_ = 0;            // ... so much is written
  bool is_ok_ = true;
  bool is_dead_ = false;
  uint32_t dead_depth_ = 0;
  Pc pc_;                       // behind the instruction at hand
  Pc start_;                    // of the instruction at hand
  uint32_t table_index_ = 0;    // of the side table, behind the instruction at hand
  uint32_t first_operand_ = 0;  // slot
  uint32_t cost_ = 0;           // counter
  uint32_t flushed_ = 0;        // entries below are in their slots
  uint32_t returned_into_ = kNoLocal;  // what the next instruction sets, when the call at hand has written it
  std::array<Bankful, 2> accumulators_;
  uint32_t last_ = kNone;       // halfword of the last instruction, if nothing came between
  uint32_t before_last_ = kNone;  // ... and of the one before it
  uint32_t exposed_ = kNone;      // ... and, while that is unknown, of the one before what was retracted
  Recent computed_;
  // The last instruction, if it loads from an address that is not indexed.
  struct LastLoad {
    uint32_t at = kNone;
    uint32_t end = kNone;
    Op op = kInvalidOp;
    Place base;
    bool is_sum = false;
    uint32_t sum = 0;
    uint32_t offset = 0;
  } load_;

  LoopPlanner planner_;
  // The locals that are pinned now, and where their loop begins.
  std::array<uint32_t, kPins> pins_ = {kNoLocal, kNoLocal};
  uint32_t head_ = kNone;
  RegionWriter regions_;
  Vec<Entry> stack_;
  Vec<uint32_t> local_heads_;  // for each local: the topmost entry that stands for it; all kNone between functions
  Vec<Block> blocks_;
  Vec<Fixup> fixups_;
  Vec<LabelTable> tables_;
  Vec<Pending> pending_;
  Vec<uint32_t> loop_costs_;
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_TRANSLATOR_H_
