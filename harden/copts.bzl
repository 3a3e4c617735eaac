# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""Compile flags, each with its reason. Costs and sources: harden/README.md.

LIBRARY_COPTS  everything in sandbox/ but the handler files
HANDLER_COPTS  sandbox/inplace:handlers and sandbox/fast:handlers, where a prologue or a zeroed register costs every instruction
CLI_COPTS      sandbox/cli, a client that may use exceptions because its command-line parser does
TEST_COPTS     tests, examples, benchmarks: clients
LINKOPTS       every program that contains the library (it depends on //harden:linkopts)
"""

# Meaning: the same in every file of a program.
_LANGUAGE = [
    # The sandbox's arithmetic is the guest's: a multiply-add that is fused on one machine only would show.
    "-ffp-contract=off",
    # std::span and std::expected stop instead of reading past the end. In every build, release included.
    "-D_GLIBCXX_ASSERTIONS",
    # Nothing of ours is an exported symbol of the embedder's program.
    "-fvisibility=hidden",
] + select({
    # floor, ceil, trunc, nearest (SSE4.1) and popcnt are calls without it.
    "//harden:x86_64": ["-march=x86-64-v2"],
    "//conditions:default": [],
}) + select({
    "//harden:checked": ["-DSANDBOX_CHECKED=1"],
    "//harden:smallest": [
        "-DSANDBOX_FAST_TIER=0",
        "-DSANDBOX_FLOATS=0",
        "-DSANDBOX_VECTORS=0",
        "-Os",
    ],
    "//conditions:default": [],
})

_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Werror",
]

_LIBRARY = [
    "-fno-exceptions",
    "-fno-rtti",
] + select({
    "//harden:clang": [
        # The fence: raw indexing and pointer arithmetic only in the files of harden/kernel_files.txt.
        "-Wunsafe-buffer-usage",
        # No value changes on its way without a cast that says so; no cast that hides what it does.
        "-Wconversion",
        "-Wsign-conversion",
        "-Wshadow",
        "-Wcast-align",
        "-Wcast-qual",
        "-Wold-style-cast",
        "-Wimplicit-fallthrough",
        "-Wvla",
        # No static constructors.
        "-Wglobal-constructors",
        "-Wexit-time-destructors",
    ],
    "//conditions:default": [],
})

# The release flags that leave a handler's code as it is (or cost it 1 to 2 %).
_HARDENED_EVERYWHERE = select({
    "//harden:hardened": [
        # Canary in functions with arrays or address-taken locals.
        "-fstack-protector-strong",
        # Touches each page of a large frame: it cannot jump the guard page.
        "-fstack-clash-protection",
        # Nothing of an earlier call is read from an uninitialized local.
        "-ftrivial-auto-var-init=zero",
        # The toolchain says level 1; level 3 also checks sizes known only at run time.
        "-U_FORTIFY_SOURCE",
        "-D_FORTIFY_SOURCE=3",
        # A null check is not deleted because of a use before it.
        "-fno-delete-null-pointer-checks",
        # Signed overflow wraps (release only: UBSan would no longer report it).
        "-fwrapv",
    ],
    "//conditions:default": [],
}) + select({
    "//harden:hardened_x86_64": [
        # endbr64 at every target of an indirect jump, shadow-stack compatible code.
        "-fcf-protection=full",
        # A trap behind each unconditional indirect jump and return: no straight-line speculation.
        "-mharden-sls=all",
    ],
    "//conditions:default": [],
})

# The release flags that would cost a handler 10 % or more.
_HARDENED_OUTSIDE_HANDLERS = select({
    "//harden:hardened": [
        # A constant-size array is never indexed outside.
        "-fsanitize=array-bounds",
        "-fsanitize-trap=array-bounds",
    ],
    "//conditions:default": [],
}) + select({
    "//harden:hardened_x86_64": [
        # Scratch registers hold nothing of the host's at a return.
        "-fzero-call-used-regs=used-gpr",
    ],
    "//conditions:default": [],
})

# A handler is a leaf that ends in a jump; these keep it one.
_HANDLERS = [
    # The toolchain's -fno-omit-frame-pointer would push and pop in every handler (+19 to 35 %).
    "-fomit-frame-pointer",
] + select({
    # The same handlers differ by up to 70 % with their order unless each starts a fetch block, and by 25 % unless it starts a
    # line of the cache (in place; 1 to 3 % in the fast tier). It costs 6 and 16 % of their size.
    "//harden:smallest": ["-falign-functions=32"],
    "//conditions:default": ["-falign-functions=64"],
}) + select({
    "//harden:clang": ["-momit-leaf-frame-pointer"],
    "//conditions:default": [],
}) + select({
    # A fake stack needs dynamic allocas, which preserve_none functions cannot have.
    "//harden:asan": ["-fsanitize-address-use-after-return=never"],
    "//conditions:default": [],
})

# The linker's half of the release. (-pie comes from --force_pic in .bazelrc, with the compiler's -fPIC.)
HARDENED_LINKOPTS = [
    "-Wl,-z,relro",  # tables of pointers are read-only once the program has started
    "-Wl,-z,now",  # ... the one for imported functions included
    "-Wl,-z,noexecstack",
    "-Wl,-z,separate-code",  # no data, read-only or not, in an executable page
    "-Wl,-z,pack-relative-relocs",  # the handler table's relocations in 1 bit instead of 24 bytes each
    "-Wl,-z,text",  # a relocation in code is an error
]

LINKOPTS = select({
    "//harden:hardened": HARDENED_LINKOPTS,
    "//conditions:default": [],
})

_COMMON = _LANGUAGE + _WARNINGS + _HARDENED_EVERYWHERE

LIBRARY_COPTS = _COMMON + _LIBRARY + _HARDENED_OUTSIDE_HANDLERS
HANDLER_COPTS = _COMMON + _LIBRARY + _HANDLERS
CLI_COPTS = _COMMON + _HARDENED_OUTSIDE_HANDLERS
TEST_COPTS = _COMMON + _HARDENED_OUTSIDE_HANDLERS + [
    # g++ sees one in each of GoogleTest's assertions under an `if`.
    "-Wno-dangling-else",
]
