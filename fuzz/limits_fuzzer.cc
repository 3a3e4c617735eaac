// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// With small limits, and with any one allocation refused: a clean error, nothing left behind, no limit exceeded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_generator.h"
#include "fuzz/oracle/counting_allocator.h"
#include "fuzz/oracle/host_objects.h"
#include "fuzz/oracle/observation.h"
#include "sandbox/sandbox.h"

namespace {

using namespace sandbox;

using fuzz::CountingAllocator;

bool IsClean(const Error& error) {
  return ClassOf(error.code) == ErrorClass::kLimit || ClassOf(error.code) == ErrorClass::kMemory;
}

std::vector<Value> DefaultArguments(FuncSignature signature) {
  std::vector<Value> values;
  for (ValType type : signature.params) {
    switch (type.kind()) {
      case ValKind::kI32: values.push_back(Value::I32(9)); break;
      case ValKind::kI64: values.push_back(Value::I64(9)); break;
      case ValKind::kF32: values.push_back(Value::F32Bits(0x3f800000)); break;
      case ValKind::kF64: values.push_back(Value::F64Bits(0)); break;
      default: values.push_back(Value::Null(type.heap() == HeapType::kExtern ? HeapType::kNoExtern : HeapType::kNoFunc));
    }
  }
  return values;
}

void End(Result<RunResult> run, std::span<const uint8_t> bytes) {
  if (!run && !IsClean(run.error())) fuzz::Report("an error that is no limit's", bytes);
  if (run && run->is_pending() && !run->Drop()) fuzz::Report("a pending run cannot be dropped", bytes);
}

void Run(const Config& config, std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::Load(bytes, {config.limits, config.allocator});
  if (!module && !IsClean(module.error())) fuzz::Report("the generator made an invalid module", bytes);
  Result<Store> store = Store::Create(config);
  if (!store && !IsClean(store.error())) fuzz::Report("the store is refused", bytes);
  if (!module || !store || !store->LinkFuncDefault(fuzz::kHostModule)) return;
  if (const Result<void> linked = fuzz::LinkHostObjects(*store, *module, 1); !linked) {
    if (!IsClean(linked.error())) fuzz::Report("an object cannot be linked", bytes);
    return;
  }
  Result<Instantiation> made = store->Instantiate(*module);
  if (!made && !IsClean(made.error())) fuzz::Report("instantiation is refused", bytes);
  if (!made) return;
  End(std::move(made->run), bytes);
  for (const ExportInfo item : module->exports()) {
    if (item.type.kind != ExternKind::kFunc) continue;
    store->SetFuel(config.fuel);
    End(store->Invoke(made->instance, item.name, DefaultArguments(item.signature)), bytes);
  }
  if (store->peak_bytes() > config.limits.store_bytes) fuzz::Report("the store held more than its limit", bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::ByteSource source({data, size});
  CountingAllocator allocator(source.OneIn(2) ? source.Below(200) : ~uint64_t{0});
  Config config;
  config.fuel = 5'000;
  config.allocator = &allocator;
  config.limits.store_bytes = source.OneIn(2) ? source.Word(3) : 4u << 20;
  config.limits.load_bytes = source.OneIn(4) ? source.Word(2) : 4u << 20;
  config.limits.call_depth = 1 + source.Below(200);
  config.limits.value_stack_bytes = 64 + source.Below(60000);
  config.limits.memory_bytes = source.Word(3);
  config.limits.table_elements = source.Below(64);
  const std::vector<uint8_t> module = fuzz::GenerateModule(source, fuzz::GeneratorOptions::Everything());
  Run(config, module);
  if (allocator.held() != 0) fuzz::Report("memory is left behind", module);
  return 0;
}
