// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A script of API calls has documented outcomes only, and gives everything back at its end; and what sandbox.h promises is kept.
#include <cstddef>
#include <cstdint>

#include "fuzz/gen/byte_source.h"
#include "fuzz/oracle/api_script.h"
#include "fuzz/oracle/promises.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sandbox::fuzz::ByteSource source({data, size});
  sandbox::fuzz::ApiScript script(source);
  script.Run();
  sandbox::fuzz::CheckPromise({data, size});
  return 0;
}
