// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/reference/trap_words.h"

#include <array>
#include <initializer_list>
#include <string>

namespace sandbox::fuzz {
namespace {

constexpr uint32_t Any(std::initializer_list<TrapCode> traps) {
  uint32_t set = 0;
  for (TrapCode trap : traps) set |= uint32_t{1} << static_cast<uint32_t>(trap);
  return set;
}

struct Row {
  WordsOf engine;
  std::string_view text;  // what the words begin with: addresses and numbers follow
  uint32_t traps;
};

using enum TrapCode;
constexpr std::array kRows = std::to_array<Row>({
    {WordsOf::kWabt, "unreachable", Any({kUnreachable})},
    {WordsOf::kWabt, "integer divide by zero", Any({kIntegerDivideByZero})},
    {WordsOf::kWabt, "integer overflow", Any({kIntegerOverflow})},
    {WordsOf::kWabt, "invalid conversion to integer", Any({kInvalidConversion})},
    {WordsOf::kWabt, "out of bounds memory access", Any({kOutOfBoundsMemory})},
    {WordsOf::kWabt, "out of bounds table access", Any({kOutOfBoundsTable})},
    {WordsOf::kWabt, "undefined table index", Any({kUndefinedElement})},
    {WordsOf::kWabt, "uninitialized table element", Any({kUninitializedElement})},
    {WordsOf::kWabt, "indirect call signature mismatch", Any({kIndirectCallMismatch})},
    {WordsOf::kWabt, "null reference", Any({kNullReference})},
    {WordsOf::kWabt, "call stack exhausted", Any({kStackExhausted})},
    {WordsOf::kV8, "unreachable", Any({kUnreachable})},
    {WordsOf::kV8, "divide by zero", Any({kIntegerDivideByZero})},
    {WordsOf::kV8, "remainder by zero", Any({kIntegerDivideByZero})},
    {WordsOf::kV8, "divide result unrepresentable", Any({kIntegerOverflow})},
    {WordsOf::kV8, "float unrepresentable in integer range", Any({kIntegerOverflow, kInvalidConversion})},
    {WordsOf::kV8, "memory access out of bounds", Any({kOutOfBoundsMemory})},
    {WordsOf::kV8, "table index is out of bounds", Any({kOutOfBoundsTable, kUndefinedElement})},
    {WordsOf::kV8, "null function", Any({kUninitializedElement})},
    {WordsOf::kV8, "function signature mismatch", Any({kUninitializedElement, kIndirectCallMismatch})},
    {WordsOf::kV8, "data segment", Any({kOutOfBoundsMemory})},
    {WordsOf::kV8, "element segment out of bounds", Any({kOutOfBoundsTable})},
    {WordsOf::kV8, "dereferencing a null pointer", Any({kNullReference, kNullFunction})},
    {WordsOf::kV8, "Maximum call stack size exceeded", Any({kStackExhausted})},
});

}  // namespace

bool EnterTrap(WordsOf engine, std::string_view words, CallRecord& record) {
  record.ending = Ending::kTrapped;
  record.words = std::string(words);
  constexpr std::string_view kOfInstantiation = "WebAssembly.Instance(): ";
  if (words.starts_with(kOfInstantiation)) words.remove_prefix(kOfInstantiation.size());
  for (const Row& row : kRows) {
    if (row.engine != engine || !words.starts_with(row.text)) continue;
    record.traps = row.traps;
    if (row.traps == Any({kStackExhausted})) record.ending = Ending::kExhausted;
    return true;
  }
  return false;
}

}  // namespace sandbox::fuzz
