# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of the ELF inspection."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//harden:configs.bzl", "only_in")
load("//harden:copts.bzl", "HANDLER_COPTS", "LIBRARY_COPTS", "LINKOPTS")

# There is something to inspect only in the release, and only on x86-64 does the inspection know what to look for.
HARDENED_ONLY = only_in("hardened_x86_64")

def elf_test(name, program, fortify_probe, handlers, objects, args = []):
    """Inspects a program.

    Args:
      name: of the test.
      program: label of the linked program.
      fortify_probe: label of a library that copies an unknown length.
      handlers: label of the library with the handlers.
      objects: labels of other libraries of ours.
      args: more arguments for harden/inspect_elf.py.
    """
    libraries = depset([fortify_probe, handlers] + objects).to_list()

    # A library named in `data` would not bring its archive along; a group of files does.
    native.filegroup(
        name = name + "_archives",
        testonly = True,
        srcs = libraries,
    )
    sh_test(
        name = name,
        size = "small",
        srcs = ["inspect_elf.sh"],
        args = [
            "--program $(location %s)" % program,
            "--fortify-probe $(location %s)" % fortify_probe,
            "--handlers $(location %s)" % handlers,
        ] + ["--objects $(location %s)" % label for label in objects] + args,
        data = [
            "//harden:inspect_elf.py",
            name + "_archives",
            program,
        ] + libraries,
        target_compatible_with = HARDENED_ONLY,
    )

def probe_test(name, missing, copts = [], handler_copts = [], linkopts = [], defines = []):
    """Builds the probe with flags taken away, and expects the inspection to miss exactly what they give.

    Args:
      name: of the probe.
      missing: the properties.
      copts: flags after the library's.
      handler_copts: flags after the handler files'.
      linkopts: flags after the release's.
      defines: macros for both files.
    """
    cc_library(
        name = name + "_handlers",
        testonly = True,
        srcs = ["probe_handlers.cc"],
        hdrs = ["probe_handlers.h"],
        copts = HANDLER_COPTS + ["-Wno-unsafe-buffer-usage"] + copts + handler_copts,
        linkstatic = True,
        local_defines = defines,
        target_compatible_with = HARDENED_ONLY,
    )
    cc_library(
        name = name + "_main",
        testonly = True,
        srcs = ["probe.cc"],
        copts = LIBRARY_COPTS + ["-Wno-unsafe-buffer-usage"] + copts,
        linkstatic = True,
        local_defines = defines,
        target_compatible_with = HARDENED_ONLY,
        deps = [name + "_handlers"],
    )
    cc_binary(
        name = name,
        testonly = True,
        linkopts = LINKOPTS + linkopts,
        target_compatible_with = HARDENED_ONLY,
        deps = [name + "_main"],
    )
    elf_test(
        name = name + "_test",
        args = ["--expect-missing=" + ",".join(missing)],
        fortify_probe = name + "_main",
        handlers = name + "_handlers",
        objects = [name + "_main"],
        program = name,
    )
