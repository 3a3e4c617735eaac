// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/reference/engine.h"
#include "fuzz/reference/trap_words.h"
#include "fuzz/reference/wabt_boundary.h"

// wabt's interpreter, in process. It has no fuel: modules end by themselves (GeneratorOptions::own_limit).
namespace sandbox::fuzz {
namespace {

ValType TypeOf(uint8_t code) {
  switch (code) {
    case 0x7f: return ValType::I32();
    case 0x7e: return ValType::I64();
    case 0x7d: return ValType::F32();
    case 0x7c: return ValType::F64();
    case 0x6f: return ValType::ExternRef();
    default: return ValType::FuncRef();
  }
}

uint64_t Seen(const WabtValue& value) { return ObservedBits(TypeOf(value.type), value.bits); }

std::span<const WabtValue> SpanOf(const WabtValue* values, size_t count) { return {values, count}; }

// What wabt tells goes into an Observation.
class Listener {
 public:
  Listener(std::span<const uint8_t> module, uint64_t seed) : module_(module), seed_(seed) {}

  WabtEvents events() {
    return {this, &Argument, &HostResult, &GlobalImport, &Ended, &Memory, &Global, &Table, &GoesOn};
  }
  Observation& seen() { return seen_; }

 private:
  static Listener& Of(void* context) { return *static_cast<Listener*>(context); }

  static uint64_t Argument(void* context, uint32_t export_number, uint32_t round, uint32_t parameter, uint8_t type) {
    return ArgumentBits(Of(context).seed_, export_number, round, parameter, TypeOf(type));
  }

  static uint64_t HostResult(void* context, const WabtValue* arguments, size_t count, uint32_t result, uint8_t type) {
    std::vector<uint64_t> bits;
    for (const WabtValue& value : SpanOf(arguments, count)) bits.push_back(Seen(value));
    return HostResultBits(Of(context).seed_, bits, result, TypeOf(type));
  }

  static uint64_t GlobalImport(void* context, uint32_t number, uint8_t type) {
    return ImportedGlobalBits(Of(context).seed_, number, TypeOf(type));
  }

  static void Ended(void* context, const char* name, size_t name_bytes, const char* trap, const WabtValue* results,
                    size_t count) {
    CallRecord record;
    record.name = std::string(name, name_bytes);
    if (trap != nullptr && !EnterTrap(WordsOf::kWabt, trap, record)) {
      Report(std::string("wabt traps with words that are not in the table: ") + trap, Of(context).module_);
    }
    for (const WabtValue& value : SpanOf(results, count)) record.results.push_back(Seen(value));
    Of(context).seen_.calls.push_back(record);
  }

  static void Memory(void* context, const uint8_t* bytes, size_t size) {
    Hash hash;
    hash.AddBytes({bytes, size});
    Of(context).seen_.memories.push_back(hash.value());
  }

  static void Global(void* context, WabtValue value) { Of(context).seen_.globals.push_back(Seen(value)); }

  static void Table(void* context, const WabtValue* elements, size_t count) {
    Hash hash;
    hash.Add(count);
    for (const WabtValue& element : SpanOf(elements, count)) hash.Add(Seen(element));
    Of(context).seen_.tables.push_back(hash.value());
  }

  static int GoesOn(void* context) {
    const std::vector<CallRecord>& calls = Of(context).seen_.calls;
    return calls.empty() || calls.back().ending != Ending::kExhausted;
  }

  std::span<const uint8_t> module_;
  uint64_t seed_;
  Observation seen_;
};

class WabtEngine final : public Engine {
 public:
  std::string_view name() const override { return "wabt"; }

  GeneratorOptions options_to_judge() const override {
    GeneratorOptions options = GeneratorOptions::Everything();
    options.typed_references = false;
    options.wide_offsets = false;  // wabt cuts them to 32 bits, or rejects them
    options.table64 = false;
    options.globals_in_constants = false;
    options.rich_types = false;
    options.tags = false;
    return options;
  }

  GeneratorOptions options_to_run() const override {
    GeneratorOptions options = Engine::options_to_run();
    options.tail_calls = false;
    options.memory64 = !options.multi_memory;  // wabt types segments by memory 0
    return options;
  }

  Judgement Judge(std::span<const uint8_t> module) override {
    const bool is_valid = WabtAccepts(module.data(), module.size(), message_.data(), message_.size()) != 0;
    return {is_valid ? Verdict::kAccepts : Verdict::kRejects, message_.data()};
  }

  EngineRun Execute(std::span<const uint8_t> module, const Invocations& invocations) override {
    Listener listener(module, invocations.seed);
    const WabtEvents events = listener.events();
    const WabtOutcome outcome = WabtRun(module.data(), module.size(), invocations.rounds, &events, message_.data(),
                                        message_.size());
    EngineRun run;
    run.is_observed = outcome != kWabtUnlinkable;
    run.seen = std::move(listener.seen());
    run.seen.is_valid = outcome != kWabtRejected;
    run.seen.is_instantiated = outcome == kWabtRan || outcome == kWabtNoInstance;
    run.seen.refusal = outcome == kWabtRejected ? message_.data() : "";
    return run;
  }

 private:
  std::array<char, 1024> message_ = {};
};

}  // namespace

Engine& Reference() {
  static WabtEngine engine;
  return engine;
}

}  // namespace sandbox::fuzz
