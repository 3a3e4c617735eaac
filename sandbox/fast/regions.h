// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Regions: where register code and the module's own code stand at the same point, all operands in their slots.
//
// Fuel is charged by region. A region begins where control can arrive other than by running on: at the function's first
// instruction, behind a call and whatever else charges for itself, at a label, and on either side of a branch. It reaches
// to the next instruction that branches, calls or charges for itself; a label on the way begins another one with the same
// end. Who arrives pays for all of it first. Who cannot goes on in place from there, instruction by instruction, so that a
// pause is exact; who trapped on the way gets back what lay behind.
#ifndef SANDBOX_FAST_REGIONS_H_
#define SANDBOX_FAST_REGIONS_H_

#include <array>
#include <cstdint>

#include "sandbox/module/translated.h"

namespace sandbox::fast {

struct Region {
  uint32_t code = 0;        // halfword
  uint32_t offset = 0;      // of the instruction, in the module
  uint32_t side_table = 0;  // word, counted from the function's first
  uint32_t height = 0;      // of the operand stack
  bool is_enterable = false;  // nothing but the topmost operand is expected in an accumulator
};

// Appends to one FunctionCode: code and offset never decrease.
class RegionWriter {
 public:
  [[nodiscard, gnu::always_inline]] Result<void> Add(FunctionCode& function, const Region& region) {
    // Most are near the one before, and no checkpoint.
    const uint32_t code = region.code - last_.code;
    const uint32_t offset = region.offset - last_.offset;
    const uint32_t side_table = region.side_table - last_.side_table;
    const uint32_t height = HeightAndFlag(region);
    Vec<uint8_t>& bytes = function.regions;
    const bool is_small = (code | offset | side_table | height) < 0x80;
    if (!is_small || count_ % kRegionsPerCheckpoint == 0) return AddOther(function, region);
    ++count_;
    last_ = region;
    const std::array<uint8_t, 4> numbers = {static_cast<uint8_t>(code), static_cast<uint8_t>(offset),
                                            static_cast<uint8_t>(side_table), static_cast<uint8_t>(height)};
    return bytes.Append(numbers);
  }

 private:
  // A look-up reads at most this many.
  static constexpr uint32_t kRegionsPerCheckpoint = 32;
  static uint32_t HeightAndFlag(const Region& region) { return region.height << 1 | (region.is_enterable ? 1 : 0); }
  [[nodiscard]] Result<void> AddOther(FunctionCode& function, const Region& region);

  Region last_;
  uint32_t count_ = 0;
};

// Reads them again, one after the other.
class RegionReader {
 public:
  // Starts at a region with code < halfword (or offset < offset), from which it is not far.
  static RegionReader BeforeCode(const CodeView& function, uint32_t halfword);
  static RegionReader BeforeOffset(const CodeView& function, uint32_t offset);
  // At the first region with code >= halfword, or the last one.
  static RegionReader AtCode(const CodeView& function, uint32_t halfword);

  const Region& region() const { return region_; }
  // False: that was the last one.
  bool Next();

 private:
  RegionReader(const CodeView& function, size_t checkpoint);
  uint32_t ReadNumber();

  CodeView function_;
  size_t at_;  // byte of CodeView::regions
  size_t next_checkpoint_;
  Region region_;
};

// The loop with pins in whose code the halfword lies, or null.
const LoopCode* LoopAround(const CodeView& function, size_t halfword);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_REGIONS_H_
