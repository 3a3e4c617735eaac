# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs compare.py with both of our tiers and with engines that are wrong.   compare_test.py DRIVER FOLDER"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

DRIVER, FOLDER = (os.path.abspath(path) for path in sys.argv[1:3])
KERNELS = ["fft", "filter", "format", "hash64", "json", "mandelbrot", "regex", "sort", "tree", "unpack", "utf8", "words"]


def engine(name, *words, **more):
    return {"name": name, "cmd": list(words), **more}


OURS = [engine("in place", DRIVER, "--tier=inplace", "${wasm}", "${export}", "${n}",
               load_cmd=[DRIVER, "--load", "${wasm}"]),
        engine("fast", DRIVER, "--tier=fast", "${wasm}", "${export}", "${n}")]


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_compare(self, engines, *words, **more):
        """Each kernel once or twice with n = 1."""
        table = {"include": ["${KERNELS}/kernels.json"], "vars": {"KERNELS": os.path.join(FOLDER, "../kernels")},
                 "baseline": "in place", "rounds": 2, "engines": engines, **more}
        with open(self.path("config.json"), "w", encoding="utf-8") as file:
            json.dump(table, file)
        return subprocess.run([sys.executable, os.path.join(FOLDER, "compare.py"), self.path("config.json"),
                               "--n", "all=1", *words], capture_output=True, text=True, check=False)

    def row(self, output, name):
        """The cells of a row of the table of ratios."""
        ratios = output[output.index("### Speed"):]
        line = next(line for line in ratios.splitlines() if line.startswith("| " + name))
        return [cell.strip() for cell in line.split("|")[2:-1]]

    def test_compares_both_tiers_on_all_kernels(self):
        done = self.run_compare(OURS, "--out", self.path("raw.json"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for kernel in KERNELS:
            in_place, fast = self.row(done.stdout, kernel)
            self.assertEqual(in_place, "1.00")
            self.assertGreater(float(fast), 0)
        self.assertIn("(12)", self.row(done.stdout, "**geometric mean**")[1])
        again = self.run_compare(OURS, "--from", self.path("raw.json"))
        self.assertEqual(done.stdout, again.stdout)

    def test_compares_medians_or_fastest_rounds(self):
        samples = {"fft": {"in place": {"0": 2, "1": 4, "2": 3}, "fast": {"0": 2, "1": 1, "2": 2}},
                   "mark": {"in place": {"0": 10, "1": 20, "2": 30}, "fast": {"0": 20, "1": 20, "2": 120}}}
        with open(self.path("raw.json"), "w", encoding="utf-8") as file:
            json.dump(samples, file)
        scored = {"workloads": [{"name": "mark", "wasm": "mark.wasm", "export": "run", "kind": "score"}]}
        medians = self.run_compare(OURS, "--from", self.path("raw.json"), **scored).stdout
        self.assertEqual([self.row(medians, name)[1] for name in ("fft", "mark")], ["1.50", "2.00"])
        self.assertIn("| fft (n=1) | 3e+03 | 2e+03 |", medians)
        fastest = self.run_compare(OURS, "--from", self.path("raw.json"), "--fastest", **scored).stdout
        self.assertEqual([self.row(fastest, name)[1] for name in ("fft", "mark")], ["2.00", "4.00"])
        self.assertIn("| fft (n=1) | 2e+03 | 1e+03 |", fastest)
        self.assertIn("| mark | 30 | 120 |", fastest)

    def test_refuses_an_engine_with_a_wrong_checksum(self):
        liar = engine("liar", "sh", "-c", "echo 12345 0.000001", "${n}")
        done = self.run_compare([liar] + OURS, "--workloads", "fft,sort")
        self.assertEqual(done.returncode, 1)
        self.assertIn("liar on fft: WRONG CHECKSUM 12345, not 73026646", done.stdout)
        self.assertEqual(self.row(done.stdout, "sort")[0], "-")
        self.assertEqual(self.row(done.stdout, "sort")[1], "1.00")

    def test_refuses_the_baseline_too_where_the_checksum_is_known(self):
        liar = engine("in place", "sh", "-c", "echo 12345 0.000001", "${n}")
        done = self.run_compare([liar, OURS[1]], "--workloads", "fft")
        self.assertEqual(done.returncode, 1)
        self.assertIn("in place on fft: WRONG CHECKSUM", done.stdout)

    def test_unknown_checksums_are_those_of_the_baseline(self):
        liar = engine("liar", "sh", "-c", "echo 12345 0.000001", "${n}")
        done = self.run_compare([liar] + OURS, "--workloads", "fft", "--n", "fft=3")
        self.assertEqual(done.returncode, 1)
        self.assertIn("liar on fft: WRONG CHECKSUM 12345", done.stdout)
        self.assertNotIn("fast on fft", done.stdout)

    def test_goes_on_without_an_engine_that_fails(self):
        broken = [engine("absent", self.path("nothing"), "${wasm}"), engine("silent", "true"), engine("dies", "false")]
        done = self.run_compare(OURS + broken, "--workloads", "sort")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.count("NOT RUN"), 3)
        self.assertEqual(self.row(done.stdout, "sort")[2:], ["-", "-", "-"])

    def test_a_process_without_a_clock_is_timed_as_a_whole(self):
        clockless = engine("process", "sh", "-c", DRIVER + ' "$0" run "$1" | cut -d" " -f1', "${wasm}", "${n}", mode="process")
        done = self.run_compare([OURS[0], clockless], "--workloads", "sort")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertGreater(float(self.row(done.stdout, "sort")[1]), 0)

    def test_plots_or_says_that_it_does_not(self):
        done = self.run_compare(OURS, "--workloads", "fft,sort", "--plot", self.path("plot.png"))
        if "NO PLOT" in done.stderr:
            print("SKIPPED: " + done.stderr.splitlines()[-1])
            return
        with open(self.path("plot.png"), "rb") as file:
            self.assertEqual(file.read(4), b"\x89PNG")

    def test_measures_loading(self):
        wasm = os.path.join(FOLDER, "../kernels/json.wasm")
        done = self.run_compare(OURS, "--loads", loads=[{"name": "json", "wasm": wasm}])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("### Load json (%d bytes)" % os.path.getsize(wasm), done.stdout)
        self.assertIn("| in place |", done.stdout)
        done = self.run_compare(OURS, "--loads")
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("no `loads` are named", done.stderr)

    def test_reads_toml_and_says_what_is_missing(self):
        with open(self.path("config.toml"), "w", encoding="utf-8") as file:
            file.write('baseline = "a"\n[[engines]]\nname = "a"\ncmd = ["${NOT_THERE}"]\n')
        done = subprocess.run([sys.executable, os.path.join(FOLDER, "compare.py"), self.path("config.toml")],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (2, "compare: ${NOT_THERE} is not set\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
