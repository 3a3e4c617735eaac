// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/spec/json_value.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sandbox::spec {
namespace {

std::string StringOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Unsigned decimal, as the scripts write numbers; a minus sign is taken too.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return is_negative ? 0 - number : number;
}

struct NamedHeap {
  std::string_view name;
  HeapType::Abstract heap;
};
constexpr std::array<NamedHeap, 12> kReferences = {{
    {"anyref", HeapType::kAny},
    {"eqref", HeapType::kEq},
    {"i31ref", HeapType::kI31},
    {"structref", HeapType::kStruct},
    {"arrayref", HeapType::kArray},
    {"funcref", HeapType::kFunc},
    {"externref", HeapType::kExtern},
    {"exnref", HeapType::kExn},
    {"nullref", HeapType::kNone},
    {"nullfuncref", HeapType::kNoFunc},
    {"nullexternref", HeapType::kNoExtern},
    {"nullexnref", HeapType::kNoExn},
}};

std::optional<HeapType::Abstract> HeapOf(std::string_view type) {
  for (const NamedHeap& row : kReferences) {
    if (row.name == type) return row.heap;
  }
  return std::nullopt;
}

// Bytes of a lane, 0 for an unknown type.
size_t LaneBytes(std::string_view type) {
  if (type == "i8") return 1;
  if (type == "i16") return 2;
  if (type == "i32" || type == "f32") return 4;
  if (type == "i64" || type == "f64") return 8;
  return 0;
}

// A number's text against its bits; `bytes` is the width.
bool MatchesBits(std::string_view text, bool is_float, size_t bytes, uint64_t bits) {
  const uint64_t quiet = bytes == 4 ? 0x7fc0'0000u : 0x7ff8'0000'0000'0000u;
  const uint64_t magnitude = bytes == 4 ? 0x7fff'ffffu : 0x7fff'ffff'ffff'ffffu;
  if (is_float && text == "nan:canonical") return (bits & magnitude) == quiet;
  if (is_float && text == "nan:arithmetic") return (bits & quiet) == quiet;
  const std::optional<uint64_t> number = ParseNumber(text);
  if (!number) return false;
  const uint64_t mask = bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1;
  return (*number & mask) == bits;
}

std::optional<Value> ParseVector(const Json& json) {
  const size_t lane = LaneBytes(StringOf(json, "lane_type"));
  const auto lanes = json.find("value");
  if (lane == 0 || lanes == json.end() || !lanes->is_array() || lanes->size() * lane != 16) return std::nullopt;
  std::array<uint8_t, 16> bytes{};
  size_t at = 0;
  for (const Json& text : *lanes) {
    const std::optional<uint64_t> number = ParseNumber(text.get<std::string>());
    if (!number) return std::nullopt;
    for (size_t i = 0; i < lane; ++i) bytes[at++] = static_cast<uint8_t>(*number >> 8 * i);
  }
  return Value::V128(bytes);
}

bool MatchesVector(const Json& expected, const Value& actual) {
  if (actual.kind() != ValKind::kV128) return false;
  const std::string type = StringOf(expected, "lane_type");
  const size_t lane = LaneBytes(type);
  const auto lanes = expected.find("value");
  if (lane == 0 || lanes == expected.end() || lanes->size() * lane != 16) return false;
  const std::array<uint8_t, 16> bytes = actual.v128();
  size_t at = 0;
  for (const Json& text : *lanes) {
    uint64_t bits = 0;
    for (size_t i = 0; i < lane; ++i) bits |= uint64_t{bytes[at++]} << 8 * i;
    if (!MatchesBits(text.get<std::string>(), type.starts_with('f'), lane, bits)) return false;
  }
  return true;
}

// Which heap types a non-null reference of a type can be of.
bool IsKindOf(HeapType::Abstract actual, HeapType::Abstract expected) {
  if (actual == expected) return true;
  const bool is_eq = actual == HeapType::kI31 || actual == HeapType::kStruct || actual == HeapType::kArray;
  if (expected == HeapType::kEq) return is_eq;
  if (expected == HeapType::kAny) return is_eq || actual == HeapType::kEq;
  return false;
}

bool MatchesReference(const Json& expected, HeapType::Abstract heap, const Value& actual) {
  if (!actual.is_ref()) return false;
  const std::string value = StringOf(expected, "value");
  if (value == "null") return actual.is_null();
  if (actual.is_null()) return false;
  if (heap == HeapType::kExtern && !value.empty()) {
    const std::optional<uint64_t> number = ParseNumber(value);
    return number && actual.extern_handle() == *number;
  }
  const HeapType is = actual.type().heap();
  return is.is_abstract() && IsKindOf(is.abstract(), heap);
}

}  // namespace

std::optional<Value> ParseValue(const Json& json) {
  const std::string type = StringOf(json, "type");
  if (type == "v128") return ParseVector(json);
  const std::string text = StringOf(json, "value");
  if (const auto heap = HeapOf(type)) {
    if (text == "null") return Value::Null(*heap);
    const std::optional<uint64_t> number = ParseNumber(text);
    if (*heap != HeapType::kExtern || !number || *number >= ~uint32_t{0}) return std::nullopt;
    return Value::ExternRef(static_cast<uint32_t>(*number));
  }
  const std::optional<uint64_t> number = ParseNumber(text);
  if (!number) return std::nullopt;
  if (type == "i32") return Value::I32(static_cast<uint32_t>(*number));
  if (type == "i64") return Value::I64(*number);
  if (type == "f32") return Value::F32Bits(static_cast<uint32_t>(*number));
  if (type == "f64") return Value::F64Bits(*number);
  return std::nullopt;
}

bool Matches(const Json& expected, const Value& actual) {
  const std::string type = StringOf(expected, "type");
  if (type == "either") {
    for (const Json& one : expected.at("values")) {
      if (Matches(one, actual)) return true;
    }
    return false;
  }
  if (type == "v128") return MatchesVector(expected, actual);
  if (type == "refnull") return actual.is_null();
  if (const auto heap = HeapOf(type)) return MatchesReference(expected, *heap, actual);
  const std::string text = StringOf(expected, "value");
  if (type == "i32") return actual.kind() == ValKind::kI32 && MatchesBits(text, false, 4, actual.u32());
  if (type == "i64") return actual.kind() == ValKind::kI64 && MatchesBits(text, false, 8, actual.u64());
  if (type == "f32") return actual.kind() == ValKind::kF32 && MatchesBits(text, true, 4, actual.f32_bits());
  if (type == "f64") return actual.kind() == ValKind::kF64 && MatchesBits(text, true, 8, actual.f64_bits());
  return false;
}

bool AllMatch(const Json& expected, std::span<const Value> actual) {
  if (expected.size() != actual.size()) return false;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!Matches(expected[i], actual[i])) return false;
  }
  return true;
}

bool IsNan(const Value& value) {
  if (value.kind() == ValKind::kF32) return (value.f32_bits() & 0x7fff'ffff) > 0x7f80'0000;
  return (value.f64_bits() & 0x7fff'ffff'ffff'ffff) > 0x7ff0'0000'0000'0000;
}

bool Equivalent(const Value& a, const Value& b) {
  if (a.type() != b.type()) return false;
  if (IsNan(a) && IsNan(b)) return true;
  if (const auto function = a.func()) return function->address() == b.func()->address();
  return a == b;
}

std::string ToText(const Value& value) {
  std::array<char, 128> buffer{};
  return std::string(FormatValue(value, buffer));
}

std::string ToText(std::span<const Value> values) {
  std::string text;
  for (const Value& value : values) text += (text.empty() ? "" : " ") + ToText(value);
  return "[" + text + "]";
}

}  // namespace sandbox::spec
