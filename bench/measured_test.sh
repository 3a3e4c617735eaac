#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# The drivers that are compiled to be measured count, or charge nothing, and compute what they should.
#   measured_test.sh DRIVER_DISPATCHES DRIVER_UNMETERED
set -u
counting=$1
unmetered=$2
failures=0
expect() { # WHAT GOT PATTERN
  [[ $2 =~ $3 ]] && return
  echo "$1: got '$2', which is not like '$3'"
  failures=$((failures + 1))
}

while read -r kernel n checksum; do
  [ "$n" -eq 2 ] || continue
  run() { "$1" "--tier=$2" --dispatch=tail "bench/kernels/$kernel.wasm" run "$n" 2>&1 | tr '\n' ' '; }
  expect "$kernel, fast" "$(run "$counting" fast)" "^fuel [0-9]{4,} fast [0-9]{4,} in place [01] $checksum "
  expect "$kernel, in place" "$(run "$counting" inplace)" "^fuel [0-9]{4,} fast 0 in place [0-9]{4,} $checksum "
  # Cold paths charge still: a few units.
  expect "$kernel, fast, unmetered" "$(run "$unmetered" fast)" "^fuel [0-9]{1,3} $checksum "
  expect "$kernel, in place, unmetered" "$(run "$unmetered" inplace)" "^fuel [0-9]{1,3} $checksum "
done < bench/kernels/checksums.txt
[ $failures -eq 0 ]
