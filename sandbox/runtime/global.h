// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Global instances (spec "Global Instances").
#ifndef SANDBOX_RUNTIME_GLOBAL_H_
#define SANDBOX_RUNTIME_GLOBAL_H_

#include "sandbox/runtime/slot.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

struct Global {
  GlobalType type;  // defined heap types by store-wide index
  Slot value = 0;
  Slot high = 0;  // upper half of a v128
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_GLOBAL_H_
