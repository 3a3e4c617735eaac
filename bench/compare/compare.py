#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares engines over whole programs: runs them interleaved, checks that results are equal, prints ratios and plots them.

    compare.py CONFIG [-D NAME=VALUE ...] [--rounds N] [--engines a,b] [--workloads x,y] [--n workload=N ...]
               [--fastest] [--plot FILE.png] [--out RAW.json] [--from RAW.json ...] [--loads]

It builds nothing: CONFIG names command lines (settings.py says how, ours.json is an example). Exit code 1: an engine gave
another result than it should; it is left out of the table of that workload.

--fastest is for a machine with neighbours on its cores, where medians say more about them than about engines: of many rounds
(--rounds 15) of short runs (--n) each engine has one that was left alone.
"""

import argparse
import json
import subprocess
import sys
import os

import report
import rounds
import settings as settings_module


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("-D", action="append", default=[], metavar="NAME=VALUE", help="a name for ${NAME}")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--engines", default="")
    parser.add_argument("--workloads", default="")
    parser.add_argument("--n", action="append", default=[], metavar="WORKLOAD=N", help="another n; `all=N` for all")
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--fastest", action="store_true", help="compare fastest rounds instead of medians")
    parser.add_argument("--plot", metavar="FILE.png")
    parser.add_argument("--out", metavar="RAW.json", help="where the samples go")
    parser.add_argument("--from", dest="prior", action="append", default=[], metavar="RAW.json",
                        help="only report, from samples")
    parser.add_argument("--loads", action="store_true", help="measure loading instead")
    return parser.parse_args()


def read_settings(options):
    settings = settings_module.read(options.config, dict(d.split("=", 1) for d in options.D))
    settings.engines = settings_module.pick(settings.engines, options.engines)
    settings.workloads = settings_module.pick(settings.workloads, options.workloads)
    settings.rounds = options.rounds or settings.rounds
    settings.fastest = options.fastest
    counts = dict(text.split("=", 1) for text in options.n)
    for workload in settings.workloads:
        if "n" in workload:
            workload["n"] = int(counts.get(workload["name"], counts.get("all", workload["n"])))
    names = [engine["name"] for engine in settings.engines]
    if settings.baseline not in names:
        settings.baseline = names[0]
    return settings


def read_samples(paths):
    samples = rounds.Samples()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for workload, engines in json.load(file).items():
                for engine, values in engines.items():
                    samples.values.setdefault(workload, {}).setdefault(engine, {}).update(values)
    return samples


def write_samples(samples, path):
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(samples.values, file)


def plot(settings, samples, path):
    """With whichever Python has matplotlib."""
    data = {"baseline": settings.baseline, "workloads": [w["name"] for w in settings.workloads],
            "ratios": report.ratios(settings, samples)}
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plot.py")
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, script, path], input=json.dumps(data), text=True, check=False)
        if done.returncode == 0:
            print("compare: the plot is in %s" % path, file=sys.stderr)
            return
        if done.returncode != 3:
            break
    print("compare: NO PLOT: %s" % ("there is no matplotlib (Debian: python3-matplotlib)" if done.returncode == 3
                                    else "plot.py failed"), file=sys.stderr)


def compare_loads(settings, timeout):
    if not settings.loads:
        raise settings_module.SettingsError("no `loads` are named")
    samples, problems = rounds.run_loads(settings, timeout)
    print(report.loads_report(settings, samples))
    for problem in problems:
        print("- %s" % problem)
    return 1 if problems else 0


def main():
    options = parse_arguments()
    try:
        settings = read_settings(options)
        if options.loads:
            return compare_loads(settings, options.timeout)
        samples = read_samples(options.prior)
        if not options.prior:
            rounds.run_all(settings, samples, options.timeout, lambda: write_samples(samples, options.out))
    except settings_module.SettingsError as error:
        print("compare: %s" % error, file=sys.stderr)
        return 2
    print(report.report(settings, samples))
    if options.plot:
        plot(settings, samples, options.plot)
    return 1 if any("WRONG CHECKSUM" in problem for problem in samples.problems) else 0


if __name__ == "__main__":
    sys.exit(main())
