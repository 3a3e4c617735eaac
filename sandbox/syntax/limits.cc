// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/limits.h"

#include <array>
#include <cstddef>

namespace sandbox {
namespace {

struct LimitText {
  std::string_view name;
  std::string_view description;
};

constexpr auto kTexts = std::to_array<LimitText>({
#define SANDBOX_LIMIT(name, def, hard, what) {#name, what},
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
});

}  // namespace

Result<void> ImplementationLimits::Check() const {
#define SANDBOX_LIMIT(name, def, hard, what) \
  if (name > (hard)) return Fail(ErrorCode::kBadConfiguration, Error::kNoOffset, static_cast<uint32_t>(LimitId::name));
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
  return {};
}

std::string_view NameOf(LimitId id) { return kTexts[static_cast<size_t>(id)].name; }
std::string_view DescriptionOf(LimitId id) { return kTexts[static_cast<size_t>(id)].description; }

}  // namespace sandbox
