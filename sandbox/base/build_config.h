// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Compile-time switches as constants, so that every configuration is parsed and
// type-checked everywhere: code reads them with `if constexpr`.
#ifndef SANDBOX_BASE_BUILD_CONFIG_H_
#define SANDBOX_BASE_BUILD_CONFIG_H_

#include <bit>

// f32 and f64: value types and instructions. Off: modules that need them are rejected as unsupported.
#ifndef SANDBOX_FLOATS
#define SANDBOX_FLOATS 1
#endif

// v128. The instruction group is not built yet; the switch is its place.
#ifndef SANDBOX_VECTORS
#define SANDBOX_VECTORS 0
#endif

// Re-checks at run time what validation proved (operand heights, indices, branch targets).
#ifndef SANDBOX_CHECKED
#define SANDBOX_CHECKED 0
#endif

// The fast tier beside the in-place one.
#ifndef SANDBOX_FAST_TIER
#define SANDBOX_FAST_TIER 1
#endif

// Which operand classes the fast tier's instructions have (fast/opcode.h; docs/performance.md has size and speed of each):
// 0 slots, constants and accumulators; 1 and addresses that are added up by the access; 2 and pinned locals; 3 and chains,
// which do the work of two instructions (fast/chains.h); 4 and joins, the same for branches and returns (fast/joins.h).
#ifndef SANDBOX_FAST_CLASSES
#define SANDBOX_FAST_CLASSES 4
#endif

// Tail-call dispatch needs musttail and preserve_none: clang 19 or newer on a 64-bit target.
#ifndef SANDBOX_TAIL_DISPATCH
#if defined(__clang__) && __clang_major__ >= 19 && (defined(__x86_64__) || defined(__aarch64__))
#define SANDBOX_TAIL_DISPATCH 1
#else
#define SANDBOX_TAIL_DISPATCH 0
#endif
#endif

namespace sandbox {

inline constexpr bool kFloats = SANDBOX_FLOATS != 0;
inline constexpr bool kVectors = SANDBOX_VECTORS != 0;
inline constexpr bool kChecked = SANDBOX_CHECKED != 0;
inline constexpr bool kFastIndices = SANDBOX_FAST_CLASSES >= 1;
inline constexpr bool kFastPins = SANDBOX_FAST_CLASSES >= 2;
inline constexpr bool kFastChains = SANDBOX_FAST_CLASSES >= 3;
inline constexpr bool kFastJoins = SANDBOX_FAST_CLASSES >= 4;
inline constexpr bool kFastTier = SANDBOX_FAST_TIER != 0;
inline constexpr bool kTailDispatch = SANDBOX_TAIL_DISPATCH != 0;

// Linear memory is little-endian by definition and handlers copy scalars straight from it.
static_assert(std::endian::native == std::endian::little, "wasm-sandbox supports little-endian targets only");

}  // namespace sandbox

#endif  // SANDBOX_BASE_BUILD_CONFIG_H_
