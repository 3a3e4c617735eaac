#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# tests/ mirrors sandbox/: each sandbox/x/y.cc has a tests/x/y_test.cc, or a line with a reason in harden/untested_files.txt;
# each test has something that it tests.
#
#   check_mirror.sh [ROOT]
set -u
shopt -s globstar nullglob
cd "${1:-$(dirname "$0")/..}" || exit 2

failures=0
fail() {
  printf 'check_mirror: %s\n' "$*" >&2
  failures=$((failures + 1))
}

declare -A reasons
while read -r file reason; do
  [ -n "$file" ] || continue
  reasons[$file]=$reason
  [ -f "$file" ] || fail "harden/untested_files.txt names $file, which is not there"
  [ -n "$reason" ] || fail "harden/untested_files.txt gives no reason for $file"
done < <(grep -v '^#' harden/untested_files.txt)

for file in sandbox/*/**/*.cc; do
  test=tests/${file#sandbox/}
  test=${test%.cc}_test.cc
  if [ -f "$test" ]; then
    [ -z "${reasons[$file]:-}" ] || fail "$file has a test now: strike it from harden/untested_files.txt"
  elif [ -z "${reasons[$file]:-}" ]; then
    fail "$file has neither $test nor a reason in harden/untested_files.txt"
  fi
done

# Folders of tests/ that mirror nothing (lib, spec, ...) are free.
for folder in sandbox/*/; do
  for test in tests/"${folder#sandbox/}"*_test.cc; do
    source=sandbox/${test#tests/}
    source=${source%_test.cc}
    [ -f "$source.cc" ] || [ -f "$source.h" ] || [ -f "$source.def" ] || [ -f "$source.inc" ] ||
      grep -qE '^// Tests: ' "$test" || fail "$test tests no $source.{h,cc,inc,def} and has no line '// Tests: ...'"
  done
done

[ $failures -eq 0 ]
