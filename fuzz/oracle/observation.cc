// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/observation.h"

#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/gen/byte_source.h"

#if defined(__clang__)
#define FUZZ_UNINSTRUMENTED __attribute__((no_sanitize("coverage", "address", "undefined")))
#else
#define FUZZ_UNINSTRUMENTED
#endif

namespace sandbox::fuzz {
namespace {

uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

constexpr std::array<uint64_t, 16> kArgumentEdges = {
    0, 1, 2, 31, 32, 63, 64, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff,
    0x8000000000000000, 0xffffffffffffffff};

// Floats that are no NaN: signed zero, infinities, subnormals, the greatest, halves, the borders of the integers.
constexpr std::array<uint32_t, 16> kF32Edges = {0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x00000001, 0x807fffff,
                                                0x7f7fffff, 0x3f000000, 0xbf000000, 0x40200000, 0x4effffff, 0x4f000000,
                                                0xcf000000, 0x5f000000, 0xdf000000, 0x4f800000};
constexpr std::array<uint64_t, 16> kF64Edges = {
    0x0000000000000000, 0x8000000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x0000000000000001, 0x800fffffffffffff,
    0x7fefffffffffffff, 0x3fe0000000000000, 0xbfe0000000000000, 0x4004000000000000, 0x41dfffffffc00000, 0x41e0000000000000,
    0xc1e0000000200000, 0x43e0000000000000, 0xc3e0000000000000, 0x43f0000000000000};

// Without the low bits where there are more than a float has: exact, however this thread rounds.
int64_t Cut(int64_t value, unsigned significant_bits, unsigned bits) {
  const int64_t most = int64_t{1} << significant_bits;
  return value >= -most && value <= most ? value : value & -(int64_t{1} << (bits - significant_bits));
}

// Numbers that are the same in every engine: no NaN.
uint64_t BitsOfNumber(uint64_t word, ValType type) {
  if (type == ValType::F32() && word >> 60 == 5) return kF32Edges[word >> 4 & 15];
  if (type == ValType::F64() && word >> 60 == 5) return kF64Edges[word >> 4 & 15];
  switch (type.kind()) {
    case ValKind::kI32: return word & 0xffffffff;
    case ValKind::kF32: return std::bit_cast<uint32_t>(static_cast<float>(Cut(static_cast<int32_t>(word), 24, 32)) / 8);
    case ValKind::kF64: return std::bit_cast<uint64_t>(static_cast<double>(Cut(static_cast<int64_t>(word), 53, 64)) / 1024);
    case ValKind::kRef: return 0;
    default: return word;
  }
}

std::string Describe(const CallRecord& call) {
  std::string text = call.name + ": ";
  switch (call.ending) {
    case Ending::kReturned: text += "returned"; break;
    case Ending::kTrapped: text += "trap: " + (call.words.empty() ? std::string(TextOf(call.trap)) : call.words); break;
    case Ending::kOutOfFuel: text += "out of fuel"; break;
    case Ending::kExhausted: text += "exhausted"; break;
  }
  for (uint64_t bits : call.results) text += " " + std::to_string(bits);
  return text + " fuel " + std::to_string(call.fuel);
}

uint32_t TrapsOf(const CallRecord& call) {
  return call.traps != 0 ? call.traps : uint32_t{1} << static_cast<uint32_t>(call.trap);
}

std::string DifferenceOf(const char* what, const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  if (a == b) return "";
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] != b[i]) return std::string(what) + " " + std::to_string(i) + " differs";
  }
  return std::string("number of ") + what + " differs";
}

}  // namespace

uint64_t ObservedBits(ValType type, uint64_t bits) {
  if (type == ValType::F32()) return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits & 0xffffffff;
  if (type == ValType::F64()) return (bits & ~(uint64_t{1} << 63)) > 0x7ff0000000000000 ? 0x7ff8000000000000 : bits;
  if (type == ValType::I32()) return bits & 0xffffffff;
  return bits;
}

uint64_t ArgumentBits(uint64_t seed, uint32_t export_number, uint32_t round, uint32_t parameter, ValType type) {
  const uint64_t word = Mix(seed ^ Mix(export_number * 1009 + round * 31 + parameter));
  if (parameter > 0 && (word >> 56 & 7) == 0) {
    const uint64_t before = ArgumentBits(seed, export_number, round, parameter - 1, type);
    const uint64_t bits = RelatedBits(before, type, static_cast<uint32_t>(word >> 52 & 3));
    return ObservedBits(type, bits) == bits ? bits : before;  // no NaN
  }
  const bool is_float_edge = type.is_float() && (word & 6) == 2;
  if (is_float_edge) return BitsOfNumber(uint64_t{5} << 60 | (word >> 8 & 0xff), type);
  return BitsOfNumber((word & 1) != 0 ? kArgumentEdges[word >> 8 & 15] : word >> 1, type);
}

uint64_t ImportedGlobalBits(uint64_t seed, uint32_t number, ValType type) {
  return ArgumentBits(seed, 1, 0, number, type);
}

uint64_t HostResultBits(uint64_t seed, std::span<const uint64_t> arguments, uint32_t result, ValType type) {
  Hash hash;
  hash.Add(seed + result);
  for (uint64_t bits : arguments) hash.Add(bits);
  return BitsOfNumber(hash.value() & 0xffff, type);
}

void Hash::Add(uint64_t word) { state_ = Mix(state_ ^ word); }

// Not instrumented: it would be most of what a fuzzer counts and spends its time with.
FUZZ_UNINSTRUMENTED void Hash::AddBytes(std::span<const uint8_t> bytes) {
  constexpr uint64_t kFactor = 0x9fb21c651e98df25;
  uint64_t state = state_ ^ bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    state = (std::rotl(state, 23) ^ word) * kFactor;
  }
  for (uint8_t byte : bytes) state = (std::rotl(state, 23) ^ byte) * kFactor;
  state_ = Mix(state);
}

std::string Difference(const Observation& a, const Observation& b, bool compare_fuel) {
  if (a.is_valid != b.is_valid) return "one accepts the module, the other rejects it";
  if (a.is_instantiated != b.is_instantiated) return "one instantiates the module, the other does not";
  for (size_t i = 0; i < a.calls.size() && i < b.calls.size(); ++i) {
    const CallRecord& x = a.calls[i];
    const CallRecord& y = b.calls[i];
    const auto ends = [&](Ending ending) { return x.ending == ending || y.ending == ending; };
    if (!compare_fuel && (ends(Ending::kExhausted) || ends(Ending::kOutOfFuel))) return "";
    const bool same = x.ending == y.ending && (x.ending != Ending::kTrapped || (TrapsOf(x) & TrapsOf(y)) != 0) &&
                      x.results == y.results && (!compare_fuel || x.fuel == y.fuel);
    if (!same) return Describe(x) + " | " + Describe(y);
  }
  if (a.calls.size() != b.calls.size()) return "number of calls differs";
  std::string difference = DifferenceOf("memory", a.memories, b.memories);
  if (difference.empty()) difference = DifferenceOf("global", a.globals, b.globals);
  if (difference.empty()) difference = DifferenceOf("table", a.tables, b.tables);
  return difference;
}

void Report(const std::string& what, std::span<const uint8_t> module) {
  std::fprintf(stderr, "DIFFERENCE: %s\n", what.c_str());
  const char* path = std::getenv("FUZZ_MODULE_OUT");
  if (path != nullptr) {
    if (std::FILE* file = std::fopen(path, "wb"); file != nullptr) {
      std::fwrite(module.data(), 1, module.size(), file);
      std::fclose(file);
      std::fprintf(stderr, "the module is in %s\n", path);
    }
  }
  std::abort();
}

}  // namespace sandbox::fuzz
