// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the fast tier keeps of a module: its functions in register code, as far as they have been translated.
//
// Shared by all stores and threads that run the module, like the module itself: a translated function never changes, and
// the pointer to its code is what publishes it. How the code looks is sandbox/fast's business.
#ifndef SANDBOX_MODULE_TRANSLATED_H_
#define SANDBOX_MODULE_TRANSLATED_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sandbox/base/budget.h"
#include "sandbox/base/packed.h"
#include "sandbox/base/vec.h"

namespace sandbox {

// A place in the code of a function at which a region begins, and where that is in the module: every
// kRegionsPerCheckpoint-th in full, the ones between as differences (FunctionCode::regions).
struct RegionCheckpoint {
  uint32_t code = 0;        // halfword
  uint32_t offset = 0;      // of the instruction, in the module
  uint32_t side_table = 0;  // word, from the function's first on
  uint32_t height = 0;      // of the operand stack << 1 | whether it may be entered from outside (fast/regions.h)
  uint32_t next = 0;        // byte of `regions` behind this one
};

// A loop that keeps locals in registers (fast/opcode.h, pins): where its code lies, and their slots.
struct LoopCode {
  uint32_t begin = 0;  // halfword
  uint32_t end = 0;    // one past its last
  uint16_t pin0 = 0;
  uint16_t pin1 = 0;
};

// A translated function.
struct CodeView {
  std::span<const uint16_t> code;
  std::span<const uint8_t> regions;
  std::span<const RegionCheckpoint> checkpoints;
  std::span<const LoopCode> loops;  // in the order of the code; none lies in another
};

// The same while it is made.
struct FunctionCode {
  explicit FunctionCode(Budget& budget) noexcept : code(budget), regions(budget), checkpoints(budget), loops(budget) {}
  // NOLINTNEXTLINE(google-explicit-constructor): the view of a whole, like a std::span of a vector
  operator CodeView() const { return {code.span(), regions.span(), checkpoints.span(), loops.span()}; }

  Vec<uint16_t> code;
  Vec<uint8_t> regions;
  Vec<RegionCheckpoint> checkpoints;
  Vec<LoopCode> loops;
};

// The same as a module keeps it.
using StoredCode = Packed<RegionCheckpoint, LoopCode, uint16_t, uint8_t>;
inline Result<const StoredCode*> Keep(Budget& budget, const CodeView& code) {
  return StoredCode::Make(budget, code.checkpoints, code.loops, code.code, code.regions);
}
inline CodeView ViewOf(const StoredCode& stored) {
  return {.code = stored.Get<2>(), .regions = stored.Get<3>(), .checkpoints = stored.Get<0>(), .loops = stored.Get<1>()};
}

// A defined function, as a call in register code needs it.
struct FastFunction {
  FastFunction() = default;
  // For the array that is being built, before anybody else sees it.
  FastFunction(const FastFunction& other) noexcept
      : code(other.code.load(std::memory_order_relaxed)),
        body(other.body),
        local_slots(other.local_slots),
        needed_slots(other.needed_slots),
        param_slots(other.param_slots),
        call_cost(other.call_cost),
        number(other.number) {}

  // Its first instruction, behind the cost of its first region. Never null: until the function is translated (or when
  // it cannot be), an instruction that takes care of that.
  std::atomic<const uint16_t*> code = nullptr;
  const StoredCode* body = nullptr;  // written before `code` is; null when there is none
  uint32_t local_slots = 0;      // locals beyond the parameters
  uint32_t needed_slots = 0;     // of the value stack, from the end of the parameters on
  uint32_t param_slots = 0;
  uint32_t call_cost = 0;        // FunctionRecord::call_cost
  uint32_t number = 0;           // among the defined functions
  // How often it ran before it was translated, for who waits with that (Machine::IsTooCold). Nothing but a hint.
  mutable std::atomic<uint32_t> heat = 0;
};

struct Translated {
  explicit Translated(Budget& budget) noexcept : functions(budget) {}
  Translated(const Translated&) = delete;
  Translated& operator=(const Translated&) = delete;
  ~Translated() {
    for (const FastFunction& function : functions) StoredCode::Delete(functions.budget(), function.body);
  }

  Vec<FastFunction> functions;
};

// A module's translations: none until a store of the fast tier makes an instance of it.
class TranslatedSlot {
 public:
  TranslatedSlot() = default;
  // While the module is being made.
  TranslatedSlot(TranslatedSlot&& other) noexcept : held_(other.held_.exchange(nullptr)) {}
  ~TranslatedSlot() {
    if (Translated* const held = get()) held->functions.budget().Delete(held);
  }
  Translated* get() const { return held_.load(std::memory_order_acquire); }

  // For who makes them: one at a time. False: somebody else does.
  [[nodiscard]] bool TryLock() { return !is_locked_.test_and_set(std::memory_order_acquire); }
  void Unlock() { is_locked_.clear(std::memory_order_release); }
  void Publish(Translated* made) { held_.store(made, std::memory_order_release); }

 private:
  std::atomic<Translated*> held_ = nullptr;
  std::atomic_flag is_locked_;
};

}  // namespace sandbox

#endif  // SANDBOX_MODULE_TRANSLATED_H_
