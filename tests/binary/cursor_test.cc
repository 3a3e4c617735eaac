// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/binary/cursor.h"

#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"

namespace sandbox {
namespace {

using testing::Bytes;

// A read of one value: what came of it.
template <typename T>
struct Outcome {
  bool is_ok;
  T value;
  size_t position;
  Error error;
};

template <typename T>
Outcome<T> Read(const Bytes& bytes, bool (Cursor::*read)(T&)) {
  ErrorSink sink;
  Cursor cursor(bytes, 0, sink);
  T value{};
  const bool is_ok = (cursor.*read)(value);
  return {is_ok, value, cursor.position(), sink.error()};
}

template <typename T>
void ExpectFailure(const Bytes& bytes, bool (Cursor::*read)(T&), ErrorCode code) {
  const auto outcome = Read(bytes, read);
  EXPECT_FALSE(outcome.is_ok);
  EXPECT_EQ(outcome.error.code, code);
  EXPECT_EQ(outcome.error.offset, 0u);
}

TEST(CursorTest, UnsignedLebRoundTrips) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{16383}, uint64_t{16384},
                               uint64_t{0xffff'ffff}}) {
    const Bytes bytes = testing::EncodeU(value);
    const auto outcome = Read(bytes, &Cursor::ReadU32);
    EXPECT_TRUE(outcome.is_ok) << value;
    EXPECT_EQ(outcome.value, value);
    EXPECT_EQ(outcome.position, bytes.size());
    EXPECT_EQ(Read(bytes, &Cursor::ReadU64).value, value);
  }
  EXPECT_EQ(Read(testing::EncodeU(~uint64_t{0}), &Cursor::ReadU64).value, ~uint64_t{0});
}

TEST(CursorTest, SignedLebRoundTrips) {
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{63}, int64_t{64}, int64_t{-64}, int64_t{-65}, int64_t{8191}, int64_t{-8193},
        int64_t{std::numeric_limits<int32_t>::max()}, int64_t{std::numeric_limits<int32_t>::min()}}) {
    const Bytes bytes = testing::EncodeS(value);
    EXPECT_EQ(Read(bytes, &Cursor::ReadS32).value, value);
    EXPECT_EQ(Read(bytes, &Cursor::ReadS33).value, value);
    EXPECT_EQ(Read(bytes, &Cursor::ReadS64).value, value);
    EXPECT_EQ(Read(bytes, &Cursor::ReadS64).position, bytes.size());
  }
  for (const int64_t value : {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(Read(testing::EncodeS(value), &Cursor::ReadS64).value, value);
  }
  EXPECT_EQ(Read(testing::EncodeS(0xffff'ffff), &Cursor::ReadS33).value, 0xffff'ffff);
}

TEST(CursorTest, PaddingIsAllowedUpToTheGreatestLength) {
  EXPECT_EQ(Read(testing::EncodePadded(3, 5), &Cursor::ReadU32).value, 3u);
  ExpectFailure(testing::EncodePadded(3, 6), &Cursor::ReadU32, ErrorCode::kLebTooLong);
  EXPECT_EQ(Read(testing::EncodePadded(3, 10), &Cursor::ReadU64).value, 3u);
  ExpectFailure(testing::EncodePadded(3, 11), &Cursor::ReadU64, ErrorCode::kLebTooLong);
  EXPECT_EQ(Read({0xff, 0xff, 0xff, 0xff, 0x7f}, &Cursor::ReadS32).value, -1);
  ExpectFailure({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, &Cursor::ReadS32, ErrorCode::kLebTooLong);
  ExpectFailure({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, &Cursor::ReadS33, ErrorCode::kLebTooLong);
}

TEST(CursorTest, UnusedBitsAreZeroOrTheSign) {
  EXPECT_TRUE(Read({0xff, 0xff, 0xff, 0xff, 0x0f}, &Cursor::ReadU32).is_ok);
  for (const uint8_t last : {0x10, 0x1f, 0x40, 0x7f}) {
    ExpectFailure({0xff, 0xff, 0xff, 0xff, last}, &Cursor::ReadU32, ErrorCode::kLebTooLarge);
  }
  // Four bits are the value's, three repeat its sign.
  for (const uint8_t last : {0x00, 0x07, 0x78, 0x7f}) {
    EXPECT_TRUE(Read({0x80, 0x80, 0x80, 0x80, last}, &Cursor::ReadS32).is_ok) << int{last};
  }
  for (const uint8_t last : {0x08, 0x0f, 0x70, 0x3f, 0x40}) {
    ExpectFailure({0x80, 0x80, 0x80, 0x80, last}, &Cursor::ReadS32, ErrorCode::kLebTooLarge);
  }
  const Bytes nine(9, 0x80);
  EXPECT_TRUE(Read(testing::Join({nine, {0x01}}), &Cursor::ReadU64).is_ok);
  ExpectFailure(testing::Join({nine, {0x02}}), &Cursor::ReadU64, ErrorCode::kLebTooLarge);
  EXPECT_EQ(Read(testing::Join({nine, {0x7f}}), &Cursor::ReadS64).value, std::numeric_limits<int64_t>::min());
  ExpectFailure(testing::Join({nine, {0x01}}), &Cursor::ReadS64, ErrorCode::kLebTooLarge);
  ExpectFailure(testing::Join({nine, {0x7e}}), &Cursor::ReadS64, ErrorCode::kLebTooLarge);
}

TEST(CursorTest, EndsInsideANumberAreFound) {
  for (size_t size = 0; size < 5; ++size) {
    ExpectFailure(Bytes(size, 0x80), &Cursor::ReadU32, ErrorCode::kUnexpectedEnd);
    ExpectFailure(Bytes(size, 0x80), &Cursor::ReadS32, ErrorCode::kUnexpectedEnd);
  }
  ExpectFailure({}, &Cursor::ReadByte, ErrorCode::kUnexpectedEnd);
}

TEST(CursorTest, CountsDoNotExceedWhatRemains) {
  EXPECT_EQ(Read({2, 0, 0}, &Cursor::ReadCount).value, 2u);
  ExpectFailure({3, 0, 0}, &Cursor::ReadCount, ErrorCode::kLengthOutOfBounds);
  ExpectFailure({0xff, 0xff, 0xff, 0xff, 0x0f}, &Cursor::ReadCount, ErrorCode::kLengthOutOfBounds);
}

TEST(CursorTest, SubDoesNotReadBeyondItsEnd) {
  ErrorSink sink;
  const Bytes bytes = {1, 2, 3, 4};
  Cursor cursor(bytes, 1, sink);
  Cursor sub = cursor.Sub(2);
  uint8_t byte = 0;
  EXPECT_TRUE(sub.ReadByte(byte) && sub.ReadByte(byte));
  EXPECT_EQ(byte, 3);
  EXPECT_TRUE(sub.AtEnd());
  EXPECT_EQ(sub.Peek(), -1);
  EXPECT_FALSE(sub.ReadByte(byte));
  EXPECT_EQ(sink.error().offset, 3u);
  EXPECT_EQ(cursor.position(), 1u);
  EXPECT_EQ(cursor.Peek(), 2);
  EXPECT_FALSE(cursor.Skip(4));
  EXPECT_FALSE(cursor.Skip(~uint64_t{0}));
  EXPECT_TRUE(cursor.Skip(3));
  EXPECT_EQ(cursor.remaining(), 0u);
}

TEST(TrustedCursorTest, ReadsWhatTheCheckedOneReads) {
  const Bytes bytes = testing::Join({testing::EncodeU(300), testing::EncodeS(-300), testing::EncodeU(~uint64_t{0}),
                                     testing::EncodeS(std::numeric_limits<int64_t>::min()),
                                     {0xff, 0xff, 0xff, 0xff, 0x7f}, {4, 3, 2, 1}, {8, 7, 6, 5, 4, 3, 2, 1}});
  TrustedCursor cursor(bytes, 0);
  EXPECT_EQ(cursor.ReadU32(), 300u);
  EXPECT_EQ(cursor.ReadS32(), -300);
  EXPECT_EQ(cursor.ReadU64(), ~uint64_t{0});
  EXPECT_EQ(cursor.ReadS64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(cursor.ReadS32(), -1);
  EXPECT_EQ(cursor.ReadBits32(), 0x01020304u);
  EXPECT_EQ(cursor.ReadBits64(), 0x0102030405060708u);
  EXPECT_TRUE(cursor.AtEnd());
}

TEST(TrustedCursorDeathTest, StopsAtTheEnd) {
  const Bytes bytes = {0x80, 0x80};
  EXPECT_DEATH(TrustedCursor(bytes, 0).ReadU32(), "");
  EXPECT_DEATH(TrustedCursor(bytes, 0).ReadBits32(), "");
  EXPECT_DEATH(TrustedCursor(bytes, 2).ReadByte(), "");
}

}  // namespace
}  // namespace sandbox
