// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/valid/load.h"

#include "sandbox/valid/module_validator.h"

namespace sandbox {

Result<void> LoadModule(ByteSpan bytes, const ImplementationLimits& limits, ModuleData& module) {
  SANDBOX_TRY(limits.Check());
  ModuleValidator validator(bytes, limits, module, module.functions.budget());
  if (!validator.Run()) return std::unexpected(validator.error());
  return {};
}

}  // namespace sandbox
