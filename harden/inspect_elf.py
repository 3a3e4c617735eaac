# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Looks at what --config=hardened built (x86-64 ELF) and names each property that it lacks.

The flags are in copts.bzl; this reads only their results, so that a flag that was lost on the way, or that a compiler ignores,
shows. Needs readelf and objdump.
"""

import argparse
import re
import subprocess
import sys

# Property: what it means. The order is that of the report.
PROPERTIES = {
    "pie": "the program is position-independent",
    "relro": "it has a GNU_RELRO segment",
    "bind_now": "imported functions are bound before it starts",
    "nx_stack": "it asks for a stack that is not executable",
    "no_wx": "no segment is writable and executable",
    "no_textrel": "no relocation writes into code",
    "stack_protector": "its functions use stack canaries",
    "handler_table": "the table of handlers is read-only once it has started",
    "fortify": "a copy of unknown length into a known buffer is a checked one",
    "cet_note": "every object is marked IBT and SHSTK",
    "endbr": "every function that may be called indirectly starts with endbr64",
    "handler_prologue": "no handler touches the stack pointer",
    "handler_call": "no handler calls",
    "handler_canary": "no handler reads a canary",
    "handler_end": "every handler ends in a jump",
    "two_jumps": "every handler of a conditional branch dispatches at two places",
}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Report:
    """Collects the properties that are missing, with the reason."""

    def __init__(self):
        self.missing = {}

    def require(self, prop, holds, reason):
        if not holds:
            self.missing.setdefault(prop, []).append(reason)


def symbols(path):
    """Yields (name, type, bind, section index, address, size, archive member) of every symbol table."""
    member = path
    for line in run("readelf", "-W", "--syms", path).splitlines():
        if line.startswith("File: "):
            member = line[len("File: "):]
        fields = line.split()
        if len(fields) >= 8 and re.fullmatch(r"\d+:", fields[0]):
            yield fields[7], fields[3], fields[4], fields[6], int(fields[1], 16), int(fields[2], 0), member


def inspect_program(path, table, report):
    header = run("readelf", "-W", "-h", path)
    dynamic = run("readelf", "-W", "-d", path)
    segments = []  # (type, address, size in memory, flags)
    for line in run("readelf", "-W", "-l", path).splitlines():
        match = re.match(r"\s+(\w+)\s+0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+) ([RWE ]{3})", line)
        if match:
            segments.append((match[1], int(match[2], 16), int(match[3], 16), match[4]))

    report.require("pie", re.search(r"Type:\s+DYN", header) and re.search(r"FLAGS_1.*\bPIE\b", dynamic), "not a PIE")
    relro = [(start, start + size) for kind, start, size, _ in segments if kind == "GNU_RELRO"]
    report.require("relro", relro, "no GNU_RELRO segment")
    report.require("bind_now", re.search(r"\(FLAGS(_1)?\).*\b(BIND_)?NOW\b", dynamic), "no BIND_NOW")
    stack = [flags for kind, _, _, flags in segments if kind == "GNU_STACK"]
    report.require("nx_stack", stack and "E" not in stack[0], "GNU_STACK is executable or absent")
    for kind, start, _, flags in segments:
        report.require("no_wx", not (kind == "LOAD" and "W" in flags and "E" in flags), f"segment at {start:#x} is {flags}")
    report.require("no_textrel", "TEXTREL" not in dynamic, "TEXTREL")
    names = list(symbols(path))
    report.require("stack_protector", any(s[0].startswith("__stack_chk_fail") for s in names), "__stack_chk_fail is not used")
    inspect_table(path, table, names, relro, report)


def inspect_table(path, table, names, relro, report):
    sections = {}  # index: (name, flags)
    for line in run("readelf", "-W", "-S", path).splitlines():
        match = re.match(r"\s+\[\s*(\d+)\] (\S+)\s+\S+\s+\w+ \w+ \w+ \w+\s+([A-Zop]*)", line)
        if match:
            sections[match[1]] = (match[2], match[3])
    tables = {s[:6] for s in names if table in s[0] and s[1] == "OBJECT"}
    report.require("handler_table", tables, f"no symbol {table}")
    for name, _, _, index, address, size in tables:
        section, flags = sections.get(index, ("?", "W"))
        inside = any(start <= address and address + size <= end for start, end in relro)
        report.require("handler_table", size > 0 and ("W" not in flags or inside),
                       f"{name} is in {section}, writable after start")


def functions(path):
    """Yields (symbol, instructions) of an object, an archive or a program."""
    name, body = None, []
    for line in run("objdump", "-d", "-w", "--no-show-raw-insn", path).splitlines():
        match = re.fullmatch(r"[0-9a-f]+ <(.*)>:", line)
        if match:
            if name:
                yield name, body
            name, body = match[1], []
        elif name and re.match(r"\s+[0-9a-f]+:\t", line):
            body.append(line.split("\t", 1)[1].strip())
    if name:
        yield name, body


def inspect_objects(path, report):
    notes = run("readelf", "-W", "-n", path)
    marked = len(re.findall(r"x86 feature: .*\bIBT\b.*\bSHSTK\b", notes))
    # One without functions is marked as well, and may be all that a library has.
    objects = len(run("ar", "t", path).split()) if path.endswith(".a") else 1
    report.require("cet_note", marked >= objects > 0, f"{path}: {marked} of {objects} objects are marked")
    visible = {s[0] for s in symbols(path) if s[1] == "FUNC" and s[2] != "LOCAL" and s[3] != "UND"}
    for name, body in functions(path):
        if name in visible:
            report.require("endbr", body and body[0].startswith("endbr64"), f"{name} starts with {body[:1]}")


def inspect_handlers(path, handler, cold, may_spill, branch, report):
    count = 0
    for name, body in functions(path):
        if not re.search(handler, name) or re.search(cold, name):
            continue
        count += 1
        # What pads the end is not the handler's.
        while body and re.match(r"(int3|nop|data16|cs nop|xchg\s+%ax,%ax)", body[-1]):
            body.pop()
        text = "\n".join(body)
        report.require("endbr", text.startswith("endbr64"), f"{name} starts with {body[:1]}")
        moves_stack = re.search(r"^push|^(sub|add|lea|and)\b.*,%rsp$", text, re.M)
        report.require("handler_prologue", not moves_stack or re.search(may_spill, name), name)
        report.require("handler_call", not re.search(r"^(notrack )?call", text, re.M), name)
        report.require("handler_canary", "%fs:0x28" not in text, name)
        report.require("handler_end", body and re.match(r"(notrack )?jmp|ud2", body[-1]), f"{name} ends with {body[-1:]}")
        if re.search(branch, name):
            jumps = len(re.findall(r"^(?:notrack )?jmp\s+\*", text, re.M))
            report.require("two_jumps", jumps >= 2, f"{name} has {jumps}")
    report.require("handler_prologue", count > 0, f"{path}: no handler found")
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the linked program")
    parser.add_argument("--fortify-probe", required=True, help="an object or archive that copies an unknown length")
    parser.add_argument("--objects", action="append", default=[], help="objects or archives of ours")
    parser.add_argument("--handlers", required=True, help="the object or archive with the handlers")
    parser.add_argument("--table", default="kHandlers", help="part of the handler table's symbol")
    parser.add_argument("--handler", default="Op_", help="regular expression: symbols of handlers")
    parser.add_argument("--cold", default="Slow|Cold", help="those of them that are not on the hot path")
    parser.add_argument("--may-spill", default="^$", help="those of them that need more registers than there are")
    parser.add_argument("--branch", default="Op_BrIf", help="those of them that are conditional branches")
    parser.add_argument("--expect-missing", help="comma-separated: succeed if exactly these properties are missing")
    args = parser.parse_args()

    report = Report()
    inspect_program(args.program, args.table, report)
    report.require("fortify", any(s[0] == "__memcpy_chk" for s in symbols(args.fortify_probe)), "no __memcpy_chk")
    for path in args.objects:
        inspect_objects(path, report)
    count = inspect_handlers(args.handlers, args.handler, args.cold, args.may_spill, args.branch, report)

    print(f"{count} handlers")
    for prop, meaning in PROPERTIES.items():
        reasons = report.missing.get(prop, [])
        print(f"{'MISSING' if reasons else 'ok     '} {prop}: {meaning}")
        for reason in reasons[:10]:
            print(f"          {reason}")
        if len(reasons) > 10:
            print(f"          and {len(reasons) - 10} more")
    if args.expect_missing is None:
        return 1 if report.missing else 0
    expected = set(filter(None, args.expect_missing.split(",")))
    if expected != set(report.missing):
        print(f"expected to miss: {', '.join(sorted(expected)) or 'nothing'}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
