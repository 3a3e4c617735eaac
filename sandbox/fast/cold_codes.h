// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The numbers by which register code names the cold functions of the in-place tier.
#ifndef SANDBOX_FAST_COLD_CODES_H_
#define SANDBOX_FAST_COLD_CODES_H_

#include <cstdint>

namespace sandbox::fast::cold {

enum Code : uint16_t {
  kMemorySize,
  kMemoryGrow,
  kTableGet,
  kTableSet,
  kBulk,
  kLoad,
  kStore,
  kCallRef,
  kCall,
  kReturnCall,
  kReturnCallIndirect,
  kReturnCallRef,
  kCount,
};

}  // namespace sandbox::fast::cold

#endif  // SANDBOX_FAST_COLD_CODES_H_
