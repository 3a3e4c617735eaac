// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/fast/regions.h"

namespace sandbox::fast {
namespace {

constexpr size_t kMaxNumberBytes = 5;

// There is room for it.
void PushNumber(Vec<uint8_t>& bytes, uint32_t value) {
  for (; value >= 0x80; value >>= 7) bytes.PushReserved(static_cast<uint8_t>(value | 0x80));
  bytes.PushReserved(static_cast<uint8_t>(value));
}

}  // namespace

Result<void> RegionWriter::AddOther(FunctionCode& function, const Region& region) {
  Vec<uint8_t>& bytes = function.regions;
  if (count_++ % kRegionsPerCheckpoint == 0) {
    SANDBOX_TRY(function.checkpoints.Push({region.code, region.offset, region.side_table, HeightAndFlag(region),
                                            static_cast<uint32_t>(bytes.size())}));
  } else {
    SANDBOX_TRY(bytes.ReserveMore(4 * kMaxNumberBytes));
    PushNumber(bytes, region.code - last_.code);
    PushNumber(bytes, region.offset - last_.offset);
    PushNumber(bytes, region.side_table - last_.side_table);
    PushNumber(bytes, HeightAndFlag(region));
  }
  last_ = region;
  return {};
}

namespace {

// The last checkpoint that `is_before` holds for, or the first one.
template <typename IsBefore>
size_t LastBefore(std::span<const RegionCheckpoint> checkpoints, IsBefore is_before) {
  size_t low = 0;
  size_t high = checkpoints.size();
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    (is_before(checkpoints[middle]) ? low : high) = middle;
  }
  return low;
}

}  // namespace

RegionReader RegionReader::BeforeCode(const CodeView& function, uint32_t halfword) {
  return {function, LastBefore(function.checkpoints, [&](const RegionCheckpoint& at) { return at.code < halfword; })};
}

RegionReader RegionReader::BeforeOffset(const CodeView& function, uint32_t offset) {
  return {function, LastBefore(function.checkpoints, [&](const RegionCheckpoint& at) { return at.offset < offset; })};
}

RegionReader RegionReader::AtCode(const CodeView& function, uint32_t halfword) {
  RegionReader reader = BeforeCode(function, halfword);
  while (reader.region().code < halfword && reader.Next()) {
  }
  return reader;
}

RegionReader::RegionReader(const CodeView& function, size_t checkpoint) : function_(function) {
  const RegionCheckpoint& at = function.checkpoints[checkpoint];
  region_ = {at.code, at.offset, at.side_table, at.height >> 1, (at.height & 1) != 0};
  at_ = at.next;
  next_checkpoint_ = checkpoint + 1;
}

uint32_t RegionReader::ReadNumber() {
  uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const uint8_t byte = function_.regions[at_++];
    value |= uint32_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

bool RegionReader::Next() {
  const bool has_checkpoint = next_checkpoint_ < function_.checkpoints.size();
  if (has_checkpoint && function_.checkpoints[next_checkpoint_].next == at_) {
    *this = RegionReader(function_, next_checkpoint_);
    return true;
  }
  if (at_ >= function_.regions.size()) return false;
  region_.code += ReadNumber();
  region_.offset += ReadNumber();
  region_.side_table += ReadNumber();
  const uint32_t height = ReadNumber();
  region_.height = height >> 1;
  region_.is_enterable = (height & 1) != 0;
  return true;
}

const LoopCode* LoopAround(const CodeView& function, size_t halfword) {
  size_t low = 0;
  for (size_t high = function.loops.size(); low < high;) {
    const size_t middle = (low + high) / 2;
    if (function.loops[middle].end <= halfword) low = middle + 1;
    else high = middle;
  }
  const bool is_inside = low < function.loops.size() && function.loops[low].begin <= halfword;
  return is_inside ? &function.loops[low] : nullptr;
}

}  // namespace sandbox::fast
