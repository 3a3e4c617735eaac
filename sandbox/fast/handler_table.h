// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The handler of each opcode: HandlerTable<Form>::Make() gives the table of a dispatch form, whose Form::kEntry<H> is the
// entry for the handler H.
#ifndef SANDBOX_FAST_HANDLER_TABLE_H_
#define SANDBOX_FAST_HANDLER_TABLE_H_

#include <array>

#include "sandbox/fast/handlers.h"
#include "sandbox/fast/host_call.h"

namespace sandbox::fast {

template <typename Form>
struct HandlerTable {
  using Entry = typename Form::Entry;
  using Table = std::array<Entry, kOpcodeCount>;

  template <Op kOp>
  static constexpr bool kIsCommutative =
      kOp == Op::kI32Add || kOp == Op::kI32Mul || kOp == Op::kI32And || kOp == Op::kI32Or || kOp == Op::kI32Xor ||
      kOp == Op::kI64Add || kOp == Op::kI64Mul || kOp == Op::kI64And || kOp == Op::kI64Or || kOp == Op::kI64Xor;
  template <Op kOp>
  static constexpr bool kIsIntegerCompare = IsCompare(kOp) && !IsFloat(InfoOf(kOp).signature.param(0));

  template <Op kOp, Pair kPair>
  static constexpr void AddPair(Table& table) {
    constexpr bool kIsMirrored = kIsCommutative<kOp> || IsCompare(kOp);
    // The translator swaps the operands of these.
    if constexpr (!kIsMirrored || static_cast<size_t>(kPair) < 4) {
      table[BinaryCode(kOp, kPair, Dst::kSlot)] = Form::template kEntry<Binary<kOp, kPair, Dst::kSlot>>;
      table[BinaryCode(kOp, kPair, Dst::kAcc)] = Form::template kEntry<Binary<kOp, kPair, Dst::kAcc>>;
    }
    if constexpr (IsCompare(kOp) && static_cast<size_t>(kPair) < kBranchPairs) {
      table[BranchCode(kOp, kPair, true)] = Form::template kEntry<Branch<kOp, kPair, true>>;
      if constexpr (HasStepBranch(kOp) && kPair == Pair::kSlotSlot) {
        table[StepBranchCode(kOp, Src::kSlot)] = Form::template kEntry<StepBranch<kOp, Src::kSlot>>;
        table[StepBranchCode(kOp, Src::kConst)] = Form::template kEntry<StepBranch<kOp, Src::kConst>>;
      }
      if constexpr (!kIsIntegerCompare<kOp>) {
        table[BranchCode(kOp, kPair, false)] = Form::template kEntry<Branch<kOp, kPair, false>>;
      }
    }
  }

  template <Op kOp, Src kSrc>
  static constexpr void AddSource(Table& table) {
    table[UnaryCode(kOp, kSrc, Dst::kSlot)] = Form::template kEntry<Unary<kOp, kSrc, Dst::kSlot>>;
    table[UnaryCode(kOp, kSrc, Dst::kAcc)] = Form::template kEntry<Unary<kOp, kSrc, Dst::kAcc>>;
  }

  template <Op kOp>
  static constexpr void AddNumeric(Table& table) {
    if constexpr (InfoOf(kOp).signature.param_count() == 1) {
      AddSource<kOp, Src::kSlot>(table);
      AddSource<kOp, Src::kAcc>(table);
    } else {
      AddPair<kOp, Pair::kSlotSlot>(table);
      AddPair<kOp, Pair::kSlotConst>(table);
      AddPair<kOp, Pair::kAccSlot>(table);
      AddPair<kOp, Pair::kAccConst>(table);
      AddPair<kOp, Pair::kSlotAcc>(table);
      AddPair<kOp, Pair::kConstSlot>(table);
      AddPair<kOp, Pair::kConstAcc>(table);
    }
  }

  template <Op kOp, typename Stored, typename Result, Address kAddress>
  static constexpr void AddLoadFrom(Table& table) {
    constexpr bool kFloat = IsFloat(InfoOf(kOp).signature.result());
    table[LoadCode(kOp, kAddress, Dst::kSlot)] =
        Form::template kEntry<Load<Stored, Result, kFloat, kAddress, Dst::kSlot>>;
    table[LoadCode(kOp, kAddress, Dst::kAcc)] =
        Form::template kEntry<Load<Stored, Result, kFloat, kAddress, Dst::kAcc>>;
  }

  template <Op kOp, typename Stored, typename Result>
  static constexpr void AddLoad(Table& table) {
    AddLoadFrom<kOp, Stored, Result, Address::kSlot>(table);
    AddLoadFrom<kOp, Stored, Result, Address::kAcc>(table);
    AddLoadFrom<kOp, Stored, Result, Address::kConst>(table);
    AddLoadFrom<kOp, Stored, Result, Address::kSlotSum>(table);
    AddLoadFrom<kOp, Stored, Result, Address::kAccSum>(table);
  }

  template <Op kOp, typename Stored, typename Value, Address kAddress>
  static constexpr void AddStoreTo(Table& table) {
    table[StoreCode(kOp, kAddress, Src::kSlot)] = Form::template kEntry<Store<Stored, Value, kAddress, Src::kSlot>>;
    // One accumulator cannot be both.
    if constexpr (BaseOf(kAddress) != Src::kAcc || kIsFloat<Value>) {
      table[StoreCode(kOp, kAddress, Src::kAcc)] = Form::template kEntry<Store<Stored, Value, kAddress, Src::kAcc>>;
    }
    table[StoreCode(kOp, kAddress, Src::kConst)] = Form::template kEntry<Store<Stored, Value, kAddress, Src::kConst>>;
  }

  template <Operand kType>
  static constexpr auto ValueOfType() {
    if constexpr (kType == Operand::kI32) return uint32_t{};
    else if constexpr (kType == Operand::kI64) return uint64_t{};
    else if constexpr (kType == Operand::kF32) return float{};
    else return double{};
  }

  template <Op kOp, typename Stored>
  static constexpr void AddStore(Table& table) {
    using Value = decltype(ValueOfType<InfoOf(kOp).signature.param(1)>());
    AddStoreTo<kOp, Stored, Value, Address::kSlot>(table);
    AddStoreTo<kOp, Stored, Value, Address::kAcc>(table);
    AddStoreTo<kOp, Stored, Value, Address::kConst>(table);
    AddStoreTo<kOp, Stored, Value, Address::kSlotSum>(table);
    AddStoreTo<kOp, Stored, Value, Address::kAccSum>(table);
  }

  static constexpr void AddPlain(Table& table) {
    table[kReturnStub] = Form::template kEntry<Slow<&ReturnElsewhere>>;
    table[kTranslateStub] = Form::template kEntry<Slow<&TranslateAndEnter>>;
    table[kInPlaceStub] = Form::template kEntry<Slow<&EnterInPlace>>;
    table[kStepInPlace] = Form::template kEntry<Slow<&StepInPlace>>;
    table[kUnreachable] = Form::template kEntry<Unreachable>;
    table[kJump] = Form::template kEntry<Jump>;
    table[kBrTable] = Form::template kEntry<BrTable<Src::kSlot>>;
    table[kBrTableAcc] = Form::template kEntry<BrTable<Src::kAcc>>;
    table[kReturn] = Form::template kEntry<Return>;
    table[kReturnSlot] = Form::template kEntry<ReturnSlot>;
    table[kReturnAcc] = Form::template kEntry<ReturnAcc>;
    table[kReturnFloatAcc] = Form::template kEntry<ReturnFloatAcc>;
    table[kReturnMany] = Form::template kEntry<ReturnMany>;
    table[kCall] = Form::template kEntry<Call>;
    table[kCallImport] = Form::template kEntry<CallImport>;
    table[kCallIndirect] = Form::template kEntry<CallIndirect>;
    table[kCold] = Form::template kEntry<Slow<&ColdInstruction>>;
    table[kColdReturnCall] = Form::template kEntry<Slow<&ColdReturnCall>>;
    table[kCopy] = Form::template kEntry<Copy>;
    table[kCopy2] = Form::template kEntry<Copy2>;
    table[kCopyAcc] = Form::template kEntry<CopyAcc>;
    table[kCopyFloatAcc] = Form::template kEntry<CopyFloatAcc>;
    table[kAddConst] = Form::template kEntry<AddConst>;
    table[kConst32] = Form::template kEntry<Const32>;
    table[kConst64] = Form::template kEntry<Const64>;
    table[kSelect] = Form::template kEntry<Select<Src::kSlot>>;
    table[kSelectAcc] = Form::template kEntry<Select<Src::kAcc>>;
    table[kGlobalGet] = Form::template kEntry<GlobalGet>;
    table[kGlobalSet] = Form::template kEntry<GlobalSet>;
    table[kGlobalSetAcc] = Form::template kEntry<GlobalSetAcc>;
    table[kRefFunc] = Form::template kEntry<RefFunc>;
    table[kRefAsNonNull] = Form::template kEntry<RefAsNonNull>;
    table[kMoveDown] = Form::template kEntry<MoveDown>;
  }

  static constexpr Table Make() {
    Table table{};
    table.fill(Form::template kEntry<Invalid>);
    AddPlain(table);
#define NUMERIC_ROW(name) AddNumeric<Op::k##name>(table);
#define NUMERIC_PREFIXED_ROW(name, code) AddNumeric<Op::k##name>(table);
#include "sandbox/inplace/numeric_rows.inc"
#undef NUMERIC_ROW
#undef NUMERIC_PREFIXED_ROW
#define SANDBOX_LOAD_ROW(name, Stored, Result) AddLoad<Op::k##name, Stored, Result>(table);
#define SANDBOX_STORE_ROW(name, Stored) AddStore<Op::k##name, Stored>(table);
#include "sandbox/inplace/access.def"
#undef SANDBOX_LOAD_ROW
#undef SANDBOX_STORE_ROW
    return table;
  }
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_HANDLER_TABLE_H_
