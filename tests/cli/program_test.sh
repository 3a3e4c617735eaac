#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# The program itself: its exit codes, and what goes where.   program_test.sh PROGRAM
set -u
program=$(realpath "$1")
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/program.XXXXXX")
failures=0

module() { # NAME HEX: writes a module
  printf "$(sed 's/\(..\)/\\x\1/g' <<< "0061736d01000000${2// /}")" > "$work/$1"
}

# (module (func (export "run") (result i32) (i32.const 7)))
module good.wasm '01 05 01 60 00 01 7f  03 02 01 00  07 07 01 03 72756e 00 00  0a 06 01 04 00 41 07 0b'
# (module (func (export "run") (result i32) (i64.const 7)))
module invalid.wasm '01 05 01 60 00 01 7f  03 02 01 00  07 07 01 03 72756e 00 00  0a 06 01 04 00 42 07 0b'
# (module (func (export "run") (unreachable)))
module trap.wasm '01 04 01 60 00 00  03 02 01 00  07 07 01 03 72756e 00 00  0a 05 01 03 00 00 0b'
# (module (func (export "run") (loop (br 0))))
module spin.wasm '01 04 01 60 00 00  03 02 01 00  07 07 01 03 72756e 00 00  0a 09 01 07 00 03 40 0c 00 0b 0b'

expect() { # CODE WORD...
  local code=$1
  shift
  "$program" "$@" > "$work/out" 2> "$work/err"
  local got=$?
  [ $got -eq "$code" ] && return
  echo "exit code $got instead of $code: $*"
  cat "$work/out" "$work/err"
  failures=$((failures + 1))
}
holds() { # COMMAND...: about the last run
  "$@" && return
  echo "not so: $*"
  cat "$work/out" "$work/err"
  failures=$((failures + 1))
}

cd "$work" || exit 1
expect 0 run good.wasm
holds [ "$(cat out)" = i32:7 ]
holds [ ! -s err ]
expect 0 run good.wasm --time
holds [ "$(wc -l < out)" -eq 3 ]
holds [ "$(tail -n 2 out | head -n 1)" = 'fuel: 2' ]
holds grep -qE '^seconds: [0-9]+\.[0-9]+$' <(tail -n 1 out)
expect 1 run invalid.wasm
holds grep -q 'invalid: type mismatch at offset 0x' err
expect 2 run good.wasm --invoke nothing
expect 2 run missing.wasm
expect 2
expect 2 run good.wasm --no-such-option
expect 3 run trap.wasm --backtrace
holds grep -q '^trap: unreachable in function 0 at offset 0x' err
holds grep -q '^#0 function 0 at offset 0x' err
holds [ ! -s out ]
expect 4 run spin.wasm --fuel 1000
expect 0 --help
expect 0 validate good.wasm trap.wasm
expect 1 validate good.wasm invalid.wasm
expect 0 inspect good.wasm
holds grep -q '^  run: func () -> (i32)$' out

# Interrupted by a signal, when it has begun.
"$program" run spin.wasm > out 2> err &
child=$!
# Its handler stands once the kernel says that SIGINT (bit 1) is caught.
while caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$child/status") && [ $((0x$caught & 2)) -eq 0 ]; do :; done
kill -INT $child
wait $child
code=$?
[ $code -eq 4 ] || { echo "exit code $code after SIGINT"; failures=$((failures + 1)); }

rm -rf "$work"
exit $((failures != 0))
