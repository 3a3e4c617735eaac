// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Errors of the host-facing kind: what the library refuses to do. A trap is not one of them (see trap.h).
#ifndef SANDBOX_BASE_ERROR_H_
#define SANDBOX_BASE_ERROR_H_

#include <cstdint>
#include <expected>
#include <string_view>

namespace sandbox {

enum class ErrorClass : uint8_t { kMalformed, kInvalid, kUnsupported, kLimit, kLink, kMemory, kMisuse };

enum class ErrorCode : uint16_t {
#define SANDBOX_ERROR(name, cls, text, anchor) name,
#include "sandbox/base/error.def"
#undef SANDBOX_ERROR
};

// A refusal: 16 bytes, made without allocating.
struct Error {
  // Byte offset in the module for classes malformed, invalid, unsupported and limit at load time; else kNoOffset.
  static constexpr uint64_t kNoOffset = ~uint64_t{0};

  ErrorCode code;
  // What the code leaves open: the instruction (kUnsupportedInstruction: its Op), the limit (kLimitExceeded: its
  // LimitId), the import (link errors: its index in the import section). 0 where nothing is open.
  uint32_t detail = 0;
  uint64_t offset = kNoOffset;

  friend bool operator==(const Error&, const Error&) = default;
};
static_assert(sizeof(Error) == 16);

// The class of a code, its text (a literal: the lifetime of the program) and the spec anchor of the rule it states.
ErrorClass ClassOf(ErrorCode code);
std::string_view TextOf(ErrorCode code);
std::string_view AnchorOf(ErrorCode code);
std::string_view NameOf(ErrorClass cls);

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> Fail(ErrorCode code, uint64_t offset = Error::kNoOffset, uint32_t detail = 0) {
  return std::unexpected(Error{code, detail, offset});
}

}  // namespace sandbox

// Propagates the error of a Result<void>-like expression.
#define SANDBOX_TRY(expression)                                               \
  do {                                                                        \
    if (auto sandbox_try_ = (expression); !sandbox_try_) [[unlikely]]         \
      return std::unexpected(sandbox_try_.error());                           \
  } while (false)

#define SANDBOX_CONCAT_INNER_(a, b) a##b
#define SANDBOX_CONCAT_(a, b) SANDBOX_CONCAT_INNER_(a, b)

// `SANDBOX_ASSIGN(auto x, F())` declares x as the value of F() or propagates its error.
#define SANDBOX_ASSIGN(lhs, expression) SANDBOX_ASSIGN_(SANDBOX_CONCAT_(sandbox_result_, __LINE__), lhs, expression)
#define SANDBOX_ASSIGN_(result, lhs, expression)                           \
  auto result = (expression);                                              \
  if (!result) [[unlikely]]                                                \
    return std::unexpected(result.error());                                \
  lhs = std::move(*result)

#endif  // SANDBOX_BASE_ERROR_H_
