// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Finds what is linked by name in constant expected time, however many names there are.
#ifndef SANDBOX_RUNTIME_NAME_INDEX_H_
#define SANDBOX_RUNTIME_NAME_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sandbox/base/budget.h"
#include "sandbox/base/error.h"
#include "sandbox/base/vec.h"

namespace sandbox {

// What a name may lead to.
enum class LinkKind : uint8_t { kNone, kHostFunction, kHostObject, kInstance, kCatchAll, kCatchAllFunction };

// A link: its kind and its number there (of the host function, of the instance, ...).
struct LinkRef {
  LinkKind kind = LinkKind::kNone;
  uint32_t number = 0;
  friend bool operator==(const LinkRef&, const LinkRef&) = default;
};

// A hash table from hashes to links: open addressing, linear probing, at most three quarters full. Names are kept by
// what a link refers to, so the caller hashes and compares them.
class NameIndex {
 public:
  explicit NameIndex(Budget& budget) noexcept : entries_(budget) {}

  // Makes room so that the next `more` Inserts succeed.
  [[nodiscard]] Result<void> Reserve(size_t more);
  // There is room, and the link is not in the index.
  void Insert(uint64_t hash, LinkRef link);
  // Nothing happens when it is not there.
  void Erase(uint64_t hash, LinkRef link);

  // The first link with this hash for which is_wanted(link) holds.
  template <typename Predicate>
  std::optional<LinkRef> Find(uint64_t hash, Predicate is_wanted) const {
    if (entries_.empty()) return std::nullopt;
    const size_t mask = entries_.size() - 1;
    for (size_t at = hash & mask; entries_[at].link.kind != LinkKind::kNone; at = (at + 1) & mask) {
      if (entries_[at].hash == hash && is_wanted(entries_[at].link)) return entries_[at].link;
    }
    return std::nullopt;
  }

  size_t size() const { return count_; }

 private:
  struct Entry {
    uint64_t hash = 0;
    LinkRef link;
  };

  Vec<Entry> entries_;  // a power of two of them, or none
  size_t count_ = 0;
};

}  // namespace sandbox

#endif  // SANDBOX_RUNTIME_NAME_INDEX_H_
