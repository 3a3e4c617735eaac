#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Includes in sandbox/ follow LAYERS of sandbox/layers.bzl, and name files from the root of the workspace. The build checks
# the same for clang (layering_check and visibility); this also sees headers that no source includes, and says it in one line.
#
#   check_layers.sh [ROOT]
set -u
shopt -s globstar nullglob
cd "${1:-$(dirname "$0")/..}" || exit 2

failures=0
fail() {
  printf 'check_layers: %s\n' "$*" >&2
  failures=$((failures + 1))
}

# allowed[folder]: the folders that it may include, between blanks.
declare -A allowed
while IFS=: read -r folder lower; do
  allowed[$folder]=" $folder $(tr -d '[],"' <<< "$lower") "
done < <(sed -n '/^LAYERS = {$/,/^}$/s/^ *"\([a-z]*\)": *\(\[.*\]\),$/\1:\2/p' sandbox/layers.bzl)
[ "${#allowed[@]}" -ge 10 ] || fail 'cannot read LAYERS in sandbox/layers.bzl'
allowed[cli]=' cli '

for path in sandbox/*/; do
  folder=${path#sandbox/}
  folder=${folder%/}
  [ -n "${allowed[$folder]:-}" ] || fail "$path is in no layer: add it to LAYERS in sandbox/layers.bzl"
done

files=(sandbox/*/**/*.{h,cc,inc,def})
while IFS=: read -r file line include; do
  folder=${file#sandbox/}
  folder=${folder%%/*}
  include=${include#*\"}
  include=${include%%\"*}
  case $include in
    sandbox/sandbox.h)
      # The umbrella is for clients.
      [ "$folder" = cli ] || fail "$file:$line: only a client may include $include"
      ;;
    sandbox/*/*)
      target=${include#sandbox/}
      target=${target%%/*}
      [[ ${allowed[$folder]:-} == *" $target "* ]] ||
        fail "$file:$line: $folder may not include $include (sandbox/layers.bzl)"
      ;;
    *) fail "$file:$line: \"$include\" is not a path from the root of the workspace" ;;
  esac
done < <(grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' "${files[@]}")

[ $failures -eq 0 ]
