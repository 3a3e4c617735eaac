// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/embed/store_ref.h"

#include "sandbox/embed/raw_block.h"

namespace sandbox {

void StoreRef::FreeAnchor(StoreAnchor* anchor) noexcept { DeleteUncounted(anchor->allocator, anchor); }

}  // namespace sandbox
