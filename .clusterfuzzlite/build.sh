#!/bin/bash -eu
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# The same build as OSS-Fuzz's.
cd "$SRC/wasm-sandbox"
exec bash -eu fuzz/oss_fuzz/build.sh
