#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts what a kernel takes, free of noise: WebAssembly instructions, dispatches, and machine instructions by callgrind.

    count.py [--driver D] [--dispatches D] [--tiers fast,inplace] [--record] [MODULE.wasm=N ...]

Prints a table in Markdown of our kernels and those of $BENCH_KERNELS (../shared/bench/kernels, where that exists), or of the
modules named; --record puts it into README.md. Every figure is that of run(N) minus that of run(1): without
start, loading and translation. `wasm` is the fuel of the difference: one unit an instruction, and a little for values that
calls and branches carry, locals that are zeroed and bytes that are moved (sandbox/exec/fuel.h), so it is a few per cent above
the number of instructions. Without callgrind (Debian: valgrind) its columns are left out.
"""

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = os.path.join(HERE, "kernels")
DEFAULT_COUNT = 4
OTHER_KERNELS = os.environ.get("BENCH_KERNELS", os.path.join(HERE, "../../shared/bench/kernels"))
OTHER_COUNTS = {"fib": 20, "sha256": 20, "sieve": 2, "nbody": 2000, "matmul": 2, "crc32": 3, "vm": 5000, "icall": 60,
                "memops": 60, "empty_loop": 200, "calls": 80, "hostcall": 100}
README = os.path.join(HERE, "README.md")
MARKS = "<!-- written by count.py --record -->\n", "<!-- end of what count.py wrote -->\n"


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


def own_kernels():
    with open(os.path.join(KERNELS, "kernels.json"), encoding="utf-8") as file:
        names = [workload["name"] for workload in json.load(file)["workloads"]]
    return ["%s=%d" % (os.path.join(KERNELS, name + ".wasm"), DEFAULT_COUNT) for name in names]


def other_kernels():
    paths = {name: os.path.join(OTHER_KERNELS, name + ".wasm") for name in OTHER_COUNTS}
    return ["%s=%d" % (path, OTHER_COUNTS[name]) for name, path in paths.items() if os.path.exists(path)]


def modules_of(words):
    """[(name, path, n)]"""
    if not words:
        words = own_kernels() + other_kernels()
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


def mean_row(rows):
    """Geometric means of the columns that are ratios."""
    cells = ["**geometric mean**"]
    for column in list(zip(*rows))[1:]:
        values = [float(text) for text in column]
        is_ratio = "." in column[0]
        cells.append("**%.2f**" % math.exp(sum(map(math.log, values)) / len(values)) if is_ratio else "")
    return cells


def table_of(options, tier, has_callgrind):
    head = ["kernel", "wasm", "dispatches", "wasm a dispatch"]
    head += ["instructions", "a dispatch", "a wasm instruction"] if has_callgrind else []
    lines = ["", "Fast tier:" if tier == "fast" else "In place:", "", "| %s |" % " | ".join(head),
             "|---|" + "---:|" * (len(head) - 1)]
    rows = []
    for name, path, n in modules_of(options.modules):
        print("count: %s, %s" % (name, tier), file=sys.stderr, flush=True)
        rows.append(["%s (%d)" % (name, n)] + row_of(options, tier, path, n, has_callgrind))
    return "\n".join(lines + ["| %s |" % " | ".join(row) for row in rows + [mean_row(rows)]]) + "\n"


def commit():
    """What was counted."""
    words = ["git", "-C", HERE, "log", "-1", "--format=%h of %cs"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() or "no commit"


def record(text):
    with open(README, encoding="utf-8") as file:
        readme = file.read()
    begin, end = readme.index(MARKS[0]) + len(MARKS[0]), readme.index(MARKS[1])
    with open(README, "w", encoding="utf-8") as file:
        file.write(readme[:begin] + "\nCommit %s.\n" % commit() + text + "\n" + readme[end:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", default="bazel-bin/bench/driver")
    parser.add_argument("--dispatches", default="bazel-bin/bench/driver_dispatches")
    parser.add_argument("--tiers", default="fast,inplace")
    parser.add_argument("--record", action="store_true", help="write the tables into README.md")
    parser.add_argument("modules", nargs="*", metavar="MODULE.wasm=N")
    options = parser.parse_args()
    has_callgrind = shutil.which("valgrind") is not None
    if not has_callgrind:
        print("count: NO INSTRUCTION COUNTS: there is no valgrind", file=sys.stderr)
    text = "".join(table_of(options, tier, has_callgrind) for tier in options.tiers.split(","))
    print(text)
    if options.record:
        record(text)


if __name__ == "__main__":
    main()
