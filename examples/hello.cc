// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The first steps: load a module, instantiate it in five bytes of memory, call it, and answer its calls to the host.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "sandbox/sandbox.h"

namespace {

// (module
//   (import "env" "println" (func $println (param i32 i32)))
//   (memory (export "memory") 1)
//   (func (export "main") (call $println (i32.const 0) (i32.const 5)))
//   (data (i32.const 0) "hello"))
constexpr uint8_t kHello[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x09, 0x02, 0x60, 0x02, 0x7f, 0x7f, 0x00, 0x60, 0x00,
    0x00, 0x02, 0x0f, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x07, 0x70, 0x72, 0x69, 0x6e, 0x74, 0x6c, 0x6e, 0x00, 0x00,
    0x03, 0x02, 0x01, 0x01, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x11, 0x02, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72,
    0x79, 0x02, 0x00, 0x04, 0x6d, 0x61, 0x69, 0x6e, 0x00, 0x01, 0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0x41,
    0x05, 0x10, 0x00, 0x0b, 0x0b, 0x0b, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f,
};

// The value of a Result, or the end of the program with the reason.
template <typename T>
T Must(sandbox::Result<T> result) {
  if (!result) {
    std::array<char, 256> text;
    std::printf("%s\n", std::string(sandbox::FormatError(result.error(), text)).c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace

int main() {
  // Validate the module. Its bytes stay where they are, and outlive it.
  const sandbox::Module module = Must(sandbox::Module::Load(kHello));
  for (const sandbox::ImportInfo& import : module.imports()) {
    std::printf("it imports %s.%s\n", std::string(import.module).c_str(), std::string(import.name).c_str());
  }

  // Make a store, where instances live. The default limits will do here.
  sandbox::Store store = Must(sandbox::Store::Create());

  // Link a function with two parameters and no result, all of type i32: where a text lies in the caller's memory, and
  // its length. Calls of it will suspend the guest. It is the first function linked, so its number is 0.
  const uint32_t println = Must(store.LinkFunc("env", "println", 2, 0));

  // Give the instance its memory. The module declares a page of 64 KiB; we know that it uses five bytes of it, so five
  // bytes are what it gets. An access to any other byte traps.
  std::array<uint8_t, 5> memory;
  const sandbox::Instantiation made = Must(store.Instantiate(module, {.memory_span = memory}));
  if (!made.run.is_done()) return 1;  // it has no start function that could pause

  // Call the exported function "main" without arguments ...
  sandbox::RunResult run = Must(store.Invoke(made.instance, "main"));

  // ... and answer its calls to the host until it is done.
  int printed = 0;
  while (run.outcome() == sandbox::Outcome::kHostCall) {
    const sandbox::Call call = run.call();
    if (call.index() != println) return 1;
    const auto [address, size] = Must(call.Args<uint32_t, uint32_t>());

    // The guest chose address and size: the view checks them.
    std::array<char, 64> buffer;
    const auto text = Must(call.memory()).ReadString(address, size, buffer);
    if (!text) {
      // It answered for a range that does not exist, or one that is longer than we care for. Stop it here.
      run = Must(call.Trap());
      break;
    }
    std::printf("%s\n", std::string(*text).c_str());
    ++printed;
    run = Must(call.Resume());  // println has no results
  }

  if (!run.is_done()) {
    std::array<char, 256> text;
    std::printf("%s\n", std::string(sandbox::FormatTrap(run.trap(), text)).c_str());
    return 1;
  }
  return printed == 1 && run.values().empty() ? 0 : 1;
}
