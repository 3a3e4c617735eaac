// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/instance.h"

namespace sandbox {

Instance::Instance(Budget& budget) noexcept
    : imported_functions(budget),
      tables(budget),
      memories(budget),
      globals(budget),
      tags(budget),
      store_types(budget),
      elements(budget),
      dropped_data(budget),
      name(budget),
      operands(budget) {}

}  // namespace sandbox
