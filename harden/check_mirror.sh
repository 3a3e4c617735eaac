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

for file in sandbox/*/**/*.cc; do
  test=tests/${file#sandbox/}
  test=${test%.cc}_test.cc
  reason=$(awk -v file="$file" '$1 == file { $1 = ""; print }' harden/untested_files.txt)
  if [ -f "$test" ]; then
    [ -z "$reason" ] || fail "$file has a test now: strike it from harden/untested_files.txt"
  elif [ -z "$reason" ]; then
    fail "$file has neither $test nor a reason in harden/untested_files.txt"
  fi
done

while read -r file _; do
  [ -f "$file" ] || fail "harden/untested_files.txt names $file, which is not there"
done < <(grep -v '^#' harden/untested_files.txt)

# Folders of tests/ that mirror nothing (lib, spec, ...) are free.
for folder in sandbox/*/; do
  for test in tests/"$(basename "$folder")"/*_test.cc; do
    source=sandbox/${test#tests/}
    source=${source%_test.cc}
    [ -f "$source.cc" ] || [ -f "$source.h" ] || [ -f "$source.def" ] || [ -f "$source.inc" ] ||
      grep -qE '^// Tests: ' "$test" || fail "$test tests no $source.{h,cc,inc,def} and has no line '// Tests: ...'"
  done
done

[ $failures -eq 0 ]
