// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Walks the opcode table: every numeric instruction against a slow oracle that shares nothing with sandbox/numeric,
// over edge values, their neighbours and pseudo-random bits. Integers are computed bit by bit or in 128 bits, floats
// in quadruple precision, whose one rounding back gives the correctly rounded result (113 >= 2 * 53 + 2).

#include "sandbox/numeric/bind.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/base/trap.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::numeric {
namespace {

__extension__ using Int128 = __int128;
#if defined(__aarch64__) || defined(__riscv)
using Quad = long double;
#else
__extension__ using Quad = __float128;
#endif

// What an instruction did with operands given as bits.
struct Outcome {
  std::optional<TrapCode> trap;
  uint64_t bits = 0;

  static Outcome Of(uint64_t bits) { return {std::nullopt, bits}; }
  static Outcome Trap(TrapCode code) { return {code, 0}; }
  friend bool operator==(const Outcome&, const Outcome&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Outcome& o) {
    return o.trap ? out << TextOf(*o.trap) : out << std::hex << "0x" << o.bits << std::dec;
  }
};

// Running the functions under test.

template <typename T>
T FromBits(uint64_t bits) {
  if constexpr (sizeof(T) == 4) return std::bit_cast<T>(static_cast<uint32_t>(bits));
  else return std::bit_cast<T>(bits);
}
template <typename T>
Outcome ToOutcome(T value) {
  if constexpr (sizeof(T) == 4) return Outcome::Of(std::bit_cast<uint32_t>(value));
  else return Outcome::Of(std::bit_cast<uint64_t>(value));
}
template <typename T>
Outcome ToOutcome(OrTrap<T> result) {
  return result ? ToOutcome(*result) : Outcome::Trap(result.error());
}

template <typename Result, typename A>
Outcome Call(Result (*function)(A), uint64_t a, uint64_t) {
  return ToOutcome(function(FromBits<A>(a)));
}
template <typename Result, typename A, typename B>
Outcome Call(Result (*function)(A, B), uint64_t a, uint64_t b) {
  return ToOutcome(function(FromBits<A>(a), FromBits<B>(b)));
}

using Runner = Outcome (*)(uint64_t a, uint64_t b);

template <size_t kRow>
constexpr Runner RunnerOf() {
  constexpr Op kOp = static_cast<Op>(kRow);
  if constexpr (IsBound(kOp)) {
    return [](uint64_t a, uint64_t b) { return Call(Binding<kOp>::kFunction, a, b); };
  } else {
    return nullptr;
  }
}

// By row; null for what is not bound.
const auto& Runners() {
  static constexpr auto kRunners = []<size_t... kRows>(std::index_sequence<kRows...>) {
    return std::array<Runner, kOpCount>{RunnerOf<kRows>()...};
  }(std::make_index_sequence<kOpCount>());
  return kRunners;
}

// The oracle. An instruction is its text: type, operation, perhaps a source type and a sign.

struct Parsed {
  int width = 0;       // of the type the instruction is named after: 32 or 64
  bool is_float = false;
  std::string operation;  // "div", "trunc_sat", "extend8"
  int from_width = 0;  // of the type a conversion starts from
  bool is_signed = false;
};

Parsed Parse(std::string_view text) {
  Parsed p;
  p.is_float = text.starts_with('f');
  p.width = text.substr(1, 2) == "64" ? 64 : 32;
  std::string rest(text.substr(4));
  if (rest.ends_with("_s") || rest.ends_with("_u")) {
    p.is_signed = rest.ends_with("_s");
    rest.resize(rest.size() - 2);
  }
  for (const char* from : {"_i32", "_i64", "_f32", "_f64"}) {
    if (!rest.ends_with(from)) continue;
    p.from_width = from[2] == '6' ? 64 : 32;
    rest.resize(rest.size() - 4);
    break;
  }
  p.operation = rest;
  return p;
}

Int128 AsInteger(uint64_t bits, int width, bool is_signed) {
  Int128 value = width == 64 ? Int128{bits} : Int128{bits & 0xffff'ffff};
  if (is_signed && (bits >> (width - 1) & 1)) value -= Int128{1} << width;
  return value;
}

uint64_t AsBits(Int128 value, int width) {
  const Int128 modulus = Int128{1} << width;
  Int128 reduced = value % modulus;
  if (reduced < 0) reduced += modulus;
  return static_cast<uint64_t>(reduced);
}

bool Compare(const std::string& operation, auto x, auto y) {
  if (operation == "eq") return x == y;
  if (operation == "ne") return !(x == y);
  if (operation == "lt") return x < y;
  if (operation == "gt") return y < x;
  if (operation == "le") return x < y || x == y;
  return y < x || x == y;
}

bool IsComparison(const std::string& operation) {
  for (const char* name : {"eq", "ne", "lt", "gt", "le", "ge"}) {
    if (operation == name) return true;
  }
  return false;
}

Int128 BitwiseCount(const std::string& operation, uint64_t a, int width) {
  int ones = 0, leading = width, trailing = width;
  for (int i = 0; i < width; ++i) {
    if (!(a >> i & 1)) continue;
    ++ones;
    leading = width - 1 - i;
    if (trailing == width) trailing = i;
  }
  return operation == "clz" ? leading : operation == "ctz" ? trailing : ones;
}

// Moves every bit by itself.
uint64_t MoveBits(const std::string& operation, uint64_t a, uint64_t b, int width, bool is_signed) {
  const int by = static_cast<int>(b % static_cast<uint64_t>(width));
  uint64_t result = 0;
  for (int i = 0; i < width; ++i) {
    int from = operation == "shl" || operation == "rotl" ? i - by : i + by;
    bool bit = false;
    if (operation == "rotl" || operation == "rotr") from = (from + width) % width;
    if (from >= 0 && from < width) bit = a >> from & 1;
    if (operation == "shr" && is_signed && from >= width) bit = a >> (width - 1) & 1;
    result |= uint64_t{bit} << i;
  }
  return result;
}

Outcome DivideOracle(const std::string& operation, Int128 x, Int128 y, int width, bool is_signed) {
  if (y == 0) return Outcome::Trap(TrapCode::kIntegerDivideByZero);
  // By magnitudes: quotients go towards zero, remainders have the sign of the dividend.
  const Int128 magnitude_x = x < 0 ? -x : x, magnitude_y = y < 0 ? -y : y;
  const Int128 quotient = magnitude_x / magnitude_y;
  const Int128 remainder = magnitude_x - quotient * magnitude_y;
  if (operation == "rem") return Outcome::Of(AsBits(x < 0 ? -remainder : remainder, width));
  const Int128 exact = (x < 0) != (y < 0) ? -quotient : quotient;
  if (is_signed && exact >= Int128{1} << (width - 1)) return Outcome::Trap(TrapCode::kIntegerOverflow);
  return Outcome::Of(AsBits(exact, width));
}

Outcome IntegerOracle(const Parsed& p, uint64_t a, uint64_t b) {
  const Int128 x = AsInteger(a, p.width, p.is_signed), y = AsInteger(b, p.width, p.is_signed);
  const std::string& o = p.operation;
  if (o == "eqz") return Outcome::Of(x == 0);
  if (IsComparison(o)) return Outcome::Of(Compare(o, x, y));
  if (o == "clz" || o == "ctz" || o == "popcnt") return Outcome::Of(AsBits(BitwiseCount(o, a, p.width), p.width));
  if (o == "add") return Outcome::Of(AsBits(x + y, p.width));
  if (o == "sub") return Outcome::Of(AsBits(x - y, p.width));
  if (o == "mul") {
    // In halves: the product of two unsigned 64-bit numbers does not fit a signed 128-bit one.
    const Int128 low = x * (y & 0xffff'ffff), high = x * (y >> 32 & 0xffff'ffff);
    return Outcome::Of(AsBits(low + (Int128{AsBits(high, 64)} << 32), p.width));
  }
  if (o == "div" || o == "rem") return DivideOracle(o, x, y, p.width, p.is_signed);
  if (o == "and") return Outcome::Of(AsBits(x & y, p.width));
  if (o == "or") return Outcome::Of(AsBits(x | y, p.width));
  if (o == "xor") return Outcome::Of(AsBits(x ^ y, p.width));
  if (o == "wrap") return Outcome::Of(AsBits(AsInteger(a, 64, false), 32));
  if (o == "extend") return Outcome::Of(AsBits(AsInteger(a, p.from_width, p.is_signed), p.width));
  if (o.starts_with("extend")) {
    const int from = std::stoi(o.substr(6));
    return Outcome::Of(AsBits(AsInteger(a & ((uint64_t{1} << from) - 1), from, true), p.width));
  }
  if (o == "shl" || o == "shr" || o == "rotl" || o == "rotr") {
    return Outcome::Of(MoveBits(o, a, b, p.width, p.is_signed));
  }
  ADD_FAILURE() << "no oracle for " << o;
  return {};
}

#if SANDBOX_FLOATS

// The parts of a binary floating-point format.
struct Format {
  int width, fraction_bits;

  uint64_t sign() const { return uint64_t{1} << (width - 1); }
  uint64_t quiet() const { return uint64_t{1} << (fraction_bits - 1); }
  uint64_t fraction_mask() const { return (uint64_t{1} << fraction_bits) - 1; }
  uint64_t infinity() const { return sign() - 1 - fraction_mask(); }
  bool IsNan(uint64_t bits) const { return (bits & (sign() - 1)) > infinity(); }
  bool IsCanonicalNan(uint64_t bits) const { return (bits & (sign() - 1)) == (infinity() | quiet()); }
  bool IsArithmeticNan(uint64_t bits) const { return IsNan(bits) && (bits & quiet()); }
};

constexpr Format FormatOf(int width) { return width == 64 ? Format{64, 52} : Format{32, 23}; }

Quad ToQuad(uint64_t bits, int width) {
  return width == 64 ? Quad{FromBits<double>(bits)} : Quad{FromBits<float>(bits)};
}
// Rounds once.
uint64_t FromQuad(Quad value, int width) {
  return width == 64 ? ToOutcome(static_cast<double>(value)).bits : ToOutcome(static_cast<float>(value)).bits;
}

// A float operation's outcome: exact bits, or some NaN.
struct FloatOutcome {
  Outcome exact;
  bool is_nan = false;
  bool must_be_canonical = false;
};

uint64_t RoundToIntegral(const std::string& operation, uint64_t bits, int width) {
  const Format format = FormatOf(width);
  const uint64_t sign = bits & format.sign();
  const Quad magnitude = ToQuad(bits & ~format.sign(), width);
  if (magnitude >= Quad{1ull << 53}) return bits;
  uint64_t whole = static_cast<uint64_t>(magnitude);
  const Quad rest = magnitude - static_cast<Quad>(whole);
  const Quad half = Quad{1} / 2;
  const bool up = operation == "ceil"      ? rest > 0 && !sign
                  : operation == "floor"   ? rest > 0 && sign
                  : operation == "nearest" ? rest > half || (rest == half && whole % 2 == 1)
                                           : false;
  return FromQuad(static_cast<Quad>(whole + up), width) | sign;
}

// The square root that lies between the two midpoints to its neighbours.
uint64_t SquareRoot(uint64_t bits, int width) {
  const Quad x = ToQuad(bits, width);
  if (x == 0 || bits == FormatOf(width).infinity()) return bits;
  // Bisection over the bit patterns, which are ordered like the positive numbers: the greatest whose square is <= x.
  uint64_t low = 0, high = FormatOf(width).infinity() - 1;
  while (low < high) {
    const uint64_t middle = low + (high - low + 1) / 2;
    const Quad root = ToQuad(middle, width);
    (root * root <= x ? low : high) = root * root <= x ? middle : middle - 1;
  }
  // Products of two numbers of 54 bits are exact.
  const Quad midpoint = (ToQuad(low, width) + ToQuad(low + 1, width)) / 2;
  return midpoint * midpoint < x ? low + 1 : low;
}

uint64_t LesserOf(uint64_t a, uint64_t b, int width) {
  if (ToQuad(a, width) < ToQuad(b, width)) return a;
  if (ToQuad(b, width) < ToQuad(a, width)) return b;
  return a & FormatOf(width).sign() ? a : b;
}

FloatOutcome FloatOracle(const Parsed& p, uint64_t a, uint64_t b, bool is_binary) {
  const Format format = FormatOf(p.width);
  const std::string& o = p.operation;
  if (o == "reinterpret") return {Outcome::Of(a)};
  if (o == "abs") return {Outcome::Of(a & ~format.sign())};
  if (o == "neg") return {Outcome::Of(a ^ format.sign())};
  if (o == "copysign") return {Outcome::Of((a & ~format.sign()) | (b & format.sign()))};
  if (o == "convert") {
    // Exact in quadruple precision.
    const Int128 x = AsInteger(a, p.from_width, p.is_signed);
    return {Outcome::Of(FromQuad(static_cast<Quad>(x), p.width))};
  }
  const Format from = o == "demote" ? FormatOf(64) : o == "promote" ? FormatOf(32) : format;
  if (from.IsNan(a) || (is_binary && from.IsNan(b))) {
    const bool canonical = (!from.IsNan(a) || from.IsCanonicalNan(a)) &&
                           (!is_binary || !from.IsNan(b) || from.IsCanonicalNan(b));
    return {{}, true, canonical};
  }
  const Quad x = ToQuad(a, from.width), y = is_binary ? ToQuad(b, from.width) : Quad{0};
  if (o == "demote" || o == "promote") return {Outcome::Of(FromQuad(x, p.width))};
  if (o == "min") return {Outcome::Of(LesserOf(a, b, p.width))};
  if (o == "max") return {Outcome::Of(LesserOf(a ^ format.sign(), b ^ format.sign(), p.width) ^ format.sign())};
  if (o == "sqrt") {
    if (x < 0) return {{}, true, true};
    return {Outcome::Of(SquareRoot(a, p.width))};
  }
  if (!is_binary) return {Outcome::Of(RoundToIntegral(o, a, p.width))};
  const Quad result = o == "add" ? x + y : o == "sub" ? x - y : o == "mul" ? x * y : x / y;
  if (result != result) return {{}, true, true};
  return {Outcome::Of(FromQuad(result, p.width))};
}

Outcome TruncOracle(const Parsed& p, uint64_t a) {
  const bool saturates = p.operation == "trunc_sat";
  if (FormatOf(p.from_width).IsNan(a)) {
    return saturates ? Outcome::Of(0) : Outcome::Trap(TrapCode::kInvalidConversion);
  }
  const Int128 max = (Int128{1} << (p.width - p.is_signed)) - 1;
  const Int128 min = p.is_signed ? -max - 1 : Int128{0};
  const Quad x = ToQuad(a, p.from_width);
  const Quad far = static_cast<Quad>(Int128{1} << 100);
  const Int128 whole = x > far ? Int128{1} << 100 : x < -far ? -(Int128{1} << 100) : static_cast<Int128>(x);
  if (whole >= min && whole <= max) return Outcome::Of(AsBits(whole, p.width));
  if (!saturates) return Outcome::Trap(TrapCode::kIntegerOverflow);
  return Outcome::Of(AsBits(whole < min ? min : max, p.width));
}

#endif  // SANDBOX_FLOATS

// Operands.

uint64_t Next(uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state ^ state >> 33;
}

std::vector<uint64_t> IntegerOperands(int width) {
  std::vector<uint64_t> values;
  for (int bit : {0, 1, 2, 5, 6, 7, 8, 15, 16, 31, 32, 62, 63}) {
    if (bit >= width) continue;
    for (uint64_t near : {uint64_t{1} << bit, (uint64_t{1} << bit) - 1, (uint64_t{1} << bit) + 1}) {
      values.push_back(near);
      values.push_back(~near + 1);
    }
  }
  uint64_t state = 1;
  for (int i = 0; i < 24; ++i) values.push_back(Next(state) >> (i % 3 == 0 ? 64 - width + i : 0));
  // Odd numbers with more bits than a float has, halfway between two floats and beside that.
  for (uint64_t low : {0x7ful, 0x80ul, 0x81ul, 0x17ful, 0x180ul, 0x181ul}) values.push_back(0x8000'0000ul + low);
  for (uint64_t low : {0x3fful, 0x400ul, 0x401ul, 0xc00ul}) values.push_back(0x8000'0000'0000'0000ul + low);
  // Just above halfway between two floats, and exactly there once rounded to a double.
  values.insert(values.end(), {0x8000'0080'0000'0001, 0x0020'0000'2000'0001});
  if (width == 32) {
    for (uint64_t& value : values) value &= 0xffff'ffff;
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

#if SANDBOX_FLOATS
std::vector<uint64_t> FloatOperands(int width) {
  const Format format = FormatOf(width);
  std::vector<uint64_t> magnitudes = {0,
                                      1,
                                      2,
                                      format.fraction_mask(),       // the greatest subnormal number
                                      format.fraction_mask() + 1,   // the least normal one
                                      format.infinity() - 1,        // the greatest
                                      format.infinity(),
                                      format.infinity() | format.quiet(),
                                      format.infinity() | format.quiet() | 1,
                                      format.infinity() | 1,  // signalling
                                      format.infinity() | format.quiet() >> 1,
                                      format.infinity() | format.fraction_mask()};
  // Ties of nearest, bounds of integers and of exactness; each with its neighbours.
  std::vector<Quad> interesting = {Quad{1} / 4, Quad{1} / 2, 1, Quad{3} / 2, 2, Quad{5} / 2, 3, Quad{7} / 2, 7, 10};
  for (int exponent : {7, 8, 22, 23, 24, 31, 32, 51, 52, 53, 62, 63, 64, 65, 100}) {
    const Quad power = static_cast<Quad>(Int128{1} << exponent);
    for (Quad near : {power, power - 1, power + 1, power - Quad{1} / 2, power + Quad{1} / 2, power * 3 / 4}) {
      interesting.push_back(near);
    }
  }
  for (Quad value : interesting) {
    const uint64_t bits = FromQuad(value, width);
    magnitudes.insert(magnitudes.end(), {bits - 1, bits, bits + 1});
  }
  uint64_t state = 2;
  for (int i = 0; i < 24; ++i) magnitudes.push_back(Next(state) & (format.sign() - 1));
  std::vector<uint64_t> values;
  for (uint64_t bits : magnitudes) values.insert(values.end(), {bits, bits | format.sign()});
  if (width == 64) {  // what a float cannot hold exactly or at all, for demote
    for (uint64_t bits : FloatOperands(32)) {
      if (FormatOf(32).IsNan(bits)) continue;
      const uint64_t exact = ToOutcome(static_cast<double>(FromBits<float>(bits))).bits;
      values.insert(values.end(), {exact - 1, exact, exact + 1, exact + 0x1000'0000, exact + 0x1000'0001});
    }
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}
#endif

std::vector<uint64_t> Operands(Operand type) {
  switch (type) {
    case Operand::kI32: return IntegerOperands(32);
    case Operand::kI64: return IntegerOperands(64);
#if SANDBOX_FLOATS
    case Operand::kF32: return FloatOperands(32);
    case Operand::kF64: return FloatOperands(64);
#endif
    default: return {0};
  }
}

// Zeros, infinities and NaNs.
bool IsSpecial(Operand type, uint64_t bits) {
#if SANDBOX_FLOATS
  if (type != Operand::kF32 && type != Operand::kF64) return false;
  const Format format = FormatOf(type == Operand::kF64 ? 64 : 32);
  const uint64_t magnitude = bits & (format.sign() - 1);
  return magnitude == 0 || magnitude >= format.infinity();
#else
  return type == Operand::kNone && bits == 0;
#endif
}

// The walk.

void Check(Op op, const Parsed& p, uint64_t a, uint64_t b) {
  const Outcome actual = Runners()[static_cast<size_t>(op)](a, b);
  const auto where = [&] { return testing::Message() << TextOf(op) << std::hex << " 0x" << a << " 0x" << b; };
#if SANDBOX_FLOATS
  const Signature signature = InfoOf(op).signature;
  const bool from_float = signature.param(0) == Operand::kF32 || signature.param(0) == Operand::kF64;
  if (from_float && IsComparison(p.operation)) {
    EXPECT_EQ(actual, Outcome::Of(Compare(p.operation, ToQuad(a, p.width), ToQuad(b, p.width)))) << where();
    return;
  }
  if (!p.is_float && from_float && p.operation != "reinterpret") {
    EXPECT_EQ(actual, TruncOracle(p, a)) << where();
    return;
  }
  if (p.is_float || from_float) {
    const FloatOutcome expected = FloatOracle(p, a, b, signature.param_count() == 2);
    if (!expected.is_nan) {
      EXPECT_EQ(actual, expected.exact) << where();
    } else if (expected.must_be_canonical) {
      EXPECT_TRUE(FormatOf(p.width).IsCanonicalNan(actual.bits)) << where() << " is " << actual;
    } else {
      EXPECT_TRUE(FormatOf(p.width).IsArithmeticNan(actual.bits)) << where() << " is " << actual;
    }
    return;
  }
#endif
  EXPECT_EQ(actual, IntegerOracle(p, a, b)) << where();
}

TEST(BindTest, EveryNumericInstructionAgreesWithTheOracle) {
  size_t walked = 0;
  for (size_t row = 0; row < kOpCount; ++row) {
    const Op op = static_cast<Op>(row);
    if (!IsBound(op)) continue;
    ++walked;
    const Parsed parsed = Parse(TextOf(op));
    const Signature signature = InfoOf(op).signature;
    const std::vector<uint64_t> operands_a = Operands(signature.param(0)), operands_b = Operands(signature.param(1));
    // All pairs while they are few, else some 120 to 240 partners for each operand, other ones for the next. Zeros,
    // infinities and NaNs always meet everything.
    const size_t sparse = std::max<size_t>(1, operands_b.size() / 120);
    size_t phase = 0;
    for (uint64_t a : operands_a) {
      const size_t stride = IsSpecial(signature.param(0), a) ? 1 : sparse;
      for (size_t i = phase++ % stride; i < operands_b.size(); i += stride) Check(op, parsed, a, operands_b[i]);
      if (HasFailure()) return;
    }
  }
  EXPECT_EQ(walked, kFloats ? 136u : 66u);
}

TEST(BindTest, DivisionsAndTruncationsTrap) {
  EXPECT_TRUE(Binding<Op::kI32DivS>::kTraps);
  EXPECT_TRUE(Binding<Op::kI64RemU>::kTraps);
  EXPECT_FALSE(Binding<Op::kI32Add>::kTraps);
  EXPECT_FALSE(IsBound(Op::kI32Load));
  EXPECT_FALSE(IsBound(Op::kI8x16Add));
#if SANDBOX_FLOATS
  EXPECT_TRUE(Binding<Op::kI32TruncF64S>::kTraps);
  EXPECT_FALSE(Binding<Op::kI32TruncSatF64S>::kTraps);
#endif
}

// What the binding refuses at compile time.
uint32_t WrongWidth(uint64_t) { return 0; }
uint64_t WrongResult(uint32_t) { return 0; }
uint32_t TooMany(uint32_t, uint32_t) { return 0; }
OrTrap<uint32_t> Trapping(uint32_t) { return 0; }
static_assert(!bind_internal::Spells(&WrongWidth, Signature("i:i")));
static_assert(!bind_internal::Spells(&WrongResult, Signature("i:i")));
static_assert(!bind_internal::Spells(&TooMany, Signature("i:i")));
static_assert(!bind_internal::Spells(&Trapping, Signature("*")));
static_assert(bind_internal::Spells(&Trapping, Signature("i:i")) && bind_internal::Traps(&Trapping));

}  // namespace
}  // namespace sandbox::numeric
