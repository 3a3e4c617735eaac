// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef TESTS_LIB_CPU_TIME_H_
#define TESTS_LIB_CPU_TIME_H_

#include <ctime>

namespace sandbox::testing {

// Processor time that this thread has used. For ratios of it only: no test knows how fast a machine is.
inline double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace sandbox::testing

#endif  // TESTS_LIB_CPU_TIME_H_
