// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// memory.copy and memory.fill of memory 0 from the handler itself, as long as all is well; whatever else there is to say
// (a trap, too little fuel) ColdInstruction says, whose fields these have.
#ifndef SANDBOX_FAST_BULK_HANDLERS_H_
#define SANDBOX_FAST_BULK_HANDLERS_H_

#include "sandbox/base/bytes.h"
#include "sandbox/base/checked_math.h"
#include "sandbox/exec/fuel.h"
#include "sandbox/fast/handlers.h"
#include "sandbox/fast/slow.h"

namespace sandbox::fast {

// The operands are [to, from, length].
struct CopyBytes {
  SANDBOX_INLINE static bool IsInside(const MemView& memory, uint64_t to, uint64_t from, uint64_t length) {
    return memory.Contains(to, length) && memory.Contains(from, length);
  }
  SANDBOX_INLINE static void Run(const MemView& memory, uint64_t to, uint64_t from, uint64_t length) {
    CopyInto(memory.Range(to, length), memory.Range(from, length));
  }
};
// The operands are [to, value, length].
struct FillWithByte {
  SANDBOX_INLINE static bool IsInside(const MemView& memory, uint64_t to, uint64_t, uint64_t length) {
    return memory.Contains(to, length);
  }
  SANDBOX_INLINE static void Run(const MemView& memory, uint64_t to, uint64_t value, uint64_t length) {
    FillBytes(memory.Range(to, length), static_cast<uint8_t>(value));
  }
};

template <typename Bytes>
struct BulkMemory {
  static constexpr ptrdiff_t kLength = 7;

  SANDBOX_INLINE static Step Run(State& s) {
    const ptrdiff_t top = s.pc.U16(4);
    const uint64_t length = s.fp[top];
    const uint64_t second = s.fp[top - 1];
    const uint64_t first = s.fp[top - 2];
    const uint64_t cost = SANDBOX_METERING ? SaturatingAdd(uint64_t{1}, BytesCost(length)) : 0;
    if (!Bytes::IsInside(s.memory, first, second, length) || s.fuel < cost) [[unlikely]]
      return Slow<&ColdInstruction>::Run(s);
    s.fuel -= cost;
    ForgetRegisters(s);
    Bytes::Run(s.memory, first, second, length);
    s.pc.Skip(kLength);
    return Pay(s, s.pc.U16(-1), Step::kNext);
  }
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_BULK_HANDLERS_H_
