// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the program offers to import, under the module name env.
#ifndef SANDBOX_CLI_ENV_H_
#define SANDBOX_CLI_ENV_H_

#include <ostream>
#include <string>

#include "sandbox/sandbox.h"

namespace sandbox::cli {

// Links print, print_i32, print_i64, print_f64, clock and clock_ms. `out` outlives the store.
[[nodiscard]] Result<void> LinkEnv(Store& store, std::ostream& out);

// What they are, for --help.
std::string EnvHelp();

}  // namespace sandbox::cli

#endif  // SANDBOX_CLI_ENV_H_
