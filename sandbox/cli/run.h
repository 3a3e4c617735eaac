// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The command that runs a module.
#ifndef SANDBOX_CLI_RUN_H_
#define SANDBOX_CLI_RUN_H_

#include <ostream>

#include "sandbox/cli/options.h"

namespace sandbox::cli {

// Results, the guest's own output and times go to `out`, messages to `err`. Returns the exit code. While it runs,
// SIGINT interrupts the guest.
int Run(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace sandbox::cli

#endif  // SANDBOX_CLI_RUN_H_
