#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# How large the library is: bytes of code (text) and of read-only data (rodata) per folder of sandbox/, in a program that
# loads, links, instantiates, runs and resumes (footprint_main.cc) and from which the linker drops what that does not need.
# The C library and the compiler's helpers are not counted: their functions stay unresolved.
#
#   footprint.sh [BUILD...]    builds: default smallest thumb2-gcc thumb2-clang thumb2-lto (all of them without arguments)
#
#   default       x86-64, clang, -O2, both dispatches
#   smallest      x86-64, clang, -Os, no floats, no vectors, loop dispatch
#   thumb2-gcc    the same switches for Cortex-M4 by arm-none-eabi-g++ -Os
#   thumb2-clang  ... by clang -Oz
#   thumb2-lto    ... optimized as a whole when linking: one sum, since functions of all folders become one another's
#
# No Bazel: the compilers are called directly. For Thumb-2: apt-get install gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib.
set -eu
cd "$(dirname "$0")/.."
CLANG=${CLANG:-clang++-19}
LLD=${LLD:-ld.lld-19}
ARM_GCC=${ARM_GCC:-arm-none-eabi-g++}

work=${FOOTPRINT_DIR:-}
[ -n "$work" ] || work=$(mktemp -d "${TMPDIR:-/tmp}/footprint.XXXXXX")
[ -n "${FOOTPRINT_DIR:-}" ] || trap 'rm -rf "$work"' EXIT

common=(-std=c++2b -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -fvisibility=hidden -ffp-contract=off
  -fno-asynchronous-unwind-tables -fno-ident -fomit-frame-pointer -D_GLIBCXX_ASSERTIONS -DNDEBUG -I. -w)
small=(-DSANDBOX_FLOATS=0 -DSANDBOX_VECTORS=0 -DSANDBOX_TAIL_DISPATCH=0)
# Newlib's headers and libstdc++'s for it, where clang does not look by itself.
arm_headers=()
if command -v "$ARM_GCC" > /dev/null; then
  while read -r folder; do arm_headers+=(-isystem "$folder"); done < <(
    "$ARM_GCC" -mthumb -mcpu=cortex-m4 -E -x c++ - -v < /dev/null 2>&1 |
      sed -n '/^#include <\.\.\.>/,/^End of/s/^ //p' | grep -v '/lib/gcc/[^.]*/include\(-fixed\)\?$')
fi

compiler=()
set_compiler() { # BUILD
  local arm_clang=("$CLANG" --target=thumbv7em-none-eabi -nostdinc++ "${arm_headers[@]}")
  case $1 in
    default) compiler=("$CLANG" -march=x86-64-v2 -O2) ;;
    smallest) compiler=("$CLANG" -march=x86-64-v2 -Os "${small[@]}") ;;
    thumb2-gcc) compiler=("$ARM_GCC" -mthumb -mcpu=cortex-m4 -Wno-psabi -Os "${small[@]}") ;;
    thumb2-clang) compiler=("${arm_clang[@]}" -Oz "${small[@]}") ;;
    thumb2-lto) compiler=("${arm_clang[@]}" -Oz -flto "${small[@]}") ;;
    *) echo "footprint: no build $1" >&2; exit 2 ;;
  esac
}

# Compiles and links; leaves BUILD.sizes with lines `folder kind bytes`.
measure() { # BUILD
  local build=$1
  set_compiler "$build"
  mkdir -p "$work/$build"
  printf '%s\n' sandbox/*/*.cc harden/footprint_main.cc | grep -v ^sandbox/cli/ |
    xargs -P "$(nproc)" -I{} sh -c 'object=$1/$(echo "$2" | tr / @).o; shift 2; exec "$@" -o "$object"' - \
      "$work/$build" {} "${compiler[@]}" "${common[@]}" -c {}
  "$LLD" --gc-sections --icf=all -e footprint_main --unresolved-symbols=ignore-all -z undefs \
    -Map="$work/$build.map" -o "$work/$build.elf" "$work/$build"/*.o
  # Columns of the map: address, load address, size, alignment, then object:(section) for what a section is made of.
  awk -v build="$build" '
    function hex(text,   i, value) {
      value = 0
      for (i = 1; i <= length(text); ++i) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
      return value
    }
    $5 ~ /:\(\.(text|rodata|data\.rel\.ro|data|bss)/ {
      folder = "(lto)"
      if (match($5, /sandbox@[a-z]+@/)) folder = substr($5, RSTART + 8, RLENGTH - 9)
      if ($5 ~ /harden@footprint_main/) next
      kind = "text"
      if ($5 ~ /:\(\.(rodata|data\.rel\.ro)/) kind = "rodata"
      else if ($5 ~ /:\(\.(data|bss)/) kind = "data"
      sum[folder " " kind] += hex($3)
    }
    END { for (key in sum) print build, key, sum[key] }' "$work/$build.map" > "$work/$build.sizes"
}

builds=("$@")
[ $# -gt 0 ] || builds=(default smallest thumb2-gcc thumb2-clang thumb2-lto)
for build in "${builds[@]}"; do
  if [[ $build == thumb2-* ]] && [ ${#arm_headers[@]} -eq 0 ]; then
    echo "footprint: $build left out: $ARM_GCC and its C++ headers are not installed" >&2
    continue
  fi
  measure "$build"
done

cat "$work"/*.sizes | awk -v builds="${builds[*]}" '
  { size[$1, $2, $3] = $4; folders[$2] = 1; total[$1, $3] += $4 }
  END {
    count = split(builds, build, " ")
    line = "| folder |"; rule = "|---|"
    for (b = 1; b <= count; ++b) if ((build[b], "text") in total) {
      line = line " " build[b] " text | rodata |"; rule = rule "---:|---:|"
    }
    print line; print rule
    split("base syntax numeric binary module valid runtime exec inplace fast embed (lto)", order, " ")
    for (f = 1; f in order; ++f) if (order[f] in folders) row(order[f])
    line = "| **sum** |"
    for (b = 1; b <= count; ++b) if ((build[b], "text") in total)
      line = line " **" total[build[b], "text"] "** | **" total[build[b], "rodata"] + 0 "** |"
    print line
    for (b = 1; b <= count; ++b) if (total[build[b], "data"] > 0) print build[b] ": " total[build[b], "data"] " bytes of writable data!"
  }
  function row(folder,   b, line) {
    line = "| " folder " |"
    for (b = 1; b <= count; ++b) if ((build[b], "text") in total)
      line = line " " size[build[b], folder, "text"] + 0 " | " size[build[b], folder, "rodata"] + 0 " |"
    print line
  }'
