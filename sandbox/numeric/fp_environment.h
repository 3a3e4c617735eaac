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
// A scope reads the control register and writes it at its end; at its beginning only where the host's bits differ from the
// guest's: on Intel's Emerald Rapids a write soon after a read costs 15 to 70 nanoseconds, without it the scope costs next to
// nothing (docs/performance.md). The end does not ask first: reading again costs two to seven on AMD's Zen, writing one.
#if SANDBOX_FLOATS && defined(__x86_64__)

// MXCSR: all exceptions masked; rounding, flush-to-zero and denormals-are-zero all 0; no status flags.
inline constexpr uint32_t kDefaultFpControl = 0x1f80;
// Bits that no guest can see: an operation may set them, none depends on them.
inline constexpr uint32_t kFpStatusFlags = 0x3f;

class FpEnvironmentScope {
 public:
  FpEnvironmentScope() noexcept {
    asm volatile("stmxcsr %0" : "=m"(saved_control_) : : "memory");
    if ((saved_control_ & ~kFpStatusFlags) == kDefaultFpControl) [[likely]]
      return;
    asm volatile("ldmxcsr %0" : : "m"(kDefaultFpControl) : "memory");
  }
  FpEnvironmentScope(const FpEnvironmentScope&) = delete;
  FpEnvironmentScope& operator=(const FpEnvironmentScope&) = delete;
  ~FpEnvironmentScope() { asm volatile("ldmxcsr %0" : : "m"(saved_control_) : "memory"); }

 private:
  uint32_t saved_control_;
};

// The same for a call out of the guest that is made while a scope is alive. What was found is known: the default environment,
// but for status flags. So nothing is read; the end makes it the default one again.
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
