// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A module loaded for a test.
#ifndef TESTS_VALID_LOADED_H_
#define TESTS_VALID_LOADED_H_

#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "sandbox/syntax/opcode.h"
#include "sandbox/valid/load.h"
#include "tests/lib/module_builder.h"

namespace sandbox {

// How gtest prints them.
inline void PrintTo(ErrorCode code, std::ostream* out) { *out << '"' << TextOf(code) << '"'; }
inline void PrintTo(const Error& error, std::ostream* out) {
  *out << '"' << TextOf(error.code) << "\" detail " << error.detail << " at " << error.offset;
}

namespace testing {

struct Loaded {
  explicit Loaded(Bytes module_bytes, const ImplementationLimits& limits = {})
      : bytes(std::move(module_bytes)), result(LoadModule(bytes, limits, module)) {
    if (result.has_value()) return;
    const Error& error = result.error();
    const ErrorClass cls = ClassOf(error.code);
    if (cls != ErrorClass::kMemory && cls != ErrorClass::kMisuse) {
      EXPECT_LE(error.offset, bytes.size()) << TextOf(error.code);
    }
  }

  bool is_ok() const { return result.has_value(); }
  // Of a module that must not load.
  ErrorCode code() const {
    EXPECT_FALSE(is_ok()) << "the module was accepted";
    return is_ok() ? ErrorCode::kNotRunning : result.error().code;
  }
  // "" or the text of the error.
  std::string text() const { return is_ok() ? "" : std::string(TextOf(result.error().code)); }

  Bytes bytes;
  Budget budget{uint64_t{1} << 32};
  ModuleData module{budget};
  Result<void> result;
};

}  // namespace testing
}  // namespace sandbox

#endif  // TESTS_VALID_LOADED_H_
