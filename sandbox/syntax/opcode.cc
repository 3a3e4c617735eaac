// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/opcode.h"

namespace sandbox {
namespace {

// Each table of texts is one literal and offsets into it: half the size of a table of string_views, and without a
// relocation for each row.
constexpr std::string_view WithEnds(const auto& literal) { return {literal, sizeof(literal) - 1}; }

constexpr auto kTexts = WithEnds(
#define SANDBOX_OP(name, prefix, code, text, immediates, signature, feature, family, anchor) text "\0"
#include "sandbox/syntax/opcode.def"
#undef SANDBOX_OP
);

constexpr auto kAnchors = WithEnds(
#define SANDBOX_OP(name, prefix, code, text, immediates, signature, feature, family, anchor) anchor "\0"
#include "sandbox/syntax/opcode.def"
#undef SANDBOX_OP
);

// Entry i is where text i starts; the last one is where a text behind the last would start.
using Offsets = std::array<uint16_t, kOpCount + 1>;

consteval Offsets OffsetsIn(std::string_view texts) {
  Offsets offsets{};
  size_t row = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] == '\0') offsets[++row] = static_cast<uint16_t>(i + 1);
  }
  return offsets;
}
static_assert(kTexts.size() <= 0xffff && kAnchors.size() <= 0xffff);

constexpr Offsets kTextOffsets = OffsetsIn(kTexts);
constexpr Offsets kAnchorOffsets = OffsetsIn(kAnchors);
static_assert(kTextOffsets.back() == kTexts.size() && kAnchorOffsets.back() == kAnchors.size());

std::string_view Row(std::string_view texts, const Offsets& offsets, Op op) {
  const size_t row = static_cast<size_t>(op);
  return texts.substr(offsets[row], offsets[row + 1] - offsets[row] - size_t{1});
}

// Every row finds itself: encodings are unique and have a known prefix.
consteval bool EveryEncodingIsUnique() {
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (OpFromEncoding(InfoOf(op).prefix, InfoOf(op).code) != op) return false;
  }
  return true;
}
static_assert(EveryEncodingIsUnique());
static_assert(OpFromByte(kAggregatePrefix) == kInvalidOp && OpFromByte(kBulkPrefix) == kInvalidOp &&
              OpFromByte(kVectorPrefix) == kInvalidOp);

// Families that are derived from the signature alone must have one.
consteval bool DerivedFamiliesHaveSignatures() {
  for (const OpInfo& info : opcode_internal::kOpInfos) {
    const bool derived = info.family == Family::kNumeric || info.family == Family::kConst ||
                         info.family == Family::kLoad || info.family == Family::kStore;
    if (derived && info.signature.by_hand()) return false;
    const bool accesses = info.immediates == Immediate::kMemarg || info.immediates == Immediate::kMemargLane;
    if (accesses && (info.signature.by_hand() || info.signature.param(0) != Operand::kAddress)) return false;
  }
  return true;
}
static_assert(DerivedFamiliesHaveSignatures());

}  // namespace

std::string_view TextOf(Op op) { return Row(kTexts, kTextOffsets, op); }
std::string_view AnchorOf(Op op) { return Row(kAnchors, kAnchorOffsets, op); }

}  // namespace sandbox
