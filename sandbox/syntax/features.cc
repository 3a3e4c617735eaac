// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

#include "sandbox/syntax/features.h"

namespace sandbox {

std::string_view TextOf(Feature feature) {
  switch (feature) {
#define SANDBOX_FEATURE(name, text, built_in, edition) \
  case Feature::name:                                  \
    return text;
#include "sandbox/syntax/features.def"
#undef SANDBOX_FEATURE
  }
  return {};
}

}  // namespace sandbox
