// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A kernel as a native program: <name> <n>... prints `name n checksum` for each.
#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"

RUN;

int main(int argc, char **argv) {
  for (int i = 2; i < argc; i++) printf("%s %s %u\n", argv[1], argv[i], run((uint32_t)strtoul(argv[i], 0, 10)));
  return 0;
}
