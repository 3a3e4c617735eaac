// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/runtime/name_index.h"

#include <utility>

#include "sandbox/base/check.h"

namespace sandbox {

Result<void> NameIndex::Reserve(size_t more) {
  const size_t needed = count_ + more;
  size_t slots = entries_.empty() ? 16 : entries_.size();
  while (needed > slots / 4 * 3) slots *= 2;
  if (slots == entries_.size()) return {};
  Vec<Entry> old(entries_.budget());
  SANDBOX_TRY(old.Resize(slots));
  std::swap(old, entries_);
  count_ = 0;
  for (const Entry& entry : old) {
    if (entry.link.kind != LinkKind::kNone) Insert(entry.hash, entry.link);
  }
  return {};
}

void NameIndex::Insert(uint64_t hash, LinkRef link) {
  SANDBOX_CHECK(count_ < entries_.size() / 4 * 3);
  const size_t mask = entries_.size() - 1;
  size_t at = hash & mask;
  while (entries_[at].link.kind != LinkKind::kNone) at = (at + 1) & mask;
  entries_[at] = {hash, link};
  ++count_;
}

void NameIndex::Erase(uint64_t hash, LinkRef link) {
  if (entries_.empty()) return;
  const size_t mask = entries_.size() - 1;
  size_t hole = hash & mask;
  while (!(entries_[hole].link == link)) {
    if (entries_[hole].link.kind == LinkKind::kNone) return;
    hole = (hole + 1) & mask;
  }
  --count_;
  // Entries behind the hole move up unless that would put them before the place where their search starts.
  for (size_t at = (hole + 1) & mask; entries_[at].link.kind != LinkKind::kNone; at = (at + 1) & mask) {
    const size_t home = entries_[at].hash & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = Entry{};
}

}  // namespace sandbox
