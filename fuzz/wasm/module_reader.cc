// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/wasm/module_reader.h"

#include "fuzz/wasm/editable_module.h"

namespace sandbox::fuzz {

uint8_t ModuleReader::Byte() {
  if (at_ >= bytes_.size()) {
    ok_ = false;
    return 0;
  }
  return bytes_[at_++];
}

uint64_t ModuleReader::U() {
  uint64_t value = 0;
  for (uint32_t shift = 0; shift < 70; shift += 7) {
    const uint8_t byte = Byte();
    if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

void ModuleReader::Skip(uint64_t count) {
  if (!ok_ || count > bytes_.size() - at_) {
    ok_ = false;
    return;
  }
  at_ += static_cast<size_t>(count);
}

void ModuleReader::SkipType() {
  const uint8_t first = at_ < bytes_.size() ? bytes_[at_] : 0;
  U();
  if (first == 0x63 || first == 0x64) U();
}

void ModuleReader::SkipTypes() {
  for (uint64_t i = U(); i > 0 && ok_; --i) SkipType();
}

void ModuleReader::SkipLimits() {
  const uint8_t flags = Byte();
  U();
  if ((flags & 1) != 0) U();
}

void ModuleReader::SkipExpression() {
  while (ok_) {
    const Op op = SkipInstruction();
    if (op == Op::kEnd) return;
    if (op == kInvalidOp) return Fail();
  }
}

void ModuleReader::SkipSubtype() {
  uint8_t form = Byte();
  if (form == 0x50 || form == 0x4f) {
    for (uint64_t i = U(); i > 0 && ok_; --i) U();
    form = Byte();
  }
  switch (form) {
    case 0x60:
      SkipTypes();
      return SkipTypes();
    case 0x5f:
      for (uint64_t i = U(); i > 0 && ok_; --i) {
        SkipType();
        Byte();
      }
      return;
    case 0x5e:
      SkipType();
      Byte();
      return;
    default: Fail();
  }
}

void ModuleReader::SkipRecursionGroup() {
  if (at_ < bytes_.size() && bytes_[at_] == 0x4e) {
    Byte();
    for (uint64_t i = U(); i > 0 && ok_; --i) SkipSubtype();
    return;
  }
  SkipSubtype();
}

void ModuleReader::SkipImport() {
  SkipName();
  SkipName();
  switch (Byte()) {
    case 0:
      U();
      return;
    case 1:
      SkipType();
      return SkipLimits();
    case 2: return SkipLimits();
    case 3:
      SkipType();
      Byte();
      return;
    case 4:
      Byte();
      U();
      return;
    default: Fail();
  }
}

void ModuleReader::SkipElement() {
  const uint64_t flags = U();
  if (flags > 7) return Fail();
  if ((flags & 1) == 0) {
    if ((flags & 2) != 0) U();
    SkipExpression();
  }
  const bool has_expressions = (flags & 4) != 0;
  if ((flags & 3) != 0) has_expressions ? SkipType() : Skip(1);
  for (uint64_t i = U(); i > 0 && ok_; --i) {
    if (has_expressions) {
      SkipExpression();
    } else {
      U();
    }
  }
}

void ModuleReader::SkipData() {
  const uint64_t flags = U();
  if (flags > 2) return Fail();
  if (flags == 2) U();
  if (flags != 1) SkipExpression();
  Skip(U());
}

void ModuleReader::SkipEntry(uint8_t section) {
  switch (section) {
    case kTypeSection: return SkipRecursionGroup();
    case kImportSection: return SkipImport();
    case kFunctionSection:
      U();
      return;
    case kTableSection: {
      const bool has_init = at_ < bytes_.size() && bytes_[at_] == 0x40;
      if (has_init) Skip(2);
      SkipType();
      SkipLimits();
      return has_init ? SkipExpression() : void();
    }
    case kMemorySection: return SkipLimits();
    case kGlobalSection:
      SkipType();
      Byte();
      return SkipExpression();
    case kExportSection:
      SkipName();
      Byte();
      U();
      return;
    case kElementSection: return SkipElement();
    case kCodeSection: return Skip(U());
    case kDataSection: return SkipData();
    case kTagSection:
      Byte();
      U();
      return;
    default: Fail();
  }
}

Op ModuleReader::SkipInstruction() {
  const uint8_t first = Byte();
  Op op = OpFromByte(first);
  if (IsPrefix(first)) op = OpFromEncoding(first, static_cast<uint32_t>(U())).value_or(kInvalidOp);
  if (!ok_ || op == kInvalidOp) return kInvalidOp;
  SkipImmediates(InfoOf(op).immediates);
  return ok_ ? op : kInvalidOp;
}

void ModuleReader::SkipImmediates(Immediate immediates) {
  switch (immediates) {
    case Immediate::kNone: return;
    case Immediate::kF32: return Skip(4);
    case Immediate::kF64: return Skip(8);
    case Immediate::kV128:
    case Immediate::kShuffle: return Skip(16);
    case Immediate::kLane: return Skip(1);
    case Immediate::kBlock:
    case Immediate::kHeapType: return SkipType();
    case Immediate::kSelect: return SkipTypes();
    case Immediate::kBrTable:
      for (uint64_t i = U() + 1; i > 0 && ok_; --i) U();
      return;
    case Immediate::kMemarg:
    case Immediate::kMemargLane:
      if ((U() & 0x40) != 0) U();
      U();
      if (immediates == Immediate::kMemargLane) Skip(1);
      return;
    case Immediate::kBrOnCast:
      Skip(1);
      U();
      SkipType();
      return SkipType();
    case Immediate::kTryTable:
      SkipType();
      for (uint64_t i = U(); i > 0 && ok_; --i) {
        if (Byte() < 2) U();
        U();
      }
      return;
    case Immediate::kTypeTable:
    case Immediate::kTwoMemories:
    case Immediate::kDataMemory:
    case Immediate::kElemTable:
    case Immediate::kTwoTables:
    case Immediate::kTypeField:
    case Immediate::kTypeData:
    case Immediate::kTypeElem:
    case Immediate::kTypeType:
    case Immediate::kTypeCount: U(); [[fallthrough]];
    default: U();
  }
}

std::vector<InstructionRange> InstructionsOf(std::span<const uint8_t> body) {
  std::vector<InstructionRange> instructions;
  ModuleReader reader(body);
  for (uint64_t i = reader.U(); i > 0 && reader.ok(); --i) {
    reader.U();
    reader.SkipType();
  }
  while (reader.ok() && !reader.AtEnd()) {
    const size_t begin = reader.at();
    const Op op = reader.SkipInstruction();
    if (op == kInvalidOp) break;
    ModuleReader opcode(body, begin);
    if (IsPrefix(opcode.Byte())) opcode.U();
    instructions.push_back({op, begin, opcode.at(), reader.at()});
  }
  return instructions;
}

}  // namespace sandbox::fuzz
