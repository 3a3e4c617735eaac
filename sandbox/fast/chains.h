// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Instructions of register code that do the work of two: what one computes only the next one uses, so that it is named
// nowhere. Each family is a grid of what comes first and what comes then; all of it computes without trapping, but for
// the access to memory, if there is one. Their numbers follow those of opcode.h.
#ifndef SANDBOX_FAST_CHAINS_H_
#define SANDBOX_FAST_CHAINS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "sandbox/fast/opcode.h"

namespace sandbox::fast {

// What comes first: an instruction and its operands. Or
struct Inner {
  Op op;
  Pair pair;
};
// ... then: an instruction, its other operand, and whether that is its first one.
struct Outer {
  Op op;
  Src other;
  bool is_first = false;
};

namespace chain_internal {

// --- Integers -------------------------------------------------------------------------------------------------------

// Shifted, masked and scaled operands: of hashes, of bit fields, of addresses. The inner one leaves the accumulator alone: it may
// hold the other operand.
inline constexpr std::array<Inner, 20> kShifts = {{
    {Op::kI32Shl, Pair::kSlotConst},    {Op::kI32Shl, Pair::kAccConst},     {Op::kI32Shl, Pair::kPin0Const},
    {Op::kI32Shl, Pair::kPin1Const},    {Op::kI32ShrU, Pair::kSlotConst},   {Op::kI32ShrU, Pair::kAccConst},
    {Op::kI32ShrU, Pair::kPin0Const},   {Op::kI32ShrU, Pair::kPin1Const},   {Op::kI32And, Pair::kSlotConst},
    {Op::kI32And, Pair::kAccConst},     {Op::kI32And, Pair::kPin0Const},    {Op::kI32And, Pair::kPin1Const},
    {Op::kI32Rotl, Pair::kSlotConst},   {Op::kI32Rotl, Pair::kAccConst},    {Op::kI32Rotl, Pair::kPin0Const},
    {Op::kI32Rotl, Pair::kPin1Const},   {Op::kI32ShrS, Pair::kSlotConst},   {Op::kI32ShrS, Pair::kAccConst},
    {Op::kI32Mul, Pair::kSlotConst},    {Op::kI32Mul, Pair::kAccConst},
}};
inline constexpr std::array<Outer, 17> kShiftUsers = {{
    {Op::kI32Add, Src::kSlot}, {Op::kI32Add, Src::kConst}, {Op::kI32Add, Src::kPin0}, {Op::kI32Add, Src::kPin1},
    {Op::kI32Xor, Src::kSlot}, {Op::kI32Xor, Src::kPin0},  {Op::kI32Xor, Src::kPin1}, {Op::kI32Or, Src::kSlot},
    {Op::kI32Or, Src::kPin0},  {Op::kI32Or, Src::kPin1},   {Op::kI32And, Src::kSlot}, {Op::kI32And, Src::kConst},
    {Op::kI32And, Src::kPin0}, {Op::kI32And, Src::kPin1}, {Op::kI32Add, Src::kAcc},  {Op::kI32Xor, Src::kAcc},
    {Op::kI32Or, Src::kAcc},
}};

// Expressions of three operands.
inline constexpr std::array<Inner, 21> kSums = {{
    {Op::kI32Add, Pair::kSlotSlot}, {Op::kI32Add, Pair::kAccSlot},  {Op::kI32Add, Pair::kSlotConst},
    {Op::kI32Add, Pair::kAccConst}, {Op::kI32Sub, Pair::kSlotSlot}, {Op::kI32Sub, Pair::kAccSlot},
    {Op::kI32Sub, Pair::kSlotAcc},  {Op::kI32Mul, Pair::kSlotSlot}, {Op::kI32Mul, Pair::kAccSlot},
    {Op::kI32And, Pair::kSlotSlot}, {Op::kI32And, Pair::kAccSlot},  {Op::kI32Or, Pair::kSlotSlot},
    {Op::kI32Or, Pair::kAccSlot},   {Op::kI32Xor, Pair::kSlotSlot}, {Op::kI32Xor, Pair::kAccSlot},
    {Op::kI32Add, Pair::kPin0Slot}, {Op::kI32Add, Pair::kPin0Acc},  {Op::kI32Add, Pair::kPin1Slot},
    {Op::kI32Add, Pair::kPin1Acc},  {Op::kI32Xor, Pair::kPin0Acc},  {Op::kI32Xor, Pair::kPin1Acc},
}};
inline constexpr std::array<Outer, 13> kSumUsers = {{
    {Op::kI32Add, Src::kSlot},
    {Op::kI32Add, Src::kConst},
    {Op::kI32Sub, Src::kSlot},
    {Op::kI32Sub, Src::kSlot, true},
    {Op::kI32Mul, Src::kSlot},
    {Op::kI32Mul, Src::kConst},
    {Op::kI32And, Src::kSlot},
    {Op::kI32And, Src::kConst},
    {Op::kI32Or, Src::kSlot},
    {Op::kI32Xor, Src::kSlot},
    {Op::kI32Shl, Src::kConst},
    {Op::kI32ShrS, Src::kConst},
    {Op::kI32ShrU, Src::kConst},
}};

// Integers that are loaded.
inline constexpr std::array<Op, 5> kLoadedOps = {Op::kI32Load, Op::kI32Load8U, Op::kI32Load8S, Op::kI32Load16U,
                                                 Op::kI32Load16S};
inline constexpr std::array<Outer, 10> kLoadUsers = {{
    {Op::kI32Add, Src::kSlot},
    {Op::kI32Add, Src::kConst},
    {Op::kI32Mul, Src::kSlot},
    {Op::kI32Mul, Src::kConst},
    {Op::kI32And, Src::kConst},
    {Op::kI32Shl, Src::kConst},
    {Op::kI32Or, Src::kSlot},
    {Op::kI32Xor, Src::kSlot},
    {Op::kI32Xor, Src::kPin0},
    {Op::kI32Xor, Src::kPin1},
}};

// 64-bit words: hashes, fixed point, packed fields.
inline constexpr std::array<Inner, 20> kWords = {{
    {Op::kI64Shl, Pair::kSlotConst},  {Op::kI64Shl, Pair::kAccConst},  {Op::kI64ShrU, Pair::kSlotConst},
    {Op::kI64ShrU, Pair::kAccConst},  {Op::kI64And, Pair::kSlotConst}, {Op::kI64And, Pair::kAccConst},
    {Op::kI64Rotl, Pair::kSlotConst}, {Op::kI64Rotl, Pair::kAccConst}, {Op::kI64Mul, Pair::kSlotSlot},
    {Op::kI64Mul, Pair::kAccSlot},    {Op::kI64Mul, Pair::kSlotConst}, {Op::kI64Mul, Pair::kAccConst},
    {Op::kI64Add, Pair::kSlotSlot},   {Op::kI64Add, Pair::kAccSlot},   {Op::kI64Add, Pair::kSlotConst},
    {Op::kI64Add, Pair::kAccConst},   {Op::kI64Xor, Pair::kSlotSlot},  {Op::kI64Xor, Pair::kAccSlot},
    {Op::kI64Or, Pair::kSlotSlot},    {Op::kI64Or, Pair::kAccSlot},
}};
inline constexpr std::array<Outer, 11> kWordUsers = {{
    {Op::kI64Add, Src::kSlot},
    {Op::kI64Add, Src::kConst},
    {Op::kI64Sub, Src::kSlot},
    {Op::kI64Xor, Src::kSlot},
    {Op::kI64Or, Src::kSlot},
    {Op::kI64And, Src::kSlot},
    {Op::kI64And, Src::kConst},
    {Op::kI64Mul, Src::kSlot},
    {Op::kI64Shl, Src::kConst},
    {Op::kI64ShrU, Src::kConst},
    {Op::kI64ShrS, Src::kConst},
}};

// Integers that are stored when they have been computed.
inline constexpr std::array<Inner, 24> kStored = {{
    {Op::kI32Add, Pair::kSlotSlot},   {Op::kI32Add, Pair::kAccSlot},    {Op::kI32Add, Pair::kSlotConst},
    {Op::kI32Add, Pair::kAccConst},   {Op::kI32Add, Pair::kPin0Slot},   {Op::kI32Add, Pair::kPin0Const},
    {Op::kI32Add, Pair::kPin1Slot},   {Op::kI32Add, Pair::kPin1Const},  {Op::kI32Sub, Pair::kSlotSlot},
    {Op::kI32Sub, Pair::kAccSlot},    {Op::kI32Mul, Pair::kSlotSlot},   {Op::kI32Mul, Pair::kAccSlot},
    {Op::kI32Mul, Pair::kPin0Const},  {Op::kI32Mul, Pair::kPin1Const},  {Op::kI32And, Pair::kSlotConst},
    {Op::kI32And, Pair::kAccConst},   {Op::kI32Or, Pair::kSlotSlot},    {Op::kI32Or, Pair::kAccSlot},
    {Op::kI32Xor, Pair::kSlotSlot},   {Op::kI32Xor, Pair::kAccSlot},    {Op::kI32ShrU, Pair::kSlotConst},
    {Op::kI32ShrU, Pair::kAccConst},  {Op::kI32ShrU, Pair::kPin0Const}, {Op::kI32ShrU, Pair::kPin1Const},
}};
inline constexpr std::array<Op, 2> kStoringOps = {Op::kI32Store, Op::kI32Store8};

// --- Floats ---------------------------------------------------------------------------------------------------------

template <Operand kType>
inline constexpr Op kAdd = kType == Operand::kF64 ? Op::kF64Add : Op::kF32Add;
template <Operand kType>
inline constexpr Op kSub = kType == Operand::kF64 ? Op::kF64Sub : Op::kF32Sub;
template <Operand kType>
inline constexpr Op kMul = kType == Operand::kF64 ? Op::kF64Mul : Op::kF32Mul;

template <Operand kType>
inline constexpr std::array<Inner, 11> kTerms = {{
    {kAdd<kType>, Pair::kSlotSlot},
    {kAdd<kType>, Pair::kAccSlot},
    {kAdd<kType>, Pair::kSlotAcc},
    {kSub<kType>, Pair::kSlotSlot},
    {kSub<kType>, Pair::kAccSlot},
    {kSub<kType>, Pair::kSlotAcc},
    {kMul<kType>, Pair::kSlotSlot},
    {kMul<kType>, Pair::kAccSlot},
    {kMul<kType>, Pair::kSlotAcc},
    {kMul<kType>, Pair::kSlotConst},
    {kMul<kType>, Pair::kAccConst},
}};
// Operands are not swapped. Only a value that was loaded leaves the accumulator to the other
// operand.
template <Operand kType>
inline constexpr std::array<Outer, 12> kTermUsers = {{
    {kAdd<kType>, Src::kSlot},
    {kAdd<kType>, Src::kSlot, true},
    {kSub<kType>, Src::kSlot},
    {kSub<kType>, Src::kSlot, true},
    {kMul<kType>, Src::kSlot},
    {kMul<kType>, Src::kSlot, true},
    {kAdd<kType>, Src::kAcc},
    {kAdd<kType>, Src::kAcc, true},
    {kSub<kType>, Src::kAcc},
    {kSub<kType>, Src::kAcc, true},
    {kMul<kType>, Src::kAcc},
    {kMul<kType>, Src::kAcc, true},
}};
inline constexpr size_t kSlotTermUsers = 6;

// --- Numbers --------------------------------------------------------------------------------------------------------

// The bases of addresses, which are sums.
inline constexpr size_t kBases = 4;
constexpr size_t NumberOfBase(Src base) {
  return base == Src::kSlot ? 0 : base == Src::kAcc ? 1 : base == Src::kPin0 ? 2 : 3;
}
inline constexpr std::array<Address, kBases> kBaseAddresses = {Address::kSlotSum, Address::kAccSum, Address::kPin0Sum,
                                                               Address::kPin1Sum};

// Rows of what comes first, columns of what comes then.
struct Grid {
  size_t begin;
  size_t rows;
  size_t columns;
  size_t forms;

  constexpr size_t end() const { return begin + rows * columns * forms; }
  constexpr bool Has(uint16_t code) const { return code >= begin && code < end(); }
  constexpr uint16_t Code(size_t row, size_t column, size_t form) const {
    return static_cast<uint16_t>(begin + (row * columns + column) * forms + form);
  }
  constexpr size_t RowOf(uint16_t code) const { return (code - begin) / forms / columns; }
  constexpr size_t ColumnOf(uint16_t code) const { return (code - begin) / forms % columns; }
  constexpr size_t FormOf(uint16_t code) const { return (code - begin) % forms; }
};

// Forms: where the result goes to.
inline constexpr Grid kShiftChains{(opcode_internal::kSteps.end() + 1) / 2 * 2, kShifts.size(), kShiftUsers.size(), kDsts};
inline constexpr Grid kSumChains{kShiftChains.end(), kSums.size(), kSumUsers.size(), kPlainDsts};
inline constexpr Grid kF32Chains{kSumChains.end(), kTerms<Operand::kF32>.size(), kSlotTermUsers, kPlainDsts};
inline constexpr Grid kF64Chains{kF32Chains.end(), kTerms<Operand::kF64>.size(), kSlotTermUsers, kPlainDsts};
// A load and an instruction that takes the value; rows: the bases of addresses, of integers for each load.
inline constexpr Grid kIntLoadChains{kF64Chains.end(), kLoadedOps.size() * kBases, kLoadUsers.size(), kPlainDsts};
inline constexpr Grid kF32LoadChains{kIntLoadChains.end(), kBases, kTermUsers<Operand::kF32>.size(), kPlainDsts};
inline constexpr Grid kF64LoadChains{kF32LoadChains.end(), kBases, kTermUsers<Operand::kF64>.size(), kPlainDsts};
// An instruction and a store of the result; columns: the bases of addresses.
inline constexpr Grid kF32StoreChains{kF64LoadChains.end(), kTerms<Operand::kF32>.size(), kBases, 1};
inline constexpr Grid kF64StoreChains{kF32StoreChains.end(), kTerms<Operand::kF64>.size(), kBases, 1};
// ... of integers for each store.
inline constexpr Grid kIntStoreChains{kF64StoreChains.end(), kStored.size(), kStoringOps.size() * kBases, 1};
inline constexpr Grid kWordChains{(kIntStoreChains.end() + 1) / 2 * 2, kWords.size(), kWordUsers.size(), kPlainDsts};

// A load of a table's element whose number is what a mask leaves of another number: `tab[x & m]`, elements as wide as what is
// loaded. Or, what is masked was rotated, which is all of `tab[(x >> k) & m]` for elements of any power of two. What is added
// then, a constant, wraps as little as the rest. Rows: the loads; columns: what the number is in, and after those without
// rotation those with.
inline constexpr std::array<Op, 6> kTableLoads = {Op::kI32Load,    Op::kI32Load8U,  Op::kI32Load8S,
                                                  Op::kI32Load16U, Op::kI32Load16S, Op::kI64Load};
inline constexpr std::array<Src, kBases> kTableIndices = {Src::kSlot, Src::kAcc, Src::kPin0, Src::kPin1};
inline constexpr Grid kTableChains{kWordChains.end(), kTableLoads.size(), 2 * kBases, kPlainDsts};
static_assert(kTableChains.begin % 2 == 0);

template <Operand kType>
inline constexpr Grid kTermChains = kType == Operand::kF64 ? kF64Chains : kF32Chains;
template <Operand kType>
inline constexpr Grid kLoadChains = kType == Operand::kF64 ? kF64LoadChains : kF32LoadChains;
template <Operand kType>
inline constexpr Grid kStoreChains = kType == Operand::kF64 ? kF64StoreChains : kF32StoreChains;

}  // namespace chain_internal

inline constexpr size_t kChainsEnd = chain_internal::kTableChains.end();

// Whether an instruction that could leave its result in a slot leaves it in the accumulator only.
bool IsAccumulatorForm(uint16_t code);

// 0, which is no chain's number, where there is no such instruction in this build.
inline constexpr uint16_t kNoChain = 0;

// What computes (op, pair) and then the outer instruction.
uint16_t ChainCode(Inner inner, Outer outer);
// What loads from an address of that base plus a constant and then computes the outer instruction.
uint16_t LoadChainCode(Op load, Src base, Outer outer);
// What computes a number and stores it at an address of that base plus a constant.
uint16_t StoreChainCode(Inner inner, Op store, Src base);
// What loads the element of a table whose number is what a mask leaves of that operand, or of that rotated.
uint16_t TableLoadCode(Op load, Src index, bool is_rotated);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_CHAINS_H_
