# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Draws ratios as bars:   plot.py FILE.png < {"baseline": NAME, "workloads": [NAME], "ratios": {ENGINE: {WORKLOAD: RATIO}}}

A program of its own, since matplotlib may belong to another Python than the one that compares (Debian: python3-matplotlib).
"""

import json
import sys

try:
    import matplotlib
except ImportError:
    sys.exit(3)

matplotlib.use("Agg")
from matplotlib import pyplot, ticker  # noqa: E402  (needs the line above)


def draw(data, path):
    engines = [engine for engine in data["ratios"] if data["ratios"][engine] and engine != data["baseline"]]
    workloads = data["workloads"]
    figure, axes = pyplot.subplots(figsize=(max(6, 0.3 * len(workloads) * (len(engines) + 1)), 4.5))
    width = 0.8 / max(len(engines), 1)
    for i, engine in enumerate(engines):
        row = data["ratios"][engine]
        places = [at + (i + 0.5) * width - 0.4 for at, name in enumerate(workloads) if name in row]
        axes.bar(places, [row[name] - 1 for name in workloads if name in row], width, bottom=1, label=engine)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_ylabel("speed relative to %s" % data["baseline"])
    for axis in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        axis(ticker.FuncFormatter(lambda value, _: "%g" % value))
    axes.set_xticks(range(len(workloads)), workloads, rotation=45, ha="right")
    axes.legend(fontsize="small", ncols=2)
    axes.grid(axis="y", linewidth=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    draw(json.load(sys.stdin), sys.argv[1])
