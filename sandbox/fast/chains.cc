// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/chains.h"

#include <span>

#include "sandbox/base/build_config.h"

namespace sandbox::fast {
namespace {

using namespace chain_internal;

constexpr size_t kNone = ~size_t{0};

size_t Find(std::span<const Inner> inners, Inner wanted) {
  for (size_t i = 0; i < inners.size(); ++i) {
    if (inners[i].op == wanted.op && inners[i].pair == wanted.pair) return i;
  }
  return kNone;
}

size_t Find(std::span<const Outer> outers, Outer wanted) {
  for (size_t i = 0; i < outers.size(); ++i) {
    if (outers[i].op == wanted.op && outers[i].other == wanted.other && outers[i].is_first == wanted.is_first) return i;
  }
  return kNone;
}

uint16_t CodeIn(const Grid& grid, size_t row, size_t column) {
  return row == kNone || column == kNone ? kNoChain : grid.Code(row, column, 0);
}

template <Operand kType>
uint16_t CodeOfTerms(Inner inner, Outer outer) {
  return CodeIn(kTermChains<kType>, Find(kTerms<kType>, inner),
                Find(std::span(kTermUsers<kType>).first(kSlotTermUsers), outer));
}

template <Operand kType>
uint16_t CodeOfStore(Inner inner, Src base) {
  return CodeIn(kStoreChains<kType>, Find(kTerms<kType>, inner), NumberOfBase(base));
}

}  // namespace

uint16_t ChainCode(Inner inner, Outer outer) {
  if (!kFastChains) return kNoChain;
  switch (InfoOf(outer.op).signature.param(0)) {
    case Operand::kI32: {
      const uint16_t shift = CodeIn(kShiftChains, Find(kShifts, inner), Find(kShiftUsers, outer));
      return shift != kNoChain ? shift : CodeIn(kSumChains, Find(kSums, inner), Find(kSumUsers, outer));
    }
    case Operand::kI64: return CodeIn(kWordChains, Find(kWords, inner), Find(kWordUsers, outer));
    case Operand::kF32: return CodeOfTerms<Operand::kF32>(inner, outer);
    case Operand::kF64: return CodeOfTerms<Operand::kF64>(inner, outer);
    default: return kNoChain;
  }
}

uint16_t LoadChainCode(Op load, Src base, Outer outer) {
  if (!kFastChains || base == Src::kConst) return kNoChain;
  const size_t row = NumberOfBase(base);
  if (load == Op::kF32Load) return CodeIn(kF32LoadChains, row, Find(kTermUsers<Operand::kF32>, outer));
  if (load == Op::kF64Load) return CodeIn(kF64LoadChains, row, Find(kTermUsers<Operand::kF64>, outer));
  for (size_t i = 0; i < kLoadedOps.size(); ++i) {
    if (kLoadedOps[i] == load) return CodeIn(kIntLoadChains, i * kBases + row, Find(kLoadUsers, outer));
  }
  return kNoChain;
}

uint16_t StoreChainCode(Inner inner, Op store, Src base) {
  if (!kFastChains || base == Src::kConst) return kNoChain;
  if (store == Op::kF32Store) return CodeOfStore<Operand::kF32>(inner, base);
  if (store == Op::kF64Store) return CodeOfStore<Operand::kF64>(inner, base);
  for (size_t i = 0; i < kStoringOps.size(); ++i) {
    if (kStoringOps[i] == store) return CodeIn(kIntStoreChains, Find(kStored, inner), i * kBases + NumberOfBase(base));
  }
  return kNoChain;
}

uint16_t TableLoadCode(Op load, Src index, bool is_rotated) {
  if (!kFastChains || index == Src::kConst) return kNoChain;
  for (size_t i = 0; i < kTableLoads.size(); ++i) {
    if (kTableLoads[i] == load) return CodeIn(kTableChains, i, NumberOfBase(index) + (is_rotated ? kBases : 0));
  }
  return kNoChain;
}

}  // namespace sandbox::fast
