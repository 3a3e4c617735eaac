# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""What Bazel's own tool packages load from @rules_proto, bound to the built-in rules."""

proto_lang_toolchain = native.proto_lang_toolchain
proto_library = native.proto_library
