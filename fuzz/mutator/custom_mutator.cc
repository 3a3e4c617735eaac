// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// ModuleMutator as libFuzzer's custom mutator, for targets whose input is a module: linked in whole. Inputs that are no
// module are left to libFuzzer. Drivers that know no custom mutators (AFL++'s) do not call any of this.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/mutator/module_mutator.h"

// Of libFuzzer; absent in other drivers.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using sandbox::fuzz::ModuleMutator;

void MutateBytes(std::vector<uint8_t>& bytes) {
  if (LLVMFuzzerMutate == nullptr) return;
  const size_t size = bytes.size();
  bytes.resize(size + 16);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), size, bytes.size()));
}

// The result in place of the input; 0 when there is none or no room.
size_t Put(const std::vector<uint8_t>& result, uint8_t* data, size_t max_size) {
  if (result.empty() || result.size() > max_size) return 0;
  std::ranges::copy(result, data);
  return result.size();
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  // Bytes as bytes now and then, for what the mutator would never break.
  if (seed % 8 != 0) {
    const size_t changed = Put(ModuleMutator(seed, MutateBytes).Mutate({data, size}), data, max_size);
    if (changed > 0) return changed;
  }
  return LLVMFuzzerMutate == nullptr ? size : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* a, size_t a_size, const uint8_t* b, size_t b_size,
                                            uint8_t* out, size_t max_out_size, unsigned int seed) {
  const std::vector<uint8_t> crossed = ModuleMutator(seed).Cross({a, a_size}, {b, b_size});
  if (const size_t size = Put(crossed, out, max_out_size); size > 0) return size;
  const size_t size = std::min(a_size, max_out_size);
  std::copy_n(a, size, out);
  return size;
}
