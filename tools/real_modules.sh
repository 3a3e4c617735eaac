#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs modules that others built and published, from npm packages, and compares the results with those of native tools. By
# hand: it needs the network. Needs npm, python3, openssl and, for more, xxhsum (Debian's xxhash).
#
#   real_modules.sh [FILE...]     input files; without any, a few that it makes
#
# REAL_MODULES is the program (//examples/real_modules), built with Bazel if it is not set.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${REAL_MODULES:-}" ]; then
  (cd "$root" && bazel build //examples/real_modules)
  REAL_MODULES=$root/bazel-bin/examples/real_modules/real_modules
fi
REAL_MODULES=$(realpath "$REAL_MODULES")
inputs=()
for file in "$@"; do inputs+=("$(realpath "$file")"); done

work=$(mktemp -d "${TMPDIR:-/tmp}/real_modules.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

for package in hash-wasm source-map xxhash-wasm; do
  mkdir "$package"
  tar -xzf "$(npm pack --silent "$package")" -C "$package" --strip-components=1
  echo "$package $(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["version"])' "$package/package.json")"
done

# hash-wasm keeps its modules as text in JavaScript.
python3 - <<'PYTHON'
import base64, glob, re
for path in glob.glob("hash-wasm/dist/*.umd.min.js"):
    with open(path) as file:
        for name, data in re.findall(r'name:"(\w+)",data:"([^"]+)"', file.read()):
            with open(name + ".wasm", "wb") as out:
                out.write(base64.b64decode(data))
PYTHON

if [ ${#inputs[@]} -eq 0 ]; then
  printf '' > empty
  printf 'abc' > abc
  head -c 1000003 < <(python3 -c '
import random, sys
random.seed(1)
sys.stdout.buffer.write(random.randbytes(1000003))') > random
  inputs=("$work/empty" "$work/abc" "$work/random")
fi

python_digest() { # EXPRESSION FILE: of `data`
  python3 -c "import hashlib, sys, zlib; data = open(sys.argv[1], 'rb').read(); print($1)" "$2"
}
openssl_digest() { openssl dgst -r "-$1" "$2" | cut -d ' ' -f 1; }
xxh() { xxhsum "-$1" < "$2" 2> /dev/null | sed 's/^XXH3_//' | cut -d ' ' -f 1; }

passed=0 failed=0
check() { # WHAT EXPECTED GOT
  if [ "$2" = "$3" ] && [ -n "$2" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $1: expected ${2:0:200}, got ${3:0:200}"
  fi
}
hash() { "$REAL_MODULES" hash "$1.wasm" "$2" "$3" "$4" "$input"; } # NAME BYTES INIT FINAL

for input in "${inputs[@]}"; do
  check md5 "$(md5sum < "$input" | cut -d ' ' -f 1)" "$(hash md5 16 0 0)"
  check sha1 "$(sha1sum < "$input" | cut -d ' ' -f 1)" "$(hash sha1 20 0 0)"
  check sha256 "$(sha256sum < "$input" | cut -d ' ' -f 1)" "$(hash sha256 32 256 0)"
  check sha512 "$(sha512sum < "$input" | cut -d ' ' -f 1)" "$(hash sha512 64 512 0)"
  check blake2b "$(b2sum < "$input" | cut -d ' ' -f 1)" "$(hash blake2b 64 512 0)"
  check blake2s "$(python_digest 'hashlib.blake2s(data).hexdigest()' "$input")" "$(hash blake2s 32 256 0)"
  check sha3-256 "$(python_digest 'hashlib.sha3_256(data).hexdigest()' "$input")" "$(hash sha3 32 256 6)"
  check sm3 "$(openssl_digest sm3 "$input")" "$(hash sm3 32 0 0)"
  check ripemd160 "$(openssl_digest ripemd160 "$input")" "$(hash ripemd160 20 0 0)"
  check crc32 "$(python_digest '"%08x" % zlib.crc32(data)' "$input")" "$(hash crc32 4 0xedb88320 0)"
  check adler32 "$(python_digest '"%08x" % zlib.adler32(data)' "$input")" "$(hash adler32 4 0 0)"
  mapfile -t xxhash < <("$REAL_MODULES" xxhash xxhash-wasm/workerd/xxhash.wasm "$input")
  if command -v xxhsum > /dev/null; then
    check xxhash64 "$(xxh H64 "$input")" "$(hash xxhash64 8 0 0)"
    check xxhash32 "$(xxh H32 "$input")" "$(hash xxhash32 4 0 0)"
    check xxhash128 "$(xxh H128 "$input")" "$(hash xxhash128 16 0 0)"
    check xxhash-wasm/64 "$(xxh H64 "$input")" "${xxhash[0]}"
    check xxhash-wasm/32 "$(xxh H32 "$input")" "${xxhash[1]}"
  else
    # Two modules of different authors.
    check xxhash64 "$(hash xxhash64 8 0 0)" "${xxhash[0]}"
    check xxhash32 "$(hash xxhash32 4 0 0)" "${xxhash[1]}"
  fi
done

# The "mappings" of a source map, against a decoder in Python. The package brings its own map.
python3 - <<'PYTHON'
import random
random.seed(2)
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def vlq(value):
    value = abs(value) * 2 + (value < 0)
    out = ""
    while True:
        out += DIGITS[value & 31 | (32 if value > 31 else 0)]
        value >>= 5
        if value == 0:
            return out


lines, expected, last = [], [], [0, 0, 0, 0]
for line in range(2000):
    column, segments = 0, []
    at = 0
    for _ in range(random.randrange(8)):
        at += random.randrange(1, 40)
        kind = random.choice([1, 4, 5])
        fields = [random.randrange(20), random.randrange(5000), random.randrange(200), random.randrange(300)][:kind - 1]
        segments.append(vlq(at - column) + "".join(vlq(f - last[i]) for i, f in enumerate(fields)))
        column = at
        last[:len(fields)] = fields
        text = f"{line}:{at}"
        if kind >= 4:
            text += " " + ":".join(map(str, fields[:3]))
        if kind == 5:
            text += f" {fields[3]}"
        expected.append(text)
    lines.append(",".join(segments))
open("mappings.txt", "w").write(";".join(lines))
open("mappings.expected", "w").write("\n".join(expected) + "\n")
PYTHON
"$REAL_MODULES" mappings source-map/lib/mappings.wasm mappings.txt > mappings.got
check "source-map ($(wc -l < mappings.expected) mappings)" "$(md5sum < mappings.expected)" "$(md5sum < mappings.got)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
