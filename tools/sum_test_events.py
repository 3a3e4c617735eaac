# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints `N passed, N failed, N skipped` for the tests in files of Bazel's build events; exits 1 unless all passed.

A test that cannot be built counts as failed; so does a run that ends badly for another reason, or left no file. A test that
is not compatible with its config, and is therefore not run, counts as skipped.
"""

import json
import sys


def count(path):
    """Returns (passed, failed, skipped) of one run."""
    status = {}  # label of a test: how it ended
    tests = set()
    skipped = set()
    unbuilt = set()
    exit_code = None
    try:
        events = open(path, encoding="utf-8")
    except OSError:
        return 0, 1, 0
    with events:
        for line in events:
            event = json.loads(line)
            key = event["id"]
            if "testSummary" in key:
                status[key["testSummary"]["label"]] = event.get("testSummary", {}).get("overallStatus", "NO_STATUS")
            elif "targetConfigured" in key and event.get("configured", {}).get("targetKind", "").endswith("_test rule"):
                tests.add(key["targetConfigured"]["label"])
            elif "targetCompleted" in key and event.get("aborted", {}).get("reason") == "SKIPPED":
                skipped.add(key["targetCompleted"]["label"])
            elif "targetCompleted" in key and not event.get("completed", {}).get("success"):
                unbuilt.add(key["targetCompleted"]["label"])
            elif "buildFinished" in key:
                exit_code = event.get("finished", {}).get("exitCode", {}).get("code", 0)
    skipped &= tests
    for label in unbuilt & tests - set(status):
        status[label] = "NO_STATUS"
    ran = {label: end for label, end in status.items() if label not in skipped}
    passed = sum(end in ("PASSED", "FLAKY") for end in ran.values())
    failed = len(ran) - passed
    if failed == 0 and exit_code != 0:
        failed = 1
    return passed, failed, len(skipped)


def main(paths):
    passed, failed, skipped = (sum(column) for column in zip(*map(count, paths)))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
