// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The inputs of corpus/regress: each once as any module is run, and those whose bug needs more in the way that shows it.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/support.h"

namespace sandbox {
namespace {

using testing::Must;

const std::filesystem::path kFolder = "corpus/regress";

std::vector<uint8_t> Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<Dispatch> Dispatches() {
  std::vector<Dispatch> forms = {Dispatch::kLoop};
  if (kTailDispatch) forms.push_back(Dispatch::kTail);
  return forms;
}

std::vector<Value> Zeros(FuncSignature signature) {
  std::vector<Value> values;
  for (const ValType type : signature.params) {
    switch (type.kind()) {
      case ValKind::kI32: values.push_back(Value::I32(0)); break;
      case ValKind::kI64: values.push_back(Value::I64(0)); break;
      case ValKind::kF32: values.push_back(Value::F32Bits(0)); break;
      case ValKind::kF64: values.push_back(Value::F64Bits(0)); break;
      default: values.push_back(Value::Null(type.heap() == HeapType::kExtern ? HeapType::kNoExtern : HeapType::kNoFunc));
    }
  }
  return values;
}

// Loads the file, makes an instance and calls every export; whatever the guest does is fine, as long as nothing breaks.
size_t RunAny(const std::vector<uint8_t>& bytes, Dispatch dispatch) {
  const Result<Module> module = Module::Load(bytes);
  if (!module) return 0;
  Config config;
  config.dispatch = dispatch;
  config.fuel = 100'000;
  Store store = Must(Store::Create(config));
  for (const ImportInfo import : module->imports()) (void)store.LinkFuncDefault(import.module);
  const Result<Instantiation> made = store.Instantiate(*module);
  if (!made || !made->run.is_done()) return 1;
  for (const ExportInfo item : module->exports()) {
    if (item.type.kind != ExternKind::kFunc) continue;
    const RunResult run = Must(store.Invoke(made->instance, item.name, Zeros(item.signature)));
    if (run.is_pending()) Must(run.Drop());
  }
  return 1;
}

TEST(RegressTest, EveryInputRunsWithoutHarm) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".wasm") continue;
    ++files;
    for (const Dispatch dispatch : Dispatches()) RunAny(Read(entry.path()), dispatch);
  }
  EXPECT_GE(files, 5u);
}

TEST(RegressTest, SegmentDroppedWhileItsInstantiationIsPaused) {
  const std::vector<uint8_t> bytes = Read(kFolder / "elem_drop_while_paused.wasm");
  const Module module = Must(Module::Load(bytes));
  Config config;
  config.fuel = 0;
  Store store = Must(Store::Create(config));
  const Instantiation made = Must(store.Instantiate(module));
  ASSERT_EQ(made.run.outcome(), Outcome::kOutOfFuel);
  store.SetFuel(1000);
  EXPECT_TRUE(Must(store.Invoke(made.instance, "d")).is_done());
  EXPECT_TRUE(Must(made.run.Resume()).is_done());
}

TEST(RegressTest, OffsetsOf35BitsAreNotCut) {
  const std::vector<uint8_t> bytes = Read(kFolder / "memory64_offset_of_35_bits.wasm");
  const Module module = Must(Module::Load(bytes));
  for (const Dispatch dispatch : Dispatches()) {
    Config config;
    config.dispatch = dispatch;
    Store store = Must(Store::Create(config));
    const Instantiation made = Must(store.Instantiate(module));
    const RunResult run = Must(store.Invoke(made.instance, "f", {Value::I32(0)}));
    ASSERT_TRUE(run.is_trapped());
    EXPECT_EQ(run.trap().code, TrapCode::kOutOfBoundsMemory);
  }
}

TEST(RegressTest, NamesOfTheGuestAreEscapedInMessages) {
  const std::vector<uint8_t> bytes = Read(kFolder / "name_with_escapes.wasm");
  const Module module = Must(Module::Load(bytes));
  Config config;
  config.fuel = 1000;
  Store store = Must(Store::Create(config));
  const Instantiation made = Must(store.Instantiate(module));
  const RunResult run = Must(store.Invoke(made.instance, "f", {Value::I32(0)}));
  ASSERT_TRUE(run.is_trapped());
  char text[512];
  const std::string_view message = FormatTrap(run.trap(), text);
  EXPECT_TRUE(std::ranges::all_of(message, [](char c) { return c >= 0x20 && c < 0x7f; })) << message;
  EXPECT_NE(message.find("\\x1b"), std::string_view::npos) << message;
}

}  // namespace
}  // namespace sandbox
