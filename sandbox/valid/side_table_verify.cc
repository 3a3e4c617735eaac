// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/side_table_verify.h"

#include <algorithm>

#include "sandbox/valid/load.h"

namespace sandbox {
namespace {

// The words of defined function i, which end where those of the next one begin.
std::span<const uint32_t> WordsOf(const ModuleData& module, size_t i) {
  const std::span<const uint32_t> words = module.side_table.span();
  const size_t begin = module.functions[i].side_table;
  const size_t end = i + 1 < module.functions.size() ? module.functions[i + 1].side_table : words.size();
  return begin <= end && end <= words.size() ? words.subspan(begin, end - begin) : std::span<const uint32_t>();
}

}  // namespace

Result<void> VerifySideTable(const ModuleData& module, const ImplementationLimits& limits) {
  Budget budget(limits.load_bytes);
  ModuleData derived(budget);
  SANDBOX_TRY(LoadModule(module.bytes, limits, derived));
  const size_t count = derived.functions.size();
  if (module.functions.size() != count) return Fail(ErrorCode::kSideTableMismatch);
  for (size_t i = 0; i < count; ++i) {
    if (module.functions[i] == derived.functions[i] && std::ranges::equal(WordsOf(module, i), WordsOf(derived, i))) {
      continue;
    }
    return Fail(ErrorCode::kSideTableMismatch, derived.functions[i].code_begin, static_cast<uint32_t>(i));
  }
  if (module.side_table.size() != derived.side_table.size()) return Fail(ErrorCode::kSideTableMismatch);
  return {};
}

}  // namespace sandbox
