// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// KERNEL: the typed view of raw bytes.
//
// Invariant: every access goes through a span, and every length is compared before it is used (RangeFits, never a
// sum that could wrap). The only unchecked entry is MakeSpan, whose callers vouch for pointer and length.
// Attacked by tests/base/bytes_test.cc.
#ifndef SANDBOX_BASE_BYTES_H_
#define SANDBOX_BASE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "sandbox/base/check.h"
#include "sandbox/base/checked_math.h"

#if defined(__clang__)
#pragma clang unsafe_buffer_usage begin
#endif

namespace sandbox {

using ByteSpan = std::span<const uint8_t>;
using MutableByteSpan = std::span<uint8_t>;

// A span over [data, data + size). The caller vouches that all of it is alive.
template <typename T>
constexpr std::span<T> MakeSpan(T* data, size_t size) {
  return std::span<T>(data, size);
}

// [offset, offset + length) of a span, or nothing when that is not inside.
template <typename T>
constexpr std::optional<std::span<T>> SubSpan(std::span<T> span, uint64_t offset, uint64_t length) {
  if (!RangeFits(offset, length, uint64_t{span.size()})) return std::nullopt;
  return span.subspan(static_cast<size_t>(offset), static_cast<size_t>(length));
}

// A little-endian scalar at a byte offset (any alignment), or nothing when it does not fit.
template <typename T>
  requires std::is_trivially_copyable_v<T>
std::optional<T> LoadLittle(ByteSpan bytes, uint64_t offset) {
  // As RangeFits; in this order a loop needs one comparison for each load.
  if (bytes.size() < sizeof(T) || offset > bytes.size() - sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// Writes a little-endian scalar. False, and nothing written, when it does not fit.
template <typename T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] bool StoreLittle(MutableByteSpan bytes, uint64_t offset, T value) {
  if (!RangeFits(offset, uint64_t{sizeof(T)}, uint64_t{bytes.size()})) return false;
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
  return true;
}

// Copies all of source to the front of target, which is at least as long. The two may overlap.
template <typename T>
  requires std::is_trivially_copyable_v<T>
void CopyInto(std::span<T> target, std::span<const std::type_identity_t<T>> source) {
  SANDBOX_CHECK(source.size() <= target.size());
  if (!source.empty()) std::memmove(target.data(), source.data(), source.size_bytes());
}

inline void FillBytes(MutableByteSpan target, uint8_t value) {
  if (!target.empty()) std::memset(target.data(), value, target.size());
}

// Bytes as text and back. The result lives as long as the argument's storage.
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace sandbox

#if defined(__clang__)
#pragma clang unsafe_buffer_usage end
#endif

#endif  // SANDBOX_BASE_BYTES_H_
