// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// How values look inside the engine: untyped 8-byte cells, and references that are numbers.
#ifndef SANDBOX_RUNTIME_SLOT_H_
#define SANDBOX_RUNTIME_SLOT_H_

#include <bit>
#include <cstdint>

#include "sandbox/base/build_config.h"

namespace sandbox {

// A cell of the value stack. An i32 or f32 is stored zero-extended, a reference as its Ref.
using Slot = uint64_t;

// A reference: 0 is null (of every type), so that zeroed cells are valid locals and table elements. Otherwise
// a function address + 1, or the embedder's external handle + 1. Never a host pointer: a reference that the guest
// confused can reach another object of the same store at worst.
using Ref = uint32_t;
inline constexpr Ref kNullRef = 0;

// Addresses: indices into the store's own arrays.
using FuncAddr = uint32_t;
using TableAddr = uint32_t;
using MemAddr = uint32_t;
using GlobalAddr = uint32_t;
using TagAddr = uint32_t;

constexpr Ref RefOfAddress(uint32_t address) { return address + 1; }
constexpr uint32_t AddressOfRef(Ref ref) { return ref - 1; }  // ref is not null

constexpr Slot SlotOf(uint32_t value) { return value; }
constexpr Slot SlotOf(uint64_t value) { return value; }
#if SANDBOX_FLOATS
constexpr Slot SlotOf(float value) { return std::bit_cast<uint32_t>(value); }
constexpr Slot SlotOf(double value) { return std::bit_cast<uint64_t>(value); }
#endif

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_SLOT_H_
