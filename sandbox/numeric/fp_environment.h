// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Keeps the floating-point environment of the host and that of the guest apart.
#ifndef SANDBOX_NUMERIC_FP_ENVIRONMENT_H_
#define SANDBOX_NUMERIC_FP_ENVIRONMENT_H_

#include <cstdint>

#include "sandbox/base/build_config.h"

#if SANDBOX_FLOATS && !defined(__x86_64__) && !defined(__aarch64__)
#include <cfenv>
#endif

namespace sandbox::numeric {

// While one of these is alive the calling thread computes as WebAssembly says: round to nearest, ties to even,
// subnormal numbers neither flushed nor read as zero, no exception traps. Its end restores what it found, status flags
// included, so the host does not see the guest's either. Scopes nest. One costs a few loads and compares; the control
// register is written only when it has to change.
//
// Constructor and destructor are calls on purpose: the compiler moves no arithmetic across them. Without floats (see
// build_config.h) both do nothing.
class FpEnvironmentScope {
 public:
  FpEnvironmentScope() noexcept;
  FpEnvironmentScope(const FpEnvironmentScope&) = delete;
  FpEnvironmentScope& operator=(const FpEnvironmentScope&) = delete;
  ~FpEnvironmentScope();

 private:
#if !SANDBOX_FLOATS
#elif defined(__x86_64__)
  uint32_t saved_control_;  // MXCSR
#elif defined(__aarch64__)
  uint64_t saved_control_;  // FPCR
  uint64_t saved_status_;   // FPSR
#else
  std::fenv_t saved_;
#endif
};

// The same for a call that is made while a scope is alive, from code that computes no floats itself: inline where reading the
// control register is an instruction. Its end restores what it found.
#if SANDBOX_FLOATS && defined(__x86_64__)
class FpEnvironmentGuard {
 public:
  FpEnvironmentGuard() noexcept : saved_control_(__builtin_ia32_stmxcsr()) {}
  FpEnvironmentGuard(const FpEnvironmentGuard&) = delete;
  FpEnvironmentGuard& operator=(const FpEnvironmentGuard&) = delete;
  ~FpEnvironmentGuard() {
    if (__builtin_ia32_stmxcsr() != saved_control_) [[unlikely]]
      __builtin_ia32_ldmxcsr(saved_control_);
  }

 private:
  uint32_t saved_control_;  // MXCSR
};
#else
using FpEnvironmentGuard = FpEnvironmentScope;
#endif

}  // namespace sandbox::numeric

#endif  // SANDBOX_NUMERIC_FP_ENVIRONMENT_H_
