#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

# Which lines of sandbox/ the corpora reach, each seed run once by each target that it is of. Not counted: sandbox/cli, which
# is a client with tests of its own and linked into no target.
#
#   fuzz/coverage.sh            a line for each file, the worst last; fails below 90 % of the lines in all
#   fuzz/coverage.sh --list     every line that is not reached; fuzz/uncovered.md says why
#
# TARGETS chooses others than those that need no reference engine. Profiles go to a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=${TARGETS:-api_fuzzer decode_fuzzer limits_fuzzer resume_fuzzer side_table_fuzzer tiers_fuzzer}
least=90
suffix=${LLVM_SUFFIX:--19}

flags=(--platform_suffix=-fuzz-coverage --@rules_fuzzing//fuzzing:cc_engine=@rules_fuzzing//fuzzing/engines:replay
  --@rules_fuzzing//fuzzing:cc_engine_instrumentation=none --@rules_fuzzing//fuzzing:cc_engine_sanitizer=none
  --copt=-fprofile-instr-generate --copt=-fcoverage-mapping --linkopt=-fprofile-instr-generate)
labels=()
for target in $targets; do labels+=("//fuzz:${target}_bin"); done
# shellcheck disable=SC2086
bazel build ${BAZEL_FLAGS:-} "${flags[@]}" "${labels[@]}" >&2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
objects=()
for target in $targets; do
  program=$(readlink -f "bazel-bin/fuzz/${target}_bin")
  corpora=("corpus/$target")
  # Bugs are modules: seeds of the target that takes modules.
  [ "$target" != decode_fuzzer ] || corpora+=(corpus/regress)
  LLVM_PROFILE_FILE="$folder/$target.profraw" "$program" "${corpora[@]}" > /dev/null 2>&1
  objects+=(-object "$program")
done
"llvm-profdata$suffix" merge -o "$folder/all.profdata" "$folder"/*.profraw

# llvm-cov is asked about everything: which paths its own filters see depends on how the compiler was called.
if [ "${1:-}" = --list ]; then
  "llvm-cov$suffix" show "${objects[@]}" -instr-profile="$folder/all.profdata" 2> "$folder/warnings" |
    awk -F'|' '/^[^ ].*:$/ { file = $0; sub("/proc/self/cwd/", "", file); next } file ~ /(^|\/)sandbox\// && $2 ~ /^ *0$/ { gsub(/ /, "", $1); print file $1 ":" $3 }' || true
  exit  # what it warns of are sources outside of the workspace
fi
"llvm-cov$suffix" report "${objects[@]}" -instr-profile="$folder/all.profdata" |
  awk '$1 ~ /^sandbox\// { printf "%8s  %5d of %5d  %s\n", $10, $8 - $9, $8, $1 }' | sort -rn > "$folder/report"
cat "$folder/report"
awk -v least="$least" '{ reached += $2; lines += $4 }
  END { percent = lines > 0 ? 100 * reached / lines : 0
        printf "lines of sandbox/ (without cli): %.2f%% of %d\n", percent, lines; exit percent < least }' "$folder/report"
