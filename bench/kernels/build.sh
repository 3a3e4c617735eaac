#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes each kernel's .wasm, and checksums.txt by running the same source as a native program: what an engine has to agree
# with does not come from an engine.
#
#   build.sh [KERNEL...]     for some of them only, checksums.txt stays as it is
#
# Needs clang and lld with the wasm32 target. Compiles and links in two steps: in one, the compiler's driver runs wasm-opt
# where it finds one, and says nothing.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
WASM_LD=${WASM_LD:-wasm-ld-19}
# The version that the files here are made with; another one gives other, equally good files.
readonly VERSION=19.1.7
# n of the checksums; the kernel's n of kernels.json is added.
readonly COUNTS=(1 2 5)
flags=(-std=c17 -O2 -Wall -Wextra -Werror -ffreestanding -fno-builtin)

"$CLANG" --version | grep -qF " $VERSION" || echo "build.sh: $CLANG is not version $VERSION: .wasm files will differ"
work=$(mktemp -d "${TMPDIR:-/tmp}/kernels.XXXXXX")
trap 'rm -rf "$work"' EXIT

kernels=("$@")
if [ $# -eq 0 ]; then
  for file in *.c; do
    [ "$file" = native.c ] || kernels+=("${file%.c}")
  done
fi
full_count() { # KERNEL
  sed -n "s/.*\"name\": \"$1\".*\"n\": \([0-9]*\).*/\1/p" kernels.json
}
for kernel in "${kernels[@]}"; do
  "$CLANG" --target=wasm32 "${flags[@]}" -c -o "$work/$kernel.o" "$kernel.c"
  "$WASM_LD" --no-entry --strip-all -z stack-size=16384 -o "$kernel.wasm" "$work/$kernel.o"
  chmod 644 "$kernel.wasm"
  "$CLANG" "${flags[@]}" -ffp-contract=off -o "$work/$kernel" "$kernel.c" native.c
  "$work/$kernel" "$kernel" "${COUNTS[@]}" "$(full_count "$kernel")" >> "$work/checksums.txt"
done
[ $# -gt 0 ] || mv "$work/checksums.txt" checksums.txt
