// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What footprint.sh links the library to: the least that a firmware would do. An applet in flash, a span of RAM as its
// memory, one host function that is answered from outside, fuel.
#include <cstdint>

#include "sandbox/sandbox.h"

extern "C" {
extern const uint8_t applet_bytes[];
extern const uint32_t applet_size;
extern uint8_t applet_memory[];
extern const uint32_t applet_memory_size;
extern sandbox::Allocator* const arena;
void toggle_led(uint32_t led);
int footprint_main();
}

int footprint_main() {
  sandbox::LoadOptions load;
  load.allocator = arena;
  const auto module = sandbox::Module::Load(sandbox::MakeSpan(applet_bytes, applet_size), load);
  if (!module) return 1;

  sandbox::Config config;
  config.allocator = arena;
  config.limits.value_stack_bytes = 2048;
  config.limits.call_depth = 32;
  config.fuel = 100'000;
  auto store = sandbox::Store::Create(config);
  if (!store || !store->LinkFunc("env", "toggle_led", 1, 0)) return 2;

  sandbox::InstanceOptions options;
  options.memory_span = sandbox::MakeSpan(applet_memory, applet_memory_size);
  const auto made = store->Instantiate(*module, options);
  if (!made) return 3;
  auto run = store->Invoke(made->instance, "main");
  while (run && run->outcome() == sandbox::Outcome::kHostCall) {
    toggle_led(run->call().args().front().u32());
    run = run->call().Resume();
  }
  return run && run->is_done() ? 0 : 4;
}
