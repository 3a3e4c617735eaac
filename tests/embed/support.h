// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// What the tests of the public interface share.
#ifndef TESTS_EMBED_SUPPORT_H_
#define TESTS_EMBED_SUPPORT_H_

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/sandbox.h"
#include "tests/embed/modules.h"

namespace sandbox::testing {

inline std::string TextOfError(const Error& error) {
  char text[256];
  return std::string(FormatError(error, text));
}

// The value of a Result that a test relies on.
template <typename T>
T Must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << TextOfError(result.error());
    std::cerr << TextOfError(result.error()) << std::endl;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <typename T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::kBadMagic : result.error().code;
}

inline Module LoadOk(std::span<const uint8_t> bytes) { return Must(Module::Load(bytes)); }

// A small store: what these modules need.
inline Config SmallConfig() {
  Config config;
  config.limits.value_stack_bytes = 1 << 16;
  config.limits.call_depth = 200;
  return config;
}

inline Store MakeStore(Config config = SmallConfig()) { return Must(Store::Create(config)); }

// Instantiates and expects that nothing pauses.
inline InstanceId MakeInstance(Store& store, std::span<const uint8_t> bytes, const InstanceOptions& options = {}) {
  Instantiation made = Must(store.Instantiate(LoadOk(bytes), options));
  EXPECT_EQ(made.run.outcome(), Outcome::kDone);
  return made.instance;
}

inline std::vector<Value> ValuesOf(const RunResult& run) { return {run.values().begin(), run.values().end()}; }
inline std::vector<Value> Values(std::initializer_list<Value> values) { return values; }

}  // namespace sandbox::testing

#endif  // TESTS_EMBED_SUPPORT_H_
