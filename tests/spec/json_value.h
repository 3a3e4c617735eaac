// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Values in the JSON of test scripts: arguments, and patterns that results must match.
#ifndef TESTS_SPEC_JSON_VALUE_H_
#define TESTS_SPEC_JSON_VALUE_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace sandbox::spec {

using Json = nlohmann::json;

// An argument. Absent when this build has no such value, or the form is not one of an argument.
std::optional<Value> ParseValue(const Json& json);

// Whether a value is what the script expects. "either" matches when one of its members does.
bool Matches(const Json& expected, const Value& actual);
// The same for lists: as many, one by one.
bool AllMatch(const Json& expected, std::span<const Value> actual);

bool IsNan(const Value& value);

// The same value as far as two stores can agree on it: numbers by bits, references by what they are; functions of
// different stores are compared by number. A NaN is as good as another: of two NaN operands an instruction may return
// either, and the compiler chooses for each dispatch form.
bool Equivalent(const Value& a, const Value& b);

// For reports.
std::string ToText(const Value& value);
std::string ToText(std::span<const Value> values);

}  // namespace sandbox::spec

#endif  // TESTS_SPEC_JSON_VALUE_H_
