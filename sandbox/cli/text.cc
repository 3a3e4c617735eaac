// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/text.h"

#include <charconv>
#include <limits>
#include <system_error>

namespace sandbox::cli {
namespace {

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// All of the text as a number without a sign.
std::optional<uint64_t> ParseMagnitude(std::string_view text) {
  const int base = TakePrefix(text, "0x") ? 16 : 10;
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// An integer of that many bits, signed or unsigned, as unsigned.
std::optional<uint64_t> ParseInteger(std::string_view text, unsigned bits) {
  const bool is_negative = TakePrefix(text, "-");
  const std::optional<uint64_t> magnitude = ParseMagnitude(text);
  if (!magnitude) return std::nullopt;
  const uint64_t sign = uint64_t{1} << (bits - 1);
  if (is_negative) return *magnitude <= sign ? std::optional(uint64_t{0} - *magnitude) : std::nullopt;
  return *magnitude <= sign - 1 + sign ? magnitude : std::nullopt;
}

#if SANDBOX_FLOATS
// Bits is the unsigned integer of F's size.
template <typename F, typename Bits>
std::optional<Bits> ParseFloat(std::string_view text) {
  constexpr int kFraction = std::numeric_limits<F>::digits - 1;
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  constexpr Bits kInfinity = std::bit_cast<Bits>(std::numeric_limits<F>::infinity());
  const Bits sign = TakePrefix(text, "-") ? kSign : 0;
  if (text.starts_with('-')) return std::nullopt;
  if (text == "nan") return sign | kInfinity | Bits{1} << (kFraction - 1);
  if (TakePrefix(text, "nan:")) {
    const std::optional<uint64_t> payload = ParseMagnitude(text);
    if (!payload || *payload == 0 || *payload >> kFraction != 0) return std::nullopt;
    return sign | kInfinity | static_cast<Bits>(*payload);
  }
  const auto format = TakePrefix(text, "0x") ? std::chars_format::hex : std::chars_format::general;
  F value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, format);
  if (error != std::errc() || stop != end) return std::nullopt;
  return sign | std::bit_cast<Bits>(value);
}
#endif

std::optional<Value> ParseReference(std::string_view text, ValType type) {
  // Functions are the only defined types that a value can have.
  const HeapType heap = type.heap();
  const HeapType::Abstract abstract = heap.is_abstract() ? heap.abstract() : HeapType::kNoFunc;
  if (text == "null") return type.is_nullable() ? std::optional(Value::Null(abstract)) : std::nullopt;
  if (abstract != HeapType::kExtern) return std::nullopt;
  const std::optional<uint64_t> handle = ParseMagnitude(text);
  if (!handle || *handle >= std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return Value::ExternRef(static_cast<uint32_t>(*handle));
}

}  // namespace

std::string Printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      printable += c;
    } else {
      printable += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return printable;
}

std::string ErrorText(const Error& error) {
  return Text([&](std::span<char> out) { return FormatError(error, out); });
}

std::string ValueText(const Value& value) {
  return Text([&](std::span<char> out) { return FormatValue(value, out); });
}

std::optional<Value> ParseValue(std::string_view text, ValType type) {
  const std::string name = Text([&](std::span<char> out) { return FormatType(type, out); });
  TakePrefix(text, name + ":");
  switch (type.kind()) {
    case ValKind::kI32:
      if (const auto value = ParseInteger(text, 32)) return Value::I32(static_cast<uint32_t>(*value));
      return std::nullopt;
    case ValKind::kI64:
      if (const auto value = ParseInteger(text, 64)) return Value::I64(*value);
      return std::nullopt;
#if SANDBOX_FLOATS
    case ValKind::kF32:
      if (const auto bits = ParseFloat<float, uint32_t>(text)) return Value::F32Bits(*bits);
      return std::nullopt;
    case ValKind::kF64:
      if (const auto bits = ParseFloat<double, uint64_t>(text)) return Value::F64Bits(*bits);
      return std::nullopt;
#endif
    case ValKind::kRef:
      return ParseReference(text, type);
    default:
      return std::nullopt;
  }
}

}  // namespace sandbox::cli
