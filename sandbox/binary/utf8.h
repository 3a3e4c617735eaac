// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// Names (spec "binary-name").
#ifndef SANDBOX_BINARY_UTF8_H_
#define SANDBOX_BINARY_UTF8_H_

#include "sandbox/base/bytes.h"

namespace sandbox {

// Whether bytes are well-formed UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF.
bool IsUtf8(ByteSpan bytes);

}  // namespace sandbox

#endif  // SANDBOX_BINARY_UTF8_H_
