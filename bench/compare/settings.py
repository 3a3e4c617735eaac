# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads what to compare: engines, workloads and modules to load, from a JSON or TOML file.

  vars       names for ${NAME} in all texts; -D and the environment overrule them. ${HERE} is the file's folder.
  include    other such files, whose engines, workloads and loads come first
  baseline   the engine that ratios are to
  engines    {"name", "cmd": [...], "load_cmd": [...]?, "env": {...}?, "rounds": N?, "skip": [workload...]?,
             "mode": "driver"|"process"?, "tiny_n": N?}
  workloads  {"name", "wasm", "export", "n", "kind": "time"|"score"?, "group": "micro"?, "per": N?, "env": {...}?}
  loads      {"name", "wasm"}
  checksums  a file with lines `workload n checksum`: results that are known
"""

import dataclasses
import json
import os
import re
import tomllib


class SettingsError(Exception):
    """The settings cannot be used; the text says why."""


@dataclasses.dataclass
class Settings:
    baseline: str = ""
    rounds: int = 5
    fastest: bool = False  # compare fastest rounds instead of medians
    engines: list = dataclasses.field(default_factory=list)
    workloads: list = dataclasses.field(default_factory=list)
    loads: list = dataclasses.field(default_factory=list)
    checksums: dict = dataclasses.field(default_factory=dict)  # (workload, n): checksum


def expand(thing, names):
    """Replaces ${NAME} in a text, or in all texts of a list or dict."""
    if isinstance(thing, list):
        return [expand(item, names) for item in thing]
    if isinstance(thing, dict):
        return {key: expand(value, names) for key, value in thing.items()}
    if not isinstance(thing, str):
        return thing

    def value_of(match):
        if match.group(1) not in names:
            raise SettingsError("${%s} is not set" % match.group(1))
        return str(names[match.group(1)])

    for _ in range(4):  # a name may stand for a text with names
        thing = re.sub(r"\$\{(\w+)\}", value_of, thing)
    return thing


# Known when a command is run.
LATE = {name: "${%s}" % name for name in ("wasm", "export", "n", "name")}


def read_table(path):
    try:
        with open(path, "rb") as file:
            return tomllib.load(file) if path.endswith(".toml") else json.load(file)
    except (OSError, ValueError) as error:
        raise SettingsError("%s: %s" % (path, error)) from error


def read_checksums(path):
    known = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, n, checksum = line.split()
            known[name, int(n)] = int(checksum)
    return known


def read(path, given=None):
    """The settings of a file and all that it includes. given: names that overrule the file's."""
    table = read_table(path)
    names = {**table.get("vars", {})}
    names.update({name: os.environ[name] for name in names if name in os.environ})
    names.update(given or {})
    names["HERE"] = os.path.dirname(os.path.abspath(path))
    settings = Settings()
    for other in expand(table.get("include", []), names):
        include(settings, read(other, given))
    include(settings, Settings(
        baseline=table.get("baseline", ""),
        rounds=table.get("rounds", settings.rounds),
        engines=[late_expand(engine, names) for engine in table.get("engines", [])],
        workloads=expand(table.get("workloads", []), names),
        loads=expand(table.get("loads", []), names),
        checksums=read_checksums(expand(table["checksums"], names)) if "checksums" in table else {},
    ))
    return settings


def late_expand(engine, names):
    return expand(engine, {**names, **LATE})


def include(settings, more):
    settings.baseline = more.baseline or settings.baseline
    settings.rounds = more.rounds
    settings.engines += more.engines
    settings.workloads += more.workloads
    settings.loads += more.loads
    settings.checksums.update(more.checksums)


def pick(items, names):
    """Those items that are named in a text like `a,b`; all, if it is empty."""
    wanted = names.split(",") if names else [item["name"] for item in items]
    missing = set(wanted) - {item["name"] for item in items}
    if missing:
        raise SettingsError("there is no %s" % ", ".join(sorted(missing)))
    return [item for item in items if item["name"] in wanted]
