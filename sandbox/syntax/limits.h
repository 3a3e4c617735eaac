// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The one struct of implementation limits; rows, units, defaults and hard maxima are in limits.def.
#ifndef SANDBOX_SYNTAX_LIMITS_H_
#define SANDBOX_SYNTAX_LIMITS_H_

#include <cstdint>
#include <string_view>

#include "sandbox/base/error.h"
#include "sandbox/syntax/types.h"

namespace sandbox {

enum class LimitId : uint8_t {
#define SANDBOX_LIMIT(name, def, hard, what) name,
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT
};

// What a module and a store may use. Every member is an inclusive maximum.
struct ImplementationLimits {
#define SANDBOX_LIMIT(name, def, hard, what) uint64_t name = def;
#include "sandbox/syntax/limits.def"
#undef SANDBOX_LIMIT

  // kBadConfiguration, with the LimitId as detail, when a member is above its hard maximum.
  [[nodiscard]] Result<void> Check() const;
};

// The name of the member and what it counts (literals).
std::string_view NameOf(LimitId id);
std::string_view DescriptionOf(LimitId id);

// The error of exceeding a limit.
inline std::unexpected<Error> LimitError(LimitId id, uint64_t offset = Error::kNoOffset) {
  return Fail(ErrorCode::kLimitExceeded, offset, static_cast<uint32_t>(id));
}

// Refuses a value above its limit.
[[nodiscard]] inline Result<void> CheckLimit(uint64_t value, uint64_t limit, LimitId id,
                                             uint64_t offset = Error::kNoOffset) {
  if (value > limit) [[unlikely]]
    return LimitError(id, offset);
  return {};
}

}  // namespace sandbox

#endif  // SANDBOX_SYNTAX_LIMITS_H_
