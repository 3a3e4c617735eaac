#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of corpus/: the same ones each time.

stream_*   Choices for the generator: the n-th of a target's endless row of random streams, of lengths that go round. Which
           ones is in corpus/choices.txt; --choose chose them: a set of streams that reaches what 700 of them reach.
rule_*     A stream for each rule that a module can break (fuzz/gen/broken_module.h): it chooses to break one, and which.
ttf_*      Modules out of `wasm-opt -ttf` (Debian's binaryen), whose generator knows nothing of this one. Left as they are
           where that is not installed. Its version is in corpus/README.md.
others     Modules written by hand, one section or feature each, and the broken ones next to them.

  fuzz/make_corpus.py [ROOT]                     writes corpus/
  fuzz/make_corpus.py --choose TARGET PROGRAM... chooses anew: PROGRAM is the target's libFuzzer program; where several
                                                 compare with different engines, the seeds of all
"""
import hashlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

CANDIDATES = 700
RULES = 128  # at least as many as there are
TTF_MODULES = 12
TTF_FEATURES = ["-mvp", "--enable-mutable-globals", "--enable-sign-ext", "--enable-nontrapping-float-to-int",
                "--enable-bulk-memory", "--enable-multivalue", "--enable-tail-call", "--enable-extended-const"]
HEADER = b"\0asm\1\0\0\0"


def section(number, content):
    """A section of less than 128 bytes."""
    return bytes([number, len(content)]) + content


def function(params, results, body):
    """A module of one function, exported as "f"."""
    types = section(1, b"\1\x60" + bytes([len(params)]) + params + bytes([len(results)]) + results)
    code = b"\0" + body + b"\x0b"
    return (HEADER + types + section(3, b"\1\0") + section(7, b"\1\1f\0\0") +
            section(10, b"\1" + bytes([len(code)]) + code))


def modules():
    """Name and bytes of decode_fuzzer's seeds."""
    add = function(b"\x7f\x7f", b"\x7f", b"\x20\0\x20\1\x6a")
    yield "empty_input", b""
    yield "header", HEADER
    yield "version_2", b"\0asm\2\0\0\0"
    yield "add", add
    yield "add_cut", add[:-3]
    yield "add_wrong_type", function(b"\x7f\x7e", b"\x7f", b"\x20\0\x20\1\x6a")
    yield "loop", function(b"\x7f", b"", b"\x03\x40\x20\0\x41\1\x6b\x22\0\x0d\0\x0b")
    yield "if_else", function(b"\x7f", b"\x7e", b"\x20\0\x04\x7e\x42\1\x05\x42\2\x0b")
    yield "br_table", function(b"\x7f", b"", b"\x02\x40\x02\x40\x20\0\x0e\2\0\1\2\x0b\x0b")
    yield "unreachable_stack", function(b"", b"\x7f", b"\x00\x6a\x1a\x41\0")
    yield "f64_const", function(b"", b"\x7c", b"\x44" + bytes(6) + b"\xf0\x3f")
    yield "memory", HEADER + section(5, b"\1\1\1\2") + section(11, b"\1\0\x41\0\x0b\3abc")
    yield "memory64", HEADER + section(5, b"\1\5\1\2")
    yield "memory_min_over_max", HEADER + section(5, b"\1\1\2\1")
    yield "table", HEADER + section(4, b"\1\x70\1\1\x0a")
    yield "globals", HEADER + section(6, b"\2\x7f\0\x41\x2a\x0b\x7e\1\x42\x7f\x0b")
    yield "global_without_end", HEADER + section(6, b"\1\x7f\0\x41\x2a")
    yield "import", HEADER + section(1, b"\1\x60\0\0") + section(2, b"\1\1m\1f\0\0")
    yield "import_bad_utf8", HEADER + section(1, b"\1\x60\0\0") + section(2, b"\1\1\xff\1f\0\0")
    yield "custom", HEADER + section(0, b"\4name\1\2\0\0")
    yield "long_leb", HEADER + b"\1\x84\x80\x80\x80\0\1\x60\0\0"
    yield "too_long_leb", HEADER + b"\1\x84\x80\x80\x80\x80\0\1\x60\0\0"


def stream(target, number):
    """The stream of a number; decode_fuzzer takes it for choices when a "g" comes first."""
    choices = random.Random(f"{target} {number}")
    size = (24, 80, 200, 500, 1000, 2000)[number % 6]
    content = choices.randbytes(size + choices.randrange(size))
    return b"g" + content if target == "decode_fuzzer" else content


def read_choices(root):
    """Numbers of streams by target."""
    lines = (root / "choices.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {row[0]: [int(number) for number in row[1:]] for row in rows}


def write_choices(root, choices):
    with open(root / "choices.txt", "w", encoding="utf-8") as out:
        out.write("# Copyright 2026 The wasm-sandbox Authors\n# SPDX-License-Identifier: Apache-2.0\n")
        out.write("# Written by fuzz/make_corpus.py --choose: the streams that are the seeds of a target.\n")
        for target in sorted(choices):
            out.write(" ".join([target] + [str(number) for number in choices[target]]) + "\n")


def chosen_by(program, target):
    """The hashes of the streams that libFuzzer needs to reach all edges that the candidates reach."""
    with tempfile.TemporaryDirectory() as folder:
        candidates, chosen = pathlib.Path(folder, "candidates"), pathlib.Path(folder, "chosen")
        candidates.mkdir()
        chosen.mkdir()
        for number in range(CANDIDATES):
            (candidates / str(number)).write_bytes(stream(target, number))
        subprocess.run([program, "-set_cover_merge=1", "-use_counters=0", "-max_len=4200", chosen, candidates], check=True,
                       stderr=subprocess.DEVNULL)
        return {path.name for path in chosen.iterdir()}


def choose(root, target, programs):
    """Keeps the streams that one of the programs needs."""
    names = set().union(*(chosen_by(program, target) for program in programs))
    choices = read_choices(root)
    choices[target] = [number for number in range(CANDIDATES)
                       if hashlib.sha1(stream(target, number)).hexdigest() in names]
    write_choices(root, choices)
    print(f"{target}: {len(choices[target])} of {CANDIDATES}")


def write_ttf(folder):
    """Modules out of Binaryen's generator, where it is installed."""
    if shutil.which("wasm-opt") is None:
        print("skipped: no wasm-opt, the ttf_* seeds stay as they are", file=sys.stderr)
        return
    for number in range(TTF_MODULES):
        with tempfile.NamedTemporaryFile() as choices:
            choices.write(random.Random(f"ttf {number}").randbytes(200 + 40 * number))
            choices.flush()
            subprocess.run(["wasm-opt", choices.name, "-ttf", *TTF_FEATURES, "-o", folder / f"ttf_{number:02}"], check=True,
                           stderr=subprocess.DEVNULL)


def main():
    if sys.argv[1:2] == ["--choose"]:
        choose(pathlib.Path(__file__).parent.parent / "corpus", sys.argv[2], sys.argv[3:])
        return
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent) / "corpus"
    for target, numbers in read_choices(root).items():
        (root / target).mkdir(parents=True, exist_ok=True)
        for stale in (root / target).glob("stream_*"):
            stale.unlink()
        for number in numbers:
            (root / target / f"stream_{number:03}").write_bytes(stream(target, number))
    for name, content in modules():
        (root / "decode_fuzzer" / name).write_bytes(content)
    for rule in range(RULES):
        choices = random.Random(f"rule {rule}")
        (root / "decode_fuzzer" / f"rule_{rule:03}").write_bytes(b"g" + bytes([rule]) + choices.randbytes(200))
        (root / "validate_diff_fuzzer" / f"rule_{rule:03}").write_bytes(bytes([0, rule]) + choices.randbytes(200))
    write_ttf(root / "decode_fuzzer")


if __name__ == "__main__":
    main()
