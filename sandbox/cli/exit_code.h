// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// How the program ends.
#ifndef SANDBOX_CLI_EXIT_CODE_H_
#define SANDBOX_CLI_EXIT_CODE_H_

namespace sandbox::cli {

enum ExitCode : int {
  kExitDone = 0,
  kExitRejected = 1,  // the module was rejected, or could not be linked or instantiated
  kExitUsage = 2,     // wrong command line, unreadable file, no such export, arguments of the wrong type
  kExitTrap = 3,
  kExitStopped = 4,  // out of fuel, or interrupted
  kExitThrown = 5,   // an exception left the guest
};

}  // namespace sandbox::cli

#endif  // SANDBOX_CLI_EXIT_CODE_H_
