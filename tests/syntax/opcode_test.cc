// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/opcode.h"

#include <cctype>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/base/build_config.h"
#include "sandbox/syntax/features.h"

namespace sandbox {
namespace {

constexpr uint8_t kPrefixes[] = {0, kAggregatePrefix, kBulkPrefix, kVectorPrefix};

std::vector<Op> AllOps() {
  std::vector<Op> ops;
  for (size_t i = 0; i < kOpCount; ++i) ops.push_back(static_cast<Op>(i));
  return ops;
}

// "i32.div_s" -> "I32DivS".
std::string NameFromText(std::string_view text) {
  std::string name;
  bool start = true;
  for (char c : text) {
    if (c == '.' || c == '_' || c == ' ') {
      start = true;
      continue;
    }
    name += start ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    start = false;
  }
  return name;
}

TEST(OpcodeTest, EncodingsRoundTrip) {
  std::set<std::pair<int, int>> seen;
  for (Op op : AllOps()) {
    const OpInfo& info = InfoOf(op);
    EXPECT_TRUE(seen.emplace(info.prefix, info.code).second) << TextOf(op);
    EXPECT_EQ(OpFromEncoding(info.prefix, info.code), op) << TextOf(op);
    if (info.prefix == 0) {
      EXPECT_EQ(OpFromByte(static_cast<uint8_t>(info.code)), op) << TextOf(op);
    }
  }
}

TEST(OpcodeTest, NothingElseIsAnInstruction) {
  size_t found = 0;
  for (uint8_t prefix : kPrefixes) {
    for (uint32_t code = 0; code < 0x10000; ++code) found += OpFromEncoding(prefix, code).has_value();
    EXPECT_EQ(OpFromEncoding(prefix, 0xffff'ffff), std::nullopt);
    EXPECT_EQ(OpFromEncoding(prefix, 0x8000'0000), std::nullopt);
  }
  EXPECT_EQ(found, kOpCount);
  for (int prefix = 1; prefix < 256; ++prefix) {
    if (IsPrefix(static_cast<uint8_t>(prefix))) continue;
    EXPECT_EQ(OpFromEncoding(static_cast<uint8_t>(prefix), 0), std::nullopt) << prefix;
  }
}

TEST(OpcodeTest, BytesWithoutMeaning) {
  std::set<int> expected = {0x06, 0x07, 0x09, 0x16, 0x17, 0x18, 0x19, 0x1d, 0x1e, 0x27};
  for (int byte = 0xc5; byte <= 0xcf; ++byte) expected.insert(byte);
  for (int byte = 0xd7; byte <= 0xff; ++byte) expected.insert(byte);
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(OpFromByte(static_cast<uint8_t>(byte)) == kInvalidOp, expected.contains(byte)) << byte;
  }
  EXPECT_TRUE(IsPrefix(0xfb) && IsPrefix(0xfc) && IsPrefix(0xfd));
  EXPECT_FALSE(IsPrefix(0xfa) || IsPrefix(0xfe) || IsPrefix(0xff));
}

TEST(OpcodeTest, HolesBetweenVectorInstructions) {
  std::set<uint32_t> holes;
  for (uint32_t code = 0; code <= 0x113; ++code) {
    if (!OpFromEncoding(kVectorPrefix, code)) holes.insert(code);
  }
  EXPECT_EQ(holes, (std::set<uint32_t>{0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2,
                                       0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee}));
}

TEST(OpcodeTest, TextsAreUniqueAndSpellTheName) {
  constexpr std::string_view kNames[] = {
#define SANDBOX_OP(name, prefix, code, text, immediates, signature, feature, family, anchor) #name,
#include "sandbox/syntax/opcode.def"
#undef SANDBOX_OP
  };
  std::set<std::string_view> texts;
  for (Op op : AllOps()) {
    const std::string_view text = TextOf(op);
    EXPECT_TRUE(texts.insert(text).second) << text;
    if (op == Op::kSelectTyped) continue;  // "select t"
    EXPECT_EQ(NameFromText(text), kNames[static_cast<size_t>(op)]);
  }
  EXPECT_EQ(TextOf(Op::kUnreachable), "unreachable");
  EXPECT_EQ(TextOf(Op::kI32DivS), "i32.div_s");
  EXPECT_EQ(TextOf(Op::kRefTestNull), "ref.test null");
  EXPECT_EQ(TextOf(Op::kI32x4RelaxedDotI8x16I7x16AddS), "i32x4.relaxed_dot_i8x16_i7x16_add_s");
}

TEST(OpcodeTest, AnchorsSayWhetherAnOperatorIsMeant) {
  for (Op op : AllOps()) {
    const std::string_view anchor = AnchorOf(op);
    EXPECT_TRUE(anchor.starts_with("op-") || anchor.starts_with("exec-")) << TextOf(op);
    if (InfoOf(op).family != Family::kVector) {
      EXPECT_EQ(anchor.starts_with("op-"), InfoOf(op).family == Family::kNumeric) << TextOf(op);
    }
  }
  EXPECT_EQ(AnchorOf(Op::kUnreachable), "exec-unreachable");
  EXPECT_EQ(AnchorOf(Op::kI32DivS), "op-idiv");
  EXPECT_EQ(AnchorOf(Op::kI32Load), "exec-load-val");
}

TEST(OpcodeTest, CountsPerFeature) {
  std::map<Feature, int> counts;
  for (Op op : AllOps()) ++counts[InfoOf(op).feature];
  const std::map<Feature, int> expected = {
      {Feature::kCore1, 104},        {Feature::kFloat, 68},     {Feature::kSignExt, 5},
      {Feature::kSaturating, 8},     {Feature::kBulkMemory, 7}, {Feature::kReferenceTypes, 9},
      {Feature::kVector, 236},       {Feature::kTailCall, 2},   {Feature::kTypedFunctionReferences, 5},
      {Feature::kRelaxedVector, 20}, {Feature::kException, 3},  {Feature::kGc, 32},
  };
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(kOpCount, 499u);
}

TEST(OpcodeTest, FloatsAreInTheFloatGroups) {
  for (Op op : AllOps()) {
    const OpInfo& info = InfoOf(op);
    if (info.family == Family::kVector) continue;
    const bool mentions = TextOf(op).find("f32") != std::string_view::npos ||
                          TextOf(op).find("f64") != std::string_view::npos;
    EXPECT_EQ(mentions, info.feature == Feature::kFloat || info.feature == Feature::kSaturating) << TextOf(op);
  }
}

TEST(OpcodeTest, BuiltIn) {
  EXPECT_TRUE(IsBuiltIn(Op::kI32Add));
  EXPECT_TRUE(IsBuiltIn(Op::kReturnCallRef));
  EXPECT_EQ(IsBuiltIn(Op::kF32Add), kFloats);
  EXPECT_EQ(IsBuiltIn(Op::kI32TruncSatF32S), kFloats);
  EXPECT_EQ(IsBuiltIn(Op::kI8x16Add), kVectors);
  EXPECT_FALSE(IsBuiltIn(Op::kTryTable));
  EXPECT_FALSE(IsBuiltIn(Op::kStructNew));
  EXPECT_FALSE(IsBuiltIn(Op::kRefEq));
}

TEST(OpcodeTest, Features) {
  std::set<std::string_view> texts;
  for (size_t i = 0; i < kFeatureCount; ++i) {
    const Feature feature = static_cast<Feature>(i);
    EXPECT_TRUE(texts.insert(TextOf(feature)).second);
    EXPECT_GE(EditionOf(feature), 1);
    EXPECT_LE(EditionOf(feature), 3);
  }
  EXPECT_EQ(TextOf(Feature::kGc), "garbage collection");
  EXPECT_EQ(EditionOf(Feature::kSignExt), 2);
}

TEST(OpcodeTest, SignaturesSpellOperandsAndResult) {
  const Signature div = InfoOf(Op::kI32DivS).signature;
  EXPECT_FALSE(div.by_hand());
  EXPECT_EQ(div.param_count(), 2u);
  EXPECT_EQ(div.param(0), Operand::kI32);
  EXPECT_EQ(div.param(1), Operand::kI32);
  EXPECT_EQ(div.param(2), Operand::kNone);
  EXPECT_EQ(div.result(), Operand::kI32);

  const Signature store = InfoOf(Op::kF64Store).signature;
  EXPECT_EQ(store.param_count(), 2u);
  EXPECT_EQ(store.param(0), Operand::kAddress);
  EXPECT_EQ(store.param(1), Operand::kF64);
  EXPECT_EQ(store.result(), Operand::kNone);

  const Signature constant = InfoOf(Op::kI64Const).signature;
  EXPECT_EQ(constant.param_count(), 0u);
  EXPECT_EQ(constant.result(), Operand::kI64);

  EXPECT_EQ(InfoOf(Op::kV128Bitselect).signature.param_count(), 3u);
  EXPECT_EQ(InfoOf(Op::kNop).signature, Signature(":"));
  EXPECT_TRUE(InfoOf(Op::kCall).signature.by_hand());
}

// The types are spelled twice, in the text and in the signature.
TEST(OpcodeTest, NumericSignaturesAgreeWithTexts) {
  const std::map<std::string_view, Operand> types = {
      {"i32", Operand::kI32}, {"i64", Operand::kI64}, {"f32", Operand::kF32}, {"f64", Operand::kF64}};
  const std::set<std::string_view> comparisons = {"eqz", "eq", "ne", "lt", "gt", "le", "ge"};
  for (Op op : AllOps()) {
    if (InfoOf(op).family != Family::kNumeric) continue;
    const Signature signature = InfoOf(op).signature;
    const std::string_view text = TextOf(op);
    const Operand type = types.at(text.substr(0, 3));
    const std::string_view operation = text.substr(4, text.find('_') - 4);
    EXPECT_EQ(signature.result(), comparisons.contains(operation) ? Operand::kI32 : type) << text;
    // A conversion names the type it starts from.
    Operand from = type;
    for (const auto& [name, operand] : types) {
      if (text.substr(4).find(name) != std::string_view::npos) from = operand;
    }
    EXPECT_EQ(signature.param(0), from) << text;
    if (signature.param_count() == 2) {
      EXPECT_EQ(signature.param(1), type) << text;
    }
  }
}

TEST(OpcodeTest, AccessSizes) {
  const std::map<Op, int> expected = {
      {Op::kI32Load, 2},         {Op::kI64Load, 3},          {Op::kF32Load, 2},         {Op::kF64Load, 3},
      {Op::kI32Load8S, 0},       {Op::kI32Load8U, 0},        {Op::kI32Load16S, 1},      {Op::kI32Load16U, 1},
      {Op::kI64Load8S, 0},       {Op::kI64Load8U, 0},        {Op::kI64Load16S, 1},      {Op::kI64Load16U, 1},
      {Op::kI64Load32S, 2},      {Op::kI64Load32U, 2},       {Op::kI32Store, 2},        {Op::kI64Store, 3},
      {Op::kF32Store, 2},        {Op::kF64Store, 3},         {Op::kI32Store8, 0},       {Op::kI32Store16, 1},
      {Op::kI64Store8, 0},       {Op::kI64Store16, 1},       {Op::kI64Store32, 2},      {Op::kV128Load, 4},
      {Op::kV128Load8x8S, 3},    {Op::kV128Load8x8U, 3},     {Op::kV128Load16x4S, 3},   {Op::kV128Load16x4U, 3},
      {Op::kV128Load32x2S, 3},   {Op::kV128Load32x2U, 3},    {Op::kV128Load8Splat, 0},  {Op::kV128Load16Splat, 1},
      {Op::kV128Load32Splat, 2}, {Op::kV128Load64Splat, 3},  {Op::kV128Store, 4},       {Op::kV128Load8Lane, 0},
      {Op::kV128Load16Lane, 1},  {Op::kV128Load32Lane, 2},   {Op::kV128Load64Lane, 3},  {Op::kV128Store8Lane, 0},
      {Op::kV128Store16Lane, 1}, {Op::kV128Store32Lane, 2},  {Op::kV128Store64Lane, 3}, {Op::kV128Load32Zero, 2},
      {Op::kV128Load64Zero, 3},
  };
  for (Op op : AllOps()) {
    const Immediate immediates = InfoOf(op).immediates;
    const bool accesses = immediates == Immediate::kMemarg || immediates == Immediate::kMemargLane;
    EXPECT_EQ(accesses, expected.contains(op)) << TextOf(op);
    EXPECT_EQ(InfoOf(op).access_log2, accesses && expected.contains(op) ? expected.at(op) : 0) << TextOf(op);
  }
}

TEST(OpcodeTest, ImmediatesOfRowsThatAreEasyToConfuse) {
  const std::map<Op, Immediate> expected = {
      {Op::kSelect, Immediate::kNone},          {Op::kSelectTyped, Immediate::kSelect},
      {Op::kCall, Immediate::kFunc},            {Op::kReturnCall, Immediate::kFunc},
      {Op::kCallIndirect, Immediate::kTypeTable}, {Op::kReturnCallIndirect, Immediate::kTypeTable},
      {Op::kCallRef, Immediate::kType},         {Op::kReturnCallRef, Immediate::kType},
      {Op::kMemoryInit, Immediate::kDataMemory}, {Op::kDataDrop, Immediate::kData},
      {Op::kMemoryCopy, Immediate::kTwoMemories}, {Op::kMemoryFill, Immediate::kMemory},
      {Op::kTableInit, Immediate::kElemTable},  {Op::kElemDrop, Immediate::kElem},
      {Op::kTableCopy, Immediate::kTwoTables},  {Op::kTableFill, Immediate::kTable},
      {Op::kRefFunc, Immediate::kFunc},         {Op::kRefNull, Immediate::kHeapType},
      {Op::kBrOnNull, Immediate::kLabel},       {Op::kBrOnCastFail, Immediate::kBrOnCast},
      {Op::kArrayNewFixed, Immediate::kTypeCount}, {Op::kArrayCopy, Immediate::kTypeType},
      {Op::kArrayLen, Immediate::kNone},        {Op::kThrow, Immediate::kTag},
      {Op::kThrowRef, Immediate::kNone},        {Op::kTryTable, Immediate::kTryTable},
      {Op::kI8x16Shuffle, Immediate::kShuffle}, {Op::kV128Const, Immediate::kV128},
  };
  for (const auto& [op, immediates] : expected) EXPECT_EQ(InfoOf(op).immediates, immediates) << TextOf(op);
}

// Derived families take their whole validation from the row, so the row must fit.
TEST(OpcodeTest, FamiliesFitImmediates) {
  for (Op op : AllOps()) {
    const OpInfo& info = InfoOf(op);
    switch (info.family) {
      case Family::kNumeric:
        EXPECT_EQ(info.immediates, Immediate::kNone) << TextOf(op);
        EXPECT_NE(info.signature.result(), Operand::kNone) << TextOf(op);
        break;
      case Family::kLoad:
        EXPECT_EQ(info.immediates, Immediate::kMemarg) << TextOf(op);
        EXPECT_EQ(info.signature.param_count(), 1u) << TextOf(op);
        EXPECT_NE(info.signature.result(), Operand::kNone) << TextOf(op);
        break;
      case Family::kStore:
        EXPECT_EQ(info.immediates, Immediate::kMemarg) << TextOf(op);
        EXPECT_EQ(info.signature.param_count(), 2u) << TextOf(op);
        EXPECT_EQ(info.signature.result(), Operand::kNone) << TextOf(op);
        break;
      case Family::kConst:
        EXPECT_EQ(info.signature.param_count(), 0u) << TextOf(op);
        break;
      default:
        break;
    }
  }
}

}  // namespace
}  // namespace sandbox
