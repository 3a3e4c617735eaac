#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Plants the bugs of mutants.txt, one at a time, and tells which target of //fuzz:all finds each and how fast.

Works in a git worktree of its own, which is set to HEAD. Results are kept in DIR/results.jsonl: run it again to go on where
it stopped; a mutant whose text changed is run again. A run stops at the first target that fails.

Each mutant meets the targets that are likely to find it first, and then, if none of them does, the other ones: first all of
their corpora, then FUZZ_SECONDS of fuzzing each. That is what `bazel test //fuzz:all` does, in an order that saves time: each
target has its FUZZ_SECONDS for itself.

With --first plain the likely targets run without sanitizers before that: what makes a result differ is found in a fraction of
the time, and only what is left is built with them. With --first quick they are built at -O1 and without tail calls, too, whose
files take as long as all others together. The table says which build found it.

  mutants.py --check              does each record still apply to the sources at hand?
  mutants.py                      all that have no result yet, and what of the others has not met all targets
  mutants.py NAME...              these, whatever is known of them
  mutants.py --tests              the unit tests (//tests/...) on those that no target found
  mutants.py --table              what is known, as RESULTS.md has it

BAZEL_FLAGS are added to each run of Bazel.
"""

import argparse
import datetime
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# What of a failing test's log says what was seen.
TELLING = re.compile(r"(AddressSanitizer: [a-z-]+|LeakSanitizer: [^\n]{0,60}|runtime error: [^\n]{0,80}|libFuzzer: [^\n]{0,60}"
                     r"|^DIFFERENCE: [^\n]{0,90}|Assertion [^\n]{0,80})", re.MULTILINE)


PLAIN, QUICK, SANITIZED = "plain", "quick", "asan+ubsan"
FLAGS = {PLAIN: ["--config=fuzz-plain"], QUICK: ["--config=fuzz-quick"]}

# Which targets to try first, by where the bug is; the first prefix that fits. It only saves time.
LIKELY = [
    ("sandbox/fast/verify", ["side_table_fuzzer"]),
    ("sandbox/fast/host_call", ["tiers_fuzzer", "api_fuzzer", "resume_fuzzer"]),
    ("sandbox/fast/", ["resume_fuzzer", "tiers_fuzzer", "api_fuzzer"]),
    ("sandbox/numeric/", ["execute_diff_fuzzer"]),
    ("sandbox/inplace/dispatch", ["tiers_fuzzer", "resume_fuzzer"]),
    ("sandbox/inplace/cold", ["execute_diff_fuzzer", "execute_diff_v8_fuzzer", "tiers_fuzzer", "resume_fuzzer"]),
    ("sandbox/inplace/", ["tiers_fuzzer", "execute_diff_fuzzer", "execute_diff_v8_fuzzer", "resume_fuzzer"]),
    ("sandbox/embed/", ["api_fuzzer", "resume_fuzzer", "tiers_fuzzer"]),
    ("sandbox/base/budget", ["limits_fuzzer", "api_fuzzer"]),
    ("sandbox/module/side_table", ["execute_diff_fuzzer", "side_table_fuzzer"]),
    ("sandbox/valid/side_table", ["side_table_fuzzer", "execute_diff_fuzzer"]),
    ("sandbox/valid/function_stacks", ["limits_fuzzer", "validate_diff_fuzzer"]),
    ("sandbox/valid/function_validator", ["limits_fuzzer", "validate_diff_fuzzer", "validate_diff_v8_fuzzer", "side_table_fuzzer",
                                          "decode_fuzzer"]),
    ("sandbox/valid/", ["validate_diff_fuzzer", "validate_diff_v8_fuzzer", "side_table_fuzzer", "decode_fuzzer"]),
    ("sandbox/binary/", ["validate_diff_fuzzer"]),
    ("sandbox/module/", ["validate_diff_fuzzer"]),
    ("sandbox/syntax/type_registry", ["limits_fuzzer", "api_fuzzer"]),
    ("sandbox/exec/machine", ["resume_fuzzer", "tiers_fuzzer", "limits_fuzzer", "execute_diff_fuzzer", "execute_diff_v8_fuzzer",
                              "api_fuzzer"]),
    ("sandbox/exec/instantiate", ["api_fuzzer", "execute_diff_fuzzer", "limits_fuzzer"]),
    ("sandbox/exec/", ["execute_diff_fuzzer", "execute_diff_v8_fuzzer", "api_fuzzer"]),
    ("sandbox/runtime/memory_access", ["execute_diff_fuzzer", "execute_diff_v8_fuzzer"]),
    ("", ["api_fuzzer", "limits_fuzzer", "execute_diff_fuzzer"]),
]


class Mutant:
    def __init__(self, name):
        self.name, self.file, self.like, self.old, self.new = name, "", "", [], []

    @property
    def key(self):
        text = "\n".join([self.file] + self.old + ["+"] + self.new)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def likely(self):
        names = next(names for prefix, names in LIKELY if self.file.startswith(prefix))
        return [f"//fuzz:{name}" for name in names]

    def planted(self, text):
        """The text with the bug in it, or None where its place is not found once."""
        old = "\n".join(self.old)
        if text.count(old) != 1:
            return None
        return text.replace(old, "\n".join(self.new))


def read_mutants(path):
    mutants = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("== "):
                mutants.append(Mutant(line[3:].strip()))
            elif line.startswith("file: "):
                mutants[-1].file = line[6:]
            elif line.startswith("like: "):
                mutants[-1].like = line[6:]
            elif line.startswith("-"):
                mutants[-1].old.append(line[1:])
            elif line.startswith("+"):
                mutants[-1].new.append(line[1:])
            elif line and not line.startswith("#"):
                sys.exit(f"mutants.txt: not understood: {line}")
    names = [mutant.name for mutant in mutants]
    if len(set(names)) != len(names):
        sys.exit("mutants.txt: a name twice")
    return mutants


def check(mutants, root):
    stale = 0
    for mutant in mutants:
        with open(os.path.join(root, mutant.file), encoding="utf-8") as source:
            if mutant.planted(source.read()) is None:
                print(f"does not apply: {mutant.name} ({mutant.file})")
                stale += 1
    print(f"{len(mutants)} mutants, {stale} do not apply")
    return stale == 0


class Results:
    """One line for each run, the last one of a mutant counts."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "results.jsonl")
        self.of = {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    self.of[row["name"]] = row

    def get(self, mutant):
        row = self.of.get(mutant.name)
        return row if row is not None and row["key"] == mutant.key else None

    def add(self, row):
        self.of[row["name"]] = row
        with open(self.path, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")


class Workshop:
    """The worktree that the bugs are planted in."""

    def __init__(self, folder):
        self.tree = os.path.join(folder, "tree")
        self.folder = folder
        if not os.path.exists(self.tree):
            subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
            subprocess.run(["git", "worktree", "add", "--quiet", "--detach", self.tree, "HEAD"], cwd=ROOT, check=True)
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
        self.clean()
        subprocess.run(["git", "checkout", "--quiet", "--detach", head.stdout.strip()], cwd=self.tree, check=True)
        self.borrow_node()
        query = subprocess.run(["bazel", "query", "--noshow_progress", "kind(fuzzing_test, //fuzz:all)"], cwd=self.tree,
                               check=True, capture_output=True, text=True)
        self.targets = sorted(query.stdout.split())

    def borrow_node(self):
        """What tools/setup.sh installs into the repository's own tree; without it the targets of V8 compare nothing."""
        theirs = os.path.join(self.tree, "third_party/node/node_modules")
        ours = os.path.join(ROOT, "third_party/node/node_modules")
        if os.path.exists(ours) and not os.path.exists(theirs):
            os.symlink(ours, theirs)
        if not os.path.exists(theirs):
            print("no node: the targets that compare with V8 find nothing", file=sys.stderr)

    def clean(self):
        subprocess.run(["git", "checkout", "--quiet", "--", "."], cwd=self.tree, check=True)

    def bazel(self, command, targets, seconds, flags):
        """Runs Bazel; its exit status, the time, and the tests that failed with what they said."""
        events = os.path.join(self.folder, "events.json")
        flags = flags + ["--noshow_progress", "--test_output=summary", f"--build_event_json_file={events}"]
        if command == "test":
            flags += ["--notest_keep_going"]
        environment = dict(os.environ, FUZZ_SECONDS=str(seconds))
        environment.pop("FUZZ_SEED", None)
        started = time.monotonic()
        with open(os.path.join(self.folder, "bazel.log"), "w", encoding="utf-8") as log:
            status = subprocess.run(["bazel", command] + flags + shlex.split(os.environ.get("BAZEL_FLAGS", "")) + targets,
                                    cwd=self.tree, env=environment, stdout=log, stderr=log, check=False).returncode
        return status, time.monotonic() - started, self.failures(events)

    @staticmethod
    def failures(events):
        failures = []
        with open(events, encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                result = event.get("testResult")
                if result is None or result.get("status") not in ("FAILED", "TIMEOUT"):
                    continue
                said = ""
                for output in result.get("testActionOutput", []):
                    if output.get("name") == "test.log":
                        with open(output["uri"].removeprefix("file://"), encoding="utf-8", errors="replace") as log:
                            match = TELLING.search(log.read())
                            said = match.group(0).strip() if match else ""
                failures.append((event["id"]["testResult"]["label"], said))
        return failures

    def plant(self, mutant):
        path = os.path.join(self.tree, mutant.file)
        with open(path, encoding="utf-8") as source:
            text = mutant.planted(source.read())
        if text is None:
            return False
        with open(path, "w", encoding="utf-8") as source:
            source.write(text)
        return True

    def run(self, mutant, targets, seconds, build):
        """Builds, replays the corpora of all fuzz targets among these, then runs the targets themselves."""
        row = {"name": mutant.name, "key": mutant.key, "date": datetime.date.today().isoformat(), "budget": seconds,
               "build": build}
        flags = FLAGS.get(build, [])
        replays = [target + "_replay" for target in targets if target in self.targets]
        self.clean()
        if not self.plant(mutant):
            return dict(row, status="does not apply")
        status, build_seconds, _ = self.bazel("build", targets + replays, seconds, flags)
        row["build_seconds"] = round(build_seconds)
        if status != 0:
            return dict(row, status="does not build")
        row["seconds"] = 0
        for tests in (replays, targets):
            if not tests:
                continue
            status, test_seconds, failures = self.bazel("test", tests, seconds, flags)
            row["seconds"] = round(row["seconds"] + test_seconds, 1)
            if failures:
                return dict(row, status="found", finder=failures[0][0], said=failures[0][1])
            if status != 0:
                return dict(row, status=f"bazel exits {status}")
        return dict(row, status="survived")


def table(mutants, results):
    rows = [results.get(mutant) for mutant in mutants]
    by_fuzzer = sum(1 for row in rows if row and row["status"] == "found" and row["finder"].startswith("//fuzz"))
    by_test = sum(1 for row in rows if row and row["status"] == "found" and not row["finder"].startswith("//fuzz"))
    known = sum(1 for row in rows if row)
    print(f"{len(mutants)} mutants, {known} run: {by_fuzzer} found by a fuzz target, {by_test} only by a unit test, "
          f"{known - by_fuzzer - by_test} not found.\n")
    print("| mutant | date | found by | build | seconds | budget of each target | what was seen |\n|---|---|---|---|---|---|---|")
    for mutant, row in zip(mutants, rows):
        if row is None:
            print(f"| `{mutant.name}` | | not run | | | | |")
            continue
        finder = f"`{row['finder']}`" if row["status"] == "found" else f"**{row['status']}**"
        said = row.get("said", "").replace("|", "\\|")
        print(f"| `{mutant.name}` | {row['date']} | {finder} | {row.get('build', SANITIZED)} | {row.get('seconds', '')} "
              f"| {row['budget']} | {said} |")


def met(results, mutant, seconds):
    """The targets that had as much time already, each with its build."""
    row = results.get(mutant)
    return row.get("met", []) if row is not None and row["budget"] >= seconds else []


def left(results, mutant, targets, seconds, build):
    """Which of the targets it has not met yet."""
    row = results.get(mutant)
    if row is not None and row["status"] == "found":
        return []
    return [target for target in targets if with_build(target, build) not in met(results, mutant, seconds)]


def with_build(target, build):
    return target if build == SANITIZED else f"{target} {build}"


def tell(results, row, before, targets):
    """Keeps it; the targets had their time without finding it, the last ones perhaps not to the end."""
    results.add(dict(row, met=before + [with_build(target, row["build"]) for target in targets]))
    print(f"{row['name']}: {row['status']} {row.get('finder', '')} {row.get('seconds', '')} s "
          f"(build {row.get('build_seconds', '')} s) {row.get('said', '')}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--first", choices=[PLAIN, QUICK], help="the build that comes before the one with sanitizers")
    parser.add_argument("--dir", default=os.path.join(ROOT, ".mutants"))
    parser.add_argument("--likely", type=int, default=60, help="FUZZ_SECONDS of the likely targets")
    parser.add_argument("--others", type=int, default=60, help="FUZZ_SECONDS of the other targets; 0: not these")
    options = parser.parse_args()
    mutants = read_mutants(os.path.join(HERE, "mutants.txt"))
    if options.check:
        sys.exit(0 if check(mutants, ROOT) else 1)
    os.makedirs(options.dir, exist_ok=True)
    results = Results(options.dir)
    if options.table:
        table(mutants, results)
        return
    workshop = Workshop(options.dir)
    by_name = {mutant.name: mutant for mutant in mutants}
    unknown = set(options.names) - set(by_name)
    if unknown:
        sys.exit(f"no such mutant: {' '.join(sorted(unknown))}")
    chosen = [by_name[name] for name in options.names] if options.names else mutants
    if options.tests:
        for mutant in chosen:
            row = results.get(mutant)
            if row is not None and row["status"] != "found":
                tell(results, workshop.run(mutant, ["//tests/..."], row["budget"], "unit tests"), row.get("met", []), [])
        return
    # What nothing is known of comes first. What is named is run whatever is known.
    chosen = sorted(chosen, key=lambda mutant: results.get(mutant) is not None)
    for mutant in chosen if options.names else []:
        results.of.pop(mutant.name, None)
    rounds = [(options.likely, True, options.first)] if options.first else []
    rounds += [(options.likely, True, SANITIZED), (options.others, False, SANITIZED)]
    for seconds, is_likely, build in rounds:
        for mutant in chosen:
            wanted = mutant.likely() if is_likely else workshop.targets
            targets = left(results, mutant, wanted, seconds, build) if seconds > 0 else []
            if targets:
                before = met(results, mutant, seconds)
                tell(results, workshop.run(mutant, targets, seconds, build), before, targets)
    workshop.clean()


if __name__ == "__main__":
    main()
