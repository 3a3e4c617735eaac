// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// How much of each load-time limit a module needs, found out beside the validator.
#ifndef FUZZ_ORACLE_MEASURE_H_
#define FUZZ_ORACLE_MEASURE_H_

#include <cstdint>
#include <map>

#include "sandbox/module/module_data.h"
#include "sandbox/syntax/limits.h"

namespace sandbox::fuzz {

// The least value of each limit with which the module loads. Limits that are not about what a module declares
// (load_bytes) or that its types would have to be taken apart for are absent.
std::map<LimitId, uint64_t> MeasureModule(const ModuleData& module);

// The member of a LimitId.
uint64_t& LimitOf(ImplementationLimits& limits, LimitId id);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_MEASURE_H_
