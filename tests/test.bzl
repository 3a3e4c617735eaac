# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""C++ tests: one a file, the file tests/x/y_test.cc for sandbox/x/y."""

load("@rules_cc//cc:defs.bzl", "cc_test")
load("//harden:copts.bzl", "TEST_COPTS")

def sandbox_cc_test(name, srcs, deps = [], copts = TEST_COPTS, size = "small", **kwargs):
    """A GoogleTest program.

    Args:
      name: of the test.
      srcs: its sources.
      deps: what it tests; the test library and GoogleTest's main are added.
      copts: compile flags.
      size: as Bazel's.
      **kwargs: passed on.
    """
    cc_test(
        name = name,
        size = size,
        srcs = srcs,
        copts = copts,
        linkstatic = True,
        deps = deps + [
            "//tests/lib",
            "//third_party/googletest:gtest_main",
        ],
        **kwargs
    )

def folder_tests(deps, overrides = {}, exclude = []):
    """One test for each *_test.cc of the calling package; any may include the package's headers.

    Args:
      deps: of every test.
      overrides: test name -> dict of attributes that it needs besides (tags, size, data, ...; deps are added).
      exclude: files that the package declares itself.
    """
    for src in native.glob(["*_test.cc"], exclude = exclude, allow_empty = True):
        name = src[:-len(".cc")]
        attributes = dict(overrides.get(name, {}))
        extra_deps = attributes.pop("deps", [])
        sandbox_cc_test(
            name = name,
            srcs = [src] + native.glob(["*.h"], allow_empty = True),
            deps = deps + extra_deps,
            **attributes
        )
    test_sources()

def test_sources():
    """All files of the folder, for the checks that read sources."""
    native.filegroup(
        name = "sources",
        srcs = native.glob(["*"]),
        visibility = ["//tests:__pkg__"],
    )
