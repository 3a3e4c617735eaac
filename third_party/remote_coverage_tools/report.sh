#!/bin/sh
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Concatenates the tests' lcov files, which --reports_file lists one a line, into --output_file.
for arg in "$@"; do
  case $arg in
    --reports_file=*) reports=${arg#*=} ;;
    --output_file=*) out=${arg#*=} ;;
  esac
done
while IFS= read -r file; do
  [ ! -s "$file" ] || cat "$file"
done < "$reports" > "$out"
