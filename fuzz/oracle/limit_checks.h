// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What limits promise, and what imports do. Each check ends the process with a report where that does not hold.
#ifndef FUZZ_ORACLE_LIMIT_CHECKS_H_
#define FUZZ_ORACLE_LIMIT_CHECKS_H_

#include <cstdint>
#include <span>

#include "fuzz/gen/byte_source.h"
#include "fuzz/oracle/counting_allocator.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {

// With exactly what the module needs of one limit it loads; with one less it is refused, and for that.
void CheckEdge(ByteSource& source, std::span<const uint8_t> bytes);

// Loading and translating with any part of the memory that they need: they need no more, fail cleanly and leave nothing.
void CheckLoadBytes(std::span<const uint8_t> bytes);

// A value stack of exactly the cells that the frame of a function needs is enough to enter it; with one less it is not.
void CheckFrame(ByteSource& source, std::span<const uint8_t> bytes);

// A module is not instantiated with an import of another type than it asks for.
void CheckImports(ByteSource& source, std::span<const uint8_t> bytes);

// Two instances share the mutable globals that they import, and no others.
void CheckSharedGlobals(std::span<const uint8_t> bytes);

// Loads and runs all of a module within `config`, whose allocator is `allocator`: only clean errors, no limit exceeded, nothing
// charged for that is not held. `is_again`: a store that was reset does the same once more.
void RunWithin(const Config& config, const CountingAllocator& allocator, std::span<const uint8_t> bytes, bool is_again);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_LIMIT_CHECKS_H_
