// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The handler of each opcode: HandlerTable<Form>::Make() gives the table of a dispatch form, whose Form::kEntry<H> is
// the entry for the handler H.
#ifndef SANDBOX_FAST_HANDLER_TABLE_H_
#define SANDBOX_FAST_HANDLER_TABLE_H_

#include <array>
#include <utility>

#include "sandbox/fast/bulk_handlers.h"
#include "sandbox/fast/chain_handlers.h"
#include "sandbox/fast/handlers.h"
#include "sandbox/fast/host_call.h"
#include "sandbox/fast/join_handlers.h"

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

  // Whether this build has instructions with such operands.
  template <Src... kSources>
  static constexpr bool kAreBuilt = kFastPins || !(IsPin(kSources) || ...);

  template <Op kOp, Pair kPair, Dst kDst>
  static constexpr void AddBinary(Table& table) {
    table[BinaryCode(kOp, kPair, kDst)] = Form::template kEntry<Binary<kOp, kPair, kDst>>;
  }

  template <Op kOp, Pair kPair, BranchForm kForm>
  static constexpr void AddBranch(Table& table) {
    table[BranchCode(kOp, kPair, kForm)] = Form::template kEntry<Branch<kOp, kPair, kForm>>;
  }

  template <Op kOp, Pair kPair>
  static constexpr void AddPair(Table& table) {
    constexpr bool kIsOrdered = kIsCommutative<kOp> || IsCompare(kOp);
    constexpr bool kIsFirst = static_cast<size_t>(kPair) < kOrderedPairs;
    // The translator swaps the operands of the others.
    if constexpr ((!kIsOrdered || kIsFirst) && (HasPins(kOp) || !HasPin(kPair)) &&
                  kAreBuilt<FirstOf(kPair), SecondOf(kPair)>) {
      AddBinary<kOp, kPair, Dst::kSlot>(table);
      AddBinary<kOp, kPair, Dst::kAcc>(table);
      if constexpr (kFastPins && HasPins(kOp)) {
        AddBinary<kOp, kPair, Dst::kPin0>(table);
        AddBinary<kOp, kPair, Dst::kPin1>(table);
      }
    }
    if constexpr (IsCompare(kOp) && kIsFirst && kAreBuilt<FirstOf(kPair), SecondOf(kPair)>) {
      if constexpr (kIsIntegerCompare<kOp>) {
        AddBranch<kOp, kPair, BranchForm::kIf>(table);
        if constexpr (kFastPins) AddBranch<kOp, kPair, BranchForm::kBackIf>(table);
      } else if constexpr (!HasPin(kPair)) {
        AddBranch<kOp, kPair, BranchForm::kIf>(table);
        AddBranch<kOp, kPair, BranchForm::kIfNot>(table);
      }
    }
  }

  template <Op kOp, size_t kNumber>
  static constexpr void AddStep(Table& table) {
    constexpr StepForm kForm = opcode_internal::StepFormOf(kNumber);
    if constexpr (kAreBuilt<kForm.stepped, kForm.second> && (kFastPins || !kForm.is_back)) {
      table[StepBranchCode(kOp, kForm)] = Form::template kEntry<StepBranch<kOp, kNumber>>;
    }
  }
  template <Op kOp, size_t... kNumbers>
  static constexpr void AddSteps(Table& table, std::index_sequence<kNumbers...>) {
    (AddStep<kOp, kNumbers>(table), ...);
  }

  template <Op kOp, Src kSrc>
  static constexpr void AddSource(Table& table) {
    table[UnaryCode(kOp, kSrc, Dst::kSlot)] = Form::template kEntry<Unary<kOp, kSrc, Dst::kSlot>>;
    table[UnaryCode(kOp, kSrc, Dst::kAcc)] = Form::template kEntry<Unary<kOp, kSrc, Dst::kAcc>>;
  }

  template <Op kOp, size_t... kNumbers>
  static constexpr void AddPairs(Table& table, std::index_sequence<kNumbers...>) {
    (AddPair<kOp, static_cast<Pair>(kNumbers)>(table), ...);
  }

  template <Op kOp>
  static constexpr void AddNumeric(Table& table) {
    if constexpr (InfoOf(kOp).signature.param_count() == 1) {
      AddSource<kOp, Src::kSlot>(table);
      AddSource<kOp, Src::kAcc>(table);
    } else {
      AddPairs<kOp>(table, std::make_index_sequence<kPairs>());
      if constexpr (HasStepBranch(kOp))
        AddSteps<kOp>(table, std::make_index_sequence<opcode_internal::kStepColumns * opcode_internal::kStepForms>());
    }
  }

  template <Op kOp, typename Stored, typename Result, bool kFloat, Address kAddress, Dst kDst>
  static constexpr void AddLoadTo(Table& table) {
    table[LoadCode(kOp, kAddress, kDst)] =
        Form::template kEntry<Load<Stored, Result, kFloat, PlainAddress<kAddress>, kDst>>;
  }
  template <Op kOp, typename Stored, typename Value, Address kAddress, Src kValue>
  static constexpr void AddStored(Table& table) {
    table[StoreCode(kOp, kAddress, kValue)] =
        Form::template kEntry<Store<Stored, Value, PlainAddress<kAddress>, kValue>>;
  }

  template <Op kOp, typename Stored, typename Result, Address kAddress>
  static constexpr void AddLoadFrom(Table& table) {
    if constexpr (kAreBuilt<BaseOf(kAddress)>) {
      constexpr bool kFloat = IsFloat(InfoOf(kOp).signature.result());
      AddLoadTo<kOp, Stored, Result, kFloat, kAddress, Dst::kSlot>(table);
      AddLoadTo<kOp, Stored, Result, kFloat, kAddress, Dst::kAcc>(table);
      if constexpr (!kFloat && kFastPins) {
        AddLoadTo<kOp, Stored, Result, kFloat, kAddress, Dst::kPin0>(table);
        AddLoadTo<kOp, Stored, Result, kFloat, kAddress, Dst::kPin1>(table);
      }
    }
  }

  template <Op kOp, typename Stored, typename Result, size_t... kNumbers>
  static constexpr void AddLoads(Table& table, std::index_sequence<kNumbers...>) {
    (AddLoadFrom<kOp, Stored, Result, static_cast<Address>(kNumbers)>(table), ...);
  }

  template <Index kIndex>
  static constexpr bool kIsThere = kFastIndices&& kAreBuilt<FirstOf(kIndex)>;

  template <Op kOp, typename Stored, typename Result, Index kIndex>
  static constexpr void AddIndexedLoad(Table& table) {
    if constexpr (kIsThere<kIndex>) {
      constexpr bool kFloat = IsFloat(InfoOf(kOp).signature.result());
      using Where = IndexedAddress<kIndex>;
      table[IndexedLoadCode(kOp, kIndex, Dst::kSlot)] =
          Form::template kEntry<Load<Stored, Result, kFloat, Where, Dst::kSlot>>;
      table[IndexedLoadCode(kOp, kIndex, Dst::kAcc)] =
          Form::template kEntry<Load<Stored, Result, kFloat, Where, Dst::kAcc>>;
    }
  }
  template <Op kOp, typename Stored, typename Result, size_t... kNumbers>
  static constexpr void AddIndexedLoads(Table& table, std::index_sequence<kNumbers...>) {
    (AddIndexedLoad<kOp, Stored, Result, static_cast<Index>(kNumbers)>(table), ...);
  }

  // An integer in the accumulator cannot be part of the address as well.
  template <Op kOp, typename Stored, typename Value, Index kIndex>
  static constexpr void AddIndexedStore(Table& table) {
    if constexpr (kIsThere<kIndex>) {
      using Where = IndexedAddress<kIndex>;
      table[IndexedStoreCode(kOp, kIndex, Src::kSlot)] = Form::template kEntry<Store<Stored, Value, Where, Src::kSlot>>;
      table[IndexedStoreCode(kOp, kIndex, Src::kConst)] =
          Form::template kEntry<Store<Stored, Value, Where, Src::kConst>>;
      if constexpr (kIsFloat<Value> || (IsShifted(kIndex) && FirstOf(kIndex) != Src::kAcc)) {
        table[IndexedStoreCode(kOp, kIndex, Src::kAcc)] = Form::template kEntry<Store<Stored, Value, Where, Src::kAcc>>;
      }
    }
  }
  template <Op kOp, typename Stored, typename Value, size_t... kNumbers>
  static constexpr void AddIndexedStores(Table& table, std::index_sequence<kNumbers...>) {
    (AddIndexedStore<kOp, Stored, Value, static_cast<Index>(kNumbers)>(table), ...);
  }

  template <Op kOp, typename Stored, typename Result>
  static constexpr void AddLoad(Table& table) {
    AddLoads<kOp, Stored, Result>(table, std::make_index_sequence<kAddresses>());
    AddIndexedLoads<kOp, Stored, Result>(table, std::make_index_sequence<kIndices>());
  }

  template <Op kOp, typename Stored, typename Value, Address kAddress>
  static constexpr void AddStoreTo(Table& table) {
    if constexpr (kAreBuilt<BaseOf(kAddress)>) {
      AddStored<kOp, Stored, Value, kAddress, Src::kSlot>(table);
      // One accumulator cannot be both.
      if constexpr (BaseOf(kAddress) != Src::kAcc || kIsFloat<Value>)
        AddStored<kOp, Stored, Value, kAddress, Src::kAcc>(table);
      AddStored<kOp, Stored, Value, kAddress, Src::kConst>(table);
      if constexpr (!kIsFloat<Value> && kFastPins) {
        AddStored<kOp, Stored, Value, kAddress, Src::kPin0>(table);
        AddStored<kOp, Stored, Value, kAddress, Src::kPin1>(table);
      }
    }
  }

  template <Operand kType>
  static constexpr auto ValueOfType() {
    if constexpr (kType == Operand::kI32)
      return uint32_t{};
    else if constexpr (kType == Operand::kI64)
      return uint64_t{};
    else if constexpr (kType == Operand::kF32)
      return float{};
    else
      return double{};
  }

  template <Op kOp, typename Stored, typename Value, size_t... kNumbers>
  static constexpr void AddStores(Table& table, std::index_sequence<kNumbers...>) {
    (AddStoreTo<kOp, Stored, Value, static_cast<Address>(kNumbers)>(table), ...);
  }

  template <Op kOp, typename Stored>
  static constexpr void AddStore(Table& table) {
    using Value = decltype(ValueOfType<InfoOf(kOp).signature.param(1)>());
    AddStores<kOp, Stored, Value>(table, std::make_index_sequence<kAddresses>());
    AddIndexedStores<kOp, Stored, Value>(table, std::make_index_sequence<kIndices>());
  }

  static constexpr void AddPlain(Table& table) {
    table[kReturnStub] = Form::template kEntry<Slow<&ReturnElsewhere>>;
    table[kTranslateStub] = Form::template kEntry<Slow<&TranslateAndEnter>>;
    table[kInPlaceStub] = Form::template kEntry<Slow<&EnterInPlace>>;
    table[kStepInPlace] = Form::template kEntry<Slow<&StepInPlace>>;
    table[kUnreachable] = Form::template kEntry<Unreachable>;
    table[kJump] = Form::template kEntry<Jump>;
    table[kRefund] = Form::template kEntry<Refund>;
    table[kBrTable] = Form::template kEntry<BrTable<Src::kSlot>>;
    table[kBrTableAcc] = Form::template kEntry<BrTable<Src::kAcc>>;
    table[kReturn] = Form::template kEntry<Return>;
    table[kReturnSlot] = Form::template kEntry<ReturnSlot>;
    table[kReturnAcc] = Form::template kEntry<ReturnAcc>;
    table[kReturnFloatAcc] = Form::template kEntry<ReturnFloatAcc>;
    table[kReturnMany] = Form::template kEntry<ReturnMany>;
    table[kCall] = Form::template kEntry<Call>;
    table[kCallImport] = Form::template kEntry<CallImport>;
    table[kCallIndirect] = Form::template kEntry<CallIndirect<Src::kSlot>>;
    table[kCallIndirectAcc] = Form::template kEntry<CallIndirect<Src::kAcc>>;
    table[kCold] = Form::template kEntry<Slow<&ColdInstruction>>;
    table[kMemoryCopy] = Form::template kEntry<BulkMemory<CopyBytes>>;
    table[kMemoryFill] = Form::template kEntry<BulkMemory<FillWithByte>>;
    table[kColdReturnCall] = Form::template kEntry<Slow<&ColdReturnCall>>;
    table[kCopy] = Form::template kEntry<Copy>;
    table[kCopy2] = Form::template kEntry<Copy2>;
    table[kCopyAcc] = Form::template kEntry<CopyAcc>;
    table[kCopyFloatAcc] = Form::template kEntry<CopyFloatAcc>;
    table[kShiftConst] = Form::template kEntry<ShiftConst>;
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

  static constexpr void AddPins(Table& table) {
    table[kJumpBack] = Form::template kEntry<JumpBack>;
    table[kEnterLoop] = Form::template kEntry<EnterLoop>;
    table[kPinAcc0] = Form::template kEntry<PinAcc<Src::kPin0>>;
    table[kPinAcc1] = Form::template kEntry<PinAcc<Src::kPin1>>;
    table[kPinSlot0] = Form::template kEntry<PinSlot<Src::kPin0>>;
    table[kPinSlot1] = Form::template kEntry<PinSlot<Src::kPin1>>;
    table[kPinConst0] = Form::template kEntry<PinConst<Src::kPin0>>;
    table[kPinConst1] = Form::template kEntry<PinConst<Src::kPin1>>;
  }

  static constexpr Table Make() {
    Table table{};
    table.fill(Form::template kEntry<Invalid>);
    AddPlain(table);
    if constexpr (kFastPins) AddPins(table);
    if constexpr (kFastChains) ChainTable<Form>::Add(table);
    if constexpr (kFastJoins) JoinTable<Form>::Add(table);
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
