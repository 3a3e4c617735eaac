// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The instructions of chains.h, under the rules of handlers.h.
#ifndef SANDBOX_FAST_CHAIN_HANDLERS_H_
#define SANDBOX_FAST_CHAIN_HANDLERS_H_

#include <bit>

#include "sandbox/fast/chains.h"
#include "sandbox/fast/handlers.h"

namespace sandbox::fast {

// A value of the inner instruction, whose operands' fields begin `at` halfwords behind pc.
template <Op kOp, Pair kPair>
struct InnerValue {
  using Bound = numeric::Binding<kOp>;
  using T = typename inplace::FunctionShape<std::remove_const_t<decltype(Bound::kFunction)>>::First;
  static constexpr ptrdiff_t kFirst = Size<T>(FirstOf(kPair));
  static constexpr ptrdiff_t kSize = kFirst + Size<T>(SecondOf(kPair));
  SANDBOX_INLINE static T Get(const State& s, ptrdiff_t at) {
    return Bound::kFunction(fast::Get<T, FirstOf(kPair)>(s, at), fast::Get<T, SecondOf(kPair)>(s, at + kFirst));
  }
};

// What the outer instruction makes of a value; the field of its other operand lies `at` halfwords behind pc.
template <Op kOp, Src kOther, bool kIsFirst>
struct OuterValue {
  using Bound = numeric::Binding<kOp>;
  using T = typename inplace::FunctionShape<std::remove_const_t<decltype(Bound::kFunction)>>::First;
  static constexpr ptrdiff_t kSize = Size<T>(kOther);
  SANDBOX_INLINE static T Get(const State& s, T value, ptrdiff_t at) {
    const T other = fast::Get<T, kOther>(s, at);
    return kIsFirst ? Bound::kFunction(other, value) : Bound::kFunction(value, other);
  }
};

template <typename First, typename Then, Dst kDst>
struct Chain {
  SANDBOX_INLINE static Step Run(State& s) {
    Put<kDst>(s, Then::Get(s, First::Get(s, 2), 2 + First::kSize));
    s.pc.Skip(2 + First::kSize + Then::kSize);
    return Step::kNext;
  }
};

// A value as memory has it becomes an operand: a float is loaded as its bits.
template <typename Stored, typename Result, typename Where, typename Then, Dst kDst>
struct LoadChain {
  using T = typename Then::T;
  static constexpr ptrdiff_t kOther = 2 + Where::kSize + 2;
  SANDBOX_INLINE static Step Run(State& s) {
    uint64_t effective = 0;
    if (!Resolve(s, Where::Get(s, 2), s.pc.U32(2 + Where::kSize), sizeof(Stored), effective)) [[unlikely]]
      return Trap(s, TrapCode::kOutOfBoundsMemory);
    const T value = std::bit_cast<T>(static_cast<Result>(s.memory.Load<Stored>(effective)));
    Put<kDst>(s, Then::Get(s, value, kOther));
    s.pc.Skip(kOther + Then::kSize);
    return Step::kNext;
  }
};

template <typename Stored, typename First, typename Where>
struct StoreChain {
  using T = typename First::T;
  static constexpr ptrdiff_t kOperands = 1 + Where::kSize + 2;
  SANDBOX_INLINE static Step Run(State& s) {
    uint64_t effective = 0;
    if (!Resolve(s, Where::Get(s, 1), s.pc.U32(1 + Where::kSize), sizeof(Stored), effective)) [[unlikely]]
      return Trap(s, TrapCode::kOutOfBoundsMemory);
    using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    s.memory.Store<Stored>(effective, static_cast<Stored>(std::bit_cast<Bits>(First::Get(s, kOperands))));
    s.pc.Skip(kOperands + First::kSize);
    return Step::kNext;
  }
};

// Fields behind the number's: how far it is rotated, if it is; the mask; what is added.
template <typename Stored, typename Result, Src kIndex, bool kRotated, Dst kDst>
struct TableLoad {
  static constexpr ptrdiff_t kMask = 2 + Size<uint32_t>(kIndex) + (kRotated ? 1 : 0);
  SANDBOX_INLINE static Step Run(State& s) {
    uint32_t number = Get<uint32_t, kIndex>(s, 2);
    if constexpr (kRotated) number = std::rotl(number, s.pc.U16(kMask - 1) & 31);
    // Without a shift by a register: one less in the way to what is loaded, which is often the way to the next index.
    const uint64_t masked = number & s.pc.U32(kMask);
    const uint64_t effective = (kRotated ? masked : masked * sizeof(Stored)) + s.pc.U32(kMask + 2);
    if (effective + sizeof(Stored) > s.memory.size) [[unlikely]]
      return Trap(s, TrapCode::kOutOfBoundsMemory);
    Put<kDst>(s, static_cast<Result>(s.memory.Load<Stored>(effective)));
    s.pc.Skip(kMask + 4);
    return Step::kNext;
  }
};

// Adds the handlers of all chains to a table of a dispatch form.
template <typename Form>
struct ChainTable {
  template <typename Table>
  static constexpr void Add(Table& table) {
    using namespace chain_internal;
    AddGrid<kShiftChains, kShifts, kShiftUsers>(table);
    AddGrid<kSumChains, kSums, kSumUsers>(table);
    AddGrid<kWordChains, kWords, kWordUsers>(table);
#define SANDBOX_LOAD_ROW(name, Stored, Result)            \
  AddIntLoads<Op::k##name, Stored, Result>(table); \
  AddTableLoads<Op::k##name, Stored, Result>(table);
#define SANDBOX_STORE_ROW(name, Stored) AddIntStores<Op::k##name, Stored>(table);
#include "sandbox/inplace/access.def"
#undef SANDBOX_LOAD_ROW
#undef SANDBOX_STORE_ROW
    if constexpr (kFloats) {
      AddFloats<Operand::kF32>(table);
      AddFloats<Operand::kF64>(table);
    }
  }

 private:
  template <size_t kCount, typename Each>
  static constexpr void ForEach(Each each) {
    [&]<size_t... kNumbers>(std::index_sequence<kNumbers...>) {
      (each.template operator()<kNumbers>(), ...);
    }(std::make_index_sequence<kCount>());
  }

  template <const auto& kInners, size_t kNumber>
  using InnerOf = InnerValue<kInners[kNumber].op, kInners[kNumber].pair>;
  template <const auto& kOuters, size_t kNumber>
  using OuterOf = OuterValue<kOuters[kNumber].op, kOuters[kNumber].other, kOuters[kNumber].is_first>;

  template <const auto& kGrid, const auto& kInners, const auto& kOuters, typename Table>
  static constexpr void AddGrid(Table& table) {
    ForEach<kGrid.rows>([&]<size_t kRow>() {
      using First = InnerOf<kInners, kRow>;
      ForEach<kGrid.columns>([&]<size_t kColumn>() {
        using Then = OuterOf<kOuters, kColumn>;
        ForEach<kGrid.forms>([&]<size_t kForm>() {
          table[kGrid.Code(kRow, kColumn, kForm)] =
              Form::template kEntry<Chain<First, Then, static_cast<Dst>(kForm)>>;
        });
      });
    });
  }

  template <Op kOp, typename Stored, typename Result, typename Table>
  static constexpr void AddIntLoads(Table& table) {
    using namespace chain_internal;
    ForEach<kLoadedOps.size()>([&]<size_t kLoad>() {
      if constexpr (kLoadedOps[kLoad] == kOp) {
        ForEach<kBases>([&]<size_t kBase>() { AddLoads<Stored, Result, kIntLoadChains, kLoadUsers, kLoad * kBases, kBase>(table); });
      }
    });
  }

  template <Op kOp, typename Stored, typename Result, typename Table>
  static constexpr void AddTableLoads(Table& table) {
    using namespace chain_internal;
    ForEach<kTableChains.rows>([&]<size_t kRow>() {
      if constexpr (kTableLoads[kRow] == kOp) {
        ForEach<kTableChains.columns>([&]<size_t kColumn>() {
          ForEach<kTableChains.forms>([&]<size_t kForm>() {
            table[kTableChains.Code(kRow, kColumn, kForm)] =
                Form::template kEntry<TableLoad<Stored, Result, kTableIndices[kColumn % kBases], kColumn / kBases != 0, static_cast<Dst>(kForm)>>;
          });
        });
      }
    });
  }

  template <Op kOp, typename Stored, typename Table>
  static constexpr void AddIntStores(Table& table) {
    using namespace chain_internal;
    ForEach<kStoringOps.size()>([&]<size_t kStore>() {
      if constexpr (kStoringOps[kStore] == kOp) {
        ForEach<kStored.size()>([&]<size_t kRow>() {
          ForEach<kBases>([&]<size_t kBase>() {
            using Where = PlainAddress<kBaseAddresses[kBase]>;
            table[kIntStoreChains.Code(kRow, kStore * kBases + kBase, 0)] =
                Form::template kEntry<StoreChain<Stored, InnerOf<kStored, kRow>, Where>>;
          });
        });
      }
    });
  }

  // Of one base, in the row kFirstRow + kBase.
  template <typename Stored, typename Result, const auto& kGrid, const auto& kUsers, size_t kFirstRow, size_t kBase, typename Table>
  static constexpr void AddLoads(Table& table) {
    using Where = PlainAddress<chain_internal::kBaseAddresses[kBase]>;
    ForEach<kGrid.columns>([&]<size_t kUser>() {
      using Then = OuterOf<kUsers, kUser>;
      table[kGrid.Code(kFirstRow + kBase, kUser, 0)] =
          Form::template kEntry<LoadChain<Stored, Result, Where, Then, Dst::kSlot>>;
      table[kGrid.Code(kFirstRow + kBase, kUser, 1)] =
          Form::template kEntry<LoadChain<Stored, Result, Where, Then, Dst::kAcc>>;
    });
  }

  template <Operand kType, typename Table>
  static constexpr void AddFloats(Table& table) {
    using namespace chain_internal;
    AddGrid<kTermChains<kType>, kTerms<kType>, kTermUsers<kType>>(table);
    ForEach<kBases>([&]<size_t kBase>() {
      using Where = PlainAddress<kBaseAddresses[kBase]>;
      using Bits = std::conditional_t<kType == Operand::kF64, uint64_t, uint32_t>;
      AddLoads<Bits, Bits, kLoadChains<kType>, kTermUsers<kType>, 0, kBase>(table);
      ForEach<kTerms<kType>.size()>([&]<size_t kTerm>() {
        using First = InnerOf<kTerms<kType>, kTerm>;
        table[kStoreChains<kType>.Code(kTerm, kBase, 0)] = Form::template kEntry<StoreChain<Bits, First, Where>>;
      });
    });
  }
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_CHAIN_HANDLERS_H_
