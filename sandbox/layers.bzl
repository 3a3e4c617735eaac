# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""The layers of the library, once: who may include whom, and the one target of each folder.

check_layers.sh reads LAYERS too, so keep it plain: one folder a line.
"""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")
load("//harden:configs.bzl", "only_in")
load("//harden:copts.bzl", "HANDLER_COPTS", "LIBRARY_COPTS")

# folder: the folders whose headers it may include.
LAYERS = {
    "base": [],
    "syntax": ["base"],
    "numeric": ["base", "syntax"],
    "binary": ["base", "syntax", "numeric"],
    "module": ["base", "syntax", "numeric"],
    "valid": ["base", "syntax", "numeric", "binary", "module"],
    "runtime": ["base", "syntax", "numeric", "binary", "module"],
    "exec": ["base", "syntax", "numeric", "binary", "module", "runtime"],
    "inplace": ["base", "syntax", "numeric", "binary", "module", "runtime", "exec"],
    "fast": ["base", "syntax", "numeric", "binary", "module", "runtime", "exec", "inplace"],
    "embed": ["base", "syntax", "numeric", "binary", "module", "valid", "runtime", "exec", "inplace", "fast"],
}

# What else may look inside: tests of all kinds, and the tools that measure. An embedder uses //sandbox.
_INSIDERS = [
    "//bench:__subpackages__",
    "//fuzz:__subpackages__",
    "//harden:__subpackages__",
    "//tests:__subpackages__",
]

def layer_visibility(folder):
    """The packages that may depend on a folder's target."""
    return ["//sandbox/%s:__pkg__" % user for user in LAYERS if folder in LAYERS[user]] + _INSIDERS + ["//sandbox:__pkg__"]

def layer_library(name, copts = LIBRARY_COPTS, exclude = [], deps = [], **kwargs):
    """The library of one folder: every source in it, depending on the layers that it may include.

    Args:
      name: the folder.
      copts: flags instead of the library's usual ones.
      exclude: files that belong to another target of the folder.
      deps: targets of the same folder.
      **kwargs: passed on.
    """
    cc_library(
        name = name,
        srcs = native.glob(["*.cc"], exclude = exclude, allow_empty = True),
        hdrs = native.glob(["*.h"], exclude = exclude, allow_empty = True),
        textual_hdrs = native.glob(["*.inc", "*.def"], exclude = exclude, allow_empty = True),
        copts = copts,
        linkstatic = True,
        visibility = layer_visibility(name),
        deps = ["//sandbox/%s" % lower for lower in LAYERS[name]] + ["//harden:linkopts"] + deps,
        **kwargs
    )
    _headers_test(name)
    layer_sources()

# The files of a tier that hold handlers, apart because their flags are (harden/copts.bzl).
_HANDLER_FILES = [
    "dispatch_loop.cc",
    "dispatch_tail.cc",
]

def tier_library(name, entry = []):
    """Three libraries of one folder, in the order that linkers which read each archive once need.

    :cold is what handlers call out of line, :handlers are the handlers, and what others depend on has the folder's name.

    Args:
      name: the folder.
      entry: files that call handlers.
    """
    layers = ["//sandbox/%s" % lower for lower in LAYERS[name]]
    textual_hdrs = native.glob(["*.inc", "*.def"], allow_empty = True)
    cc_library(
        name = "cold",
        srcs = native.glob(["*.cc"], exclude = _HANDLER_FILES + entry),
        hdrs = native.glob(["*.h"]),
        copts = LIBRARY_COPTS,
        linkstatic = True,
        textual_hdrs = textual_hdrs,
        visibility = ["//tests/harden:__pkg__"],
        deps = layers,
    )
    cc_library(
        name = "handlers",
        srcs = _HANDLER_FILES,
        hdrs = native.glob(["*.h"]),
        copts = HANDLER_COPTS,
        linkstatic = True,
        textual_hdrs = textual_hdrs,
        visibility = ["//tests/harden:__pkg__"],
        deps = [":cold"] + layers,
    )
    layer_library(
        name = name,
        exclude = [file for file in native.glob(["*.cc"]) if file not in entry],
        deps = [":handlers"],
    )

    # To be compiled in other ways, for measuring (exec/measure.h).
    native.exports_files(
        _HANDLER_FILES,
        visibility = ["//bench:__pkg__"],
    )

def _headers_test(folder):
    """Compiles each header of the folder alone, and twice in a row, with the library's flags."""
    sources = ["headers_main.cc"]
    native.genrule(
        name = "headers_main",
        outs = ["headers_main.cc"],
        cmd = "echo 'int main() { return 0; }' > $@",
    )
    for header in native.glob(["*.h"], allow_empty = True):
        native.genrule(
            name = "alone_" + header,
            outs = ["alone_%s.cc" % header],
            cmd = "printf '#include \"sandbox/%s/%s\"\\n%%.0s' 1 2 > $@" % (folder, header),
        )
        sources.append("alone_%s.cc" % header)
    cc_test(
        name = "headers_test",
        size = "small",
        srcs = sources,
        copts = LIBRARY_COPTS,
        linkstatic = True,
        # Sanitizers, release flags and what is not compiled in change nothing about what a header lacks.
        target_compatible_with = only_in("default", "gcc"),
        deps = [":" + folder],
    )

def layer_sources():
    """All files of the folder, for the checks that read sources."""
    native.filegroup(
        name = "sources",
        srcs = native.glob(["*"]),
        visibility = ["//harden:__pkg__", "//sandbox:__pkg__"],
    )
