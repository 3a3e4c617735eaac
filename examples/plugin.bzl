# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""WebAssembly plugins from C sources."""

def wasm_plugin(name, srcs, hdrs = [], exports = [], copts = [], linkopts = []):
    """Compiles C for wasm32 without a C library; the result is <name>.wasm.

    Compiling and linking are two steps because the compiler's driver would run wasm-opt, where one happens to be installed, after
    linking itself: the result would depend on the machine.

    Args:
      name: of the plugin.
      srcs: C sources.
      hdrs: headers of the same folder.
      exports: names to export besides those that the sources mark.
      copts: compile flags.
      linkopts: flags of wasm-ld.
    """
    objects = []
    for src in srcs:
        obj = "%s_%s.o" % (name, src.replace("/", "_"))
        objects.append(obj)
        native.genrule(
            name = obj + "_rule",
            srcs = [src] + hdrs,
            outs = [obj],
            cmd = "clang-19 --target=wasm32 -std=c17 -O2 -ffreestanding -nostdlib -fno-ident -Wall -Wextra -Werror " +
                  "-I. %s -c $(location %s) -o $@" % (" ".join(copts), src),
        )
    native.genrule(
        name = name,
        srcs = objects,
        outs = [name + ".wasm"],
        cmd = "wasm-ld-19 --no-entry %s $(SRCS) -o $@" % " ".join(["--export=" + symbol for symbol in exports] + linkopts),
    )
