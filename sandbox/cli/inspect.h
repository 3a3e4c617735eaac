// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The commands that run nothing: validate and inspect.
#ifndef SANDBOX_CLI_INSPECT_H_
#define SANDBOX_CLI_INSPECT_H_

#include <ostream>

#include "sandbox/cli/options.h"

namespace sandbox::cli {

// A line for each file: "FILE: valid" on `out`, or what is wrong on `err`. Returns the greatest exit code.
int Validate(const Options& options, std::ostream& out, std::ostream& err);

// Imports, exports, the limits that loading and running it needs, sizes. Returns the exit code.
int Inspect(const Options& options, std::ostream& out, std::ostream& err);

// The module's exports, a line each, indented.
void ListExports(const Module& module, std::ostream& out);

}  // namespace sandbox::cli

#endif  // SANDBOX_CLI_INSPECT_H_
