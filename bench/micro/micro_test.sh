#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs each micro-benchmark once: none fails, each family is there in both tiers.   micro_test.sh PROGRAM
set -u
output=$("$1" --benchmark_min_time=0 --benchmark_format=json 2> "$TEST_TMPDIR/stderr")
code=$?
failures=0
if [ $code -ne 0 ] || grep -q '"error_occurred": true' <<< "$output"; then
  echo "exit code $code"
  cat "$TEST_TMPDIR/stderr"
  echo "$output"
  failures=1
fi
expect() { # PATTERN
  grep -qE "\"name\": \"$1\"" <<< "$output" && return
  echo "no $1"
  failures=$((failures + 1))
}
for tier in inplace fast; do
  for family in integer float conversion load store branch/br_table call/indirect call/recursive host_call/lambda \
    host_call/resumable into_guest memory/fill memory/copy memory/grow load/instantiate; do
    expect "$family.*/$tier"
  done
done
expect load/decode_validate_side_table
expect load/translate
[ $failures -eq 0 ]
