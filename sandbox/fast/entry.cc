// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Ties what runs both tiers (tier.cc) to the dispatch forms, which depend on it.
#include "sandbox/fast/tier.h"
#include "sandbox/inplace/tier.h"

namespace sandbox::fast {
namespace {

template <TierEntry kFast, TierEntry kInPlace>
Exit Run(Machine& m) {
  // What most runs consist of, entered and left many times: nothing but code of the fast tier.
  if (m.frame->fast != nullptr) {
    m.has_used_slice = false;
    const Exit why = kFast(m);
    if (why != Exit::kSwitch) return why;
  }
  return RunBoth(m, kFast, kInPlace);
}

}  // namespace

TierTable TailTier() { return {&Run<&RunTail, &inplace::RunTail>, &FunctionOf, &LeaveFast, &OffsetAfterCall}; }
TierTable LoopTier() { return {&Run<&RunLoop, &inplace::RunLoop>, &FunctionOf, &LeaveFast, &OffsetAfterCall}; }

}  // namespace sandbox::fast
