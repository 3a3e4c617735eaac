// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Everything that can make a run wait for its embedder, and how it goes on: host calls that are answered much later and
// in the middle of something else, fuel in small portions, and an interrupt from another thread.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "sandbox/sandbox.h"

namespace {

// (module
//   (import "env" "next" (func $next (result i32)))
//   (import "env" "square" (func $square (param i32) (result i32)))
//   (func (export "sum") (param i32) (result i32) (local i32)
//     (loop
//       (local.set 1 (i32.add (local.get 1) (call $square (call $next))))
//       (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
//     (local.get 1))
//   (func (export "count") (param i32) (result i32) (local i32)
//     (loop
//       (local.set 1 (i32.add (local.get 1) (i32.const 1)))
//       (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
//     (local.get 1)))
constexpr uint8_t kResume[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x02, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x01, 0x7f,
    0x01, 0x7f, 0x02, 0x19, 0x02, 0x03, 0x65, 0x6e, 0x76, 0x04, 0x6e, 0x65, 0x78, 0x74, 0x00, 0x00, 0x03, 0x65,
    0x6e, 0x76, 0x06, 0x73, 0x71, 0x75, 0x61, 0x72, 0x65, 0x00, 0x01, 0x03, 0x03, 0x02, 0x01, 0x01, 0x07, 0x0f,
    0x02, 0x03, 0x73, 0x75, 0x6d, 0x00, 0x02, 0x05, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0x00, 0x03, 0x0a, 0x35, 0x02,
    0x1b, 0x01, 0x01, 0x7f, 0x03, 0x40, 0x20, 0x01, 0x10, 0x00, 0x10, 0x01, 0x6a, 0x21, 0x01, 0x20, 0x00, 0x41,
    0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x20, 0x01, 0x0b, 0x17, 0x01, 0x01, 0x7f, 0x03, 0x40, 0x20, 0x01,
    0x41, 0x01, 0x6a, 0x21, 0x01, 0x20, 0x01, 0x20, 0x00, 0x49, 0x0d, 0x00, 0x0b, 0x20, 0x01, 0x0b,
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
  const sandbox::Module module = Must(sandbox::Module::Load(kResume));
  sandbox::Store store = Must(sandbox::Store::Create());

  // Two ways to be called. "square" runs at once, in the middle of the guest; "next" suspends it.
  Must(store.Link("env", "square", [](int32_t x) { return x * x; }));
  Must(store.LinkFunc("env", "next", 0, 1));
  const sandbox::InstanceId instance = Must(store.Instantiate(module)).instance;
  const auto count = Must(store.GetFunc<int32_t(int32_t)>(instance, "count"));

  // An event loop: the run waits in the store while other things happen, other calls into the same instance too. The
  // last one to pause is the first to go on.
  std::deque<int32_t> inbox{1, 2, 3};
  sandbox::RunResult run = Must(store.Invoke(instance, "sum", {sandbox::Value::I32(3)}));
  while (run.outcome() == sandbox::Outcome::kHostCall) {
    const sandbox::Call call = run.call();
    Check(*Must(count(1000)).As<int32_t>() == 1000, "another call while one waits");
    const int32_t answer = inbox.front();
    inbox.pop_front();
    // The run's handle goes on with it; `run = Must(call.Resume(...))` is the same.
    Must(run.Answer(sandbox::Value::I32(answer)));
    // The answered call is history: its handle knows.
    Check(!call.is_current(), "an answered call is stale");
  }
  Check(*run.As<int32_t>() == 1 + 4 + 9, "sum of squares of what came in");

  // Fuel. A run that the tank does not cover pauses before the instruction that it cannot pay, and says what that
  // costs.
  store.SetFuel(0);
  run = Must(count(50));
  int portions = 0;
  while (run.outcome() == sandbox::Outcome::kOutOfFuel) {
    store.AddFuel(run.fuel_needed() + 10);
    ++portions;
    run = Must(run.Resume());
  }
  Check(*run.As<int32_t>() == 50 && portions > 10, "fuel in portions, the same result");
  store.SetFuel(1'000'000);
  run = Must(count(50));
  std::printf("count(50) costs %llu units\n", static_cast<unsigned long long>(1'000'000 - store.fuel()));
  store.SetFuel(sandbox::kUnlimitedFuel);

  // An interrupt, from any thread or signal handler. It stops the guest wherever it is; the run can go on.
  sandbox::Interrupt* const interrupt = store.interrupt();
  std::thread watchdog([interrupt] { interrupt->Request(); });
  run = Must(count(-1));  // four billion turns: far longer than the watchdog takes
  watchdog.join();
  Check(run.outcome() == sandbox::Outcome::kInterrupted, "interrupted by another thread");
  interrupt->Request();  // asking again changes nothing
  store.SetFuel(1000);
  run = Must(run.Resume());  // clears the request
  Check(run.outcome() == sandbox::Outcome::kOutOfFuel, "goes on after an interrupt, until the fuel is gone");

  // And a run can be abandoned at any pause. The store is none the worse for it.
  Must(run.Drop());
  store.SetFuel(sandbox::kUnlimitedFuel);
  Check(*Must(count(7)).As<int32_t>() == 7, "the store works after a dropped run");
  return 0;
}
