#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts what a kernel takes, free of noise: WebAssembly instructions, dispatches, and machine instructions by callgrind.

    count.py [--driver D] [--dispatches D] [--tiers fast,inplace] [MODULE.wasm=N ...]

Prints a table in Markdown of our kernels, or of the modules named. Every figure is that of run(N) minus that of run(1): without
start, loading and translation. `wasm` is the fuel of the difference: one unit an instruction, and a little for values that
calls and branches carry, locals that are zeroed and bytes that are moved (sandbox/exec/fuel.h), so it is a few per cent above
the number of instructions. Without callgrind (Debian: valgrind) its columns are left out.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = os.path.join(HERE, "kernels")
DEFAULT_COUNT = 4


def run(words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("count: %s: exit code %d: %s" % (" ".join(words), done.returncode, done.stderr[-300:]))
    return done.stdout + done.stderr


def dispatches(driver, tier, module, n):
    """(fuel, dispatches of the fast tier, dispatches of the one in place)"""
    output = run([driver, "--tier=" + tier, module, "run", str(n)])
    return [int(text) for text in re.search(r"^fuel (\d+) fast (\d+) in place (\d+)$", output, re.MULTILINE).groups()]


def instructions(driver, tier, module, n):
    output = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", driver, "--tier=" + tier, module,
                  "run", str(n)])
    return int(re.search(r"Collected : (\d+)", output)[1])


def modules_of(words):
    """[(name, path, n)]"""
    if not words:
        with open(os.path.join(KERNELS, "kernels.json"), encoding="utf-8") as file:
            names = [workload["name"] for workload in json.load(file)["workloads"]]
        words = ["%s=%d" % (os.path.join(KERNELS, name + ".wasm"), DEFAULT_COUNT) for name in names]
    pairs = [word.rsplit("=", 1) for word in words]
    return [(os.path.splitext(os.path.basename(path))[0], path, int(n)) for path, n in pairs]


def row_of(options, tier, module, n, has_callgrind):
    """The cells behind the name: what the tier dispatched and executed for run(n) - run(1)."""
    fuel, fast, in_place = (late - early for late, early in zip(dispatches(options.dispatches, tier, module, n),
                                                               dispatches(options.dispatches, tier, module, 1)))
    dispatched = fast + in_place
    cells = ["%d" % fuel, "%d" % dispatched, "%.2f" % (fuel / dispatched)]
    if has_callgrind:
        executed = instructions(options.driver, tier, module, n) - instructions(options.driver, tier, module, 1)
        cells += ["%d" % executed, "%.2f" % (executed / dispatched), "%.2f" % (executed / fuel)]
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", default="bazel-bin/bench/driver")
    parser.add_argument("--dispatches", default="bazel-bin/bench/driver_dispatches")
    parser.add_argument("--tiers", default="fast,inplace")
    parser.add_argument("modules", nargs="*", metavar="MODULE.wasm=N")
    options = parser.parse_args()
    has_callgrind = shutil.which("valgrind") is not None
    if not has_callgrind:
        print("count: NO INSTRUCTION COUNTS: there is no valgrind", file=sys.stderr)
    head = ["kernel", "wasm", "dispatches", "wasm a dispatch"]
    head += ["instructions", "a dispatch", "a wasm instruction"] if has_callgrind else []
    for tier in options.tiers.split(","):
        print("\n%s:\n\n| %s |\n|%s" % ("Fast tier" if tier == "fast" else "In place", " | ".join(head),
                                       "---|" + "---:|" * (len(head) - 1)), flush=True)
        for name, path, n in modules_of(options.modules):
            cells = row_of(options, tier, path, n, has_callgrind)
            print("| %s (%d) | %s |" % (name, n, " | ".join(cells)), flush=True)


if __name__ == "__main__":
    main()
