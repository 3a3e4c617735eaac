# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""@rules_shell's sh_test, bound to the built-in rule."""

sh_test = native.sh_test
