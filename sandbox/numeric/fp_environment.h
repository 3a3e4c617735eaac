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
// included, so the host does not see the guest's either. Scopes nest. Without floats (see build_config.h) both do nothing.
//
// On x86-64 both ends are inline: arithmetic of the same function may be moved across them, so it belongs behind a call.
// There the control register is written whether it has to change or not: a write costs one or two nanoseconds, also where it
// changes something, and the read that would tell costs seven on AMD's Zen 3; on Intel's Emerald Rapids a round of read, write
// and write takes 23 to 28, and comparing instead makes it 32 or more (docs/performance.md).
#if SANDBOX_FLOATS && defined(__x86_64__)

// MXCSR: all exceptions masked; rounding, flush-to-zero and denormals-are-zero all 0; no status flags.
inline constexpr uint32_t kDefaultFpControl = 0x1f80;

class FpEnvironmentScope {
 public:
  FpEnvironmentScope() noexcept {
    asm volatile("stmxcsr %0" : "=m"(saved_control_) : : "memory");
    asm volatile("ldmxcsr %0" : : "m"(kDefaultFpControl) : "memory");
  }
  FpEnvironmentScope(const FpEnvironmentScope&) = delete;
  FpEnvironmentScope& operator=(const FpEnvironmentScope&) = delete;
  ~FpEnvironmentScope() { asm volatile("ldmxcsr %0" : : "m"(saved_control_) : "memory"); }

 private:
  uint32_t saved_control_;
};

// The same for a call out of the guest that is made while a scope is alive. What was found is known: the default environment,
// and status flags that no guest can see. So nothing is read; the end makes it the default one again.
class FpEnvironmentGuard {
 public:
  FpEnvironmentGuard() noexcept {}
  FpEnvironmentGuard(const FpEnvironmentGuard&) = delete;
  FpEnvironmentGuard& operator=(const FpEnvironmentGuard&) = delete;
  ~FpEnvironmentGuard() { asm volatile("ldmxcsr %0" : : "m"(kDefaultFpControl) : "memory"); }
};

#else

// Constructor and destructor are calls on purpose: the compiler moves no arithmetic across them.
class FpEnvironmentScope {
 public:
  FpEnvironmentScope() noexcept;
  FpEnvironmentScope(const FpEnvironmentScope&) = delete;
  FpEnvironmentScope& operator=(const FpEnvironmentScope&) = delete;
  ~FpEnvironmentScope();

 private:
#if !SANDBOX_FLOATS
#elif defined(__aarch64__)
  uint64_t saved_control_;  // FPCR
  uint64_t saved_status_;   // FPSR
#else
  std::fenv_t saved_;
#endif
};

using FpEnvironmentGuard = FpEnvironmentScope;

#endif

}  // namespace sandbox::numeric

#endif  // SANDBOX_NUMERIC_FP_ENVIRONMENT_H_
