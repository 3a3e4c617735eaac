# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""cc_fuzz_test: a fuzz target as a test (corpus, then bounded fuzzing), as a program and as a launcher."""

FuzzingEngineInfo = provider(fields = ["display_name"])
FuzzingBinaryInfo = provider(fields = ["binary_file", "corpus_dir", "dictionary_file", "engine"])

def _engine_impl(ctx):
    return [
        FuzzingEngineInfo(display_name = ctx.attr.display_name),
        ctx.attr.library[DefaultInfo],
        ctx.attr.library[CcInfo],
    ]

cc_fuzzing_engine = rule(
    implementation = _engine_impl,
    attrs = {
        "display_name": attr.string(mandatory = True),
        "library": attr.label(mandatory = True, providers = [CcInfo]),
    },
    provides = [CcInfo, FuzzingEngineInfo],
)

# --- Flags of the compiler ---

_INSTRUMENTATION = {
    "none": struct(copts = [], linkopts = []),
    "libfuzzer": struct(copts = ["-fsanitize=fuzzer-no-link"], linkopts = []),
}

# The toolchain's level of fortification meets its own macro again where a sanitizer lowers the optimization.
_DEBUGGABLE = ["-O1", "-gline-tables-only", "-fno-omit-frame-pointer", "-U_FORTIFY_SOURCE"]

# Handlers that tail-call each other cannot have the dynamic allocas of a fake stack.
_ASAN_WITHOUT_FAKE_STACK = ["-fsanitize-address-use-after-return=never", "-mllvm", "-asan-stack-dynamic-alloca=0"]

_UBSAN = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"]

# The compiler driver links as C, so the C++ half of the runtime is named.
_UBSAN_LINK = ["-fsanitize=undefined", "-fsanitize-link-c++-runtime"]

_SANITIZER = {
    "none": struct(copts = [], linkopts = []),
    "asan": struct(
        copts = _DEBUGGABLE + ["-fsanitize=address"] + _ASAN_WITHOUT_FAKE_STACK,
        linkopts = ["-fsanitize=address"],
    ),
    "ubsan": struct(copts = _DEBUGGABLE + _UBSAN, linkopts = _UBSAN_LINK),
    "asan-ubsan": struct(
        copts = _DEBUGGABLE + ["-fsanitize=address"] + _ASAN_WITHOUT_FAKE_STACK + _UBSAN,
        linkopts = ["-fsanitize=address"] + _UBSAN_LINK,
    ),
}

_FUZZING = "@rules_fuzzing//fuzzing:"
_COPT = "//command_line_option:copt"
_LINKOPT = "//command_line_option:linkopt"

def _transition_impl(settings, _attr):
    copts = ["-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"] if settings[_FUZZING + "cc_fuzzing_build_mode"] else []
    linkopts = []
    for flags in [
        _INSTRUMENTATION[settings[_FUZZING + "cc_engine_instrumentation"]],
        _SANITIZER[settings[_FUZZING + "cc_engine_sanitizer"]],
    ]:
        copts = copts + flags.copts
        linkopts = linkopts + flags.linkopts
    return {_COPT: settings[_COPT] + copts, _LINKOPT: settings[_LINKOPT] + linkopts}

# All that a fuzz target consists of is compiled for fuzzing, the rest of the build stays as it is.
_fuzzing_transition = transition(
    implementation = _transition_impl,
    inputs = [
        _FUZZING + "cc_engine_instrumentation",
        _FUZZING + "cc_engine_sanitizer",
        _FUZZING + "cc_fuzzing_build_mode",
        _COPT,
        _LINKOPT,
    ],
    outputs = [_COPT, _LINKOPT],
)

# --- Rules ---

def _binary_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = out, target_file = ctx.executable.binary, is_executable = True)
    runfiles = ctx.attr.binary[0][DefaultInfo].default_runfiles
    data = [file for file in [ctx.file.corpus, ctx.file.dictionary] if file]
    return [
        DefaultInfo(executable = out, runfiles = runfiles.merge(ctx.runfiles(files = data))),
        FuzzingBinaryInfo(
            binary_file = ctx.executable.binary,
            corpus_dir = ctx.file.corpus,
            dictionary_file = ctx.file.dictionary,
            engine = ctx.attr.engine[FuzzingEngineInfo],
        ),
    ]

fuzzing_binary = rule(
    implementation = _binary_impl,
    executable = True,
    attrs = {
        "binary": attr.label(executable = True, cfg = _fuzzing_transition, mandatory = True),
        "engine": attr.label(providers = [FuzzingEngineInfo], mandatory = True),
        "corpus": attr.label(allow_single_file = True),
        "dictionary": attr.label(allow_single_file = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _corpus_impl(ctx):
    out = ctx.actions.declare_directory(ctx.attr.name)
    names = ctx.actions.declare_file(ctx.attr.name + ".list")
    ctx.actions.write(names, "".join([file.path + "\n" for file in ctx.files.srcs]))
    ctx.actions.run_shell(
        inputs = ctx.files.srcs + [names],
        outputs = [out],
        arguments = [names.path, out.path],
        # Copied, links followed: links in a folder are skipped by tools that look for files.
        command = 'mkdir -p "$2" && while IFS= read -r f; do cp -L "$f" "$2/$(echo "$f" | tr / -)" || exit 1; done < "$1"',
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles(files = [out]))]

# All seeds of a target in one folder.
fuzzing_corpus = rule(
    implementation = _corpus_impl,
    attrs = {"srcs": attr.label_list(allow_files = True)},
)

_HEAD = """#!/bin/bash
set -u
bin=$(readlink -f "{bin}")
corpus="{corpus}"
dict="{dict}"
engine="{engine}"
name="{name}"
label="{label}"
export ASAN_OPTIONS="${{ASAN_OPTIONS:-allocator_may_return_null=1}}"
export UBSAN_OPTIONS="${{UBSAN_OPTIONS:-print_stacktrace=1}}"
"""

_TEST = """
out=${TEST_UNDECLARED_OUTPUTS_DIR:-${TEST_TMPDIR:-/tmp}}/$name
mkdir -p "$out" "${TEST_TMPDIR:-/tmp}/grown"

# The one command that repeats what went wrong. The input stands in it: the test's folders are cleared.
reproduce() {
  for crash in "$out"/{crash,leak,timeout,oom,slow-unit}-*; do
    [ -f "$crash" ] || continue
    echo "reproduce: base64 -d <<< '$(base64 -w0 "$crash")' > /tmp/$name.input && bazel run $label -- /tmp/$name.input"
  done
}

if [ "$engine" != libFuzzer ]; then
  exec "$bin" ${corpus:+"$corpus"}
fi
args=(-artifact_prefix="$out/" -timeout=25 -rss_limit_mb=2560 -max_len=4096)
[ -z "$dict" ] || args+=(-dict="$dict")
seconds=${FUZZ_SECONDS:-10}
seed=${FUZZ_SEED:-$((RANDOM << 15 | RANDOM))}
echo "seed $seed (FUZZ_SEED), $seconds seconds (FUZZ_SECONDS)"
# Each seed once, then new inputs.
"$bin" "${args[@]}" -runs=0 ${corpus:+"$corpus"} || { status=$?; reproduce; exit $status; }
[ "$seconds" -gt 0 ] || exit 0
"$bin" "${args[@]}" -seed="$seed" -max_total_time="$seconds" -print_final_stats=1 "${TEST_TMPDIR:-/tmp}/grown" \
  ${corpus:+"$corpus"} || { status=$?; reproduce; exit $status; }
"""

_RUN = """
out=${FUZZING_OUTPUT_ROOT:-/tmp/fuzzing}/$name
mkdir -p "$out/corpus" "$out/artifacts"
exec "$bin" -artifact_prefix="$out/artifacts/" ${dict:+-dict="$dict"} "$@" "$out/corpus" ${corpus:+"$corpus"}
"""

def _script(ctx, body):
    binary = ctx.attr.binary[FuzzingBinaryInfo]
    script = ctx.actions.declare_file(ctx.label.name)
    head = _HEAD.format(
        bin = ctx.executable.binary.short_path,
        corpus = binary.corpus_dir.short_path if binary.corpus_dir else "",
        dict = binary.dictionary_file.short_path if binary.dictionary_file else "",
        engine = binary.engine.display_name,
        label = "//%s:%s" % (ctx.attr.binary.label.package, ctx.attr.binary.label.name),
        name = ctx.label.name,
    )
    ctx.actions.write(script, head + body, is_executable = True)
    files = ctx.runfiles(files = [ctx.executable.binary, binary.binary_file])
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.attr.binary[DefaultInfo].default_runfiles.merge(files),
    )]

_SCRIPT_ATTRS = {
    "binary": attr.label(executable = True, providers = [FuzzingBinaryInfo], cfg = "target", mandatory = True),
}

def _test_impl(ctx):
    return _script(ctx, _TEST)

fuzzing_regression_test = rule(implementation = _test_impl, test = True, attrs = _SCRIPT_ATTRS)

def _launcher_impl(ctx):
    return _script(ctx, _RUN)

fuzzing_launcher = rule(implementation = _launcher_impl, executable = True, attrs = _SCRIPT_ATTRS)

def cc_fuzz_test(
        name,
        corpus = None,
        dicts = None,
        engine = "@rules_fuzzing//fuzzing:cc_engine",
        size = None,
        tags = None,
        timeout = None,
        **kwargs):
    """A fuzz target: a C++ source that defines LLVMFuzzerTestOneInput.

    Makes <name> (a test: each seed once, then FUZZ_SECONDS of fuzzing where the engine can, 10 by default), <name>_bin
    (the program; takes files), <name>_run (fuzzes until stopped, what it finds in /tmp/fuzzing) and <name>_corpus.

    Args:
      name: of the test.
      corpus: files.
      dicts: dictionaries in libFuzzer's format.
      engine: a cc_fuzzing_engine.
      size: of the test.
      tags: of all targets.
      timeout: of the test.
      **kwargs: of the cc_binary: srcs, deps, copts, ...
    """
    tags = tags or []
    manual = tags + ["manual"]
    kwargs["deps"] = kwargs.get("deps", []) + [engine]
    native.cc_binary(name = name + "_raw_", tags = manual, testonly = True, **kwargs)
    fuzzing_corpus(name = name + "_corpus", srcs = corpus or [], tags = manual, testonly = True)
    if dicts:
        native.genrule(
            name = name + "_dict",
            srcs = dicts,
            outs = [name + ".dict"],
            cmd = "cat $(SRCS) > $@",
            tags = manual,
            testonly = True,
        )
    fuzzing_binary(
        name = name + "_bin",
        binary = name + "_raw_",
        corpus = name + "_corpus",
        dictionary = name + ".dict" if dicts else None,
        engine = engine,
        tags = manual,
        testonly = True,
    )
    fuzzing_regression_test(name = name, binary = name + "_bin", size = size, tags = tags, timeout = timeout)
    fuzzing_launcher(name = name + "_run", binary = name + "_bin", tags = manual, testonly = True)
