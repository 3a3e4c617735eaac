#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the first seeds of corpus/: the same ones each time.

Targets over the generator get streams of choices of several lengths. decode_fuzzer gets small modules written by hand, one
section or feature each, and the broken ones next to them.

  fuzz/make_corpus.py [ROOT]
"""
import pathlib
import random
import sys

GENERATED = ["api_fuzzer", "execute_diff_fuzzer", "limits_fuzzer", "optimizer_fuzzer", "resume_fuzzer", "side_table_fuzzer",
             "tiers_fuzzer", "validate_diff_fuzzer"]
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


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent) / "corpus"
    for target in GENERATED:
        (root / target).mkdir(parents=True, exist_ok=True)
        for number in range(20):
            choices = random.Random(f"{target} {number}")
            (root / target / f"seed_{number:02}").write_bytes(choices.randbytes(32 + 24 * number))
    (root / "decode_fuzzer").mkdir(parents=True, exist_ok=True)
    for name, content in modules():
        (root / "decode_fuzzer" / name).write_bytes(content)


if __name__ == "__main__":
    main()
