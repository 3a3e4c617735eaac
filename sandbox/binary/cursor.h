// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Reading the binary format front to back (spec "Binary Format": bytes, integers): checked while a module is loaded,
// trusted afterwards.
#ifndef SANDBOX_BINARY_CURSOR_H_
#define SANDBOX_BINARY_CURSOR_H_

#include <cstddef>
#include <cstdint>

#include "sandbox/base/bytes.h"
#include "sandbox/base/error.h"
#include "sandbox/syntax/limits.h"

namespace sandbox {

// Where a failing reader leaves its Error. Functions of the loader return false then, and nothing but that travels
// up: success costs one bit, where a Result would go through memory for every byte read.
class ErrorSink {
 public:
  // Always false. Offsets are those of the module.
  bool Fail(ErrorCode code, uint64_t offset = Error::kNoOffset, uint32_t detail = 0) {
    return Fail(Error{code, detail, offset});
  }
  [[gnu::cold, gnu::noinline]] bool Fail(const Error& error) {
    error_ = error;
    return false;
  }
  bool FailLimit(LimitId id, uint64_t offset) {
    return Fail(ErrorCode::kLimitExceeded, offset, static_cast<uint32_t>(id));
  }
  const Error& error() const { return error_; }

 private:
  Error error_{};
};

// A position in a module, and an end that reading does not cross. Readers that fail leave an Error in the sink, whose
// offset is where the value began, and the position somewhere behind it.
class Cursor {
 public:
  // Reads [position, bytes.size()); offsets count from the start of bytes.
  Cursor(ByteSpan bytes, size_t position, ErrorSink& sink) : bytes_(bytes), position_(position), sink_(&sink) {}

  size_t position() const { return position_; }
  size_t end() const { return bytes_.size(); }
  size_t remaining() const { return bytes_.size() - position_; }
  bool AtEnd() const { return position_ >= bytes_.size(); }
  ErrorSink& sink() const { return *sink_; }
  ByteSpan bytes() const { return bytes_; }
  // position <= end().
  void set_position(size_t position) { position_ = position; }

  // A cursor of the next `size` bytes, size <= remaining(). This one stays before them.
  Cursor Sub(size_t size) const { return Cursor(bytes_.first(position_ + size), position_, *sink_); }

  // The next byte, or -1 at the end. Moves nothing.
  int Peek() const { return AtEnd() ? -1 : bytes_[position_]; }

  [[nodiscard]] bool ReadByte(uint8_t& value) {
    if (position_ >= bytes_.size()) [[unlikely]]
      return sink_->Fail(ErrorCode::kUnexpectedEnd, position_);
    value = bytes_[position_++];
    return true;
  }

  [[nodiscard]] bool Skip(uint64_t size) {
    if (size > remaining()) [[unlikely]]
      return sink_->Fail(ErrorCode::kUnexpectedEnd, position_);
    position_ += static_cast<size_t>(size);
    return true;
  }

  // Unsigned LEB128.
  [[nodiscard]] bool ReadU32(uint32_t& value) {
    if (position_ < bytes_.size() && bytes_[position_] < 0x80) [[likely]] {
      value = bytes_[position_++];
      return true;
    }
    return ReadLongU32(value);
  }
  [[nodiscard]] bool ReadU64(uint64_t& value);

  // Signed LEB128.
  [[nodiscard]] bool ReadS32(int32_t& value);
  [[nodiscard]] bool ReadS33(int64_t& value);
  [[nodiscard]] bool ReadS64(int64_t& value);

  // The number of elements of a vector, each of which takes at least one byte of what remains.
  [[nodiscard]] bool ReadCount(uint32_t& count);

 private:
  [[nodiscard]] bool ReadLongU32(uint32_t& value);
  template <unsigned kBits, bool kSigned>
  [[nodiscard]] bool ReadLeb(uint64_t& value);

  ByteSpan bytes_;
  size_t position_;
  ErrorSink* sink_;
};

// Reads what validation accepted: nothing is reported any more. A position outside the bytes stops the process.
class TrustedCursor {
 public:
  TrustedCursor(ByteSpan bytes, size_t position) : bytes_(bytes), position_(position) {}

  size_t position() const { return position_; }
  bool AtEnd() const { return position_ >= bytes_.size(); }

  uint8_t ReadByte() {
    SANDBOX_CHECK(position_ < bytes_.size());
    return bytes_[position_++];
  }
  uint32_t ReadU32() { return static_cast<uint32_t>(ReadU64()); }
  uint64_t ReadU64() {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const uint8_t byte = ReadByte();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  }
  int32_t ReadS32() { return static_cast<int32_t>(ReadS64()); }
  int64_t ReadS64() {
    uint64_t value = 0;
    for (unsigned shift = 0;;) {
      const uint8_t byte = ReadByte();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if (byte >= 0x80) continue;
      if (shift < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << shift;
      return static_cast<int64_t>(value);
    }
  }
  // Little-endian words: the bits of f32.const and f64.const.
  uint32_t ReadBits32() { return ReadLittle<uint32_t>(); }
  uint64_t ReadBits64() { return ReadLittle<uint64_t>(); }

 private:
  template <typename T>
  T ReadLittle() {
    const auto value = LoadLittle<T>(bytes_, position_);
    SANDBOX_CHECK(value.has_value());
    position_ += sizeof(T);
    return *value;
  }

  ByteSpan bytes_;
  size_t position_;
};

}  // namespace sandbox

#endif  // SANDBOX_BINARY_CURSOR_H_
