// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Collects the branches of one function while it is validated and packs them when all targets are known.
#ifndef SANDBOX_VALID_SIDE_TABLE_BUILDER_H_
#define SANDBOX_VALID_SIDE_TABLE_BUILDER_H_

#include <cstddef>
#include <cstdint>

#include "sandbox/base/error.h"
#include "sandbox/base/vec.h"
#include "sandbox/module/side_table.h"

namespace sandbox {

class SideTableBuilder {
 public:
  using LabelId = uint32_t;

  explicit SideTableBuilder(Budget& budget) : branches_(budget), labels_(budget), words_(budget) {}

  // Forgets the last function.
  void Start() {
    branches_.Clear();
    labels_.Clear();
  }

  // A place to branch to, not known yet.
  [[nodiscard]] Result<void> AddLabel(LabelId& label) {
    label = static_cast<LabelId>(labels_.size());
    return labels_.Push({0, 0});
  }
  // The label is at the instruction at byte `position`; all branches that precede that instruction were added.
  void Place(LabelId label, size_t position) {
    labels_[label] = {static_cast<uint32_t>(position), static_cast<uint32_t>(branches_.size())};
  }

  // The entry of the branch whose opcode is at byte `position`. Entries of one position are one br_table.
  // keep <= side_table::kMaxKeep, drop <= side_table::kMaxDrop.
  [[nodiscard]] Result<void> AddBranch(size_t position, LabelId label, uint32_t keep, uint32_t drop) {
    return branches_.Push({static_cast<uint32_t>(position), label, keep | drop << 12});
  }

  // The same when HasRoom says that neither two labels nor a branch take more memory.
  bool HasRoom() const {
    return labels_.capacity() - labels_.size() >= 2 && branches_.size() < branches_.capacity();
  }
  LabelId next_label() const { return static_cast<LabelId>(labels_.size()); }
  void AddLabelReserved() { labels_.PushReserved({0, 0}); }
  void AddBranchReserved(size_t position, LabelId label, uint32_t keep, uint32_t drop) {
    branches_.PushReserved({static_cast<uint32_t>(position), label, keep | drop << 12});
  }

  // Appends the function's entries to `words`. All labels are placed.
  // code_done, code_size: bytes of the code section up to the end of this function, and in all; `words` grows to what
  // they let expect, so that a large module's is moved seldom and has little left over.
  // Errors: class memory, and kLimitExceeded when there are more words than a function record can count.
  // Time: linear in the number of branches.
  [[nodiscard]] Result<void> Finish(Vec<uint32_t>& words, size_t code_done, size_t code_size);

 private:
  struct Label {
    uint32_t position;
    uint32_t branch;  // the first branch at or behind the position
  };
  struct Branch {
    uint32_t position;
    LabelId label;
    uint32_t shuffle;  // as the third word of a wide entry
  };

  // The entry of branch i, its table delta in entries.
  SideTableEntry EntryOf(size_t i) const;
  bool FinishNarrow(Vec<uint32_t>& words) const;
  size_t EndOfGroup(size_t i) const;
  [[nodiscard]] Result<void> MeasureMixed();
  void FinishMixed(Vec<uint32_t>& words) const;

  Vec<Branch> branches_;
  Vec<Label> labels_;
  Vec<uint32_t> words_;  // where each entry begins, counted from the function's first word; then where the last ends
};

}  // namespace sandbox

#endif  // SANDBOX_VALID_SIDE_TABLE_BUILDER_H_
