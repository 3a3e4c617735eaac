// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The verifier of register code (sandbox/fast/verify.h): the translator makes nothing wrong for it to find, so it is given
// code that was changed.
#ifndef FUZZ_ORACLE_REGISTER_CODE_H_
#define FUZZ_ORACLE_REGISTER_CODE_H_

#include <cstdint>
#include <span>
#include <string>

#include "sandbox/module/module_data.h"
#include "sandbox/module/translated.h"

namespace sandbox::fuzz {

// What fast/tier.cc makes of a function's record, as far as the verifier asks.
FastFunction FrameOf(const ModuleData& module, uint32_t number);

// Code of a function, `choice` says which, is accepted as it is, and refused when one of its branches goes into an
// instruction instead of where one begins. "" when so, else what was seen.
std::string VerifierDifference(const ModuleData& module, uint32_t choice);
// Ends the process if it is not so. bytes: the module, for the report.
void CheckVerifier(const ModuleData& module, uint32_t choice, std::span<const uint8_t> bytes);

}  // namespace sandbox::fuzz

#endif  // FUZZ_ORACLE_REGISTER_CODE_H_
