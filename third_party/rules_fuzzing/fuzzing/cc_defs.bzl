# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""cc_fuzz_test: a fuzz target as tests, as programs for libFuzzer and AFL++, and as a package for OSS-Fuzz."""

load("//fuzzing/private:flags_of_modes.bzl", "afl_transition", "fuzzing_transition")
load("//fuzzing/private:scripts.bzl", "AFL", "HEAD", "REPLAY", "RUN", "TEST")

FuzzingEngineInfo = provider(fields = ["display_name"])
FuzzingBinaryInfo = provider(fields = ["binary_file", "corpus_dir", "dictionary_file", "engine", "options_file"])

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

# --- Programs ---

def _binary_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = out, target_file = ctx.executable.binary, is_executable = True)
    runfiles = ctx.attr.binary[0][DefaultInfo].default_runfiles
    data = [file for file in [ctx.file.corpus, ctx.file.dictionary, ctx.file.options] if file]
    return [
        DefaultInfo(executable = out, runfiles = runfiles.merge(ctx.runfiles(files = data))),
        FuzzingBinaryInfo(
            binary_file = ctx.executable.binary,
            corpus_dir = ctx.file.corpus,
            dictionary_file = ctx.file.dictionary,
            engine = ctx.attr.engine[FuzzingEngineInfo],
            options_file = ctx.file.options,
        ),
    ]

def _binary_rule(mode):
    return rule(
        implementation = _binary_impl,
        executable = True,
        attrs = {
            "binary": attr.label(executable = True, cfg = mode, mandatory = True),
            "engine": attr.label(providers = [FuzzingEngineInfo], mandatory = True),
            "corpus": attr.label(allow_single_file = True),
            "dictionary": attr.label(allow_single_file = True),
            "options": attr.label(allow_single_file = True),
            "_allowlist_function_transition": attr.label(
                default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
            ),
        },
    )

fuzzing_binary = _binary_rule(fuzzing_transition)
afl_fuzzing_binary = _binary_rule(afl_transition)

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

# --- Scripts ---

def _short_path(file):
    return file.short_path if file else ""

def _script(ctx, body):
    binary = ctx.attr.binary[FuzzingBinaryInfo]
    script = ctx.actions.declare_file(ctx.label.name)
    head = HEAD.format(
        bin = ctx.executable.binary.short_path,
        corpus = _short_path(binary.corpus_dir),
        dict = _short_path(binary.dictionary_file),
        engine = binary.engine.display_name,
        name = ctx.attr.target,
        options = _short_path(binary.options_file),
        package = ctx.label.package,
        seconds = ctx.attr.seconds,
    )
    ctx.actions.write(script, head + body, is_executable = True)
    files = ctx.runfiles(files = [ctx.executable.binary, binary.binary_file])
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.attr.binary[DefaultInfo].default_runfiles.merge(files),
    )]

_SCRIPT_ATTRS = {
    "binary": attr.label(executable = True, providers = [FuzzingBinaryInfo], cfg = "target", mandatory = True),
    # How long the target fuzzes where FUZZ_SECONDS does not say.
    "seconds": attr.int(default = 60),
    # Its name: the folder for what is found, and the first part of the labels that are told.
    "target": attr.string(mandatory = True),
}

def _test_impl(ctx):
    return _script(ctx, TEST)

fuzzing_test = rule(implementation = _test_impl, test = True, attrs = _SCRIPT_ATTRS)

def _replay_impl(ctx):
    return _script(ctx, REPLAY)

fuzzing_regression_test = rule(implementation = _replay_impl, test = True, attrs = _SCRIPT_ATTRS)

def _launcher_impl(ctx):
    return _script(ctx, RUN)

fuzzing_launcher = rule(implementation = _launcher_impl, executable = True, attrs = _SCRIPT_ATTRS)

def _afl_launcher_impl(ctx):
    return _script(ctx, AFL)

afl_fuzzing_launcher = rule(implementation = _afl_launcher_impl, executable = True, attrs = _SCRIPT_ATTRS)

# --- OSS-Fuzz ---

_PACKAGE = """
set -eu
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
chmod 755 "$staging"  # the folder it is unpacked into gets this
target="$staging/{target}"
cp -L "{bin}" "$target"
chmod 755 "$target"
if [ -n "{corpus}" ] && [ -n "$(ls -A "{corpus}")" ]; then
  # One time and one order: equal inputs make an equal archive.
  find -L "{corpus}" -type f | LC_ALL=C sort | while IFS= read -r seed; do cp -L "$seed" "$staging/"; done
  (cd "$staging" && find . -type f ! -name "{target}" -exec touch -d @315532800 {{}} + &&
    find . -type f ! -name "{target}" | LC_ALL=C sort | TZ=UTC zip -q -X -m "{target}_seed_corpus.zip" -@)
fi
[ -z "{dict}" ] || cp -L "{dict}" "$target.dict"
[ -z "{options}" ] || cp -L "{options}" "$target.options"
tar -chf "{out}" -C "$staging" .
"""

def _package_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".tar")
    binary = ctx.attr.binary[FuzzingBinaryInfo]
    data = [file for file in [binary.corpus_dir, binary.dictionary_file, binary.options_file] if file]
    ctx.actions.run_shell(
        inputs = [binary.binary_file] + data,
        outputs = [out],
        command = _PACKAGE.format(
            bin = binary.binary_file.path,
            corpus = binary.corpus_dir.path if binary.corpus_dir else "",
            dict = binary.dictionary_file.path if binary.dictionary_file else "",
            options = binary.options_file.path if binary.options_file else "",
            out = out.path,
            target = ctx.attr.target,
        ),
        mnemonic = "OssFuzzPackage",
    )
    return [DefaultInfo(files = depset([out]))]

# What lies in $OUT for one target: the program, <name>_seed_corpus.zip, <name>.dict, <name>.options.
oss_fuzz_package = rule(implementation = _package_impl, attrs = _SCRIPT_ATTRS)

# --- The macro ---

def cc_fuzz_test(
        name,
        corpus = None,
        dicts = None,
        engine = "@rules_fuzzing//fuzzing:cc_engine",
        fuzz_seconds = 60,
        options = None,
        size = None,
        tags = None,
        timeout = None,
        **kwargs):
    """A fuzz target: a C++ source that defines LLVMFuzzerTestOneInput.

    Makes the tests <name> (fuzzes from the corpus for FUZZ_SECONDS, with a new seed each time) and <name>_replay (each
    file of the corpus once), and, only when named,
      <name>_bin           the program; takes files, folders and libFuzzer's flags
      <name>_run           fuzzes until stopped, what it finds in /tmp/fuzzing; given files, runs these
      <name>_afl           the program for AFL++, persistent mode
      <name>_afl_run       fuzzes with afl-fuzz until stopped, what it finds in /tmp/fuzzing
      <name>_corpus        the seeds in one folder
      <name>_oss_fuzz      what OSS-Fuzz wants of it, as an archive

    Args:
      name: of the test.
      corpus: files.
      dicts: dictionaries in libFuzzer's format.
      engine: a cc_fuzzing_engine.
      fuzz_seconds: how long <name> fuzzes where FUZZ_SECONDS does not say.
      options: a file in OSS-Fuzz's format; the tests and launchers take its section [libfuzzer].
      size: of the tests.
      tags: of all targets. "no-oss-fuzz" leaves the target out of OSS-Fuzz.
      timeout: of the tests.
      **kwargs: of the cc_binary: srcs, deps, copts, ...
    """
    tags = tags or []
    manual = tags + ["manual"]
    deps = kwargs.pop("deps", [])
    native.cc_binary(name = name + "_raw_", tags = manual, testonly = True, deps = deps + [engine], **kwargs)
    afl = "@rules_fuzzing//fuzzing/engines:afl"
    native.cc_binary(name = name + "_afl_raw_", tags = manual, testonly = True, deps = deps + [afl], **kwargs)
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
    data = {
        "corpus": name + "_corpus",
        "dictionary": name + ".dict" if dicts else None,
        "options": options,
        "tags": manual,
        "testonly": True,
    }
    fuzzing_binary(name = name + "_bin", binary = name + "_raw_", engine = engine, **data)
    afl_fuzzing_binary(name = name + "_afl", binary = name + "_afl_raw_", engine = afl, **data)
    test = {"binary": name + "_bin", "size": size, "target": name, "timeout": timeout}
    fuzzing_test(
        name = name,
        seconds = fuzz_seconds,
        # Each run is another one: no result is taken from a cache.
        tags = tags + ["fuzz-test", "external", "no-cache"],
        **test
    )
    fuzzing_regression_test(name = name + "_replay", tags = tags, **test)
    run = {"tags": manual, "target": name, "testonly": True}
    fuzzing_launcher(name = name + "_run", binary = name + "_bin", **run)
    afl_fuzzing_launcher(name = name + "_afl_run", binary = name + "_afl", **run)
    oss_fuzz_package(name = name + "_oss_fuzz", binary = name + "_bin", **run)
