// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The side table of the in-place tier: for each branch of a function, in code order, where it goes and what it does to
// the operand stack. Derived by validation, never changed afterwards.
//
// It is an array of 32-bit words; a function's part begins at FunctionRecord::side_table. One entry for each `if` (taken
// when the condition is false), `else` (reached from the then-arm), `br`, `br_if`, `br_on_null` and
// `br_on_non_null`; for a `br_table` one for each label, the default one last, all of the same width. An entry is
//   narrow, one word:   bit 0 = 0 | bits 1-4 drop | bit 5 keep | bits 6-16 table delta, signed | bits 17-31 pc delta, signed
//   wide, three words:  bit 0 = 1 | bits 1-31 pc delta, signed;   table delta, signed;   bits 0-11 keep | bits 12-31 drop
// pc delta:    from the opcode byte of the branch to the instruction to go on with, in bytes.
// table delta: from the entry's first word to the table position that belongs to that instruction, in words.
// keep, drop:  the topmost `keep` operand slots move down over `drop` slots.
// A branch to the label of the function body goes to the body's final `end`, with drop = 0: `end` returns the topmost
// slots whatever lies below them.
#ifndef SANDBOX_MODULE_SIDE_TABLE_H_
#define SANDBOX_MODULE_SIDE_TABLE_H_

#include <cstdint>

namespace sandbox {

struct SideTableEntry {
  int32_t pc_delta = 0;
  int32_t table_delta = 0;
  uint32_t keep = 0;
  uint32_t drop = 0;
  friend constexpr bool operator==(const SideTableEntry&, const SideTableEntry&) = default;
};

namespace side_table {

inline constexpr uint32_t kNarrowWords = 1;
inline constexpr uint32_t kWideWords = 3;
// Hard limits of the wide form; values beyond are a load error (limits.def keeps below them).
inline constexpr uint32_t kMaxKeep = (1u << 12) - 1;
inline constexpr uint32_t kMaxDrop = (1u << 20) - 1;
inline constexpr int32_t kMaxPcDelta = (1 << 30) - 1;

constexpr bool IsWide(uint32_t first_word) { return (first_word & 1) != 0; }
constexpr uint32_t WordsOf(uint32_t first_word) { return IsWide(first_word) ? kWideWords : kNarrowWords; }

constexpr bool FitsNarrow(const SideTableEntry& e) {
  return e.keep <= 1 && e.drop <= 15 && e.table_delta >= -1024 && e.table_delta <= 1023 && e.pc_delta >= -16384 &&
         e.pc_delta <= 16383;
}

constexpr uint32_t PackNarrow(const SideTableEntry& e) {
  return e.drop << 1 | e.keep << 5 | (static_cast<uint32_t>(e.table_delta) & 0x7ff) << 6 |
         static_cast<uint32_t>(e.pc_delta) << 17;
}
constexpr uint32_t PackWideFirst(const SideTableEntry& e) { return static_cast<uint32_t>(e.pc_delta) << 1 | 1; }
constexpr uint32_t PackWideThird(const SideTableEntry& e) { return e.keep | e.drop << 12; }

constexpr int32_t NarrowPcDelta(uint32_t word) { return static_cast<int32_t>(word) >> 17; }
constexpr int32_t NarrowTableDelta(uint32_t word) { return static_cast<int32_t>(word << 15) >> 21; }
// keep << 4 | drop: zero when the stack stays as it is.
constexpr uint32_t NarrowShuffle(uint32_t word) { return word >> 1 & 0x1f; }
constexpr uint32_t NarrowKeep(uint32_t word) { return word >> 5 & 1; }
constexpr uint32_t NarrowDrop(uint32_t word) { return word >> 1 & 0xf; }

constexpr int32_t WidePcDelta(uint32_t first_word) { return static_cast<int32_t>(first_word) >> 1; }
constexpr uint32_t WideKeep(uint32_t third_word) { return third_word & 0xfff; }
constexpr uint32_t WideDrop(uint32_t third_word) { return third_word >> 12; }

}  // namespace side_table
}  // namespace sandbox

#endif  // SANDBOX_MODULE_SIDE_TABLE_H_
