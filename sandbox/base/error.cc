// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/base/error.h"

#include <array>
#include <cstddef>

namespace sandbox {
namespace {

struct ErrorInfo {
  ErrorClass cls;
  std::string_view text;
  std::string_view anchor;
};

constexpr auto kErrors = std::to_array<ErrorInfo>({
#define SANDBOX_ERROR(name, cls, text, anchor) {ErrorClass::cls, text, anchor},
#include "sandbox/base/error.def"
#undef SANDBOX_ERROR
});

constexpr auto kClassNames =
    std::to_array<std::string_view>({"malformed", "invalid", "unsupported", "limit", "link", "memory", "misuse"});

}  // namespace

ErrorClass ClassOf(ErrorCode code) { return kErrors[static_cast<size_t>(code)].cls; }
std::string_view TextOf(ErrorCode code) { return kErrors[static_cast<size_t>(code)].text; }
std::string_view AnchorOf(ErrorCode code) { return kErrors[static_cast<size_t>(code)].anchor; }
std::string_view NameOf(ErrorClass cls) { return kClassNames[static_cast<size_t>(cls)]; }

}  // namespace sandbox
