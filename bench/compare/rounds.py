# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs engines on workloads, interleaved: in a round every engine runs a workload once before the next workload starts, in an
order that rotates, so that what the machine does meanwhile hits all of them.

  driver   the command prints, as its last line, `<checksum> <seconds>`: the low 32 bits of the result, and the CPU time of
           the call alone, after a call with n = 1.
  process  a command without a clock of its own: the whole process is timed, and a run with n = tiny_n subtracted. The
           checksum is the last number of its output.
"""

import dataclasses
import os
import re
import subprocess
import sys
import time

import settings as settings_module


class RunError(Exception):
    """An engine did not give a result; the text says why."""


@dataclasses.dataclass
class Samples:
    # workload: {engine: {round: seconds or score}}
    values: dict = dataclasses.field(default_factory=dict)
    problems: list = dataclasses.field(default_factory=list)

    def of(self, engine, workload):
        return {int(k): value for k, value in self.values.get(workload, {}).get(engine, {}).items()}

    def add(self, engine, workload, round_number, value):
        self.values.setdefault(workload, {}).setdefault(engine, {})[round_number] = value

    def drop(self, engine, workload, why):
        self.values.get(workload, {}).pop(engine, None)
        self.problems.append("%s on %s: %s" % (engine, workload, why))


def command_of(engine, workload, n):
    """The words to run. A score workload takes no n."""
    is_score = workload.get("kind") == "score"
    late = {"wasm": workload["wasm"], "export": workload["export"], "name": workload["name"], "n": str(n)}
    words = [word for word in engine["cmd"] if not (is_score and word == "${n}")]
    return settings_module.expand(words, late)


def spawn(words, env, timeout):
    start = time.perf_counter()
    try:
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise RunError("no end after %g s" % timeout) from error
    except OSError as error:
        raise RunError(str(error)) from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["nothing said"])[0]
        raise RunError("exit code %d: %s" % (done.returncode, said[:100]))
    return done.stdout, time.perf_counter() - start


def parse_driver(output, workload):
    """(checksum or None, value or None) of the last line; None where it does not count."""
    try:
        first, second = output.strip().splitlines()[-1].split()[:2]
        if workload.get("kind") == "score":
            # CoreMark gives 0 where its run was too short to count.
            return None, float(first) if float(first) > 0 else None
        return int(first) & 0xFFFFFFFF, float(second)
    except (ValueError, IndexError) as error:
        raise RunError("printed no `<checksum> <seconds>`") from error


def run_process(engine, workload, env, timeout):
    output, seconds = spawn(command_of(engine, workload, workload["n"]), env, timeout)
    _, empty_seconds = spawn(command_of(engine, workload, engine.get("tiny_n", 1)), env, timeout)
    numbers = re.findall(r"-?\d+", output)
    if not numbers:
        raise RunError("printed no number")
    return int(numbers[-1]) & 0xFFFFFFFF, max(seconds - empty_seconds, 1e-9)


def environment(*items):
    env = dict(os.environ)
    for item in items:
        env.update(item.get("env", {}))
    return env


def run_once(engine, workload, timeout):
    env = environment(workload, engine)
    if engine.get("mode") == "process":
        return run_process(engine, workload, env, timeout)
    output, _ = spawn(command_of(engine, workload, workload.get("n", 0)), env, timeout)
    return parse_driver(output, workload)


class Referee:
    """Says what the checksum of a workload has to be: what is known, else what the baseline gave, else what came first."""

    def __init__(self, settings):
        self.baseline = settings.baseline
        self.expected = {w["name"]: settings.checksums[w["name"], w["n"]] for w in settings.workloads
                         if (w["name"], w.get("n")) in settings.checksums}
        self.seen = {}  # workload: {engine: checksum}

    def see(self, engine, workload, checksum):
        if checksum is not None:
            self.seen.setdefault(workload, {})[engine] = checksum

    def wrong(self, workload):
        """{engine: (checksum, expected)} of those that are wrong."""
        seen = self.seen.get(workload, {})
        if not seen:
            return {}
        expected = self.expected.get(workload, seen.get(self.baseline, next(iter(seen.values()))))
        return {engine: (got, expected) for engine, got in seen.items() if got != expected}


def rotated(items, by):
    by %= max(len(items), 1)
    return items[by:] + items[:by]


def run_round(settings, number, samples, referee, out, timeout):
    """out: the pairs (engine, workload) that are not run any more."""
    for workload in settings.workloads:
        for engine in rotated(settings.engines, number):
            pair = engine["name"], workload["name"]
            if pair in out or workload["name"] in engine.get("skip", []) or number >= engine.get("rounds", settings.rounds):
                continue
            try:
                checksum, value = run_once(engine, workload, timeout)
            except RunError as error:
                samples.drop(*pair, "NOT RUN, %s" % error)
                out.add(pair)
                continue
            referee.see(*pair, checksum)
            if value is not None:
                samples.add(*pair, number, value)
        for engine, (got, expected) in referee.wrong(workload["name"]).items():
            if (engine, workload["name"]) not in out:
                samples.drop(engine, workload["name"], "WRONG CHECKSUM %d, not %d" % (got, expected))
                out.add((engine, workload["name"]))


def run_all(settings, samples, timeout, after_round):
    referee = Referee(settings)
    out = set()
    for number in range(settings.rounds):
        run_round(settings, number, samples, referee, out, timeout)
        print("round %d of %d" % (number + 1, settings.rounds), file=sys.stderr, flush=True)
        after_round()


# --- Loading --------------------------------------------------------------------------------------------------------

LOAD_LINE = re.compile(r"load ([\d.]+) s ([\d.]+) MB/s rss\+ (-?\d+)(?: peak\+ (-?\d+))?")


def load_once(engine, module, timeout):
    """(seconds, kB by which the process grew) of `load <seconds> s <x> MB/s rss+ <kB> [peak+ <kB>]`."""
    words = settings_module.expand(engine["load_cmd"], {"wasm": module["wasm"]})
    output, _ = spawn(words, environment(engine), timeout)
    match = LOAD_LINE.search(output)
    if not match:
        raise RunError("printed no line `load ...`")
    return float(match[1]), int(match[4] or match[3])


def run_loads(settings, timeout):
    """{module: {engine: [(seconds, kB)]}}, and what went wrong."""
    samples, problems = {}, []
    for module in settings.loads:
        loaders = [engine for engine in settings.engines if "load_cmd" in engine]
        for number in range(settings.rounds):
            for engine in rotated(loaders, number):
                try:
                    sample = load_once(engine, module, timeout)
                    samples.setdefault(module["name"], {}).setdefault(engine["name"], []).append(sample)
                except RunError as error:
                    problems.append("%s loading %s: %s" % (engine["name"], module["name"], error))
    return samples, problems
