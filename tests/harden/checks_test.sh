#!/bin/bash
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
#
# Tests the checks of harden/ on a small tree of which they have nothing to say, and on the same tree broken in one place.
set -u
checks=$PWD/harden
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/checks.XXXXXX")
failures=0

# A tree with two layers, one kernel file, one test.
make_tree() {
  rm -rf "$work/tree"
  mkdir -p "$work"/tree/{harden,sandbox/{base,syntax,cli},tests/{base,syntax,cli}}
  cd "$work/tree" || exit 2
  {
    echo 'LAYERS = {'
    echo '    "base": [],'
    echo '    "syntax": ["base"],'
    for i in a b c d e f g h; do echo "    \"$i\": [\"base\", \"syntax\"],"; done
    echo '}'
  } > sandbox/layers.bzl
  echo 'sandbox/base/bytes.h' > harden/kernel_files.txt
  echo '# path reason' > harden/untested_files.txt
  printf '#include <cstring>\ninline void F(char* a) { memcpy(a, "x", 1); }\n' > sandbox/base/bytes.h
  printf '// A union of two memcpy.\n#include "sandbox/base/bytes.h"\n' > sandbox/syntax/types.cc
  echo '#include "sandbox/sandbox.h"' > sandbox/cli/main.h
  echo 'int x;' > tests/syntax/types_test.cc
  echo '| `sandbox/base/bytes.h` | 2 | bytes |' > SECURITY.md
}

# expect OUTCOME CHECK WHAT: run the check on the tree as it is now.
expect() {
  local outcome=$1 check=$2 what=$3 output rc
  output=$("$checks/check_$check.sh" "$work/tree" 2>&1)
  rc=$?
  if [ "$outcome" = passes ] && [ $rc -ne 0 ] || [ "$outcome" = fails ] && [ $rc -ne 1 ]; then
    printf 'FAILED: %s: check_%s should say that this %s, but ended with %d:\n%s\n' "$what" "$check" "$outcome" $rc "$output"
    failures=$((failures + 1))
  fi
}

make_tree
for check in kernel layers mirror; do expect passes $check 'a proper tree'; done

for line in 'memcpy(a, b, 1);' 'x = __builtin_memcpy(a, b, 1);' 'std::memmove(a, b, 1);' 'std::memset(a, 0, 1);' \
  'auto* p = reinterpret_cast<int*>(a);' 'union U { int a; };' '#pragma clang unsafe_buffer_usage begin'; do
  make_tree
  echo "$line" >> sandbox/syntax/types.cc
  expect fails kernel "$line"
done
make_tree
for ((i = 0; i < 298; i++)); do echo; done >> sandbox/base/bytes.h
sed -i 's/| 2 |/| 300 |/' SECURITY.md
expect fails kernel 'a kernel file of 300 lines'
make_tree
echo >> sandbox/base/bytes.h
expect fails kernel 'a size in SECURITY.md that is no longer true'
make_tree
echo sandbox/base/gone.h >> harden/kernel_files.txt
expect fails kernel 'a kernel file that is not there'
make_tree
echo '| `sandbox/syntax/types.cc` | 2 |' >> SECURITY.md
expect fails kernel 'a file in SECURITY.md that is not a kernel file'
make_tree
rm SECURITY.md
expect fails kernel 'no SECURITY.md'

make_tree
echo '#include "sandbox/syntax/types.h"' >> sandbox/base/bytes.h
expect fails layers 'an upward include'
make_tree
echo '#include "bytes.h"' >> sandbox/syntax/types.cc
expect fails layers 'a relative include'
make_tree
echo '#include "sandbox/base/bytes.h"' >> sandbox/cli/main.h
expect fails layers 'a client that looks inside'
make_tree
echo '  #  include "sandbox/sandbox.h"' >> sandbox/syntax/types.cc
expect fails layers 'a layer that includes the umbrella'
make_tree
mkdir sandbox/utils
expect fails layers 'a folder in no layer'

make_tree
touch sandbox/base/new.cc
expect fails mirror 'a source without a test'
echo 'sandbox/base/new.cc data only' >> harden/untested_files.txt
expect passes mirror 'a source with a reason'
touch tests/base/new_test.cc
expect fails mirror 'a reason that is no longer needed'
make_tree
touch tests/base/orphan_test.cc
expect fails mirror 'a test of nothing'

[ $failures -eq 0 ] && echo 'all checks report what they should'
[ $failures -eq 0 ]
