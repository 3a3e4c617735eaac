// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Values and messages as strings, and values from strings.
#ifndef SANDBOX_CLI_TEXT_H_
#define SANDBOX_CLI_TEXT_H_

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sandbox/sandbox.h"

namespace sandbox::cli {

// The text with \xNN for control characters: names are the module's choice, and a terminal obeys what it is sent.
std::string Printable(std::string_view text);

// The text of one of the library's Format functions: `Text([&](auto out) { return FormatError(error, out); })`.
template <typename F>
std::string Text(F&& format) {
  std::array<char, 4096> buffer;
  return Printable(std::forward<F>(format)(std::span<char>(buffer)));
}

std::string ErrorText(const Error& error);
std::string ValueText(const Value& value);

// A value of the type: a number in decimal or hexadecimal (i32 and i64 signed or unsigned; f32 and f64 also inf, nan
// and nan:0xPAYLOAD), null or a number for references. "i32:42" is the same as "42" for an i32. Nothing if the text is
// not a value of that type.
std::optional<Value> ParseValue(std::string_view text, ValType type);

}  // namespace sandbox::cli

#endif  // SANDBOX_CLI_TEXT_H_
