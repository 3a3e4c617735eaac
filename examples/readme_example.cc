// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdio>

#include "sandbox/sandbox.h"

// A plugin: main(n) multiplies n by what env.ask says, tells env.report, and returns it.
constexpr uint8_t kPlugin[] = {0,   'a', 's', 'm', 1,   0,   0,   0,   1,   14,  3,   96,  1,   127, 0,  96,  0,
                               1,   127, 96,  1,   127, 1,   127, 2,   24,  2,   3,   'e', 'n', 'v', 6,  'r', 'e',
                               'p', 'o', 'r', 't', 0,   0,   3,   'e', 'n', 'v', 3,   'a', 's', 'k', 0,  1,   3,
                               2,   1,   2,   7,   8,   1,   4,   'm', 'a', 'i', 'n', 0,   2,   10,  15, 1,   13,
                               0,   32,  0,   16,  1,   108, 34,  0,   16,  0,   32,  0,   11};

int main() {
  auto module = sandbox::Module::Load(kPlugin);      // validated in one pass; the bytes are not copied
  auto store = sandbox::Store::Create({.fuel = 3});  // units; limits, tier and allocator are fields beside it
  if (!module || !store) return 1;
  auto report = store->Link("env", "report", [](int32_t n) { std::printf("the plugin reports %d\n", n); });
  auto ask = store->LinkFunc("env", "ask", 0, 1);  // suspends the guest: answered below, or minutes later
  auto plugin = store->Instantiate(*module);
  if (!report || !ask || !plugin || !plugin->run.is_done()) return 1;

  auto run = store->Invoke(plugin->instance, "main", {sandbox::Value::I32(6)});
  while (run && run->is_pending()) {
    if (run->outcome() == sandbox::Outcome::kHostCall) {
      run = run->call().Resume(sandbox::Value::I32(7));  // the result of env.ask
    } else {
      store->AddFuel(run->fuel_needed());  // a pause, not a failure; or give up: run->Drop()
      run = run->Resume();
    }
  }
  if (!run || !run->is_done()) return 1;  // an Error of ours, or a trap of the guest's: run->trap()
  std::printf("and returns %d\n", run->values()[0].i32());
  return run->values()[0].i32() == 42 ? 0 : 1;
}
