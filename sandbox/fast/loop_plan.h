// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Which locals an innermost loop keeps in registers (pins), decided before the loop is translated.
#ifndef SANDBOX_FAST_LOOP_PLAN_H_
#define SANDBOX_FAST_LOOP_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "sandbox/base/vec.h"
#include "sandbox/fast/instruction.h"
#include "sandbox/fast/opcode.h"

namespace sandbox::fast {

inline constexpr uint32_t kNoLocal = ~uint32_t{0};

// The pinned locals of a loop, from the first pin on; kNoLocal where there is none.
struct LoopPlan {
  std::array<uint32_t, kPins> locals = {kNoLocal, kNoLocal};
  bool has_pins() const { return locals[0] != kNoLocal; }
};

// Reads a loop when the translator comes to it, up to its end or to another loop in it: no instruction is read twice. Wrong
// guesses cost time only: whatever a plan says, slots hold what pins hold.
class LoopPlanner {
 public:
  explicit LoopPlanner(Budget& budget) noexcept : uses_(budget), touched_(budget) {}

  // Before a function with so many locals.
  [[nodiscard]] Result<void> Start(uint64_t locals);
  // The plan of the loop whose first instruction is at pc.
  LoopPlan PlanOf(Pc pc);

 private:
  // How often a local is used in the loop at hand.
  struct Uses {
    uint32_t reads = 0;
    uint32_t writes = 0;
    bool is_float = false;
  };

  LoopPlan Choose() const;
  struct Effect;
  static const std::array<Effect, kOpCount> kEffects;
  void Count(const Effect& effect, Pc immediates);
  Uses& UsesOf(uint32_t local);
  void Consume(const Effect& effect);
  void Note(uint32_t local);
  uint32_t Recall();
  void ForgetUses();

  Vec<Uses> uses_;          // by local; all zero but for those in touched_
  Vec<uint32_t> touched_;   // there is room for all of them
  uint32_t calls_ = 0;      // in the loop at hand
  // The locals on top of the operand stack as far as that is known, for who wants floats.
  std::array<uint32_t, 4> recent_ = {};  // a ring
  size_t recent_end_ = 0;                // behind the topmost
  size_t recent_count_ = 0;
  bool is_last_float_ = false;  // the result of the last instruction
};

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_LOOP_PLAN_H_
