// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/numeric/fp_environment.h"

// x86-64 has it all in the header.
#if !(SANDBOX_FLOATS && defined(__x86_64__))

namespace sandbox::numeric {

#if !SANDBOX_FLOATS

FpEnvironmentScope::FpEnvironmentScope() noexcept = default;
FpEnvironmentScope::~FpEnvironmentScope() = default;

#elif defined(__aarch64__)

namespace {

// Round to nearest, nothing flushed, NaNs propagated, no traps.
constexpr uint64_t kDefaultControl = 0;

uint64_t ReadControl() {
  uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  return control;
}
void WriteControl(uint64_t control) { asm volatile("msr fpcr, %0" : : "r"(control)); }
uint64_t ReadStatus() {
  uint64_t status;
  asm volatile("mrs %0, fpsr" : "=r"(status));
  return status;
}
void WriteStatus(uint64_t status) { asm volatile("msr fpsr, %0" : : "r"(status)); }

}  // namespace

FpEnvironmentScope::FpEnvironmentScope() noexcept : saved_control_(ReadControl()), saved_status_(ReadStatus()) {
  if (saved_control_ != kDefaultControl) [[unlikely]]
    WriteControl(kDefaultControl);
}

FpEnvironmentScope::~FpEnvironmentScope() {
  if (ReadControl() != saved_control_) WriteControl(saved_control_);
  if (ReadStatus() != saved_status_) WriteStatus(saved_status_);
}

#else

FpEnvironmentScope::FpEnvironmentScope() noexcept {
  std::fegetenv(&saved_);
  std::fesetenv(FE_DFL_ENV);
}

FpEnvironmentScope::~FpEnvironmentScope() { std::fesetenv(&saved_); }

#endif

}  // namespace sandbox::numeric

#endif
