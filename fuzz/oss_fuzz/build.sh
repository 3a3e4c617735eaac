#!/bin/bash -eu
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds the fuzz targets into $OUT: each program with its seed corpus, dictionary and options. Started in the checkout, with
# the variables that OSS-Fuzz sets: CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, SANITIZER, OUT.

flags=(
  --config=oss-fuzz
  # In the place of what .bazelrc says. Where targets run no C++ library need be, so it is linked statically.
  "--repo_env=CC=$CC"
  --repo_env=BAZEL_LINKOPTS=-fuse-ld=lld
  --repo_env=BAZEL_LINKLIBS=-l%:libstdc++.a:-lm
)

# Those that need what is only here (node, libbinaryen) stay here.
targets=$(bazel query 'attr(tags, "fuzz-test", //fuzz/...) except attr(tags, "no-oss-fuzz", //fuzz/...)' | sed 's/$/_oss_fuzz/')
# shellcheck disable=SC2086  # a list
bazel build "${flags[@]}" $targets
for target in $targets; do
  tar --no-same-owner -xf "bazel-bin/fuzz/${target#*:}.tar" -C "$OUT"
done

if [ "$SANITIZER" = coverage ]; then
  # Bazel compiles under this name; the report looks for the sources there.
  mkdir -p "$OUT/proc/self/cwd"
  find fuzz sandbox tests third_party \( -name '*.h' -o -name '*.cc' -o -name '*.def' -o -name '*.inc' \) -print0 |
    tar --null -T - -cf - | tar --no-same-owner -xf - -C "$OUT/proc/self/cwd"
fi
# The links lead out of $SRC.
rm -f bazel-*
