// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Where the parts of a module begin and end, without asking what they mean: enough to take them apart and put them
// together again. Reads anything without harm; what it does not understand it reports as such.
#ifndef FUZZ_WASM_MODULE_READER_H_
#define FUZZ_WASM_MODULE_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sandbox/syntax/opcode.h"

namespace sandbox::fuzz {

class ModuleReader {
 public:
  explicit ModuleReader(std::span<const uint8_t> bytes, size_t at = 0) : bytes_(bytes), at_(at) {}

  size_t at() const { return at_; }
  bool ok() const { return ok_; }
  bool AtEnd() const { return at_ >= bytes_.size(); }

  uint8_t Byte();
  uint64_t U();  // any LEB128; signed ones are passed over by it, too
  void Skip(uint64_t count);
  void Fail() { ok_ = false; }

  void SkipType();        // a value, reference, heap or block type
  void SkipName() { Skip(U()); }
  void SkipLimits();
  void SkipExpression();  // up to and including its `end`
  // One entry of a section with a count.
  void SkipEntry(uint8_t section);
  // An instruction with its immediates; kInvalidOp when there is none of that encoding.
  Op SkipInstruction();

 private:
  void SkipTypes();
  void SkipRecursionGroup();
  void SkipSubtype();
  void SkipImport();
  void SkipElement();
  void SkipData();
  void SkipImmediates(Immediate immediates);

  std::span<const uint8_t> bytes_;
  size_t at_;
  bool ok_ = true;
};

// An instruction's place in a body.
struct InstructionRange {
  Op op;
  size_t begin;       // of the opcode
  size_t immediates;  // behind the opcode
  size_t end;
};

// The instructions of a code entry (local declarations first). Stops at what is no instruction.
std::vector<InstructionRange> InstructionsOf(std::span<const uint8_t> body);

}  // namespace sandbox::fuzz

#endif  // FUZZ_WASM_MODULE_READER_H_
