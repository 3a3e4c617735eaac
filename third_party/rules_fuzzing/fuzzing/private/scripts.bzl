# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""Bash of the tests and launchers. HEAD is formatted, so its braces are doubled; the others follow it as they are."""

HEAD = """#!/bin/bash
# {name}
set -u
bin=$(readlink -f "{bin}")
corpus="{corpus}"
dict="{dict}"
engine="{engine}"
name="{name}"
options="{options}"
package="{package}"
seconds="${{FUZZ_SECONDS:-{seconds}}}"
export ASAN_OPTIONS="${{ASAN_OPTIONS:-allocator_may_return_null=1}}"
export UBSAN_OPTIONS="${{UBSAN_OPTIONS:-print_stacktrace=1}}"
# OSS-Fuzz's limits, and what the target's options file says.
flags=(-timeout=25 -rss_limit_mb=2560)
if [ -n "$options" ]; then
  while IFS= read -r line; do flags+=("-$line"); done < <(
    sed -nE '/^\\[/h; /^[a-z_]+ *=/{{x; /^\\[libfuzzer\\]/{{x; s/ *= */=/; p; x}}; x}}' "$options")
fi

# The one command that repeats what went wrong. The input stands in it: the test's folders are cleared.
reproduce() {{
  local again="bazel run //$package:${{name}}_run --"
  if [ "$(stat -c %s "$1")" -le 60000 ]; then
    echo "reproduce: base64 -d <<< '$(base64 -w0 "$1")' > /tmp/$name.input && $again /tmp/$name.input"
  else
    cp "$1" "/tmp/$name.input" && echo "reproduce: $again /tmp/$name.input"
  fi
}}
"""

# Each seed once. One process for each hundred: what leaks is found, and the last one named is the culprit.
REPLAY = """
log=${TEST_TMPDIR:-/tmp}/$name.log
[ "$engine" != libFuzzer ] || args=("${flags[@]}")
count=0
seeds=()
run() {
  [ ${#seeds[@]} -gt 0 ] || return 0
  "$bin" ${args[@]+"${args[@]}"} "${seeds[@]}" > "$log" 2>&1 || {
    status=$?
    cat "$log"
    seed=$(sed -n 's/^Running: //p' "$log" | tail -n 1)
    [ ! -f "$seed" ] || reproduce "$seed"
    exit $status
  }
  count=$((count + ${#seeds[@]}))
  seeds=()
}
for seed in "$corpus"/*; do
  [ -f "$seed" ] && seeds+=("$seed")
  [ ${#seeds[@]} -lt 100 ] || run
done
run
echo "$name: replayed $count files of the corpus"
"""

TEST = """
if [ "$engine" != libFuzzer ]; then
  exec "$bin" ${corpus:+"$corpus"}
fi
out=${TEST_UNDECLARED_OUTPUTS_DIR:-${TEST_TMPDIR:-/tmp}}/$name
grown=${TEST_TMPDIR:-/tmp}/grown
mkdir -p "$out" "$grown"
seed=${FUZZ_SEED:-$((RANDOM << 15 | RANDOM))}
[ "$seed" -ne 0 ] || seed=1
echo "$name: seed $seed (FUZZ_SEED), $seconds seconds (FUZZ_SECONDS)"
[ "$seconds" -gt 0 ] || exit 0
"$bin" "${flags[@]}" ${dict:+-dict="$dict"} -artifact_prefix="$out/" -seed="$seed" \\
  -max_total_time="$seconds" -print_final_stats=1 "$grown" ${corpus:+"$corpus"} || {
  status=$?
  echo "$name: seed $seed"
  for found in "$out"/{crash,leak,timeout,oom}-*; do
    [ ! -f "$found" ] || reproduce "$found"
  done
  exit $status
}
"""

# Files are named as they are where `bazel run` was typed; given some, they are run and nothing else.
_ARGUMENTS = """
arguments=()
files=0
for argument; do
  [ ! -f "${BUILD_WORKING_DIRECTORY:-.}/$argument" ] || argument=${BUILD_WORKING_DIRECTORY:-.}/$argument
  [ ! -f "$argument" ] || files=1
  arguments+=("$argument")
done
set -- ${arguments[@]+"${arguments[@]}"}
"""

RUN = _ARGUMENTS + """
[ "$files" = 0 ] || exec "$bin" "${flags[@]}" "$@"
out=${FUZZING_OUTPUT_ROOT:-/tmp/fuzzing}/$name
mkdir -p "$out/corpus" "$out/artifacts"
exec "$bin" "${flags[@]}" ${dict:+-dict="$dict"} -artifact_prefix="$out/artifacts/" "$@" "$out/corpus" \\
  ${corpus:+"$corpus"}
"""

AFL = _ARGUMENTS + """
[ "$files" = 0 ] || exec "$bin" "$@"
command -v afl-fuzz > /dev/null || { echo "afl-fuzz is not installed (Debian: afl++)" >&2; exit 2; }
out=${FUZZING_OUTPUT_ROOT:-/tmp/fuzzing}/$name.afl
seeds=$corpus
# afl-fuzz wants at least one, and goes on with its own where it has been here before.
if [ -z "$(ls -A "$seeds" 2> /dev/null)" ]; then seeds=$(mktemp -d) && echo > "$seeds/seed"; fi
[ ! -d "$out/default/queue" ] || seeds=-
mkdir -p "$out"
export ASAN_OPTIONS="$ASAN_OPTIONS:abort_on_error=1:symbolize=0:detect_leaks=0"
export UBSAN_OPTIONS="$UBSAN_OPTIONS:halt_on_error=1:abort_on_error=1:symbolize=0"
export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_IGNORE_PROBLEMS=1
exec afl-fuzz -m none -t 10000+ ${dict:+-x "$dict"} -i "$seeds" -o "$out" "$@" -- "$bin"
"""
