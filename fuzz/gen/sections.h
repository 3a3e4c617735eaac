// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// All of a generated module but its function bodies.
#ifndef FUZZ_GEN_SECTIONS_H_
#define FUZZ_GEN_SECTIONS_H_

#include "fuzz/gen/byte_source.h"
#include "fuzz/gen/module_plan.h"
#include "tests/lib/module_builder.h"

namespace sandbox::fuzz {

// Types, imports, tables, memories, tags and globals.
void DeclareSpaces(ByteSource& source, const ModulePlan& plan, testing::ModuleBuilder& builder);

// Every export, and the start function.
void ExportAll(ByteSource& source, const ModulePlan& plan, testing::ModuleBuilder& builder);

// Element segments of all eight forms, data segments of all three.
void DefineSegments(ByteSource& source, const ModulePlan& plan, testing::ModuleBuilder& builder);

// The built module with custom sections between its sections and sizes that are written longer than need be, where the
// plan wants them (dress.cc).
testing::Bytes Dress(ByteSource& source, const ModulePlan& plan, const testing::Bytes& module);

}  // namespace sandbox::fuzz

#endif  // FUZZ_GEN_SECTIONS_H_
