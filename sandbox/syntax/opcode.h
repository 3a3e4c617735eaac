// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The instructions of WebAssembly 3.0: enumeration, properties and lookup, all derived from opcode.def.
#ifndef SANDBOX_SYNTAX_OPCODE_H_
#define SANDBOX_SYNTAX_OPCODE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sandbox/syntax/features.h"

namespace sandbox {

// An instruction: a dense number in row order (Op::kI32Add). In the binary format it is a prefix and a code.
enum class Op : uint16_t {
#define SANDBOX_OP(name, prefix, code, text, immediates, signature, feature, family, anchor) k##name,
#include "sandbox/syntax/opcode.def"
#undef SANDBOX_OP
};

inline constexpr size_t kOpCount = 0
#define SANDBOX_OP(name, prefix, code, text, immediates, signature, feature, family, anchor) +1
#include "sandbox/syntax/opcode.def"
#undef SANDBOX_OP
    ;

// Not an instruction. No enumerator, so that a switch over all instructions need not mention it.
inline constexpr Op kInvalidOp{0xffff};

inline constexpr uint8_t kAggregatePrefix = 0xfb;
inline constexpr uint8_t kBulkPrefix = 0xfc;
inline constexpr uint8_t kVectorPrefix = 0xfd;
constexpr bool IsPrefix(uint8_t byte) { return byte >= kAggregatePrefix && byte <= kVectorPrefix; }

// What follows the opcode, in the order of the bytes.
enum class Immediate : uint8_t {
  kNone,
  kBlock,        // block type
  kLabel,        // label index
  kBrTable,      // vector of label indices, then one more
  kFunc,         // function index
  kTypeTable,    // type index, table index
  kType,         // type index
  kTag,          // tag index
  kSelect,       // vector of value types
  kLocal,        // local index
  kGlobal,       // global index
  kTable,        // table index
  kMemarg,       // alignment, perhaps a memory index, offset
  kMemory,       // memory index
  kTwoMemories,  // memory index of the target, of the source
  kDataMemory,   // data index, memory index
  kData,         // data index
  kElem,         // element index
  kElemTable,    // element index, table index
  kTwoTables,    // table index of the target, of the source
  kI32,          // signed LEB128
  kI64,          // signed LEB128
  kF32,          // 4 bytes
  kF64,          // 8 bytes
  kHeapType,     // heap type
  kBrOnCast,     // flags, label index, heap type, heap type
  kTypeField,    // type index, field index
  kTypeData,     // type index, data index
  kTypeElem,     // type index, element index
  kTypeType,     // type index, type index
  kTypeCount,    // type index, number of operands
  kLane,         // lane index, one byte
  kMemargLane,   // as kMemarg, then a lane index
  kShuffle,      // 16 lane indices
  kV128,         // 16 bytes
  kTryTable,     // block type, vector of catch clauses
};

// Who implements an instruction.
enum class Family : uint8_t {
  kControl,
  kCall,
  kParametric,
  kVariable,
  kTable,
  kMemory,  // size, growth, bulk operations
  kLoad,
  kStore,
  kConst,
  kNumeric,  // a pure function of the row's name in sandbox/numeric
  kReference,
  kAggregate,
  kVector,
  kException,
};

// The type of an operand or a result as a signature spells it.
enum class Operand : uint8_t {
  kNone,  // none more
  kI32,
  kI64,
  kF32,
  kF64,
  kV128,
  kAddress,  // i32 or i64: the index type of the memory that the immediate names
};

// Operands and results of an instruction, or that they need a rule of their own. Parsed from a row when compiling.
class Signature {
 public:
  static constexpr size_t kMaxParams = 3;

  // Does not compile when the text is not a signature.
  explicit consteval Signature(std::string_view text) {
    if (text == "*") {
      bits_ = kByHand;
      return;
    }
    size_t position = 0;
    bool after_colon = false;
    for (char letter : text) {
      if (letter == ':' && !after_colon) {
        after_colon = true;
        position = kMaxParams;
        continue;
      }
      // At most kMaxParams letters before the colon and one behind it.
      if (position >= kMaxParams + (after_colon ? 1 : 0)) Malformed();
      bits_ |= static_cast<uint16_t>(static_cast<unsigned>(Parse(letter)) << 3 * position++);
    }
    if (!after_colon) Malformed();
  }

  // The validator has a rule for this instruction; the members below mean nothing.
  constexpr bool by_hand() const { return bits_ == kByHand; }
  // Operand i counted from the deepest; kNone behind the last.
  constexpr Operand param(size_t i) const { return static_cast<Operand>(bits_ >> 3 * i & 7); }
  constexpr size_t param_count() const {
    size_t count = 0;
    while (count < kMaxParams && param(count) != Operand::kNone) ++count;
    return count;
  }
  // kNone: no result.
  constexpr Operand result() const { return param(kMaxParams); }

  friend constexpr bool operator==(Signature, Signature) = default;

 private:
  static constexpr uint16_t kByHand = 0xffff;

  // Called while compiling only: not constexpr, so that getting here is the error.
  static void Malformed() {}

  static consteval Operand Parse(char letter) {
    switch (letter) {
      case 'i': return Operand::kI32;
      case 'I': return Operand::kI64;
      case 'f': return Operand::kF32;
      case 'F': return Operand::kF64;
      case 'V': return Operand::kV128;
      case 'a': return Operand::kAddress;
    }
    Malformed();
    return Operand::kNone;
  }

  uint16_t bits_ = 0;
};

// What a row says, without its texts (TextOf, AnchorOf): a program that prints none need not carry them.
struct OpInfo {
  uint16_t code;
  uint8_t prefix;  // 0 for one-byte opcodes
  Immediate immediates;
  Signature signature;
  Feature feature;
  Family family : 4;
  uint8_t access_log2 : 4;  // kMemarg, kMemargLane: log2 of the bytes accessed, the greatest alignment allowed
};
static_assert(sizeof(OpInfo) == 8);

namespace opcode_internal {

// log2 of the bytes that a load or store touches, which its name says: "i64.load16_u" two, "v128.load8x8_s" eight,
// "f64.store" the whole value. 0 for everything else.
consteval uint8_t AccessLog2(std::string_view text, Immediate immediates) {
  if (immediates != Immediate::kMemarg && immediates != Immediate::kMemargLane) return 0;
  const size_t load = text.find(".load");
  const bool is_load = load != std::string_view::npos;
  const std::string_view width = text.substr(is_load ? load + 5 : text.find(".store") + 6);
  if (width.find('x') != std::string_view::npos) return 3;
  if (width.starts_with("8")) return 0;
  if (width.starts_with("16")) return 1;
  if (width.starts_with("32")) return 2;
  if (width.starts_with("64")) return 3;
  return text.starts_with("v128") ? 4 : text.substr(1, 2) == "64" ? 3 : 2;
}

inline constexpr std::array<OpInfo, kOpCount> kOpInfos = {{
#define SANDBOX_OP(name, prefix, code, text, immediates, signature, feature, family, anchor)         \
  {code, prefix, Immediate::immediates, Signature(signature), Feature::feature, Family::family, \
   AccessLog2(text, Immediate::immediates)},
#include "sandbox/syntax/opcode.def"
#undef SANDBOX_OP
}};

consteval size_t CodesOf(uint8_t prefix) {
  size_t count = 0;
  for (const OpInfo& info : kOpInfos) {
    if (info.prefix == prefix && info.code >= count) count = info.code + size_t{1};
  }
  return count;
}

template <uint8_t kPrefix, size_t kSize>
consteval std::array<Op, kSize> OpsByCode() {
  std::array<Op, kSize> ops{};
  ops.fill(kInvalidOp);
  for (size_t i = 0; i < kOpCount; ++i) {
    if (kOpInfos[i].prefix == kPrefix) ops[kOpInfos[i].code] = static_cast<Op>(i);
  }
  return ops;
}

inline constexpr auto kOneByteOps = OpsByCode<0, 256>();
inline constexpr auto kAggregateOps = OpsByCode<kAggregatePrefix, CodesOf(kAggregatePrefix)>();
inline constexpr auto kBulkOps = OpsByCode<kBulkPrefix, CodesOf(kBulkPrefix)>();
inline constexpr auto kVectorOps = OpsByCode<kVectorPrefix, CodesOf(kVectorPrefix)>();

template <size_t kSize>
constexpr std::optional<Op> Find(const std::array<Op, kSize>& ops, uint32_t code) {
  if (code >= kSize || ops[code] == kInvalidOp) return std::nullopt;
  return ops[code];
}

}  // namespace opcode_internal

// What the table says about an instruction.
constexpr const OpInfo& InfoOf(Op op) { return opcode_internal::kOpInfos[static_cast<size_t>(op)]; }

// Whether this build runs the instruction.
constexpr bool IsBuiltIn(Op op) { return IsBuiltIn(InfoOf(op).feature); }

// The instruction of a one-byte opcode; kInvalidOp for prefixes and bytes without a meaning.
constexpr Op OpFromByte(uint8_t byte) { return opcode_internal::kOneByteOps[byte]; }

// The instruction behind a prefix (0: a one-byte opcode), or nothing when there is none. Constant time.
constexpr std::optional<Op> OpFromEncoding(uint8_t prefix, uint32_t code) {
  switch (prefix) {
    case 0: return opcode_internal::Find(opcode_internal::kOneByteOps, code);
    case kAggregatePrefix: return opcode_internal::Find(opcode_internal::kAggregateOps, code);
    case kBulkPrefix: return opcode_internal::Find(opcode_internal::kBulkOps, code);
    case kVectorPrefix: return opcode_internal::Find(opcode_internal::kVectorOps, code);
  }
  return std::nullopt;
}

// The instruction's name in the text format and the anchor of its meaning in the spec (literals).
std::string_view TextOf(Op op);
std::string_view AnchorOf(Op op);

}  // namespace sandbox

#endif  // SANDBOX_SYNTAX_OPCODE_H_
