# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables in Markdown: medians, and ratios to the baseline. Above 1 is faster.

A ratio is the median over the rounds of baseline/engine (of a score: engine/baseline) in the same round. With settings.fastest
it is that of both engines' fastest rounds, and those stand in the tables instead of medians.
"""

import math
import os
import statistics


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def is_score(workload):
    return workload.get("kind") == "score"


def fastest(workload, values):
    return max(values) if is_score(workload) else min(values)


def summary(settings, samples, engine, workload):
    """What all rounds come to; None without any."""
    values = samples.of(engine, workload["name"]).values()
    if not values:
        return None
    return fastest(workload, values) if settings.fastest else statistics.median(values)


def ratio(settings, samples, engine, workload):
    """None when it and the baseline did not run in a same round."""
    theirs, ours = samples.of(settings.baseline, workload["name"]), samples.of(engine, workload["name"])
    both = sorted(set(theirs) & set(ours))
    if not both:
        return None
    pairs = [(theirs[k], ours[k]) for k in both]
    if settings.fastest:
        pairs = [tuple(fastest(workload, [of[k] for k in both]) for of in (theirs, ours))]
    return statistics.median(b / a if is_score(workload) else a / b for a, b in pairs)


def ratios(settings, samples):
    """{engine: {workload: ratio}} of what there is."""
    table = {}
    for engine in settings.engines:
        row = {w["name"]: ratio(settings, samples, engine["name"], w) for w in settings.workloads}
        table[engine["name"]] = {name: value for name, value in row.items() if value is not None}
    return table


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def cell(value, text):
    return "-" if value is None else text % value


def summaries_table(settings, samples):
    rows = []
    for workload in settings.workloads:
        score = is_score(workload)
        row = [workload["name"] + ("" if score else " (n=%s)" % workload["n"])]
        for engine in settings.engines:
            value = summary(settings, samples, engine["name"], workload)
            row.append(cell(value if score or value is None else value * 1e3, "%.0f" if score else "%.3g"))
        rows.append(row)
    return markdown(["workload"] + [engine["name"] for engine in settings.engines], rows)


def mean_rows(settings, table):
    """Geometric means: of all that an engine ran, and of what all engines ran. `micro` workloads are not counted."""
    counted = [w["name"] for w in settings.workloads if w.get("group") != "micro"]
    common = [name for name in counted if all(name in table[engine["name"]] for engine in settings.engines)]
    rows = []
    for label, names in (("**geometric mean**", counted), ("**of what all ran** (%d)" % len(common), common)):
        row = [label]
        for engine in settings.engines:
            values = [table[engine["name"]][name] for name in names if name in table[engine["name"]]]
            row.append("**%.3f** (%d)" % (geomean(values), len(values)) if values else "-")
        rows.append(row)
    return rows


def ratios_table(settings, table):
    rows = [[w["name"]] + [cell(table[engine["name"]].get(w["name"]), "%.2f") for engine in settings.engines]
            for w in settings.workloads]
    return markdown(["workload"] + [engine["name"] for engine in settings.engines], rows + mean_rows(settings, table))


def per_call_table(settings, samples):
    """Nanoseconds a call or iteration, for workloads that say how many of those n stands for; "" without any."""
    rows = []
    for workload in settings.workloads:
        if not workload.get("per"):
            continue
        scale = 1e9 / (workload["n"] * workload["per"])
        values = [summary(settings, samples, engine["name"], workload) for engine in settings.engines]
        rows.append([workload["name"]] + [cell(value and value * scale, "%.2f") for value in values])
    return markdown(["workload"] + [engine["name"] for engine in settings.engines], rows) if rows else ""


def spread_of(samples, engine, workloads):
    """(largest (max - min) / median, its workload, rounds), or None."""
    spreads = []
    for workload in workloads:
        values = list(samples.of(engine, workload["name"]).values())
        if values:
            spreads.append(((max(values) - min(values)) / statistics.median(values), workload["name"], len(values)))
    return max(spreads, default=None)


def spread_list(settings, samples):
    lines = []
    for engine in settings.engines:
        spread = spread_of(samples, engine["name"], settings.workloads)
        if spread:
            lines.append("- %s: %.0f %% (%s, %d rounds)" % (engine["name"], spread[0] * 100, spread[1], spread[2]))
    return "\n".join(lines) + "\n"


def report(settings, samples):
    """The whole text."""
    table = ratios(settings, samples)
    parts = [
        "### %s (ms; a score where there is no n)\n" % ("Fastest rounds" if settings.fastest else "Medians"),
        summaries_table(settings, samples),
        "### Speed relative to %s (above 1 is faster)\n" % settings.baseline, ratios_table(settings, table),
    ]
    per_call = per_call_table(settings, samples)
    if per_call:
        parts += ["### ns a call or iteration\n", per_call]
    parts += ["### Spread: (max - min) / median, of the worst workload\n", spread_list(settings, samples)]
    parts += ["- %s" % problem for problem in samples.problems]
    return "\n".join(parts)


def loads_report(settings, samples):
    parts = []
    for module in settings.loads:
        size = os.path.getsize(module["wasm"])
        rows = []
        for engine, values in samples.get(module["name"], {}).items():
            seconds = statistics.median(value[0] for value in values)
            kilobytes = statistics.median(value[1] for value in values)
            rows.append([engine, "%.1f" % (seconds * 1e3), "%.0f" % (size / seconds / 1e6), "%.2f" % (kilobytes * 1024 / size)])
        parts += ["### Load %s (%d bytes), median of %d\n" % (module["name"], size, settings.rounds),
                  markdown(["engine", "ms", "MB/s", "resident bytes a byte"], rows)]
    return "\n".join(parts)
