# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""@rules_fuzzing_oss_fuzz: the engine and the flags that OSS-Fuzz's environment asks for, empty elsewhere."""

_VARIABLES = ["LIB_FUZZING_ENGINE", "CFLAGS", "CXXFLAGS", "FUZZING_CFLAGS", "FUZZING_CXXFLAGS", "SANITIZER"]

# The build adds the first itself (cc_fuzzing_build_mode). The second: the reference engine is the distribution's library,
# which comes with libstdc++, and the two libraries define the same exceptions; so all is built with libstdc++.
_DROPPED = ["-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION", "-stdlib=libc++", ""]

# What this project's code needs beside OSS-Fuzz's flags, by sanitizer.
_ADDED = {
    # Handlers that tail-call each other cannot have the dynamic allocas of a fake stack.
    "address": ["-fsanitize-address-use-after-return=never", "-mllvm", "-asan-stack-dynamic-alloca=0"],
    # Named, it is an error where there is no RTTI.
    "undefined": ["-fno-sanitize=vptr"],
}

# The compiler driver links as C, so the C++ half of the runtime is named.
_ADDED_LINK = {"undefined": ["-fsanitize-link-c++-runtime"]}

# For the one that libFuzzer asks for; the others get theirs from BAZEL_LINKOPTS. Where targets run there need be none.
_STATIC = ["-static-libstdc++"]

_BUILD = """
load("@rules_cc//cc:defs.bzl", "cc_library")
load("@rules_fuzzing//fuzzing:cc_defs.bzl", "cc_fuzzing_engine")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "library",
    srcs = {srcs},
    alwayslink = True,
    linkopts = {linkopts},
    linkstatic = True,
)

cc_fuzzing_engine(
    name = "oss_fuzz_engine",
    display_name = "OSS-Fuzz",
    library = ":library",
)
"""

def _flags(text):
    return [flag for flag in text.split(" ") if flag not in _DROPPED]

def _oss_fuzz_impl(ctx):
    env = ctx.os.environ
    sanitizer = env.get("SANITIZER", "")
    engine = env.get("LIB_FUZZING_ENGINE", "")
    srcs = []
    linkopts = []
    if engine.startswith("-"):
        linkopts = _flags(engine)
    elif engine:
        ctx.symlink(ctx.path(engine), "engine.a")
        srcs = ["engine.a"]

    conlyopts = _flags(env.get("FUZZING_CFLAGS", env.get("CFLAGS", "")))
    cxxopts = _flags(env.get("FUZZING_CXXFLAGS", env.get("CXXFLAGS", "")))
    linkopts = linkopts + _ADDED_LINK.get(sanitizer, []) + _STATIC
    linkopts += [flag for flag in cxxopts if flag not in linkopts]

    # The toolchain's level of fortification meets its own macro again where the optimization is lower.
    added = ["-U_FORTIFY_SOURCE"] + _ADDED.get(sanitizer, [])
    ctx.file("flags.bzl", "CONLYOPTS = %r\nCXXOPTS = %r\n" % (conlyopts + added, cxxopts + added))
    ctx.file("BUILD", _BUILD.format(srcs = srcs, linkopts = linkopts))

# local: looked at again in each build, which is cheap; a build after another with other variables is a new one.
oss_fuzz_repository = repository_rule(implementation = _oss_fuzz_impl, local = True, environ = _VARIABLES)
