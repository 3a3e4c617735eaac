#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# The fence round unsafe code: only the files of harden/kernel_files.txt may do what -Wunsafe-buffer-usage forbids, or what
# it does not see; each is short enough to review; SECURITY.md lists them with their sizes.
#
#   check_kernel.sh [ROOT]          check the tree (default: the one that this file is in)
#   check_kernel.sh --table [ROOT]  print the rows that belong into SECURITY.md
set -u
shopt -s globstar nullglob

table=
if [ "${1:-}" = --table ]; then
  table=yes
  shift
fi
cd "${1:-$(dirname "$0")/..}" || exit 2

readonly MAX_LINES=299
readonly FORBIDDEN='#[[:space:]]*pragma[[:space:]]+clang[[:space:]]+unsafe_buffer_usage|_Pragma|\b(__builtin_)?(memcpy|memmove|memset)(_inline)?\b|\breinterpret_cast\b|\bunion\b'

failures=0
fail() {
  printf 'check_kernel: %s\n' "$*" >&2
  failures=$((failures + 1))
}

mapfile -t kernel < <(grep -v '^#' harden/kernel_files.txt)
[ "${#kernel[@]}" -gt 0 ] || fail 'harden/kernel_files.txt names no file'

rows() {
  local file
  for file in "${kernel[@]}"; do
    # shellcheck disable=SC2016  # the backquotes are Markdown's
    [ -f "$file" ] && printf '| `%s` | %d |' "$file" "$(wc -l < "$file")" && echo
  done
}
if [ -n "$table" ]; then
  rows
  exit 0
fi

for file in "${kernel[@]}"; do
  if [ ! -f "$file" ]; then
    fail "$file is listed in harden/kernel_files.txt but is not there"
  elif [ "$(wc -l < "$file")" -gt $MAX_LINES ]; then
    fail "$file has more than $MAX_LINES lines"
  fi
done

others=()
for file in sandbox/**/*.{h,cc,inc,def}; do
  [[ " ${kernel[*]} " == *" $file "* ]] || others+=("$file")
done
# Comments may talk about it: they are cut off, and what is left is searched again.
hits=$(grep -nHE "$FORBIDDEN" "${others[@]}" | sed -E 's,//.*$,,' | grep -E "^[^:]*:[0-9]*:.*($FORBIDDEN)")
while IFS= read -r hit; do
  [ -z "$hit" ] || fail "$hit: only a kernel file may do this"
done <<< "$hits"

if [ ! -f SECURITY.md ]; then
  fail 'no SECURITY.md'
else
  # A row may go on with a description.
  # shellcheck disable=SC2016
  listed=$(grep -oE '^\| `sandbox/[^`]*` \| [0-9]+ \|' SECURITY.md | sort)
  if [ "$listed" != "$(rows | sort)" ]; then
    fail 'SECURITY.md lists other kernel files or sizes than the tree has; it should be:'
    rows >&2
  fi
fi

[ $failures -eq 0 ]
