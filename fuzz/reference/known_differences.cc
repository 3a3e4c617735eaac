// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/known_differences.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <string>

#include "sandbox/module/module_data.h"
#include "sandbox/sandbox.h"

namespace sandbox::fuzz {
namespace {

bool Says(const Disagreement& disagreement, std::string_view words) {
  return disagreement.words.find(words) != std::string_view::npos;
}

uint8_t ByteAtError(const Disagreement& disagreement) {
  const uint64_t offset = disagreement.error.offset;
  return offset < disagreement.module.size() ? disagreement.module[offset] : 0;
}

bool HasSection(std::span<const uint8_t> module, uint8_t id) {
  size_t at = 8;
  while (at < module.size()) {
    if (module[at++] == id) return true;
    uint64_t size = 0;
    for (int shift = 0; at < module.size() && shift < 35; shift += 7) {
      const uint8_t byte = module[at++];
      size |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return false;
}

// --- wabt 1.0.32 ---

// Its reader takes what an expression opens and closes for granted.
bool ExpressionEnds(const Disagreement& disagreement) {
  return !disagreement.we_accept &&
         (Says(disagreement, "an expression goes on after its end") || Says(disagreement, "an expression has no end"));
}

// It wants the index type of memory 0 in the offset of every segment.
bool DataOffsetType(const Disagreement& disagreement) {
  if (!Says(disagreement, "a data segment with another index type")) return false;
  return disagreement.we_accept ? Says(disagreement, "EndDataSegmentInitExpr callback failed")
                                : disagreement.error.code == ErrorCode::kTypeMismatch;
}

bool TypedReferences(const Disagreement& disagreement) {
  constexpr std::array kWords = std::to_array<std::string_view>(
      {"expected valid local type", "expected valid param type", "expected valid result type",
       "expected valid block signature type", "invalid global type: 0xffffff", "ref.null type must be a reference type",
       "elem expr ref.null type must be a reference type", "table elem type must be a reference type"});
  for (std::string_view words : kWords) {
    if (disagreement.we_accept && disagreement.words.starts_with(words)) return true;
  }
  return false;
}

bool TypeForms(const Disagreement& disagreement) {
  return disagreement.we_accept && disagreement.words.starts_with("unexpected type form");
}

bool WideTables(const Disagreement& disagreement) {
  return disagreement.we_accept && Says(disagreement, "tables may not be 64-bit");
}

// The offset of an access has 32 bits, to a 64-bit memory too. Nothing is known of modules without one.
bool WideOffsets(const Disagreement& disagreement) {
  if (!disagreement.we_accept || !Says(disagreement, "unable to read u32 leb128: ") ||
      !(Says(disagreement, "load offset") || Says(disagreement, "store offset"))) {
    return false;
  }
  const Result<Module> module = Module::Load(disagreement.module);
  return module && std::ranges::any_of(module->data()->memories, [](const MemoryType& type) { return type.limits.is_64; });
}

// Elements are a null or a function to it, no other constant expression.
bool ElementExpressions(const Disagreement& disagreement) {
  return disagreement.we_accept && Says(disagreement, "expected ref.null or ref.func in passive element segment");
}

bool DataFlags(const Disagreement& disagreement) {
  return !disagreement.we_accept && disagreement.error.code == ErrorCode::kBadDataFlags && ByteAtError(disagreement) > 2;
}

bool DataCountAlone(const Disagreement& disagreement) {
  constexpr uint8_t kDataSection = 11;
  return !disagreement.we_accept && disagreement.error.code == ErrorCode::kDataCountMismatch &&
         !HasSection(disagreement.module, kDataSection);
}

// The result of a select with a type passes for any type.
bool TypedSelect(const Disagreement& disagreement) {
  if (disagreement.we_accept || disagreement.error.code != ErrorCode::kTypeMismatch) return false;
  constexpr std::string_view kRemark = "typed select ";
  const std::string words(disagreement.words);
  for (size_t at = words.find(kRemark); at != std::string::npos; at = words.find(kRemark, at + 1)) {
    // The bytes of a function that has one.
    unsigned long long begin = 0;
    unsigned long long end = 0;
    if (std::sscanf(words.c_str() + at + kRemark.size(), "%llu-%llu", &begin, &end) != 2) continue;
    if (begin <= disagreement.error.offset && disagreement.error.offset <= end) return true;
  }
  return false;
}

// Without a type it is the other select; two types have no meaning yet.
bool SelectTypes(const Disagreement& disagreement) {
  constexpr uint8_t kSelectTyped = 0x1c;
  return !disagreement.we_accept && disagreement.error.code == ErrorCode::kBadResultArity &&
         ByteAtError(disagreement) == kSelectTyped;
}

bool CallThroughOtherTable(const Disagreement& disagreement) {
  constexpr uint8_t kCallIndirect = 0x11;
  constexpr uint8_t kReturnCallIndirect = 0x13;
  const uint8_t opcode = ByteAtError(disagreement);
  return !disagreement.we_accept && disagreement.error.code == ErrorCode::kTypeMismatch &&
         (opcode == kCallIndirect || opcode == kReturnCallIndirect);
}

// --- V8 of node 26 ---

// try, catch, rethrow, delegate and catch_all of before the third edition, which reserves their opcodes.
bool OldExceptions(const Disagreement& disagreement) {
  const uint8_t opcode = ByteAtError(disagreement);
  return !disagreement.we_accept && disagreement.error.code == ErrorCode::kIllegalOpcode &&
         (opcode == 0x06 || opcode == 0x07 || opcode == 0x09 || opcode == 0x18 || opcode == 0x19);
}

// A label without operands has no room for the reference that the branch carries.
bool BranchOnNonNull(const Disagreement& disagreement) {
  constexpr uint8_t kBrOnNonNull = 0xd6;
  return !disagreement.we_accept && disagreement.error.code == ErrorCode::kTypeMismatch &&
         ByteAtError(disagreement) == kBrOnNonNull;
}

constexpr std::array kRows = std::to_array<KnownDifference>({
    {"wabt", "accepts expressions without an end, and instructions after it", "binary/instructions.html#binary-expr",
     &ExpressionEnds},
    {"wabt", "types the offset of a data segment by memory 0", "valid/modules.html#valid-data", &DataOffsetType},
    {"wabt", "lacks typed references", "syntax/types.html#syntax-reftype", &TypedReferences},
    {"wabt", "lacks recursion groups and all types but functions'", "binary/types.html#binary-rectype", &TypeForms},
    {"wabt", "reads 32 bits of the offset of an access to a 64-bit memory", "syntax/instructions.html#syntax-memarg",
     &WideOffsets},
    {"wabt", "lacks 64-bit tables", "syntax/types.html#syntax-tabletype", &WideTables},
    {"wabt", "lacks constant expressions of other forms as elements", "valid/modules.html#valid-elem",
     &ElementExpressions},
    {"wabt", "accepts data segments of kind 3 and above", "binary/modules.html#binary-data", &DataFlags},
    {"wabt", "accepts a data count without a data section", "binary/modules.html#binary-module", &DataCountAlone},
    {"wabt", "takes the result of a select with a type for any type", "valid/instructions.html#valid-select",
     &TypedSelect},
    {"wabt", "accepts select with no type or several", "valid/instructions.html#valid-select", &SelectTypes},
    {"wabt", "accepts call_indirect through a table of other references than functions",
     "valid/instructions.html#valid-call-indirect", &CallThroughOtherTable},
    {"v8", "has the exception handling that was not standardized", "binary/instructions.html#binary-instr",
     &OldExceptions},
    {"v8", "accepts br_on_non_null to a label without operands", "valid/instructions.html#valid-br-on-non-null",
     &BranchOnNonNull},
});

}  // namespace

std::span<const KnownDifference> KnownDifferences() { return kRows; }

const KnownDifference* Explain(const Disagreement& disagreement) {
  for (const KnownDifference& row : kRows) {
    if (row.engine == disagreement.engine && row.applies(disagreement)) return &row;
  }
  return nullptr;
}

}  // namespace sandbox::fuzz
