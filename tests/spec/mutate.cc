// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/spec/mutate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "tests/spec/json_value.h"
#include "tests/spec/world.h"

namespace sandbox::spec {
namespace {

constexpr size_t kMaxInvocations = 6;
constexpr uint64_t kFuel = 3'000;

// Bytes that mean something in many places: type codes, section and opcode numbers, LEB128 corners.
constexpr std::array<uint8_t, 44> kTelling = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
                                              0x10, 0x11, 0x12, 0x13, 0x14, 0x1a, 0x1b, 0x1c, 0x20, 0x21, 0x22,
                                              0x28, 0x40, 0x41, 0x5f, 0x60, 0x63, 0x64, 0x6f, 0x70, 0x7b, 0x7c,
                                              0x7d, 0x7e, 0x7f, 0x80, 0xd0, 0xd1, 0xd2, 0xd5, 0xfc, 0xfe, 0xff};

size_t Pick(std::mt19937& random, size_t size) { return size == 0 ? 0 : random() % size; }

// Opcodes of the same signature, by first and last: one in place of another leaves a function valid.
constexpr std::array<std::array<uint8_t, 2>, 19> kAlike = {{{0x46, 0x4f},  // comparisons of i32, i64, f32, f64
                                                            {0x51, 0x5a},
                                                            {0x5b, 0x60},
                                                            {0x61, 0x66},
                                                            {0x67, 0x69},  // operators of one and of two operands
                                                            {0x6a, 0x78},
                                                            {0x79, 0x7b},
                                                            {0x7c, 0x8a},
                                                            {0x8b, 0x91},
                                                            {0x92, 0x98},
                                                            {0x99, 0x9f},
                                                            {0xa0, 0xa6},
                                                            {0xa8, 0xa9},  // conversions
                                                            {0xb2, 0xb3},
                                                            {0xc0, 0xc1},
                                                            {0x2c, 0x2f},  // narrow loads and stores
                                                            {0x30, 0x35},
                                                            {0x3a, 0x3b},
                                                            {0x3c, 0x3e}}};

// A change that often leaves the module valid: another opcode of the same signature, or a neighbouring small number
// (an index, a constant, an offset). Looks for a place, at most 32 times.
void MutateGently(std::vector<uint8_t>& bytes, std::mt19937& random) {
  for (int i = 0; i < 32; ++i) {
    uint8_t& byte = bytes[Pick(random, bytes.size())];
    const auto has = [&](const std::array<uint8_t, 2>& range) { return range[0] <= byte && byte <= range[1]; };
    const auto* const range = std::find_if(kAlike.begin(), kAlike.end(), has);
    if (range != kAlike.end()) {
      byte = static_cast<uint8_t>((*range)[0] + Pick(random, size_t{1} + (*range)[1] - (*range)[0]));
      return;
    }
    if (byte > 0 && byte < 8 && i > 4) {
      byte = static_cast<uint8_t>(random() % 4 == 0 ? byte + 1 : random() % (byte + 1u));
      return;
    }
  }
}

// One change. `bytes` is not empty.
void MutateOnce(std::vector<uint8_t>& bytes, const std::vector<uint8_t>& other, std::mt19937& random) {
  const size_t at = Pick(random, bytes.size());
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const size_t rest = bytes.size() - at;
  switch (random() % 12) {
    case 0:
    case 1:
      bytes[at] ^= static_cast<uint8_t>(1u << random() % 8);
      break;
    case 2:
      bytes[at] = static_cast<uint8_t>(random());
      break;
    case 3:
    case 4:
    case 5:
      bytes[at] = kTelling[Pick(random, kTelling.size())];
      break;
    case 6:
      bytes[at] = static_cast<uint8_t>(bytes[at] + (random() % 2 == 0 ? 1 : -1));
      break;
    case 7:
      bytes.insert(place, kTelling[Pick(random, kTelling.size())]);
      break;
    case 8:
      bytes.erase(place, place + static_cast<std::ptrdiff_t>(1 + Pick(random, std::min<size_t>(rest, 4))));
      break;
    case 9: {  // a piece of this module to another place of it
      const size_t length = 1 + Pick(random, std::min<size_t>(rest, 16));
      const std::vector<uint8_t> piece(place, place + static_cast<std::ptrdiff_t>(length));
      const size_t to = Pick(random, bytes.size());
      for (size_t i = 0; i < length && to + i < bytes.size(); ++i) bytes[to + i] = piece[i];
      break;
    }
    case 10: {  // a piece of another module
      if (other.empty()) break;
      const size_t from = Pick(random, other.size());
      const size_t length = 1 + Pick(random, std::min<size_t>(other.size() - from, 16));
      for (size_t i = 0; i < length && at + i < bytes.size(); ++i) bytes[at + i] = other[from + i];
      break;
    }
    default:
      if (random() % 8 == 0) bytes.resize(at);
      break;
  }
}

ImplementationLimits SmallLimits() {
  ImplementationLimits limits;
  limits.store_bytes = 32u << 20;
  limits.load_bytes = 32u << 20;
  limits.value_stack_bytes = 1u << 16;
  limits.call_depth = 500;
  limits.memory_bytes = 4u << 20;
  limits.table_elements = 20'000;
  return limits;
}

Value RandomValue(ValType type, std::mt19937& random) {
  constexpr std::array<uint64_t, 8> kCorners = {0, 1, 2, 16, 65535, 0x7fff'ffff, 0xffff'ffff, 0x8000'0000'0000'0000u};
  const uint64_t number = random() % 2 == 0 ? kCorners[Pick(random, kCorners.size())] : random();
  switch (type.kind()) {
    case ValKind::kI32:
      return Value::I32(static_cast<uint32_t>(number));
    case ValKind::kI64:
      return Value::I64(number);
    case ValKind::kF32:
      return Value::F32Bits(static_cast<uint32_t>(random()));
    case ValKind::kF64:
      return Value::F64Bits(number << 32 | random());
    case ValKind::kV128:
      return Value::V128({});
    case ValKind::kRef:
      break;
    case ValKind::kI8:
    case ValKind::kI16:
    case ValKind::kBottom:
      break;
  }
  return type.heap().is_abstract() ? Value::Null(type.heap().abstract()) : Value::Null(HeapType::kFunc);
}

// Gives the module what it asks for, as far as the host can make that.
void LinkAll(Store& store, const Module& module, std::mt19937& random) {
  for (const ImportInfo import : module.imports()) {
    switch (import.type.kind) {
      case ExternKind::kFunc:
        if (random() % 4 == 0) {
          (void)store.Link(import.module, import.name, [](int32_t a) { return a; });
        } else {
          (void)store.LinkFuncDefault(import.module);
        }
        break;
      case ExternKind::kGlobal:
        (void)store.LinkGlobal(import.module, import.name, import.type.global,
                               RandomValue(import.type.global.type, random));
        break;
      case ExternKind::kTable:
        (void)store.LinkTable(import.module, import.name, import.type.table);
        break;
      case ExternKind::kMemory:
        (void)store.LinkMemory(import.module, import.name, import.type.memory);
        break;
      case ExternKind::kTag:
        (void)store.LinkTag(import.module, import.name, import.signature.params);
        break;
    }
  }
}

// What is compared between the two stores.
struct Trace {
  std::vector<std::string> steps;
  void Add(std::string step) { steps.push_back(std::move(step)); }
};

void Count(const RunResult& run, MutationCounts& counts) {
  ++(run.is_done() ? counts.done : run.is_trapped() ? counts.trapped : counts.paused);
}

std::string Describe(const Result<RunResult>& run, const Store& store) {
  const std::string fuel = " fuel " + std::to_string(store.fuel());
  if (!run) return "error " + ReasonOf(run.error()) + fuel;
  std::string text = "outcome " + std::to_string(static_cast<int>(run->outcome())) + fuel;
  if (run->is_done()) {
    for (const Value& value : run->values()) {
      // References differ between stores. Of two NaN operands an instruction may return either, and the compiler
      // chooses.
      if (value.is_ref()) {
        text += value.is_null() ? " null" : " ref";
      } else {
        text += IsNan(value) ? " nan" : " " + ToText(value);
      }
    }
  }
  if (run->is_trapped()) text += " " + std::string(TextOf(run->trap().code));
  if (run->outcome() == Outcome::kOutOfFuel) text += " needs " + std::to_string(run->fuel_needed());
  return text;
}

// Answers host calls and one pause for lack of fuel, then gives up.
Result<RunResult> Follow(Result<RunResult> run, Store& store, std::mt19937& random) {
  for (int i = 0; i < 6 && run && run->is_pending(); ++i) {
    if (run->outcome() == Outcome::kHostCall) {
      std::vector<Value> results;
      for (const ValType type : run->call().signature().results) results.push_back(RandomValue(type, random));
      Result<RunResult> next = random() % 8 == 0 ? run->call().Trap() : run->call().Resume(results);
      if (!next) return next;
      run = next;
    } else {
      store.AddFuel(random() % 64);
      run = run->Resume();
    }
  }
  return run;
}

Trace RunInStore(Store& store, const Module& module, uint32_t seed, MutationCounts& counts) {
  Trace trace;
  std::mt19937 random(seed);
  (void)store.Reset({.keep_links = false});
  LinkAll(store, module, random);
  store.SetFuel(kFuel);
  const Result<Instantiation> made = store.Instantiate(module);
  if (!made) {
    trace.Add(ReasonOf(made.error()));
    return trace;
  }
  ++counts.instantiated;
  Result<RunResult> run = Follow(made->run, store, random);
  trace.Add(Describe(run, store));
  if (run && run->is_pending()) (void)run->Drop();
  size_t invoked = 0;
  for (const ExportInfo item : module.exports()) {
    if (item.type.kind == ExternKind::kGlobal) (void)store.GetGlobal(made->instance, item.name);
    if (item.type.kind != ExternKind::kFunc || invoked++ >= kMaxInvocations) continue;
    std::vector<Value> arguments;
    for (const ValType type : item.signature.params) arguments.push_back(RandomValue(type, random));
    store.SetFuel(kFuel);
    run = Follow(store.Invoke(made->instance, item.name, arguments), store, random);
    trace.Add(std::string(item.name) + ": " + Describe(run, store));
    if (!run) continue;
    ++counts.invoked;
    Count(*run, counts);
    if (run->is_pending() && random() % 4 != 0) (void)run->Drop();  // else it stays below the next one
  }
  return trace;
}

}  // namespace

std::vector<uint8_t> Mutate(std::vector<uint8_t> bytes, const std::vector<uint8_t>& other, std::mt19937& random) {
  constexpr std::array<uint8_t, 8> kChanges = {1, 1, 1, 1, 2, 2, 3, 4};
  const size_t changes = kChanges[random() % kChanges.size()];
  const bool is_gentle = random() % 2 == 0;
  for (size_t i = 0; i < changes && !bytes.empty(); ++i) {
    if (is_gentle) {
      MutateGently(bytes, random);
    } else {
      MutateOnce(bytes, other, random);
    }
  }
  return bytes;
}

Result<MutantRunner> MutantRunner::Create() {
  std::vector<Store> stores;
  for (const Dispatch dispatch : {Dispatch::kDefault, Dispatch::kLoop}) {
    Config config;
    config.limits = SmallLimits();
    config.dispatch = dispatch;
    SANDBOX_ASSIGN(Store store, Store::Create(config));
    stores.push_back(std::move(store));
  }
  return MutantRunner(std::move(stores));
}

void MutantRunner::Run(ByteSpan bytes, uint32_t seed, MutationCounts& counts) {
  ++counts.loaded;
  LoadOptions options;
  options.limits = SmallLimits();
  const Result<Module> module = Module::Load(bytes, options);
  if (!module) {
    if (module.error().offset != Error::kNoOffset && module.error().offset > bytes.size()) {
      counts.differences.push_back("error offset beyond the module");
    }
    return;
  }
  ++counts.valid;
  MutationCounts other_counts;
  const Trace one = RunInStore(stores_[0], *module, seed, counts);
  const Trace other = RunInStore(stores_[1], *module, seed, other_counts);
  for (size_t i = 0; i < std::max(one.steps.size(), other.steps.size()); ++i) {
    const std::string left = i < one.steps.size() ? one.steps[i] : "nothing";
    const std::string right = i < other.steps.size() ? other.steps[i] : "nothing";
    if (left == right) continue;
    counts.differences.push_back(left + " | " + right);
    break;
  }
  for (Store& store : stores_) (void)store.Reset({.keep_links = false});
}

}  // namespace sandbox::spec
