# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""Flags of the compiler, by instrumentation and sanitizer, and the transitions that set them."""

load("@rules_fuzzing_oss_fuzz//:flags.bzl", "CONLYOPTS", "CXXOPTS")

def _flags(copts = [], conlyopts = [], cxxopts = [], linkopts = []):
    return struct(copts = copts, conlyopts = conlyopts, cxxopts = cxxopts, linkopts = linkopts)

_INSTRUMENTATION = {
    "none": _flags(),
    "afl": _flags(copts = ["-fsanitize-coverage=trace-pc-guard"]),
    "libfuzzer": _flags(copts = ["-fsanitize=fuzzer-no-link"]),
    # All that the environment asks for; the sanitizer flag is then "none".
    "oss-fuzz": _flags(conlyopts = CONLYOPTS, cxxopts = CXXOPTS),
}

# The toolchain's level of fortification meets its own macro again where a sanitizer lowers the optimization.
_DEBUGGABLE = ["-O1", "-gline-tables-only", "-fno-omit-frame-pointer", "-U_FORTIFY_SOURCE"]

# Handlers that tail-call each other cannot have the dynamic allocas of a fake stack.
_ASAN = ["-fsanitize=address", "-fsanitize-address-use-after-return=never", "-mllvm", "-asan-stack-dynamic-alloca=0"]

_UBSAN = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"]

# The compiler driver links as C, so the C++ half of the runtime is named.
_UBSAN_LINK = ["-fsanitize=undefined", "-fsanitize-link-c++-runtime"]

_SANITIZER = {
    "none": _flags(),
    "asan": _flags(copts = _DEBUGGABLE + _ASAN, linkopts = ["-fsanitize=address"]),
    "ubsan": _flags(copts = _DEBUGGABLE + _UBSAN, linkopts = _UBSAN_LINK),
    "asan-ubsan": _flags(
        copts = _DEBUGGABLE + _ASAN + _UBSAN,
        linkopts = ["-fsanitize=address"] + _UBSAN_LINK,
    ),
}

_FUZZING = "@rules_fuzzing//fuzzing:"
_COMMAND = "//command_line_option:"
_COMPILING = [_COMMAND + "copt", _COMMAND + "conlyopt", _COMMAND + "cxxopt", _COMMAND + "linkopt"]

def _with(settings, modes):
    copts = ["-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"] if settings[_FUZZING + "cc_fuzzing_build_mode"] else []
    added = {
        "copt": copts + [flag for mode in modes for flag in mode.copts],
        "conlyopt": [flag for mode in modes for flag in mode.conlyopts],
        "cxxopt": [flag for mode in modes for flag in mode.cxxopts],
        "linkopt": [flag for mode in modes for flag in mode.linkopts],
    }
    return {_COMMAND + option: settings[_COMMAND + option] + flags for option, flags in added.items()}

def _fuzzing_impl(settings, _attr):
    return _with(settings, [
        _INSTRUMENTATION[settings[_FUZZING + "cc_engine_instrumentation"]],
        _SANITIZER[settings[_FUZZING + "cc_engine_sanitizer"]],
    ])

# All that a fuzz target consists of is compiled for fuzzing, the rest of the build stays as it is.
fuzzing_transition = transition(
    implementation = _fuzzing_impl,
    inputs = _COMPILING + [
        _FUZZING + "cc_engine_instrumentation",
        _FUZZING + "cc_engine_sanitizer",
        _FUZZING + "cc_fuzzing_build_mode",
    ],
    outputs = _COMPILING,
)

def _afl_impl(settings, _attr):
    return _with(settings, [_INSTRUMENTATION["afl"], _SANITIZER[settings[_FUZZING + "cc_engine_sanitizer"]]])

# The same for AFL++, beside it in one build.
afl_transition = transition(
    implementation = _afl_impl,
    inputs = _COMPILING + [_FUZZING + "cc_engine_sanitizer", _FUZZING + "cc_fuzzing_build_mode"],
    outputs = _COMPILING,
)
