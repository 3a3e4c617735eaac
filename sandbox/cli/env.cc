// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/cli/env.h"

#include <chrono>
#include <string_view>

#include "sandbox/cli/text.h"

namespace sandbox::cli {
namespace {

// Nanoseconds of a clock that never goes back, from an arbitrary beginning.
int64_t Clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The guest's bytes as they are. A range outside its memory is its mistake, as that of a load would be.
HostResult<void> Print(std::ostream& out, Caller& caller, uint32_t address, uint32_t length) {
  const Result<MemoryView> memory = caller.memory();
  if (!memory) return Trap(TrapCode::kOutOfBoundsMemory);
  const Result<MutableByteSpan> bytes = memory->Borrow(address, length);
  if (!bytes) return Trap(TrapCode::kOutOfBoundsMemory);
  const std::string_view text = AsText(*bytes);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return {};
}

}  // namespace

Result<void> LinkEnv(Store& store, std::ostream& out) {
  SANDBOX_TRY(store.Link("env", "print", [&out](Caller& caller, uint32_t address, uint32_t length) {
    return Print(out, caller, address, length);
  }));
  SANDBOX_TRY(store.Link("env", "print_i32", [&out](int32_t value) { out << ValueText(Value::I32(value)) << "\n"; }));
  SANDBOX_TRY(store.Link("env", "print_i64", [&out](int64_t value) { out << ValueText(Value::I64(value)) << "\n"; }));
#if SANDBOX_FLOATS
  SANDBOX_TRY(store.Link("env", "print_f64", [&out](double value) { out << ValueText(Value::F64(value)) << "\n"; }));
#endif
  SANDBOX_TRY(store.Link("env", "clock", [] { return Clock(); }));
  SANDBOX_TRY(store.Link("env", "clock_ms", [] { return Clock() / 1'000'000; }));
  return {};
}

std::string EnvHelp() {
  return "A module can import from \"env\":\n"
         "  print (i32 address, i32 length)   writes bytes of its first memory to the standard output\n"
         "  print_i32 (i32), print_i64 (i64)  write a line, as results are written\n"
         "  print_f64 (f64)                   the same (in builds with floating point)\n"
         "  clock () -> i64                   nanoseconds of a monotonic clock\n"
         "  clock_ms () -> i64                its milliseconds";
}

}  // namespace sandbox::cli
