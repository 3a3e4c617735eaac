// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The instructions of register code, each a struct with Run(State&): the semantics, once for both dispatch forms. They are
// templates over operand classes, instantiated by handler_table.h.
//
// The rules of the room: a handler that says kNext has moved pc on. One that says kTrap has not, and has set Machine::trap.
// kFuel: fuel has wrapped, Machine::fuel_needed was taken, pc is where that is for. What calls anything out of line says
// kResume or kExit, with all state in the machine.
#ifndef SANDBOX_FAST_HANDLERS_H_
#define SANDBOX_FAST_HANDLERS_H_

#include <bit>
#include <cstdint>

#include "sandbox/exec/machine.h"
#include "sandbox/exec/measure.h"
#include "sandbox/fast/opcode.h"
#include "sandbox/fast/slow.h"
#include "sandbox/inplace/handler_support.h"
#include "sandbox/module/translated.h"

namespace sandbox::fast {

// The float accumulator. On clang a vector, of which an f32 is the first of four elements and an f64 the first of two.
#if SANDBOX_FLOATS && defined(__clang__)
using FloatAcc = double __attribute__((vector_size(16)));
using Floats = float __attribute__((vector_size(16)));
SANDBOX_INLINE float GetFloat(FloatAcc acc, float) { return std::bit_cast<Floats>(acc)[0]; }
SANDBOX_INLINE double GetFloat(FloatAcc acc, double) { return acc[0]; }
SANDBOX_INLINE FloatAcc FloatAccOf(float value) { return std::bit_cast<FloatAcc>(Floats{value, 0, 0, 0}); }
SANDBOX_INLINE FloatAcc FloatAccOf(double value) { return FloatAcc{value, 0}; }
SANDBOX_INLINE Slot BitsOf(FloatAcc acc) { return std::bit_cast<uint64_t>(acc[0]); }
SANDBOX_INLINE FloatAcc FloatAccOfBits(Slot bits) { return FloatAcc{std::bit_cast<double>(bits), 0}; }
#elif SANDBOX_TAIL_DISPATCH && !SANDBOX_FLOATS
// A vector as well: all integer registers are taken.
using FloatAcc = Slot __attribute__((vector_size(16)));
SANDBOX_INLINE Slot BitsOf(FloatAcc acc) { return acc[0]; }
SANDBOX_INLINE FloatAcc FloatAccOfBits(Slot bits) { return FloatAcc{bits, 0}; }
#else
using FloatAcc = Slot;
#if SANDBOX_FLOATS
SANDBOX_INLINE float GetFloat(FloatAcc acc, float) { return std::bit_cast<float>(static_cast<uint32_t>(acc)); }
SANDBOX_INLINE double GetFloat(FloatAcc acc, double) { return std::bit_cast<double>(acc); }
SANDBOX_INLINE FloatAcc FloatAccOf(float value) { return SlotOf(value); }
SANDBOX_INLINE FloatAcc FloatAccOf(double value) { return SlotOf(value); }
#endif
SANDBOX_INLINE Slot BitsOf(FloatAcc acc) { return acc; }
SANDBOX_INLINE FloatAcc FloatAccOfBits(Slot bits) { return bits; }
#endif

// What a dispatch form keeps in registers.
struct State {
  Machine& m;
  CodePos pc;
  Locals fp;
  Slot acc;
  FloatAcc facc;
  MemView memory;
  uint64_t fuel;
  // While a loop with pins runs: what the slots of its pinned locals hold, and the loop's first instruction.
  Slot pin0;
  Slot pin1;
  CodePos head;
};

// Goes on as the machine says. False: the region there is not covered.
SANDBOX_INLINE bool Resume(State& s) {
  Registers& r = s.m.registers;
  if (r.fuel < r.entry_cost) {
    s.m.fuel_needed = r.entry_cost;
    return false;
  }
  s.pc = r.code;
  s.fp = r.locals;
  s.acc = r.has_accumulators ? r.accumulator : r.sp[0];
  // What came back through another tier, or from the host, is in its slot only.
  if (r.is_behind_call) r.sp[r.code.S16(-2)] = s.acc;
  r.is_behind_call = false;
  s.facc = FloatAccOfBits(r.has_accumulators ? r.float_accumulator : s.acc);
  s.memory = r.memory;
  s.fuel = r.fuel - r.entry_cost;
  s.pin0 = r.pins[0];
  s.pin1 = r.pins[1];
  s.head = r.loop_head;
  return true;
}

// Ways out at pc: where a region begins that is not covered, and at an instruction that trapped in the middle of one.
SANDBOX_INLINE Exit LeaveForFuel(const State& s) {
  SpillState(s.m, s.pc, s.fp, s.memory, s.fuel);
  s.m.registers.has_accumulators = true;
  s.m.registers.accumulator = s.acc;
  s.m.registers.float_accumulator = BitsOf(s.facc);
  s.m.registers.pins = {s.pin0, s.pin1};
  s.m.registers.loop_head = s.head;
  StopForFuel(s.m);
  return Exit::kFuel;
}
SANDBOX_INLINE Exit LeaveForTrap(const State& s) {
  SpillState(s.m, s.pc, s.fp, s.memory, s.fuel);
  TrapInRegion(s.m);
  return Exit::kTrap;
}

template <typename T>
inline constexpr bool kIsFloat = std::is_floating_point_v<T>;
template <typename T>
inline constexpr Operand kOperandOf = sizeof(T) == 8 ? (kIsFloat<T> ? Operand::kF64 : Operand::kI64)
                                                     : (kIsFloat<T> ? Operand::kF32 : Operand::kI32);
template <typename T>
constexpr ptrdiff_t Size(Src src) {
  return static_cast<ptrdiff_t>(SizeOf(src, kOperandOf<T>));
}

// An operand whose field, if it has one, lies `at` halfwords behind pc.
template <typename T, Src kSrc>
SANDBOX_INLINE T Get(const State& s, ptrdiff_t at) {
  if constexpr (kSrc == Src::kSlot) {
    return inplace::FromSlot<T>(s.fp[s.pc.U16(at)]);
  } else if constexpr (kSrc == Src::kConst) {
    if constexpr (kIsFloat<T> && sizeof(T) == 8) return std::bit_cast<T>(s.pc.U64(at));
    else if constexpr (sizeof(T) == 8) return static_cast<T>(int64_t{s.pc.S32(at)});
    else return std::bit_cast<T>(s.pc.U32(at));
  } else if constexpr (kIsFloat<T>) {
    return GetFloat(s.facc, T{});
  } else if constexpr (IsPin(kSrc)) {
    return static_cast<T>(kSrc == Src::kPin0 ? s.pin0 : s.pin1);
  } else {
    return static_cast<T>(s.acc);
  }
}

// The result of an instruction, whose first field names the slot for it.
template <Dst kDst, typename T>
SANDBOX_INLINE void Put(State& s, T value) {
  if constexpr (kDst == Dst::kPin0) s.pin0 = SlotOf(value);
  else if constexpr (kDst == Dst::kPin1) s.pin1 = SlotOf(value);
  else if constexpr (kIsFloat<T>) s.facc = FloatAccOf(value);
  else s.acc = SlotOf(value);
  if constexpr (kDst != Dst::kAcc) s.fp[s.pc.U16(1)] = SlotOf(value);
}

// Pays for the region at pc.
SANDBOX_INLINE Step Pay(State& s, uint32_t cost, Step then) {
  if (SANDBOX_METERING && __builtin_sub_overflow(s.fuel, uint64_t{cost}, &s.fuel)) [[unlikely]] {
    s.m.fuel_needed = cost;
    return Step::kFuel;
  }
  return then;
}

SANDBOX_INLINE Step Trap(State& s, TrapCode code) {
  s.m.trap = code;
  return Step::kTrap;
}

// --- Families -------------------------------------------------------------------------------------------------------

template <Op kOp, Pair kPair, Dst kDst>
struct Binary {
  using Bound = numeric::Binding<kOp>;
  using Types = inplace::FunctionShape<std::remove_const_t<decltype(Bound::kFunction)>>;
  using A = typename Types::First;
  using B = typename Types::Second;
  static constexpr ptrdiff_t kSecond = 2 + Size<A>(FirstOf(kPair));
  SANDBOX_INLINE static Step Run(State& s) {
    const auto result = Bound::kFunction(Get<A, FirstOf(kPair)>(s, 2), Get<B, SecondOf(kPair)>(s, kSecond));
    if (inplace::IsTrap(result)) [[unlikely]]
      return Trap(s, inplace::TrapOf(result));
    Put<kDst>(s, inplace::ValueOf(result));
    s.pc.Skip(kSecond + Size<B>(SecondOf(kPair)));
    return Step::kNext;
  }
};

template <Op kOp, Src kSrc, Dst kDst>
struct Unary {
  using Bound = numeric::Binding<kOp>;
  using A = typename inplace::FunctionShape<std::remove_const_t<decltype(Bound::kFunction)>>::First;
  SANDBOX_INLINE static Step Run(State& s) {
    const auto result = Bound::kFunction(Get<A, kSrc>(s, 2));
    if (inplace::IsTrap(result)) [[unlikely]]
      return Trap(s, inplace::TrapOf(result));
    Put<kDst>(s, inplace::ValueOf(result));
    s.pc.Skip(2 + Size<A>(kSrc));
    return Step::kNext;
  }
};

template <Op kOp, Pair kPair, BranchForm kForm>
struct Branch {
  using Bound = numeric::Binding<kOp>;
  using Types = inplace::FunctionShape<std::remove_const_t<decltype(Bound::kFunction)>>;
  using A = typename Types::First;
  using B = typename Types::Second;
  static constexpr ptrdiff_t kSecond = 5 + Size<A>(FirstOf(kPair));
  static constexpr ptrdiff_t kLength = kSecond + Size<B>(SecondOf(kPair));
  static constexpr bool kIsBack = kForm == BranchForm::kBackIf;
  SANDBOX_INLINE static bool IsTaken(State& s) {
    const auto holds = Bound::kFunction(Get<A, FirstOf(kPair)>(s, 5), Get<B, SecondOf(kPair)>(s, kSecond));
    return (holds != 0) == (kForm != BranchForm::kIfNot);
  }
};

// Of memory 0, indexed by i32: no sum can wrap.
SANDBOX_INLINE bool Resolve(const State& s, uint32_t address, uint32_t offset, uint64_t width, uint64_t& effective) {
  effective = uint64_t{address} + offset;
#if defined(__clang__) || defined(__GNUC__)
  // Else it is added up twice: once for the check, once for the access.
  asm("" : "+r"(effective));
#endif
  return effective + width <= s.memory.size;
}

// How an address is found whose first field lies `at` halfwords behind pc.
template <Address kAddress>
struct PlainAddress {
  static constexpr ptrdiff_t kBase = Size<uint32_t>(BaseOf(kAddress));
  static constexpr ptrdiff_t kSize = kBase + (IsSum(kAddress) ? 2 : 0);
  SANDBOX_INLINE static uint32_t Get(const State& s, ptrdiff_t at) {
    const uint32_t base = fast::Get<uint32_t, BaseOf(kAddress)>(s, at);
    if constexpr (IsSum(kAddress)) return base + s.pc.U32(at + kBase);
    else return base;
  }
};
template <Index kIndex>
struct IndexedAddress {
  static constexpr ptrdiff_t kBase = Size<uint32_t>(FirstOf(kIndex));
  static constexpr ptrdiff_t kSize = kBase + (IsShifted(kIndex) ? 3 : Size<uint32_t>(SecondOf(kIndex)));
  SANDBOX_INLINE static uint32_t Get(const State& s, ptrdiff_t at) {
    const uint32_t base = fast::Get<uint32_t, FirstOf(kIndex)>(s, at);
    if constexpr (IsShifted(kIndex)) return (base << (s.pc.U16(at + kBase) & 31)) + s.pc.U32(at + kBase + 1);
    else return base + fast::Get<uint32_t, SecondOf(kIndex)>(s, at + kBase);
  }
};

// A float is loaded and stored as its bits.
template <typename Stored, typename Result, bool kFloat, typename Where, Dst kDst>
struct Load {
  static constexpr ptrdiff_t kOffset = 2 + Where::kSize;
  SANDBOX_INLINE static Step Run(State& s) {
    uint64_t effective = 0;
    if (!Resolve(s, Where::Get(s, 2), s.pc.U32(kOffset), sizeof(Stored), effective)) [[unlikely]]
      return Trap(s, TrapCode::kOutOfBoundsMemory);
    const Result value = static_cast<Result>(s.memory.Load<Stored>(effective));
    if constexpr (kFloat) {
      s.facc = FloatAccOfBits(SlotOf(value));
      if constexpr (kDst == Dst::kSlot) s.fp[s.pc.U16(1)] = SlotOf(value);
    } else {
      Put<kDst>(s, value);
    }
    s.pc.Skip(kOffset + 2);
    return Step::kNext;
  }
};

template <typename Stored, typename Value, typename Where, Src kValue>
struct Store {
  static constexpr ptrdiff_t kOffset = 1 + Where::kSize;
  SANDBOX_INLINE static Step Run(State& s) {
    uint64_t effective = 0;
    if (!Resolve(s, Where::Get(s, 1), s.pc.U32(kOffset), sizeof(Stored), effective)) [[unlikely]]
      return Trap(s, TrapCode::kOutOfBoundsMemory);
    const Value value = Get<Value, kValue>(s, kOffset + 2);
    if constexpr (kIsFloat<Value>) s.memory.Store<Stored>(effective, std::bit_cast<Stored>(value));
    else s.memory.Store<Stored>(effective, static_cast<Stored>(value));
    s.pc.Skip(kOffset + 2 + Size<Value>(kValue));
    return Step::kNext;
  }
};

// A dispatch form runs those that may branch in two pieces: each goes on with a jump of its own, which the processor
// predicts by itself. The fields: target, the cost there, the cost behind the instruction, then the operands.
template <typename Handler>
inline constexpr bool kBranches = requires(State& s) { Handler::IsTaken(s); };
// Those that read memory first say whether that trapped.
template <typename Handler>
SANDBOX_INLINE bool TryAccess(State& s) {
  if constexpr (requires { Handler::Access(s); }) return Handler::Access(s);
  else return true;
}
template <typename Handler>
SANDBOX_INLINE bool TakeBranch(State& s) {
  const uint32_t cost = s.pc.U16(3);
  // The place where code goes on does not wait for what it says, if it is the loop's head.
  if constexpr (Handler::kIsBack) s.pc = s.head;
  else s.pc.Skip(s.pc.S32(1));
  return Pay(s, cost, Step::kNext) == Step::kNext;
}
template <typename Handler>
SANDBOX_INLINE bool PassBranch(State& s) {
  const uint32_t cost = s.pc.U16(4);
  s.pc.Skip(Handler::kLength);
  return Pay(s, cost, Step::kNext) == Step::kNext;
}

// A loop's counter steps on, is compared, and the loop goes on or not.
template <Op kOp, size_t kNumber>
struct StepBranch {
  using Bound = numeric::Binding<kOp>;
  static constexpr StepForm kForm = opcode_internal::StepFormOf(kNumber);
  static constexpr bool kIsBack = kForm.is_back;
  static constexpr ptrdiff_t kStep = 6 + Size<uint32_t>(kForm.stepped);
  static constexpr ptrdiff_t kLength = kStep + 2 + Size<uint32_t>(kForm.second);
  SANDBOX_INLINE static bool IsTaken(State& s) {
    const uint32_t sum = Get<uint32_t, kForm.stepped>(s, 6) + s.pc.U32(kStep);
    if constexpr (kForm.stepped == Src::kPin0) s.pin0 = SlotOf(sum);
    else if constexpr (kForm.stepped == Src::kPin1) s.pin1 = SlotOf(sum);
    else s.acc = SlotOf(sum);
    s.fp[s.pc.U16(5)] = SlotOf(sum);
    return Bound::kFunction(sum, Get<uint32_t, kForm.second>(s, kStep + 2)) != 0;
  }
};

// --- Branches -------------------------------------------------------------------------------------------------------

struct Jump {
  SANDBOX_INLINE static Step Run(State& s) {
    const uint32_t cost = s.pc.U16(3);
    s.pc.Skip(s.pc.S32(1));
    return Pay(s, cost, Step::kNext);
  }
};

struct JumpBack {
  SANDBOX_INLINE static Step Run(State& s) {
    const uint32_t cost = s.pc.U16(3);
    s.pc = s.head;
    return Pay(s, cost, Step::kNext);
  }
};

// Stands where a branch that was not taken goes on: what it would have cost to carry values is given back.
struct Refund {
  SANDBOX_INLINE static Step Run(State& s) {
    const uint32_t cost = s.pc.U16(2);
    if (SANDBOX_METERING) s.fuel += s.pc.U16(1);
    s.pc.Skip(3);
    return Pay(s, cost, Step::kNext);
  }
};

// Stands before a loop, and in it behind whatever leaves the pins to somebody else.
struct EnterLoop {
  SANDBOX_INLINE static Step Run(State& s) {
    s.pin0 = s.fp[s.pc.U16(1)];
    s.pin1 = s.fp[s.pc.U16(2)];
    s.head = s.pc + s.pc.S32(3);
    s.pc.Skip(5);
    return Step::kNext;
  }
};

template <Src kSrc>
struct BrTable {
  // Sets which instruction comes next, too. The entry says it, so that who jumps there waits for one load less: most
  // of what a table costs is that processors learn late where it goes (decision 0017).
  SANDBOX_INLINE static Step Run(State& s, uint16_t& next) {
    constexpr ptrdiff_t kLabels = 1 + Size<uint32_t>(kSrc);
    const uint32_t index = Get<uint32_t, kSrc>(s, 1);
    const uint32_t labels = s.pc.U32(kLabels);
    const ptrdiff_t entry = kLabels + 2 + kTableEntrySize * static_cast<ptrdiff_t>(index < labels ? index : labels);
    const uint32_t cost = s.pc.U16(entry + kTableEntryCost);
    next = s.pc.U16(entry + kTableEntryOpcode);
    s.pc.Skip(s.pc.S32(entry));
    return Pay(s, cost, Step::kNext);
  }
};

// Those whose Run also sets `next` to the opcode at s.pc, if it says that the next one runs.
template <typename Handler>
inline constexpr bool kKnowsNext = requires(State& s, uint16_t& next) { Handler::Run(s, next); };

struct Unreachable {
  SANDBOX_INLINE static Step Run(State& s) { return Trap(s, TrapCode::kUnreachable); }
};

// --- Calls ----------------------------------------------------------------------------------------------------------

// Nobody asks for pins and accumulators before they are written again: they need not outlive what is done here.
SANDBOX_INLINE void ForgetRegisters(State& s) {
  s.pin0 = s.pin1 = s.acc = 0;
  s.facc = FloatAccOfBits(0);
  s.head = CodePos();
}

// Makes the frame of a function of the running instance, whose arguments begin at `arguments`.
SANDBOX_INLINE Step EnterFunction(State& s, const FastFunction& callee, Locals arguments, CodePos return_to) {
  Machine& m = s.m;
  const FramePos caller = m.frame;
  const Sp top = arguments + callee.param_slots;
  // If the stack is exhausted, too: what had to be kept for that would be saved by every call.
  ForgetRegisters(s);
  if (caller == m.last_frame || m.stack_end - top < static_cast<ptrdiff_t>(callee.needed_slots)) [[unlikely]]
    return Trap(s, TrapCode::kStackExhausted);
  const FramePos frame = caller + 1;
  caller->return_code = return_to;
  frame->locals = arguments;
  frame->instance = m.instance;
  frame->fast = &callee;
  m.frame = frame;
  ZeroSlots(top, callee.local_slots);
  s.fp = arguments;
  s.pc = CodePos(callee.code.load(std::memory_order_acquire));
  return Pay(s, s.pc.U16(-1), Step::kNext);
}

struct Call {
  SANDBOX_INLINE static Step Run(State& s) {
    const FastFunction& callee = s.m.fast_functions[s.pc.U32(1)];
    return EnterFunction(s, callee, s.fp + s.pc.U16(3), s.pc + 6);
  }
};

// Goes on in the caller, whose region behind the call is paid for.
SANDBOX_INLINE Step LeaveFor(State& s, FramePos caller, CodePos behind) {
  s.m.frame = caller;
  s.pc = behind;
  s.fp = caller->locals;
  return Pay(s, behind.U16(-1), Step::kNext);
}
SANDBOX_INLINE Step Leave(State& s) {
  const FramePos caller = s.m.frame + -1;
  return LeaveFor(s, caller, caller->return_code);
}

// With a result: in its slot, where any tier goes on from, and in the local that the caller wants it in.
SANDBOX_INLINE Step LeaveWith(State& s, Slot result) {
  const FramePos caller = s.m.frame + -1;
  const CodePos behind = caller->return_code;
  s.fp[0] = result;
  s.fp[behind.S16(-2)] = result;
  return LeaveFor(s, caller, behind);
}

struct Return {
  SANDBOX_INLINE static Step Run(State& s) { return Leave(s); }
};
struct ReturnSlot {
  SANDBOX_INLINE static Step Run(State& s) {
    const Slot value = s.fp[s.pc.U16(1)];
    s.acc = value;
    s.facc = FloatAccOfBits(value);
    return LeaveWith(s, value);
  }
};
struct ReturnAcc {
  SANDBOX_INLINE static Step Run(State& s) {
    return LeaveWith(s, s.acc);
  }
};
struct ReturnFloatAcc {
  SANDBOX_INLINE static Step Run(State& s) {
    return LeaveWith(s, BitsOf(s.facc));
  }
};
struct ReturnMany {
  SANDBOX_INLINE static Step Run(State& s) {
    MoveSlotsDown(s.fp, s.fp + s.pc.U16(1), s.pc.U16(2));
    return Leave(s);
  }
};

// The index is in its slot, and may be in the accumulator as well.
template <Src kIndex>
struct CallIndirect {
  static constexpr ptrdiff_t kLength = 9;
  SANDBOX_INLINE static Step Run(State& s) {
    Machine& m = s.m;
    const CanonIdx expected = m.store_types[s.pc.U32(1)];
    const std::span<const Ref> elements = m.tables[s.pc.U16(3)]->object.elements();
    const ptrdiff_t at = s.pc.U16(6);
    const uint64_t index = Get<uint64_t, kIndex>(s, 6);
    if (index >= elements.size()) [[unlikely]]
      return SlowCall(s);
    const Ref reference = TrustedArray<const Ref>(elements)[index];
    if (reference == kNullRef) [[unlikely]]
      return SlowCall(s);
    const FuncAddr address = AddressOfRef(reference);
    const Function& target = TrustedArray<const Function>(m.store.functions.span())[address];
    if (target.type != expected || target.owner != m.instance->id) [[unlikely]]
      return SlowCall(s);
    const FastFunction& callee = m.fast_functions[address - m.instance->first_function];
    const uint64_t cost = SANDBOX_METERING ? uint64_t{1} + callee.call_cost : 0;
    if (s.fuel < cost) [[unlikely]]
      return SlowCall(s);
    s.fuel -= cost;
    const Step step = EnterFunction(s, callee, s.fp + (at - static_cast<ptrdiff_t>(callee.param_slots)), s.pc + kLength);
    // Deep recursion traps here, where everything has been paid for and no region is open.
    if (step == Step::kTrap) [[unlikely]]
      return TrapAtCall(s);
    return step;
  }

 private:
  SANDBOX_INLINE static Step SlowCall(State& s) {
    SpillState(s.m, s.pc, s.fp, s.memory, s.fuel);
    return OutOfLine(CallIndirectSlowly(s.m));
  }
  SANDBOX_INLINE static Step TrapAtCall(State& s) {
    SpillState(s.m, s.pc, s.fp, s.memory, s.fuel);
    return OutOfLine(TrapAt(s.m, s.pc.U32(4)));
  }
};

// What a function of slow.h does.
template <Step (*kFunction)(Machine&)>
struct Slow {
  SANDBOX_INLINE static Step Run(State& s) {
    SpillState(s.m, s.pc, s.fp, s.memory, s.fuel);
    return OutOfLine(kFunction(s.m));
  }
};

// --- Plain ----------------------------------------------------------------------------------------------------------

struct Copy {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = s.fp[s.pc.U16(2)];
    s.pc.Skip(3);
    return Step::kNext;
  }
};
struct Copy2 {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = s.fp[s.pc.U16(2)];
    s.fp[s.pc.U16(3)] = s.fp[s.pc.U16(4)];
    s.pc.Skip(5);
    return Step::kNext;
  }
};
struct CopyAcc {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = s.acc;
    s.pc.Skip(2);
    return Step::kNext;
  }
};
struct CopyFloatAcc {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = BitsOf(s.facc);
    s.pc.Skip(2);
    return Step::kNext;
  }
};
template <Src kPin>
SANDBOX_INLINE Slot& PinOf(State& s) {
  return kPin == Src::kPin0 ? s.pin0 : s.pin1;
}
template <Src kPin>
struct PinAcc {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = PinOf<kPin>(s) = s.acc;
    s.pc.Skip(2);
    return Step::kNext;
  }
};
template <Src kPin>
struct PinSlot {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = PinOf<kPin>(s) = s.fp[s.pc.U16(2)];
    s.pc.Skip(3);
    return Step::kNext;
  }
};
template <Src kPin>
struct PinConst {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = PinOf<kPin>(s) = s.pc.U32(2);
    s.pc.Skip(4);
    return Step::kNext;
  }
};
struct AddConst {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = SlotOf(Get<uint32_t, Src::kSlot>(s, 2) + s.pc.U32(3));
    s.pc.Skip(5);
    return Step::kNext;
  }
};
struct ShiftConst {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = SlotOf((Get<uint32_t, Src::kSlot>(s, 2) << (s.pc.U16(3) & 31)) + s.pc.U32(4));
    s.pc.Skip(6);
    return Step::kNext;
  }
};
struct Const32 {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = s.pc.U32(2);
    s.pc.Skip(4);
    return Step::kNext;
  }
};
struct Const64 {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = s.pc.U64(2);
    s.pc.Skip(6);
    return Step::kNext;
  }
};
template <Src kCondition>
struct Select {
  SANDBOX_INLINE static Step Run(State& s) {
    const Slot first = s.fp[s.pc.U16(2)];
    const Slot second = s.fp[s.pc.U16(3)];
    s.fp[s.pc.U16(1)] = Get<uint32_t, kCondition>(s, 4) != 0 ? first : second;
    s.pc.Skip(4 + Size<uint32_t>(kCondition));
    return Step::kNext;
  }
};
struct GlobalGet {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = s.m.globals[s.pc.U32(2)]->object.value;
    s.pc.Skip(4);
    return Step::kNext;
  }
};
struct GlobalSet {
  SANDBOX_INLINE static Step Run(State& s) {
    s.m.globals[s.pc.U32(2)]->object.value = s.fp[s.pc.U16(1)];
    s.pc.Skip(4);
    return Step::kNext;
  }
};
struct GlobalSetAcc {
  SANDBOX_INLINE static Step Run(State& s) {
    s.m.globals[s.pc.U32(1)]->object.value = s.acc;
    s.pc.Skip(3);
    return Step::kNext;
  }
};
struct RefFunc {
  SANDBOX_INLINE static Step Run(State& s) {
    s.fp[s.pc.U16(1)] = RefOfAddress(s.m.instance->AddressOf(s.pc.U32(2)));
    s.pc.Skip(4);
    return Step::kNext;
  }
};
struct RefAsNonNull {
  SANDBOX_INLINE static Step Run(State& s) {
    if (static_cast<Ref>(s.fp[s.pc.U16(1)]) == kNullRef) [[unlikely]]
      return Trap(s, TrapCode::kNullReference);
    s.pc.Skip(2);
    return Step::kNext;
  }
};
struct MoveDown {
  SANDBOX_INLINE static Step Run(State& s) {
    MoveSlotsDown(s.fp + s.pc.U16(1), s.fp + s.pc.U16(2), s.pc.U16(3));
    s.pc.Skip(4);
    return Step::kNext;
  }
};
struct Invalid {
  SANDBOX_INLINE static Step Run(State&) { SANDBOX_CHECK(false); }
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_HANDLERS_H_
