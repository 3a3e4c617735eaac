// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/limits.h"

#include <array>
#include <bit>
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

constexpr auto kMaxima = std::to_array<uint64_t>({
#define SANDBOX_LIMIT(name, def, hard, what) hard,
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
});

}  // namespace

// All members are of one type and in the order of LimitId: an array.
Result<void> ImplementationLimits::Check() const {
  const auto values = std::bit_cast<std::array<uint64_t, kMaxima.size()>>(*this);
  for (uint32_t i = 0; i < kMaxima.size(); ++i) {
    if (values[i] > kMaxima[i]) return Fail(ErrorCode::kBadConfiguration, Error::kNoOffset, i);
  }
  return {};
}

std::string_view NameOf(LimitId id) { return kTexts[static_cast<size_t>(id)].name; }
std::string_view DescriptionOf(LimitId id) { return kTexts[static_cast<size_t>(id)].description; }

}  // namespace sandbox
