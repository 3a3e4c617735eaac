// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What a generated module may import besides functions (GeneratorOptions::object_imports).
#ifndef FUZZ_ORACLE_HOST_OBJECTS_H_
#define FUZZ_ORACLE_HOST_OBJECTS_H_

#include <cstdint>

#include "sandbox/sandbox.h"

namespace sandbox::fuzz {

// A value of a type that a host can make: a number out of `bits`, a null reference.
Value ValueOf(ValType type, uint64_t bits);

// Links globals, tables, memories and tags exactly as the module imports them, with values out of `seed`; those that are
// there already stay as they are. Errors: those of Store::Link*.
// Links something that the import must refuse under its name. False: nothing of that kind comes to mind.
bool LinkWrong(Store& store, const ImportInfo& import);

Result<void> LinkHostObjects(Store& store, const Module& module, uint64_t seed);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_HOST_OBJECTS_H_
