// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The feature groups of WebAssembly; rows in features.def.
#ifndef SANDBOX_SYNTAX_FEATURES_H_
#define SANDBOX_SYNTAX_FEATURES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sandbox/base/build_config.h"

namespace sandbox {

enum class Feature : uint8_t {
#define SANDBOX_FEATURE(name, text, built_in, edition) name,
#include "sandbox/syntax/features.def"
#undef SANDBOX_FEATURE
};

inline constexpr size_t kFeatureCount = 0
#define SANDBOX_FEATURE(name, text, built_in, edition) +1
#include "sandbox/syntax/features.def"
#undef SANDBOX_FEATURE
    ;

// Whether this build runs modules that use the group.
constexpr bool IsBuiltIn(Feature feature) {
  // A bit set: this is asked for every instruction that is validated.
  constexpr uint32_t kBuiltIn = 0
#define SANDBOX_FEATURE(name, text, built_in, edition) \
  | uint32_t{built_in} << static_cast<uint32_t>(Feature::name)
#include "sandbox/syntax/features.def"
#undef SANDBOX_FEATURE
      ;
  static_assert(kFeatureCount <= 32);
  return (kBuiltIn >> static_cast<uint32_t>(feature) & 1) != 0;
}

// The first edition of WebAssembly that has the group: 1, 2 or 3.
constexpr int EditionOf(Feature feature) {
  switch (feature) {
#define SANDBOX_FEATURE(name, text, built_in, edition) \
  case Feature::name:                                  \
    return edition;
#include "sandbox/syntax/features.def"
#undef SANDBOX_FEATURE
  }
  return 0;
}

// The group in words (a literal: the lifetime of the program).
std::string_view TextOf(Feature feature);

}  // namespace sandbox

#endif  // SANDBOX_SYNTAX_FEATURES_H_
