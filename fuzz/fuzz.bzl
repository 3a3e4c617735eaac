# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""What the rules of fuzz/ have in common: all are tagged "fuzz", and the configs of .bazelrc leave them out."""

load("@rules_cc//cc:defs.bzl", "cc_library")
load("@rules_fuzzing//fuzzing:cc_defs.bzl", "cc_fuzz_test")
load("//harden:copts.bzl", "TEST_COPTS")
load("//tests:test.bzl", "sandbox_cc_test")

def fuzz_library(name, copts = [], **kwargs):
    """A library that targets and their tests share.

    Args:
      name: of the library.
      copts: compile flags besides the usual ones.
      **kwargs: passed on.
    """
    cc_library(
        name = name,
        testonly = True,
        copts = TEST_COPTS + copts,
        linkstatic = True,
        tags = ["fuzz"],
        visibility = ["//fuzz:__subpackages__"],
        **kwargs
    )

def fuzz_library_test(name, srcs, deps, size = "small"):
    """A GoogleTest program that tests such a library."""
    sandbox_cc_test(
        name = name,
        size = size,
        srcs = srcs,
        tags = ["fuzz"],
        deps = deps,
    )

def fuzz_target(name, deps, source = None, seeds = [], takes_modules = False, tags = []):
    """A fuzz target with all that belongs to it (third_party/rules_fuzzing).

    Args:
      name: of the target.
      deps: its libraries; those that generate modules and observe what they do are added.
      source: the target that it is another form of, whose file and seeds it has.
      seeds: besides those in corpus/ that have its name.
      takes_modules: whether its input is a module, or may be one: then it has a mutator that knows modules, and a
        dictionary.
      tags: besides "fuzz".
    """
    source = source or name
    cc_fuzz_test(
        name = name,
        srcs = [source + ".cc"],
        copts = TEST_COPTS,
        corpus = ["//corpus:" + source] + seeds,
        dicts = ["//fuzz/mutator:dictionary"] if takes_modules else None,
        linkstatic = True,
        options = "fuzzer.options",
        tags = ["fuzz"] + tags,
        # FUZZ_SECONDS may be as long.
        timeout = "eternal",
        deps = [
            "//fuzz/gen",
            "//fuzz/oracle",
        ] + deps + (["//fuzz/mutator:custom_mutator"] if takes_modules else []),
    )
