// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// wasm-sandbox: runs untrusted WebAssembly in the embedder's process. The one header that an embedder includes.
//
//   auto module = sandbox::Module::Load(bytes);                         // validated; the bytes stay where they are
//   auto store = sandbox::Store::Create({.fuel = 1'000'000});
//   store->Link("env", "add", [](int32_t a, int32_t b) { return a + b; });
//   auto made = store->Instantiate(*module);
//   auto run = store->Invoke(made->instance, "main", {sandbox::Value::I32(7)});
//   if (run->is_done()) use(run->values());
//
// A Module is immutable and shared by threads and stores. A Store holds instances and what they import, meters them and
// runs them; it belongs to one thread at a time. A RunResult says how a run stands: done, trapped, or waiting for the
// embedder with a host call to answer, fuel to add, or an interrupt to clear. What the library refuses is an Error in
// a Result (std::expected); a trap of the guest is not an error but an outcome.
#ifndef SANDBOX_SANDBOX_H_
#define SANDBOX_SANDBOX_H_

// The API may change with each minor version as long as the major version is 0, and the changelog then says how.
#define SANDBOX_VERSION_MAJOR 0
#define SANDBOX_VERSION_MINOR 1
#define SANDBOX_VERSION_PATCH 0
#define SANDBOX_VERSION "0.1.0"

#include "sandbox/base/budget.h"
#include "sandbox/base/build_config.h"
#include "sandbox/base/bytes.h"
#include "sandbox/base/error.h"
#include "sandbox/base/interrupt.h"
#include "sandbox/base/trap.h"
#include "sandbox/embed/config.h"
#include "sandbox/embed/error_text.h"
#include "sandbox/embed/handles.h"
#include "sandbox/embed/host_types.h"
#include "sandbox/embed/module.h"
#include "sandbox/embed/run_result.h"
#include "sandbox/embed/store.h"
#include "sandbox/runtime/value.h"
#include "sandbox/syntax/limits.h"
#include "sandbox/syntax/types.h"

#endif  // SANDBOX_SANDBOX_H_
