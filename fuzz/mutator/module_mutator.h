// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Changes to modules that keep them well formed: sizes and counts follow, instructions stay instructions. Most of what
// comes out is refused by validation only, not by decoding, and a good part is valid.
#ifndef FUZZ_MUTATOR_MODULE_MUTATOR_H_
#define FUZZ_MUTATOR_MODULE_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <vector>

#include "fuzz/wasm/editable_module.h"

namespace sandbox::fuzz {

class ModuleMutator {
 public:
  // For bytes that are to be changed without regard to what they are.
  using MutateBytes = std::function<void(std::vector<uint8_t>& bytes)>;

  explicit ModuleMutator(uint32_t seed, MutateBytes mutate_bytes = nullptr)
      : random_(seed), mutate_bytes_(std::move(mutate_bytes)) {}

  // One to four changes. Empty when the bytes are no module.
  std::vector<uint8_t> Mutate(std::span<const uint8_t> module);
  // The first module with parts of the second. Empty when one is no module.
  std::vector<uint8_t> Cross(std::span<const uint8_t> module, std::span<const uint8_t> other);

 private:
  using Bytes = std::vector<uint8_t>;

  void Change(EditableModule& module);
  void ChangeSections(EditableModule& module);
  void ChangeEntries(EditableModule& module);
  void ChangeBody(Bytes& body);
  void ReplaceInstruction(Bytes& body, const struct InstructionRange& at);
  void ChangeImmediate(Bytes& body, const struct InstructionRange& at);
  Bytes EdgeNumber(bool is_signed);
  uint32_t Below(size_t n) { return n == 0 ? 0 : static_cast<uint32_t>(random_() % n); }

  std::minstd_rand random_;
  MutateBytes mutate_bytes_;
};

}  // namespace sandbox::fuzz

#endif  // FUZZ_MUTATOR_MODULE_MUTATOR_H_
