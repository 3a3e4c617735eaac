// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Assertions. SANDBOX_CHECK guards an invariant of this library whose violation
// could break containment: it is on in every build and stops the process, since
// going on would be worse. Neither a guest nor a misuse of the API may reach one.
// SANDBOX_DCHECK repeats what validation already proved and is on in `checked` builds only.
#ifndef SANDBOX_BASE_CHECK_H_
#define SANDBOX_BASE_CHECK_H_

#include "sandbox/base/build_config.h"

#define SANDBOX_CHECK(condition)                \
  do {                                          \
    if (!(condition)) [[unlikely]]              \
      __builtin_trap();                         \
  } while (false)

#define SANDBOX_DCHECK(condition)                              \
  do {                                                         \
    if constexpr (::sandbox::kChecked) SANDBOX_CHECK(condition); \
  } while (false)

#endif  // SANDBOX_BASE_CHECK_H_
