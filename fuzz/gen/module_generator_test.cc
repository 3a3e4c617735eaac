// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/gen/module_generator.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/oracle/host_objects.h"
#include "fuzz/wasm/editable_module.h"
#include "fuzz/wasm/module_reader.h"
#include "gtest/gtest.h"
#include "sandbox/module/module_data.h"
#include "sandbox/sandbox.h"
#include "sandbox/syntax/opcode.h"

namespace sandbox::fuzz {
namespace {

// GENERATOR_INPUTS=100000 makes the long report.
uint32_t Inputs() {
  const char* wanted = std::getenv("GENERATOR_INPUTS");
  return wanted == nullptr ? 2000 : static_cast<uint32_t>(std::atoi(wanted));
}

constexpr uint64_t kFuel = 20'000;

std::vector<uint8_t> InputOf(std::mt19937_64& random) {
  std::vector<uint8_t> input(random() % 2000);
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  return input;
}

// Which instructions a body has.
class InstructionCounter {
 public:
  void Count(ByteSpan code) {
    at_ = 0;
    while (at_ < code.size()) {
      const Op op = Opcode(code);
      seen_[static_cast<size_t>(op)] = true;
      Skip(code, InfoOf(op).immediates);
    }
  }
  bool has_seen(Op op) const { return seen_[static_cast<size_t>(op)]; }

 private:
  uint64_t U(ByteSpan code) {
    uint64_t value = 0;
    for (uint32_t shift = 0;; shift += 7) {
      const uint8_t byte = code[at_++];
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  }

  Op Opcode(ByteSpan code) {
    const uint8_t first = code[at_++];
    const uint16_t number = IsPrefix(first) ? static_cast<uint16_t>(U(code)) : first;
    const uint8_t prefix = IsPrefix(first) ? first : 0;
    for (size_t i = 0; i < kOpCount; ++i) {
      const OpInfo& info = InfoOf(static_cast<Op>(i));
      if (info.prefix == prefix && info.code == number) return static_cast<Op>(i);
    }
    ADD_FAILURE() << "no such opcode";
    return Op::kNop;
  }

  // Signed numbers, block types and heap types of the generator's are passed over like unsigned numbers; a reference
  // type may be two of them.
  void Type(ByteSpan code) {
    const uint8_t byte = code[at_];
    U(code);
    if (byte == 0x63 || byte == 0x64) U(code);
  }

  void Skip(ByteSpan code, Immediate immediates) {
    switch (immediates) {
      case Immediate::kNone: break;
      case Immediate::kF32: at_ += 4; break;
      case Immediate::kF64: at_ += 8; break;
      case Immediate::kBlock:
      case Immediate::kHeapType: Type(code); break;
      case Immediate::kSelect:
        for (uint64_t i = U(code); i > 0; --i) Type(code);
        break;
      case Immediate::kBrTable:
        for (uint64_t i = U(code) + 1; i > 0; --i) U(code);
        break;
      case Immediate::kMemarg:
        if ((U(code) & 0x40) != 0) U(code);
        U(code);
        break;
      case Immediate::kTypeTable:
      case Immediate::kTwoMemories:
      case Immediate::kDataMemory:
      case Immediate::kElemTable:
      case Immediate::kTwoTables: U(code);
        [[fallthrough]];
      default: U(code);
    }
  }

  size_t at_ = 0;
  std::array<bool, kOpCount> seen_ = {};
};

Value ArgumentOf(ValType type) {
  switch (type.kind()) {
    case ValKind::kI32: return Value::I32(5);
    case ValKind::kI64: return Value::I64(6);
    case ValKind::kF32: return Value::F32Bits(0x40e00000);
    case ValKind::kF64: return Value::F64Bits(0x4020000000000000);
    default: return Value::Null(type.heap() == HeapType::kExtern ? HeapType::kNoExtern : HeapType::kNoFunc);
  }
}

void Finish(RunResult run) {
  while (run.outcome() == Outcome::kHostCall) {
    std::vector<Value> results;
    for (ValType type : run.call().signature().results) results.push_back(ArgumentOf(type));
    Result<RunResult> next = run.call().Resume(results);
    ASSERT_TRUE(next.has_value());
    run = std::move(*next);
  }
  if (run.is_pending()) (void)run.Drop();
}

// Runs what the module exports; returns how much fuel that took.
uint64_t FuelOf(const Module& module) {
  Config config;
  config.fuel = kFuel;
  config.limits.store_bytes = 4u << 20;
  Result<Store> store = Store::Create(config);
  if (!store || !store->LinkFuncDefault(kHostModule) || !LinkHostObjects(*store, module, 1)) return 0;
  Result<Instantiation> made = store->Instantiate(module);
  if (!made) return 0;
  Finish(std::move(made->run));
  uint64_t spent = 0;
  for (const ExportInfo item : module.exports()) {
    if (item.type.kind != ExternKind::kFunc) continue;
    std::vector<Value> arguments;
    for (ValType type : item.signature.params) arguments.push_back(ArgumentOf(type));
    store->SetFuel(kFuel);
    Result<RunResult> run = store->Invoke(made->instance, item.name, arguments);
    if (run) Finish(std::move(*run));
    spent += kFuel - store->fuel();
  }
  return spent;
}

TEST(ModuleGenerator, IsValidAndRunsAndKnowsTheInstructions) {
  std::mt19937_64 random(20260101);
  InstructionCounter counter;
  const GeneratorOptions options = GeneratorOptions::Everything();
  uint32_t past_100 = 0;
  const uint32_t inputs = Inputs();
  uint32_t invalid = 0;
  for (uint32_t i = 0; i < inputs; ++i) {
    const std::vector<uint8_t> input = InputOf(random);
    ByteSource source(input);
    const std::vector<uint8_t> bytes = GenerateModule(source, options);
    const Result<Module> module = Module::Load(bytes);
    if (!module) {
      // Bigger than a limit, perhaps.
      if (ClassOf(module.error().code) != ErrorClass::kLimit) {
        ADD_FAILURE() << "input " << i << ": " << TextOf(module.error().code) << " at " << module.error().offset;
      }
      ++invalid;
      continue;
    }
    const ModuleData& data = *module->data();
    for (const FunctionRecord& function : data.functions) {
      counter.Count(data.bytes.subspan(function.code_begin, function.code_end - function.code_begin));
    }
    if (FuelOf(*module) > 100) ++past_100;
  }
  std::printf("valid: %u of %u\npast 100 instructions: %u\nnever generated:", inputs - invalid, inputs, past_100);
  uint32_t missing = 0;
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (!IsBuiltIn(op) || counter.has_seen(op)) continue;
    std::printf(" %s", std::string(TextOf(op)).c_str());
    ++missing;
  }
  std::printf("\n");
  EXPECT_LE(invalid * 1000, inputs * 5);
  EXPECT_GE(past_100 * 10, inputs * 8);
  EXPECT_EQ(missing, 0u);
}

TEST(ModuleGenerator, IsValidForReferenceEnginesToo) {
  std::mt19937_64 random(7);
  GeneratorOptions options;
  options.own_limit = 1000;
  options.typed_references = false;
  options.tail_calls = false;
  options.canonical_nans = true;
  for (uint32_t i = 0; i < Inputs() / 4; ++i) {
    const std::vector<uint8_t> input = InputOf(random);
    ByteSource source(input);
    const Result<Module> module = Module::LoadCopy(GenerateModule(source, options));
    ASSERT_TRUE(module.has_value()) << "input " << i << ": " << TextOf(module.error().code);
  }
}

TEST(ModuleGenerator, MakesAModuleOfNothing) {
  ByteSource source({});
  EXPECT_TRUE(Module::LoadCopy(GenerateModule(source)).has_value());
}

bool IsOneOf(Op op, std::initializer_list<Op> ops) { return std::ranges::find(ops, op) != ops.end(); }

// Where a NaN is kept (in memory, in a local) after its sign was changed, it was made canonical before that: the sign of the one
// that arithmetic made is open.
TEST(ModuleGenerator, ChangesTheSignsOfCanonicalNans) {
  std::mt19937_64 random(7);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < 1500; ++i) {
    const std::vector<uint8_t> input = InputOf(random);
    ByteSource source(input);
    std::optional<EditableModule> module = TakeApart(GenerateModule(source, GeneratorOptions::Deterministic()));
    ASSERT_TRUE(module.has_value());
    const EditableSection* const code = module->Find(kCodeSection);
    if (code == nullptr) continue;
    for (const auto& body : code->entries) {
      const std::vector<InstructionRange> instructions = InstructionsOf(body);
      for (size_t at = 2; at < instructions.size(); ++at) {
        const Op changing = instructions[at - 1].op;
        if (!IsOneOf(changing, {Op::kF32Neg, Op::kF32Abs, Op::kF64Neg, Op::kF64Abs})) continue;
        if (!IsOneOf(instructions[at].op, {Op::kF32Store, Op::kF64Store, Op::kLocalSet, Op::kLocalTee})) continue;
        ++kept;
        EXPECT_FALSE(IsOneOf(instructions[at - 2].op,
                             {Op::kF32Add, Op::kF32Sub, Op::kF32Mul, Op::kF32Div, Op::kF32Min, Op::kF32Max, Op::kF32Sqrt,
                              Op::kF64Add, Op::kF64Sub, Op::kF64Mul, Op::kF64Div, Op::kF64Min, Op::kF64Max, Op::kF64Sqrt}))
            << "input " << i;
      }
    }
  }
  EXPECT_TRUE(kept > 20 || !kFloats) << kept;
}

}  // namespace
}  // namespace sandbox::fuzz
