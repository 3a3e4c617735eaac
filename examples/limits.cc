// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A greedy plugin, and what it gets: every way in which a guest can grow or go on has a limit in one struct.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>

#include "sandbox/sandbox.h"

namespace {

// (module $greedy
//   (memory (export "memory") 1)
//   (func $dig (export "dig") (param i32) (result i32)
//     (i32.add (call $dig (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
//   (func (export "eat") (result i32) (local i32)
//     (loop
//       (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
//         (then
//           (local.set 0 (i32.add (local.get 0) (i32.const 1)))
//           (br 1))))
//     (local.get 0))
//   (func (export "spin") (loop (br 0)))
//   (func (export "poke") (param i32) (i32.store (local.get 0) (i32.const 1)))
//   (func (export "work") (result i32) (i32.const 7)))
constexpr uint8_t kGreedy[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x11, 0x04, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x00,
    0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f, 0x00, 0x03, 0x06, 0x05, 0x00, 0x01, 0x02, 0x03, 0x01, 0x05,
    0x03, 0x01, 0x00, 0x01, 0x07, 0x2b, 0x06, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x03, 0x64,
    0x69, 0x67, 0x00, 0x00, 0x03, 0x65, 0x61, 0x74, 0x00, 0x01, 0x04, 0x73, 0x70, 0x69, 0x6e, 0x00, 0x02, 0x04,
    0x70, 0x6f, 0x6b, 0x65, 0x00, 0x03, 0x04, 0x77, 0x6f, 0x72, 0x6b, 0x00, 0x04, 0x0a, 0x42, 0x05, 0x0c, 0x00,
    0x20, 0x00, 0x41, 0x01, 0x6a, 0x10, 0x00, 0x41, 0x01, 0x6a, 0x0b, 0x1c, 0x01, 0x01, 0x7f, 0x03, 0x40, 0x41,
    0x01, 0x40, 0x00, 0x41, 0x7f, 0x47, 0x04, 0x40, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x21, 0x00, 0x0c, 0x01, 0x0b,
    0x0b, 0x20, 0x00, 0x0b, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b, 0x09, 0x00, 0x20, 0x00, 0x41, 0x01,
    0x36, 0x02, 0x00, 0x0b, 0x04, 0x00, 0x41, 0x07, 0x0b, 0x00, 0x23, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x00, 0x07,
    0x06, 0x67, 0x72, 0x65, 0x65, 0x64, 0x79, 0x01, 0x06, 0x01, 0x00, 0x03, 0x64, 0x69, 0x67, 0x02, 0x0b, 0x05,
    0x00, 0x00, 0x01, 0x00, 0x02, 0x00, 0x03, 0x00, 0x04, 0x00,
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

void Check(bool condition, const char* what) {
  std::printf("%s: %s\n", condition ? "ok" : "FAILED", what);
  if (!condition) std::exit(1);
}

}  // namespace

int main() {
  // Limits of loading: what a module may declare. This one is refused because of a single member, and the error says
  // which.
  sandbox::LoadOptions options;
  options.limits.functions = 4;
  const sandbox::Result<sandbox::Module> refused = sandbox::Module::Load(kGreedy, options);
  std::array<char, 256> text;
  Check(!refused && refused.error().code == sandbox::ErrorCode::kLimitExceeded, "five functions are too many");
  std::printf("  %s\n", std::string(sandbox::FormatError(refused.error(), text)).c_str());
  const sandbox::Module module = Must(sandbox::Module::Load(kGreedy));

  // Limits of running.
  sandbox::Config config;
  config.limits.memory_bytes = 1 << 20;       // of each linear memory: 16 pages
  config.limits.call_depth = 1000;            // guest frames
  config.limits.value_stack_bytes = 1 << 16;  // locals and operands of all frames
  config.limits.store_bytes = 4 << 20;        // everything together
  config.fuel = 100'000;                      // instructions, and what they do beyond constant work
  sandbox::Store store = Must(sandbox::Store::Create(config));
  const sandbox::InstanceId plugin = Must(store.Instantiate(module)).instance;

  // Unbounded recursion is a trap of the guest. The backtrace names its functions.
  const sandbox::RunResult deep = Must(store.Invoke(plugin, "dig", {sandbox::Value::I32(0)}));
  Check(deep.is_trapped() && deep.trap().code == sandbox::TrapCode::kStackExhausted, "recursion ends");
  std::printf("  %s\n", std::string(sandbox::FormatTrap(deep.trap(), text)).c_str());
  std::printf("  below it %llu frames, the first three:\n", static_cast<unsigned long long>(store.trace_depth()));
  for (size_t i = 0; i < 3; ++i) {
    std::printf("    %s\n", std::string(sandbox::FormatFrame(i, store.trace_at(i), text)).c_str());
  }

  // A memory grows as far as its limit, and then memory.grow says -1, as WebAssembly has it.
  store.SetFuel(100'000);
  const sandbox::RunResult fed = Must(store.Invoke(plugin, "eat"));
  Check(fed.is_done() && *fed.As<int32_t>() == 15, "fifteen more pages, then no more");
  Check(*Must(store.GetMemory(plugin)).size_bytes() == 1 << 20, "one megabyte");

  // An access outside is a trap.
  const sandbox::RunResult wild = Must(store.Invoke(plugin, "poke", {sandbox::Value::I32(1 << 20)}));
  Check(wild.is_trapped() && wild.trap().code == sandbox::TrapCode::kOutOfBoundsMemory, "a wild pointer");

  // A loop without end uses up its fuel, and is abandoned.
  store.SetFuel(100'000);
  const sandbox::RunResult endless = Must(store.Invoke(plugin, "spin"));
  Check(endless.outcome() == sandbox::Outcome::kOutOfFuel, "an endless loop runs dry");
  Must(endless.Drop());

  // After all that the store is as good as new, for this plugin or the next.
  store.SetFuel(100'000);
  Check(*Must(store.Invoke(plugin, "work")).As<int32_t>() == 7, "the store still works");
  std::printf("the store holds %llu bytes, at most %llu, of %llu\n",
              static_cast<unsigned long long>(store.used_bytes()), static_cast<unsigned long long>(store.peak_bytes()),
              static_cast<unsigned long long>(store.limit_bytes()));
  Must(store.Reset());
  Check(!store.Invoke(plugin, "work").has_value(), "and after a reset the plugin is gone");
  return 0;
}
