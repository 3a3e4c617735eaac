// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The instructions of joins.h, under the rules of handlers.h. Fields of those that branch: target, the cost there, the cost
// behind the instruction, then what comes first, then what it is compared with.
#ifndef SANDBOX_FAST_JOIN_HANDLERS_H_
#define SANDBOX_FAST_JOIN_HANDLERS_H_

#include "sandbox/fast/chain_handlers.h"
#include "sandbox/fast/joins.h"

namespace sandbox::fast {

// A comparison with the operand whose field, if it has one, lies `at` halfwords behind pc.
template <Op kOp, Src kOther>
struct TestOf {
  using Bound = numeric::Binding<kOp>;
  using T = typename inplace::FunctionShape<std::remove_const_t<decltype(Bound::kFunction)>>::First;
  static constexpr ptrdiff_t kSize = Size<T>(kOther);
  SANDBOX_INLINE static bool Holds(const State& s, uint32_t value, ptrdiff_t at) {
    return Bound::kFunction(static_cast<T>(value), Get<T, kOther>(s, at)) != 0;
  }
};

template <typename First, typename TestIt, bool kBack>
struct TestBranch {
  static constexpr bool kIsBack = kBack;
  static constexpr ptrdiff_t kOther = 5 + First::kSize;
  static constexpr ptrdiff_t kLength = kOther + TestIt::kSize;
  SANDBOX_INLINE static bool IsTaken(State& s) {
    return TestIt::Holds(s, static_cast<uint32_t>(First::Get(s, 5)), kOther);
  }
};

// A dispatch form calls Access first; false: it trapped. The value is then in the accumulator.
template <typename Stored, typename Result, typename Where, typename TestIt, bool kBack>
struct LoadBranch {
  static constexpr bool kIsBack = kBack;
  static constexpr ptrdiff_t kOther = 5 + Where::kSize + 2;
  static constexpr ptrdiff_t kLength = kOther + TestIt::kSize;
  SANDBOX_INLINE static bool Access(State& s) {
    uint64_t effective = 0;
    if (!Resolve(s, Where::Get(s, 5), s.pc.U32(5 + Where::kSize), sizeof(Stored), effective)) [[unlikely]] {
      s.m.trap = TrapCode::kOutOfBoundsMemory;
      return false;
    }
    s.acc = SlotOf(static_cast<Result>(s.memory.Load<Stored>(effective)));
    return true;
  }
  SANDBOX_INLINE static bool IsTaken(State& s) { return TestIt::Holds(s, static_cast<uint32_t>(s.acc), kOther); }
};

// The slot of the local stands before the address.
template <typename Stored, typename Result, typename Where, Dst kKept, typename TestIt, bool kBack>
struct KeptBranch {
  static constexpr bool kIsBack = kBack;
  static constexpr ptrdiff_t kOther = 6 + Where::kSize + 2;
  static constexpr ptrdiff_t kLength = kOther + TestIt::kSize;
  SANDBOX_INLINE static Slot& Kept(State& s) {
    return kKept == Dst::kPin0 ? s.pin0 : kKept == Dst::kPin1 ? s.pin1 : s.acc;
  }
  SANDBOX_INLINE static bool Access(State& s) {
    uint64_t effective = 0;
    if (!Resolve(s, Where::Get(s, 6), s.pc.U32(6 + Where::kSize), sizeof(Stored), effective)) [[unlikely]] {
      s.m.trap = TrapCode::kOutOfBoundsMemory;
      return false;
    }
    s.fp[s.pc.U16(5)] = Kept(s) = SlotOf(static_cast<Result>(s.memory.Load<Stored>(effective)));
    return true;
  }
  SANDBOX_INLINE static bool IsTaken(State& s) { return TestIt::Holds(s, static_cast<uint32_t>(Kept(s)), kOther); }
};

// What a plain instruction does whose fields begin `at` halfwords behind pc.
template <Plain kMove>
struct MoveOf {
  static constexpr bool kIsPin0 = kMove == kPinSlot0 || kMove == kPinAcc0;
  static constexpr bool kIsPin1 = kMove == kPinSlot1 || kMove == kPinAcc1;
  static constexpr ptrdiff_t kSize = kMove == kAddConst                                     ? 4
                                     : kMove == kConst32                                    ? 3
                                     : kMove == kCopyAcc || kMove == kPinAcc0 || kMove == kPinAcc1 ? 1
                                                                                            : 2;
  SANDBOX_INLINE static Slot Value(const State& s, ptrdiff_t at) {
    if constexpr (kMove == kAddConst) return SlotOf(Get<uint32_t, Src::kSlot>(s, at) + s.pc.U32(at + 1));
    else if constexpr (kMove == kConst32) return s.pc.U32(at);
    else if constexpr (kSize == 1) return s.acc;
    else return s.fp[s.pc.U16(at)];
  }
  SANDBOX_INLINE static void Do(State& s, ptrdiff_t at) {
    const Slot value = Value(s, at + 1);
    if constexpr (kIsPin0) s.pin0 = value;
    if constexpr (kIsPin1) s.pin1 = value;
    s.fp[s.pc.U16(at)] = value;
  }
};

template <typename Move, Src kFirst, typename TestIt, bool kBack>
struct MoveBranch {
  static constexpr bool kIsBack = kBack;
  static constexpr ptrdiff_t kFirstAt = 5 + Move::kSize;
  static constexpr ptrdiff_t kOther = kFirstAt + Size<uint32_t>(kFirst);
  static constexpr ptrdiff_t kLength = kOther + TestIt::kSize;
  SANDBOX_INLINE static bool IsTaken(State& s) {
    Move::Do(s, 5);
    return TestIt::Holds(s, Get<uint32_t, kFirst>(s, kFirstAt), kOther);
  }
};

// The slot of what steps comes first.
template <Src kStepped, Src kBy, typename TestIt, bool kBack>
struct VarStepBranch {
  static constexpr bool kIsBack = kBack;
  static constexpr ptrdiff_t kOther = 6 + Size<uint32_t>(kBy);
  static constexpr ptrdiff_t kLength = kOther + TestIt::kSize;
  SANDBOX_INLINE static bool IsTaken(State& s) {
    const uint32_t sum = Get<uint32_t, kStepped>(s, 0) + Get<uint32_t, kBy>(s, 6);
    s.fp[s.pc.U16(5)] = PinOf<kStepped>(s) = SlotOf(sum);
    return TestIt::Holds(s, sum, kOther);
  }
};

template <typename Move, bool kBack>
struct MoveJump {
  SANDBOX_INLINE static Step Run(State& s) {
    Move::Do(s, 4);
    if constexpr (kBack) return JumpBack::Run(s);
    else return Jump::Run(s);
  }
};

template <typename First>
struct ReturnOf {
  SANDBOX_INLINE static Step Run(State& s) {
    s.acc = SlotOf(First::Get(s, 1));
    return LeaveWith(s, s.acc);
  }
};

// Adds the handlers of all joins to a table of a dispatch form.
template <typename Form>
struct JoinTable {
  template <typename Table>
  static constexpr void Add(Table& table) {
    using namespace join_internal;
    AddComputed(table);
#define SANDBOX_LOAD_ROW(name, Stored, Result) AddLoads<Op::k##name, Stored, Result>(table);
#define SANDBOX_STORE_ROW(name, Stored)
#include "sandbox/inplace/access.def"
#undef SANDBOX_LOAD_ROW
#undef SANDBOX_STORE_ROW
    AddMoves(table);
    AddReturns<kSumReturns, chain_internal::kSums>(table);
    AddReturns<kShiftReturns, chain_internal::kShifts>(table);
  }

 private:
  template <size_t kCount, typename Each>
  static constexpr void ForEach(Each each) {
    [&]<size_t... kNumbers>(std::index_sequence<kNumbers...>) {
      (each.template operator()<kNumbers>(), ...);
    }(std::make_index_sequence<kCount>());
  }
  // Each column of a grid's row, both ways.
  template <const auto& kGrid, size_t kRow, typename Each>
  static constexpr void FillRow(auto& table, Each each) {
    ForEach<kGrid.columns>([&]<size_t kColumn>() {
      ForEach<kGrid.forms>([&]<size_t kWay>() {
        table[kGrid.Code(kRow, kColumn, kWay)] = each.template operator()<kColumn, kWay != 0>();
      });
    });
  }
  template <size_t kNumber>
  using TestAt = TestOf<join_internal::kTests[kNumber].op, join_internal::kTests[kNumber].other>;

  template <typename Table>
  static constexpr void AddComputed(Table& table) {
    using namespace join_internal;
    ForEach<kTestBranches.rows>([&]<size_t kRow>() {
      using First = InnerValue<kTested[kRow].op, kTested[kRow].pair>;
      FillRow<kTestBranches, kRow>(table, []<size_t kColumn, bool kBack>() {
        return Form::template kEntry<TestBranch<First, TestAt<kColumn>, kBack>>;
      });
    });
    ForEach<kVarStepBranches.rows>([&]<size_t kRow>() {
      FillRow<kVarStepBranches, kRow>(table, []<size_t kColumn, bool kBack>() {
        return Form::template kEntry<VarStepBranch<kVarSteps[kRow].stepped, kVarSteps[kRow].by, TestAt<kColumn>, kBack>>;
      });
    });
  }

  template <Op kOp, typename Stored, typename Result, typename Table>
  static constexpr void AddLoads(Table& table) {
    using namespace join_internal;
    ForEach<kBases>([&]<size_t kBase>() {
      using Where = PlainAddress<chain_internal::kBaseAddresses[kBase]>;
      ForEach<kTestedLoads.size()>([&]<size_t kLoad>() {
        if constexpr (kTestedLoads[kLoad] == kOp) {
          FillRow<kLoadBranches, kLoad * kBases + kBase>(table, []<size_t kColumn, bool kBack>() {
            return Form::template kEntry<LoadBranch<Stored, Result, Where, TestAt<kColumn>, kBack>>;
          });
        }
      });
      ForEach<kKeptLoads.size()>([&]<size_t kLoad>() {
        if constexpr (kKeptLoads[kLoad] == kOp) {
          FillRow<kKeptBranches, kLoad * kBases + kBase>(table, []<size_t kColumn, bool kBack>() {
            constexpr Dst kKept = kKeptIn[kColumn / kKeptTests];
            return Form::template kEntry<KeptBranch<Stored, Result, Where, kKept, TestAt<kColumn % kKeptTests>, kBack>>;
          });
        }
      });
    });
  }

  template <typename Table>
  static constexpr void AddMoves(Table& table) {
    using namespace join_internal;
    ForEach<kMoveBranches.rows>([&]<size_t kRow>() {
      FillRow<kMoveBranches, kRow>(table, []<size_t kColumn, bool kBack>() {
        constexpr Src kFirst = kMoveSources[kColumn / kConstTests];
        return Form::template kEntry<MoveBranch<MoveOf<kMoves[kRow]>, kFirst, TestAt<kColumn % kConstTests>, kBack>>;
      });
    });
    ForEach<kMoveJumps.rows>([&]<size_t kRow>() {
      FillRow<kMoveJumps, kRow>(table, []<size_t, bool kBack>() {
        return Form::template kEntry<MoveJump<MoveOf<kJumpMoves[kRow]>, kBack>>;
      });
    });
  }

  template <const auto& kGrid, const auto& kInners, typename Table>
  static constexpr void AddReturns(Table& table) {
    ForEach<kGrid.rows>([&]<size_t kRow>() {
      table[kGrid.Code(kRow, 0, 0)] = Form::template kEntry<ReturnOf<InnerValue<kInners[kRow].op, kInners[kRow].pair>>>;
    });
  }
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_JOIN_HANDLERS_H_
