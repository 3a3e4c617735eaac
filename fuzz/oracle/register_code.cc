// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/register_code.h"

#include <cstddef>
#include <string>
#include <vector>

#include "fuzz/oracle/observation.h"
#include "sandbox/base/budget.h"
#include "sandbox/fast/opcode.h"
#include "sandbox/fast/translator.h"
#include "sandbox/fast/verify.h"

namespace sandbox::fuzz {
namespace {

struct Target {
  size_t from = 0;   // the instruction that branches
  size_t field = 0;  // where the distance stands, two halfwords
};

struct Reading {
  std::vector<bool> is_start;  // for each halfword: whether an instruction begins there
  std::vector<Target> targets;
  std::vector<size_t> results;  // fields that say which local a call's result is wanted in
};

Reading Read(std::span<const uint16_t> code) {
  Reading reading{std::vector<bool>(code.size()), {}, {}};
  for (size_t at = 1; at < code.size();) {
    const fast::Shape shape = fast::ShapeOf(code[at]);
    const size_t end = static_cast<size_t>(fast::EndOf(code, at, shape));
    reading.is_start[at] = true;
    size_t field = at + 1;
    for (const char kind : shape.text()) {
      if (kind == 't') reading.targets.push_back({at, field});
      if (kind == 'r') reading.results.push_back(field);
      if (kind == '*') {
        for (; field < end; field += fast::kTableEntrySize) reading.targets.push_back({at, field});
        break;
      }
      field += fast::SizeOfField(kind);
    }
    at = end;
  }
  return reading;
}

}  // namespace

FastFunction FrameOf(const ModuleData& module, uint32_t number) {
  const FunctionRecord& record = module.functions[number];
  FastFunction function;
  function.local_slots = record.local_slots;
  function.needed_slots = record.local_slots + 1 + record.operand_slots;
  function.param_slots = record.param_slots;
  function.call_cost = record.call_cost;
  function.number = number;
  return function;
}

std::string VerifierDifference(const ModuleData& module, uint32_t choice) {
  const uint32_t number = choice % static_cast<uint32_t>(module.functions.size());
  Budget budget(64u << 20);
  fast::Translator translator(module, budget);
  FunctionCode code(budget);
  if (!translator.Translate(number, code)) return "";
  const FastFunction frame = FrameOf(module, number);
  if (!fast::IsCodeValid(module, frame, code)) return "register code is refused";
  const Reading reading = Read(code.code.span());
  for (const size_t field : reading.results) {
    // Above where it is returned, and below any frame that is not too large for that.
    const uint16_t before = code.code[field];
    for (const int outside : {1, -static_cast<int>(frame.param_slots + frame.needed_slots)}) {
      if (outside < INT16_MIN) continue;
      code.code[field] = static_cast<uint16_t>(outside);
      if (fast::IsCodeValid(module, frame, code)) return "a result outside the frame is accepted";
    }
    code.code[field] = before;
  }
  if (reading.targets.empty()) return "";
  const Target target = reading.targets[choice / 8 % reading.targets.size()];
  size_t into = 1 + choice / 64 % (code.code.size() - 1);
  while (into < code.code.size() && reading.is_start[into]) ++into;
  if (into == code.code.size()) return "";
  const uint32_t distance = static_cast<uint32_t>(into) - static_cast<uint32_t>(target.from);
  code.code[target.field] = static_cast<uint16_t>(distance);
  code.code[target.field + 1] = static_cast<uint16_t>(distance >> 16);
  return fast::IsCodeValid(module, frame, code) ? "a branch into an instruction is accepted" : "";
}

void CheckVerifier(const ModuleData& module, uint32_t choice, std::span<const uint8_t> bytes) {
  const std::string difference = VerifierDifference(module, choice);
  if (!difference.empty()) Report(difference, bytes);
}

}  // namespace sandbox::fuzz
