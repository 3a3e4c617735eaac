// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/binary/type_reader.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/lib/module_builder.h"

namespace sandbox {
namespace {

using testing::Bytes;

template <typename T>
struct Outcome {
  bool is_ok;
  T value;
  ErrorCode code;
  size_t remaining;
};

template <typename T>
Outcome<T> Read(const Bytes& bytes, bool (*read)(Cursor&, T&), T value) {
  ErrorSink sink;
  Cursor cursor(bytes, 0, sink);
  const bool is_ok = read(cursor, value);
  return {is_ok, value, sink.error().code, cursor.remaining()};
}

TEST(TypeReaderTest, ValueTypesRoundTrip) {
  std::vector<ValType> types = {ValType::I32(), ValType::I64()};
  if (kFloats) types.insert(types.end(), {ValType::F32(), ValType::F64()});
  for (uint32_t heap = 0; heap <= HeapType::kNoExn; ++heap) {
    types.push_back(ValType::Ref(static_cast<HeapType::Abstract>(heap), true));
    types.push_back(ValType::Ref(static_cast<HeapType::Abstract>(heap), false));
  }
  for (const uint32_t index : {0u, 63u, 64u, 1'000'000u}) types.push_back(ValType::Ref(HeapType::Defined(index), true));
  for (const ValType type : types) {
    const auto outcome = Read(testing::EncodeType(type), ReadValueType, ValType());
    EXPECT_TRUE(outcome.is_ok);
    EXPECT_EQ(outcome.value, type);
    EXPECT_EQ(outcome.remaining, 0u);
    if (type.is_ref()) {
      EXPECT_EQ(Read(testing::EncodeType(type), ReadReferenceType, ValType()).value, type);
    }
  }
}

TEST(TypeReaderTest, EveryFirstByteIsATypeOrRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto outcome = Read({static_cast<uint8_t>(byte), 0x70}, ReadValueType, ValType());
    const bool is_number = byte >= 0x7b && byte <= 0x7f;
    const bool is_reference = (byte >= 0x69 && byte <= 0x74) || byte == 0x63 || byte == 0x64;
    if (byte == 0x7b && !kVectors) {
      EXPECT_EQ(outcome.code, ErrorCode::kUnsupportedType);
    } else if ((byte == 0x7c || byte == 0x7d) && !kFloats) {
      EXPECT_EQ(outcome.code, ErrorCode::kUnsupportedType);
    } else {
      EXPECT_EQ(outcome.is_ok, is_number || is_reference) << byte;
      if (!outcome.is_ok) {
        EXPECT_EQ(outcome.code, ErrorCode::kBadValueType);
      }
    }
  }
  EXPECT_EQ(Read({}, ReadValueType, ValType()).code, ErrorCode::kUnexpectedEnd);
  EXPECT_EQ(Read({0x7f}, ReadReferenceType, ValType()).code, ErrorCode::kBadReferenceType);
}

TEST(TypeReaderTest, HeapTypeIndicesAreLimited) {
  const HeapType none = HeapType::kBottom;
  EXPECT_EQ(Read(testing::EncodeS(5), ReadHeapType, none).value, HeapType::Defined(5));
  EXPECT_EQ(Read(testing::EncodeS(kMaxTypesPerRegistry - 1), ReadHeapType, none).value,
            HeapType::Defined(kMaxTypesPerRegistry - 1));
  EXPECT_EQ(Read(testing::EncodeS(kMaxTypesPerRegistry), ReadHeapType, none).code, ErrorCode::kUnknownType);
  EXPECT_EQ(Read(testing::EncodeS(0xffff'ffff), ReadHeapType, none).code, ErrorCode::kUnknownType);
  EXPECT_EQ(Read({0x40}, ReadHeapType, none).code, ErrorCode::kBadHeapType);
  // An abstract heap type is one byte.
  EXPECT_EQ(Read({0xf0, 0x7f}, ReadHeapType, none).code, ErrorCode::kBadHeapType);
}

TEST(TypeReaderTest, Fields) {
  EXPECT_EQ(Read({0x78, 0x01}, ReadFieldType, FieldType()).value, (FieldType{ValKind::kI8, true}));
  EXPECT_EQ(Read({0x77, 0x00}, ReadFieldType, FieldType()).value, (FieldType{ValKind::kI16, false}));
  EXPECT_EQ(Read({0x7f, 0x02}, ReadFieldType, FieldType()).code, ErrorCode::kBadMutability);
  EXPECT_FALSE(Read({0x78}, ReadValueType, ValType()).is_ok) << "packed types are no value types";
}

TEST(TypeReaderTest, LimitsByFlags) {
  EXPECT_EQ(Read({0x00, 5}, ReadLimits, Limits()).value, (Limits{5, std::nullopt, false}));
  EXPECT_EQ(Read({0x01, 5, 6}, ReadLimits, Limits()).value, (Limits{5, 6, false}));
  EXPECT_EQ(Read({0x04, 5}, ReadLimits, Limits()).value, (Limits{5, std::nullopt, true}));
  EXPECT_EQ(Read({0x05, 5, 6}, ReadLimits, Limits()).value, (Limits{5, 6, true}));
  for (const uint8_t flags : {2, 3, 6, 7}) {
    EXPECT_EQ(Read({flags, 5, 6}, ReadLimits, Limits()).code, ErrorCode::kUnsupportedShared);
  }
  for (const uint8_t flags : {0x08, 0x10, 0x80, 0xff}) {
    EXPECT_EQ(Read({flags, 5, 6}, ReadLimits, Limits()).code, ErrorCode::kBadLimits);
  }
  EXPECT_EQ(Read({0x01, 5}, ReadLimits, Limits()).code, ErrorCode::kUnexpectedEnd);
}

TEST(TypeReaderTest, BlockTypes) {
  EXPECT_EQ(Read({0x40}, ReadBlockType, BlockType()).value.result, ValType());
  EXPECT_EQ(Read({0x7f}, ReadBlockType, BlockType()).value.result, ValType::I32());
  EXPECT_EQ(Read({0x64, 0x70}, ReadBlockType, BlockType()).value.result, ValType::Ref(HeapType::kFunc, false));
  EXPECT_EQ(Read({0x05}, ReadBlockType, BlockType()).value.index, 5u);
  EXPECT_EQ(Read({0xc0, 0x00}, ReadBlockType, BlockType()).value.index, 64u);
  EXPECT_EQ(Read({0x41}, ReadBlockType, BlockType()).code, ErrorCode::kBadBlockType);
  EXPECT_EQ(Read({0xff, 0x7f}, ReadBlockType, BlockType()).code, ErrorCode::kBadBlockType);
  EXPECT_EQ(Read({}, ReadBlockType, BlockType()).code, ErrorCode::kUnexpectedEnd);
}

TEST(TypeReaderTest, Names) {
  const auto read = [](const Bytes& bytes, uint64_t max) {
    ErrorSink sink;
    Cursor cursor(bytes, 0, sink);
    uint32_t begin = 0;
    uint32_t size = 0;
    return ReadName(cursor, max, begin, size) ? std::to_string(begin) + "+" + std::to_string(size)
                                              : std::string(TextOf(sink.error().code));
  };
  EXPECT_EQ(read({3, 'a', 'b', 'c'}, 3), "1+3");
  EXPECT_EQ(read({0}, 3), "1+0");
  EXPECT_EQ(read({3, 'a', 'b', 'c'}, 2), TextOf(ErrorCode::kLimitExceeded));
  EXPECT_EQ(read({3, 'a', 'b'}, 3), TextOf(ErrorCode::kLengthOutOfBounds));
  EXPECT_EQ(read({1, 0xff}, 3), TextOf(ErrorCode::kBadUtf8));
}

}  // namespace
}  // namespace sandbox
