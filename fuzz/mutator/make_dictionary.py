#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a libFuzzer dictionary of the binary format: all opcodes of opcode.def, types, sections, numbers at edges.

  fuzz/mutator/make_dictionary.py sandbox/syntax/opcode.def > wasm.dict
"""
import re
import sys

ROW = re.compile(r'^SANDBOX_OP\((\w+), (0x\w+), (0x\w+),', re.MULTILINE)

OTHER = {
    "header": b"\0asm\1\0\0\0",
    "type_i32_i32": b"\x60\1\x7f\1\x7f",
    "type_empty": b"\x60\0\0",
    "type_group": b"\x4e\1\x50\0",
    "block_empty": b"\x02\x40",
    "block_i32": b"\x02\x7f",
    "loop_empty": b"\x03\x40",
    "if_empty": b"\x04\x40",
    "end_end": b"\x0b\x0b",
    "ref_null": b"\x63",
    "ref": b"\x64",
    "functype": b"\x70",
    "externtype": b"\x6f",
    "memory64": b"\x05\1\2",
    "table_init": b"\x40\0\x70\0\1\xd0\x70\x0b",
    "name_section": b"\x04name",
    "memory_index": b"\x40\1\0",
    "u32_max": b"\xff\xff\xff\xff\x0f",
    "u32_long_zero": b"\x80\x80\x80\x80\x00",
    "u32_too_long": b"\x80\x80\x80\x80\x80\x00",
    "u32_too_large": b"\xff\xff\xff\xff\x1f",
    "i32_min": b"\x80\x80\x80\x80\x78",
    "i32_max": b"\xff\xff\xff\xff\x07",
    "i64_min": b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f",
    "u64_max": b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "u35": b"\x80\x80\x80\x80\x80\x01",
    "locals_max": b"\xff\xff\xff\xff\x0f\x7f",
}


def leb(number):
    out = bytearray()
    while True:
        out.append(number & 0x7f | (0x80 if number >= 0x80 else 0))
        number >>= 7
        if number == 0:
            return bytes(out)


def line(name, content):
    return name + '="' + "".join(f"\\x{byte:02x}" for byte in content) + '"'


def main():
    with open(sys.argv[1], encoding="utf-8") as table:
        rows = ROW.findall(table.read())
    assert len(rows) > 400, "opcode.def looks different"
    print("# Made by make_dictionary.py.")
    for name, prefix, code in rows:
        opcode = bytes([int(code, 16)]) if int(prefix, 16) == 0 else bytes([int(prefix, 16)]) + leb(int(code, 16))
        print(line("op_" + name, opcode))
    for name, content in OTHER.items():
        print(line(name, content))


if __name__ == "__main__":
    main()
