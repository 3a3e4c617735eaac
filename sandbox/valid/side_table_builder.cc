// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/side_table_builder.h"

#include <algorithm>

#include "sandbox/base/check.h"
#include "sandbox/syntax/limits.h"

namespace sandbox {
namespace {

// Room for `more` words, and for those of the functions to come if they are like the ones so far; at least by an eighth
// more, so that all moves together stay linear, at most twice as much.
Result<void> Reserve(Vec<uint32_t>& words, size_t more, size_t code_done, size_t code_size) {
  const uint64_t needed = uint64_t{words.size()} + more;
  if (needed <= words.capacity()) return {};
  const uint64_t expected = needed * code_size / (code_done | 1);
  const uint64_t wanted = std::clamp<uint64_t>(expected + expected / 32, needed + needed / 8, needed * 2 + 64);
  // A budget that refuses what is expected may still grant what is needed.
  if (words.Reserve(static_cast<size_t>(wanted)).has_value()) return {};
  return words.Reserve(static_cast<size_t>(needed));
}

}  // namespace

SideTableEntry SideTableBuilder::EntryOf(size_t i) const {
  const Branch& branch = branches_[i];
  const Label& label = labels_[branch.label];
  SideTableEntry entry;
  // Both lie in one function body, whose size is below 2^30.
  entry.pc_delta = static_cast<int32_t>(label.position - branch.position);
  entry.table_delta = static_cast<int32_t>(label.branch - static_cast<uint32_t>(i));
  entry.keep = side_table::WideKeep(branch.shuffle);
  entry.drop = side_table::WideDrop(branch.shuffle);
  return entry;
}

// Appends all entries in the narrow form, which nearly every function's fit. False, and nothing useful appended, when
// one does not.
bool SideTableBuilder::FinishNarrow(Vec<uint32_t>& words) const {
  for (size_t i = 0; i < branches_.size(); ++i) {
    const SideTableEntry entry = EntryOf(i);
    if (!side_table::FitsNarrow(entry)) return false;
    words.PushReserved(side_table::PackNarrow(entry));
  }
  return true;
}

// One past the last entry of the br_table that branch i begins (i + 1 for other branches).
size_t SideTableBuilder::EndOfGroup(size_t i) const {
  size_t end = i + 1;
  while (end < branches_.size() && branches_[end].position == branches_[i].position) ++end;
  return end;
}

// Decides the width of each entry and so where it begins. An entry is wide when its fields do not fit, its table
// delta taken as if all entries between were wide: one pass decides, where exact deltas would depend on each other.
Result<void> SideTableBuilder::MeasureMixed() {
  words_.Clear();
  SANDBOX_TRY(words_.ReserveMore(branches_.size() + 1));
  uint64_t word = 0;
  for (size_t i = 0; i < branches_.size();) {
    const size_t end = EndOfGroup(i);
    bool wide = false;
    for (size_t k = i; k < end; ++k) {
      SideTableEntry entry = EntryOf(k);
      const int64_t bound = int64_t{entry.table_delta} * side_table::kWideWords;
      entry.table_delta = bound < INT32_MIN ? INT32_MIN : bound > INT32_MAX ? INT32_MAX : static_cast<int32_t>(bound);
      wide |= !side_table::FitsNarrow(entry);
    }
    for (; i < end; ++i) {
      words_.PushReserved(static_cast<uint32_t>(word));
      word += wide ? side_table::kWideWords : side_table::kNarrowWords;
    }
  }
  // Table deltas are signed.
  if (word > INT32_MAX) return LimitError(LimitId::load_bytes);
  words_.PushReserved(static_cast<uint32_t>(word));
  return {};
}

void SideTableBuilder::FinishMixed(Vec<uint32_t>& words) const {
  for (size_t i = 0; i < branches_.size(); ++i) {
    SideTableEntry entry = EntryOf(i);
    entry.table_delta = static_cast<int32_t>(words_[labels_[branches_[i].label].branch] - words_[i]);
    if (words_[i + 1] - words_[i] == side_table::kNarrowWords) {
      SANDBOX_CHECK(side_table::FitsNarrow(entry));
      words.PushReserved(side_table::PackNarrow(entry));
    } else {
      words.PushReserved(side_table::PackWideFirst(entry));
      words.PushReserved(static_cast<uint32_t>(entry.table_delta));
      words.PushReserved(side_table::PackWideThird(entry));
    }
  }
}

Result<void> SideTableBuilder::Finish(Vec<uint32_t>& words, size_t code_done, size_t code_size) {
  const size_t start = words.size();
  SANDBOX_TRY(Reserve(words, branches_.size(), code_done, code_size));
  if (!FinishNarrow(words)) {
    words.Truncate(start);
    SANDBOX_TRY(MeasureMixed());
    SANDBOX_TRY(Reserve(words, words_.back(), code_done, code_size));
    FinishMixed(words);
  }
  // FunctionRecord::side_table has 32 bits.
  if (uint64_t{words.size()} > UINT32_MAX) return LimitError(LimitId::load_bytes);
  return {};
}

}  // namespace sandbox
