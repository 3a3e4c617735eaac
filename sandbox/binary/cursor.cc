// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/binary/cursor.h"

namespace sandbox {

// At most ceil(kBits / 7) bytes; the bits of the last one that the value has no room for repeat its sign (signed) or
// are zero (unsigned).
template <unsigned kBits, bool kSigned>
bool Cursor::ReadLeb(uint64_t& value) {
  const size_t start = position_;
  uint64_t result = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (position_ >= bytes_.size()) return sink_->Fail(ErrorCode::kUnexpectedEnd, start);
    const uint8_t byte = bytes_[position_++];
    const unsigned room = kBits - shift;
    result |= uint64_t{byte & 0x7fu} << shift;
    if (room <= 7) {
      if (byte >= 0x80) return sink_->Fail(ErrorCode::kLebTooLong, start);
      const unsigned unused = byte >> (kSigned ? room - 1 : room);
      const unsigned ones = 0x7fu >> (kSigned ? room - 1 : room);
      if (unused != 0 && !(kSigned && unused == ones)) return sink_->Fail(ErrorCode::kLebTooLarge, start);
    }
    if (byte < 0x80) {
      if (kSigned && (byte & 0x40) != 0 && shift + 7 < 64) result |= ~uint64_t{0} << (shift + 7);
      value = result;
      return true;
    }
  }
}

bool Cursor::ReadLongU32(uint32_t& value) {
  uint64_t wide = 0;
  if (!ReadLeb<32, false>(wide)) return false;
  value = static_cast<uint32_t>(wide);
  return true;
}

bool Cursor::ReadU64(uint64_t& value) { return ReadLeb<64, false>(value); }

bool Cursor::ReadS32(int32_t& value) {
  uint64_t wide = 0;
  if (!ReadLeb<32, true>(wide)) return false;
  value = static_cast<int32_t>(static_cast<uint32_t>(wide));
  return true;
}

bool Cursor::ReadS33(int64_t& value) {
  uint64_t wide = 0;
  if (!ReadLeb<33, true>(wide)) return false;
  value = static_cast<int64_t>(wide);
  return true;
}

bool Cursor::ReadS64(int64_t& value) {
  uint64_t wide = 0;
  if (!ReadLeb<64, true>(wide)) return false;
  value = static_cast<int64_t>(wide);
  return true;
}

bool Cursor::ReadCount(uint32_t& count) {
  const size_t start = position_;
  if (!ReadU32(count)) return false;
  if (count > remaining()) return sink_->Fail(ErrorCode::kLengthOutOfBounds, start);
  return true;
}

}  // namespace sandbox
