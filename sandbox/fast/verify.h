// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Looks over translated code, in one pass: that each opcode exists, each slot lies inside the frame, each branch goes to the
// beginning of an instruction at which a region begins, each index is in range. What the handlers trust.
#ifndef SANDBOX_FAST_VERIFY_H_
#define SANDBOX_FAST_VERIFY_H_

#include "sandbox/base/build_config.h"
#include "sandbox/module/module_data.h"

namespace sandbox::fast {

// In `checked` builds and under fuzzing every function is looked over.
#if defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
inline constexpr bool kVerifies = true;
#else
inline constexpr bool kVerifies = kChecked;
#endif

// Whether it is in order. Time linear in the code, and memory (from the module's budget) a bit for each halfword; without
// that memory the answer is yes.
[[nodiscard]] bool IsCodeValid(const ModuleData& module, const FastFunction& function, const CodeView& code);
// Stops the process if it is not.
void VerifyCode(const ModuleData& module, const FastFunction& function, const CodeView& code);

}  // namespace sandbox::fast

#endif  // SANDBOX_FAST_VERIFY_H_
