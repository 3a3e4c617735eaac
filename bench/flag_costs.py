#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""What metering and each flag of the release cost: builds it without one of them at a time, and compares over the kernels.

    flag_costs.py [--only a,b] [--files REGEX] [--count] [--rounds N] [--tier fast] [--keep FOLDER] [-- BAZEL_FLAG...]

Prints speed relative to the release (above 1: what was taken away cost that much), or with --count machine instructions
relative to the release (below 1: so many fewer), which is free of noise but says nothing of what they take. --files: which of
the library's files a compiler flag is taken away in; `sandbox/(fast|inplace)/dispatch_` are those with handlers, which is where
guests spend their time, and builds each variant sooner. A variant that is the same program as the release is said to be, and not run.
"""

import argparse
import filecmp
import json
import math
import os
import shutil
import subprocess
import sys

import count

HERE = os.path.dirname(os.path.abspath(__file__))

# Variant: what undoes the flags of harden/copts.bzl.
COMPILER = {
    "glibcxx-assertions": ["-U_GLIBCXX_ASSERTIONS"],
    "stack-protector": ["-fno-stack-protector"],
    "stack-clash": ["-fno-stack-clash-protection"],
    "auto-var-init": ["-ftrivial-auto-var-init=uninitialized"],
    "fortify": ["-U_FORTIFY_SOURCE"],
    "null-checks": ["-fdelete-null-pointer-checks"],
    "wrapv": ["-fno-wrapv"],
    "cf-protection": ["-fcf-protection=none"],
    "harden-sls": ["-mharden-sls=none"],
    "array-bounds": ["-fno-sanitize=array-bounds"],
    "zero-call-used-regs": ["-fzero-call-used-regs=skip"],
    "align-functions": ["-falign-functions=16"],
    "omit-frame-pointer": ["-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"],
}
# Those that make code safer, together.
SAFETY = [name for name in COMPILER if name not in ("align-functions", "omit-frame-pointer")]


# Debian's clang makes position-independent programs unless it is told not to.
NO_PIE = ["--noforce_pic", "--copt=-fno-pic", "--linkopt=-no-pie"]


def per_file(options, flags):
    return ["--per_file_copt=%s.*@%s" % (options.files, flag) for flag in flags]


def variants(options):
    """[(name, target, Bazel's flags)], the release first."""
    table = [("release", "driver", []), ("fuel", "driver_unmetered", []), ("pie", "driver", NO_PIE)]
    table += [(name, "driver", per_file(options, flags)) for name, flags in COMPILER.items()]
    all_off = [flag for name in SAFETY for flag in COMPILER[name]]
    table.append(("all (-O3)", "driver", NO_PIE + per_file(options, all_off + ["-O3"])))
    wanted = options.only.split(",") if options.only else [name for name, _, _ in table]
    return [row for row in table if row[0] in wanted or row[0] == "release"]


def build(options, name, target, flags):
    """The path of a copy of the driver."""
    words = ["bazel", "build", "--config=hardened", "--noshow_progress", *options.bazel, *flags, "//bench:" + target]
    done = subprocess.run(words, cwd=os.path.dirname(HERE), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("flag_costs: %s cannot be built: %s" % (name, done.stderr[-2000:]))
    path = os.path.join(options.keep, name.split(" ")[0])
    if os.path.exists(path):
        os.remove(path)
    shutil.copy(os.path.join(os.path.dirname(HERE), "bazel-bin/bench", target), path)
    return path


def compare(options, drivers):
    engines = [{"name": name, "cmd": [path, "--tier=" + options.tier, "--fuel=off", "${wasm}", "${export}", "${n}"]}
               for name, path in drivers.items()]
    config = os.path.join(options.keep, "config.json")
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"include": [os.path.join(HERE, "kernels/kernels.json")], "baseline": "release", "engines": engines}, file)
    return subprocess.run([sys.executable, os.path.join(HERE, "compare/compare.py"), config,
                           "--rounds", str(options.rounds)], check=False).returncode


def count_kernel(options, driver, path, n):
    return (count.instructions(driver, options.tier, path, n) - count.instructions(driver, options.tier, path, 1))


def count_all(options, drivers):
    print("| kernel | %s |\n|---|%s" % (" | ".join(drivers), "---:|" * len(drivers)))
    logs = {name: [] for name in drivers}
    for kernel, path, n in count.modules_of(count.own_kernels()):
        counts = {name: count_kernel(options, driver, path, n) for name, driver in drivers.items()}
        cells = []
        for name, value in counts.items():
            logs[name].append(math.log(value / counts["release"]))
            cells.append("%d" % value if name == "release" else "%.3f" % (value / counts["release"]))
        print("| %s (%d) | %s |" % (kernel, n, " | ".join(cells)), flush=True)
    means = ["%.3f" % math.exp(sum(values) / len(values)) for values in logs.values()]
    print("| **geometric mean** | %s |" % " | ".join(means))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="of: fuel, pie, %s, all (-O3)" % ", ".join(COMPILER))
    parser.add_argument("--files", default="sandbox/")
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tier", default="fast")
    parser.add_argument("--keep", default="/tmp/flag_costs", help="where the drivers go")
    parser.add_argument("bazel", nargs="*")
    options = parser.parse_args()
    os.makedirs(options.keep, exist_ok=True)
    drivers = {}
    for name, target, flags in variants(options):
        print("flag_costs: building %s" % name, file=sys.stderr, flush=True)
        path = build(options, name, target, flags)
        if name != "release" and filecmp.cmp(path, drivers["release"], shallow=False):
            print("flag_costs: without %s it is the same program, byte for byte" % name, file=sys.stderr, flush=True)
        else:
            drivers[name] = path
    return count_all(options, drivers) if options.count else compare(options, drivers)


if __name__ == "__main__":
    sys.exit(main())
