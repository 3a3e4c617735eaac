#!/bin/sh
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Concatenates what one test left (--coverage_dir) into --output_file: lcov allows repeated records.
for arg in "$@"; do
  case $arg in
    --coverage_dir=*) dir=${arg#*=} ;;
    --output_file=*) out=${arg#*=} ;;
  esac
done
find "$dir" -name '*.dat' -type f -exec cat {} + > "$out"
