// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/oracle/promises.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/oracle/observation.h"
#include "fuzz/oracle/our_engine.h"
#include "fuzz/oracle/questions.h"
#include "sandbox/sandbox.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {
namespace {

using testing::Code;
using testing::ModuleBuilder;

const ValType kI32 = ValType::I32();

void Require(bool holds, std::string_view what) {
  if (!holds) Report(std::string(what), {});
}

template <typename T>
T Must(Result<T> result, std::string_view what) {
  if (!result) Report(std::string(what) + ": " + std::string(TextOf(result.error().code)), {});
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Config AnyConfig(ByteSource& source) {
  Config config = SmallConfig();
  if (source.OneIn(3)) config.tier = Tier::kInPlace;
  if (source.OneIn(2)) config.dispatch = Dispatch::kLoop;
  return config;
}

// A store and the instances that a scene makes in it.
class Scene {
 public:
  Scene(ByteSource& choices, const Config& config)
      : source(choices), store(Must(Store::Create(config), "create")) {}

  InstanceId Add(const ModuleBuilder& builder, const char* name = "", const InstanceOptions& options = {}) {
    const InstanceId instance = Add(Load(builder), options);
    Must(store.SetName(instance, name), "name");
    return instance;
  }
  InstanceId Add(const Module& module, const InstanceOptions& options = {}) {
    const Instantiation made = Must(store.Instantiate(module, options), "instantiate");
    Require(made.run.is_done(), "an instance that has nothing to run is not ready");
    return made.instance;
  }
  static Module Load(const ModuleBuilder& builder) { return Must(Module::LoadCopy(builder.Build()), "load"); }
  RunResult Call(InstanceId instance, const std::string& name, std::vector<Value> arguments = {}) {
    return Must(store.Invoke(instance, name, arguments), name);
  }
  void ExpectTrap(InstanceId instance, const char* name, TrapCode code) {
    const RunResult run = Call(instance, name);
    Require(run.is_trapped() && run.trap().code == code, std::string(name) + " does not trap as it should");
  }

  ByteSource& source;
  Store store;
};

// --- Values ---------------------------------------------------------------------------------------------------------

// Floats keep their bits on the way through typed functions of the host and of the guest.
void TypedFloats(Scene& scene) {
  if constexpr (!kFloats) return;
  const uint32_t narrow = static_cast<uint32_t>(scene.source.BitsOf(ValType::F32()));
  const uint64_t wide = scene.source.BitsOf(ValType::F64());
  std::pair<uint32_t, uint64_t> seen;
  Must(scene.store.Link("env", "swap", [&seen](double b, float a) {
    seen = {std::bit_cast<uint32_t>(a), std::bit_cast<uint64_t>(b)};
    return std::tuple(a, b);
  }), "link");
  ModuleBuilder b;
  const std::vector<ValType> both = {ValType::F32(), ValType::F64()};
  const uint32_t swap = b.ImportFunction("env", "swap", b.AddType({ValType::F64(), ValType::F32()}, both));
  b.ExportFunction("f", b.AddFunction(b.AddType(both, both), Code().LocalGet(1).LocalGet(0).Call(swap).End()));
  const InstanceId instance = scene.Add(b);
  const auto typed = Must(scene.store.GetFunc<std::tuple<float, double>(float, double)>(instance, "f"), "typed function");
  for (const bool is_typed : {false, true}) {
    const RunResult run = is_typed ? Must(typed(std::bit_cast<float>(narrow), std::bit_cast<double>(wide)), "typed call")
                                   : scene.Call(instance, "f", {Value::F32Bits(narrow), Value::F64Bits(wide)});
    Require(run.is_done() && seen == std::pair(narrow, wide), "the host gets other floats");
    Require(run.values()[0].f32_bits() == narrow && run.values()[1].f64_bits() == wide, "the host's floats are others");
  }
}

// Null is no value of a type without null: not as an argument, and not as a result of the host.
void NullWhereThereIsNone(Scene& scene) {
  const ValType reference = ValType::Ref(HeapType::kFunc, false);
  ModuleBuilder b;
  const uint32_t host = b.ImportFunction("env", "give", b.AddType({}, {reference}));
  b.ExportFunction("take", b.AddFunction(b.AddType({reference}, {kI32}), Code().I32Const(1).End()));
  b.ExportFunction("ask", b.AddFunction(b.AddType({}, {kI32}), Code().Call(host).Op(Op::kDrop).I32Const(2).End()));
  const Module module = Scene::Load(b);
  Must(scene.store.LinkImport(module, 0), "link");
  const InstanceId instance = scene.Add(module);
  const Value null = Value::Null(scene.source.OneIn(2) ? HeapType::kFunc : HeapType::kNoFunc);
  const Result<RunResult> taken = scene.store.Invoke(instance, "take", std::vector{null});
  Require(!taken && taken.error().code == ErrorCode::kWrongArguments, "null is an argument that cannot be null");
  const RunResult asked = scene.Call(instance, "ask");
  Require(asked.outcome() == Outcome::kHostCall, "the host is not asked");
  const Result<RunResult> given = asked.call().Resume(std::vector{null});
  Require(!given && given.error().code == ErrorCode::kWrongResults, "null is a result that cannot be null");
  const Value function = Value::FuncRef(Must(scene.store.GetFunc(instance, "take"), "function"));
  Require(Must(asked.call().Resume(std::vector{function}), "answer").is_done(), "a function is not what is asked for");
}

// --- Memories -------------------------------------------------------------------------------------------------------

// A text is given with a buffer that just holds it, and refused with one that is shorter.
void CStrings(Scene& scene) {
  ModuleBuilder b;
  b.AddMemory({1, 1, false});
  b.Export("m", ExternKind::kMemory, 0);
  const MemoryView memory = Must(scene.store.GetMemory(scene.Add(b), "m"), "memory");
  const std::string text(scene.source.Below(20), 'x');
  // Somewhere, or the zero byte is the memory's last one.
  const uint64_t address = scene.source.OneIn(2) ? scene.source.Below(100) : kPageBytes - text.size() - 1;
  Must(memory.WriteString(address, text), "write");
  for (const size_t room : {text.size(), text.size() + 1, text.size() + 9, text.size() - (text.empty() ? 0 : 1)}) {
    std::vector<char> out(room);
    const Result<std::string_view> read = memory.ReadCString(address, out);
    Require(read.has_value() == (room >= text.size()), "ReadCString: another length than the text's");
    Require(!read || *read == text, "ReadCString: another text");
  }
}

// The guest sees zeros in the embedder's bytes, also where it comes by growing.
void UsedSpan(Scene& scene) {
  std::vector<uint8_t> span(scene.source.Below(4) * kPageBytes + scene.source.Word(2), 0xee);
  ModuleBuilder b;
  b.AddMemory({1, scene.source.OneIn(2) ? std::optional<uint64_t>(4) : std::nullopt, false});
  b.Export("m", ExternKind::kMemory, 0);
  const MemoryView memory = Must(scene.store.GetMemory(scene.Add(b, "", {.memory_span = MutableByteSpan(span)}), "m"), "memory");
  (void)memory.Grow(scene.source.Below(4));
  const size_t seen = std::min<size_t>(span.size(), Must(memory.pages(), "pages") * kPageBytes);
  const bool are_zeros = std::ranges::all_of(std::span(span).first(seen), [](uint8_t byte) { return byte == 0; });
  Require(are_zeros, "bytes of before are in a memory");
}

// Growth that is refused answers -1 of the index type, other growth the size of before.
void RefusedGrowth(Scene& scene) {
  const Limits limits = {1, 2, scene.source.OneIn(2)};
  const bool is_table = scene.source.OneIn(2);
  ModuleBuilder b;
  Code code;
  if (is_table) {
    b.AddTable({ValType::FuncRef(), limits});
    code.Op(Op::kRefNull).Byte(0x70).LocalGet(0).Op(Op::kTableGrow, {0});
  } else {
    b.AddMemory(limits);
    code.LocalGet(0).Op(Op::kMemoryGrow, {0});
  }
  const ValType index = limits.index_type();
  b.ExportFunction("grow", b.AddFunction(b.AddType({index}, {index}), code.End()));
  const InstanceId instance = scene.Add(b);
  const auto value = [&](uint64_t number) {
    return limits.is_64 ? Value::I64(number) : Value::I32(static_cast<uint32_t>(number));
  };
  constexpr uint64_t kRefused = ~uint64_t{0};
  for (const auto [more, answer] : {std::pair<uint64_t, uint64_t>(2, kRefused), {1, 1}, {1, kRefused}, {0, 2}}) {
    const RunResult run = scene.Call(instance, "grow", {value(more)});
    Require(run.is_done() && run.values()[0] == value(answer), "growth answers something else");
  }
}

// --- Instances ------------------------------------------------------------------------------------------------------

// What failed to link is told also when its module is gone.
void LinkErrorOfAModuleThatIsGone(Scene& scene) {
  {
    ModuleBuilder b;
    b.ImportFunction("nobody", "a function of " + std::string(scene.source.Below(40), 'n'), b.AddType({}, {}));
    Require(!scene.store.Instantiate(Scene::Load(b)).has_value(), "an import comes from nowhere");
  }
  AskStore(scene.store);
  const std::optional<LinkError> error = scene.store.link_error();
  Require(error && error->module == "nobody" && error->name.starts_with("a function of "), "another link error");
}

// Before it has its initial values, an instance lends nothing.
void UnfinishedExporter(Scene& scene) {
  ModuleBuilder exporter;
  exporter.AddGlobal({kI32, false}, Code().I32Const(42).End());
  exporter.Export("g", ExternKind::kGlobal, 0);
  ModuleBuilder importer;
  importer.ImportGlobal("m", "g", {kI32, false});
  importer.ExportFunction("f", importer.AddFunction(importer.AddType({}, {kI32}), Code().Op(Op::kGlobalGet, {0}).End()));
  scene.store.SetFuel(0);
  const Instantiation made = Must(scene.store.Instantiate(Scene::Load(exporter)), "instantiate");
  Must(scene.store.SetName(made.instance, "m"), "name");
  Require(made.run.outcome() == Outcome::kOutOfFuel, "initial values are for free");
  const Result<Instantiation> early = scene.store.Instantiate(Scene::Load(importer));
  Require(!early && early.error().code == ErrorCode::kUnknownImport, "an instance without values lends them");
  scene.store.SetFuel(1000);
  Require(Must(made.run.Resume(), "resume").is_done(), "an instance does not come to its end");
  const RunResult run = scene.Call(scene.Add(importer), "f");
  Require(run.is_done() && run.values()[0].u32() == 42, "a global has another initial value");
}

// A function of an instance that is gone traps: called by who imported it, ...
void ImportOfAReleasedInstance(Scene& scene) {
  ModuleBuilder exporter;
  exporter.ExportFunction("f", exporter.AddFunction(exporter.AddType({}, {kI32}), Code().I32Const(1).End()));
  const InstanceId gone = scene.Add(exporter, "m");
  ModuleBuilder importer;
  const uint32_t type = importer.AddType({}, {kI32});
  const uint32_t import = importer.ImportFunction("m", "f", type);
  importer.ExportFunction("call", importer.AddFunction(type, Code().Call(import).End()));
  importer.ExportFunction("tail", importer.AddFunction(type, Code().Op(Op::kReturnCall, {import}).End()));
  const InstanceId caller = scene.Add(importer);
  const char* const name = scene.source.OneIn(2) ? "call" : "tail";
  if (scene.source.OneIn(2)) Require(scene.Call(caller, name).is_done(), "an import does not run");
  Must(scene.store.Release(gone), "release");
  scene.ExpectTrap(caller, name, TrapCode::kReleasedFunction);
}

// ... and through a global of the host's that outlives all instances, where another instance has its place now.
void ReferenceOverReset(Scene& scene) {
  const GlobalType reference = {ValType::FuncRef(), true};
  Must(scene.store.LinkGlobal("env", "g", reference, Value::Null(HeapType::kNoFunc)), "link");
  ModuleBuilder first;
  const uint32_t type = first.AddType({}, {kI32});
  first.ImportGlobal("env", "g", reference);
  const uint32_t kept = first.AddFunction(type, Code().I32Const(1).End());
  first.ExportFunction("kept", kept);
  first.ExportFunction("keep", first.AddFunction(first.AddType({}, {}), Code().Op(Op::kRefFunc, {kept}).Op(Op::kGlobalSet, {0}).End()));
  Require(scene.Call(scene.Add(first), "keep").is_done(), "a reference is not kept");
  Must(scene.store.Reset(), "reset");
  ModuleBuilder second;
  const uint32_t same_type = second.AddType({}, {kI32});
  second.ImportGlobal("env", "g", reference);
  second.AddTable({ValType::FuncRef(), {1, 1, false}});
  for (int32_t i = static_cast<int32_t>(scene.source.Below(3)); i > 0; --i) {
    second.AddFunction(same_type, Code().I32Const(i).End());
  }
  const Code code = Code().I32Const(0).Op(Op::kGlobalGet, {0}).Op(Op::kTableSet, {0}).I32Const(0)
                        .Op(Op::kCallIndirect, {same_type, 0}).End();
  second.ExportFunction("call", second.AddFunction(same_type, code));
  scene.ExpectTrap(scene.Add(second), "call", TrapCode::kReleasedFunction);
}

// A function of a derived type is also of the type that this is derived from, and not the other way round.
void TypesInATable(Scene& scene) {
  constexpr uint8_t kOpen = 0x50;
  const testing::Bytes signature = testing::EncodeFunctionType({}, {kI32});
  ModuleBuilder b;
  const uint32_t base = b.AddRawType(testing::Join({{kOpen, 0}, signature}));
  const uint32_t derived = b.AddRawType(testing::Join({{kOpen, 1, 0}, signature}));
  b.AddTable({ValType::FuncRef(), {2, 2, false}});
  const uint32_t of_base = b.AddFunction(base, Code().I32Const(1).End());
  const uint32_t of_derived = b.AddFunction(derived, Code().I32Const(2).End());
  b.AddElements(0, Code().I32Const(0).End(), {of_base, of_derived});
  const auto add = [&](const char* name, uint32_t type, int32_t place) {
    const Code code = Code().I32Const(place).Op(Op::kCallIndirect, {type, 0}).End();
    b.ExportFunction(name, b.AddFunction(base, code));
  };
  add("derived as base", base, 1);
  add("base as derived", derived, 0);
  const InstanceId instance = scene.Add(b);
  const RunResult run = scene.Call(instance, "derived as base");
  Require(run.is_done() && run.values()[0].u32() == 2, "a function of a derived type is not of the type above");
  scene.ExpectTrap(instance, "base as derived", TrapCode::kIndirectCallMismatch);
}

// --- Running --------------------------------------------------------------------------------------------------------

// A request is heard where the fuel has no limit, and the run goes on afterwards.
void InterruptWithoutFuelLimit(Scene& scene) {
  ModuleBuilder b;
  Code code;
  code.Begin(Op::kLoop).LocalGet(0).I32Const(1).Op(Op::kI32Sub).Op(Op::kLocalTee, {0}).Op(Op::kBrIf, {0}).End();
  b.ExportFunction("f", b.AddFunction(b.AddType({kI32}, {kI32}), code.I32Const(7).End()));
  const InstanceId instance = scene.Add(b);
  scene.store.interrupt()->Request();
  // For two slices at least.
  const RunResult run = scene.Call(instance, "f", {Value::I32(static_cast<uint32_t>(kFuelSlice / 2))});
  Require(run.outcome() == Outcome::kInterrupted, "a request to interrupt is not heard");
  const RunResult resumed = Must(run.Resume(), "resume");
  Require(resumed.is_done() && resumed.values()[0].u32() == 7, "an interrupted run does not come to its end");
}

// Stores of one module in two threads call the same functions for the first time at the same time.
void TwoThreads(Scene& scene) {
  constexpr uint32_t kFunctions = 64;
  const uint32_t first = scene.source.Byte();
  ModuleBuilder b;
  const uint32_t type = b.AddType({}, {kI32});
  for (uint32_t i = 0; i < kFunctions; ++i) {
    b.ExportFunction("f" + std::to_string(i), b.AddFunction(type, Code().I32Const(static_cast<int32_t>(first + i)).End()));
  }
  const Module module = Scene::Load(b);
  const auto call_all = [&] {
    Scene own(scene.source, SmallConfig());
    const InstanceId instance = own.Add(module);
    for (uint32_t i = 0; i < kFunctions; ++i) {
      const RunResult run = own.Call(instance, "f" + std::to_string(i));
      Require(run.is_done() && run.values()[0].u32() == first + i, "a function of two threads does something else");
    }
  };
  std::thread other(call_all);
  call_all();
  other.join();
}

// Nearly as many locals and operands as there may be, and more together than register code can name.
void LargestFrame(Scene& scene) {
  constexpr uint32_t kOperands = 17'000;
  const uint32_t locals = 47'000 + scene.source.Word(2) % 3'000;
  Code code;
  // Not all in one straight line: that would be too long for the fast tier as well.
  const auto interrupt = [&](uint32_t i) {
    if (i % 500 == 0) code.LocalGet(1).Begin(Op::kIf).End();
  };
  for (uint32_t i = 0; i < kOperands; ++i) {
    code.LocalGet(0).I32Const(static_cast<int32_t>(i)).Op(Op::kI32Xor);
    interrupt(i);
  }
  for (uint32_t i = 1; i < kOperands; ++i) {
    code.Op(Op::kI32Add);
    interrupt(i);
  }
  for (uint32_t i = 1; i < 2'000; i *= 2) code.LocalGet(i).Op(Op::kI32Sub);
  // What a call returns goes to a local far below.
  code.LocalGet(0).Call(0).LocalSet(2).LocalGet(2).Op(Op::kI32Add);
  ModuleBuilder b;
  b.AddFunction(b.AddType({kI32}, {kI32}), Code().LocalGet(0).I32Const(3).Op(Op::kI32Mul).End());
  b.ExportFunction("f", b.AddFunction(b.AddType({kI32}, {kI32}), code.End(), {{locals, kI32}}));
  const Module module = Scene::Load(b);
  const Value argument = Value::I32(scene.source.Byte());
  std::vector<Value> results;
  for (const Tier tier : {Tier::kInPlace, Tier::kFast}) {
    Config config = SmallConfig();
    config.tier = tier;
    Scene own(scene.source, config);
    const RunResult run = own.Call(own.Add(module), "f", {argument});
    Require(run.is_done(), "a large frame does not fit");
    results.push_back(run.values()[0]);
  }
  Require(results[0] == results[1], "the tiers disagree on a large frame");
}

constexpr std::array kScenes = {TypedFloats,       NullWhereThereIsNone,        CStrings,
                                UsedSpan,          LinkErrorOfAModuleThatIsGone, UnfinishedExporter,
                                ReferenceOverReset, ImportOfAReleasedInstance,    InterruptWithoutFuelLimit,
                                LargestFrame,       RefusedGrowth,                TypesInATable,
                                TwoThreads};

}  // namespace

void CheckPromise(std::span<const uint8_t> input) {
  Hash hash;
  hash.AddBytes(input);
  const std::array<uint8_t, 64> choices = DrawChoices(hash.value());
  ByteSource source(choices);
  const auto play = source.Pick(kScenes);
  Scene scene(source, AnyConfig(source));
  play(scene);
}

}  // namespace sandbox::fuzz
