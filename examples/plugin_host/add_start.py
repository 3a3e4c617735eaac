#!/usr/bin/env python3
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes an exported function the start function of a module, which C has no way to say.

add_start.py EXPORT IN.wasm OUT.wasm
"""
import sys

EXPORT_SECTION, START_SECTION = 7, 8


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def write_leb(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def find_function(section, name):
    count, at = read_leb(section, 0)
    for _ in range(count):
        length, at = read_leb(section, at)
        found, at = section[at:at + length], at + length
        kind = section[at]
        index, at = read_leb(section, at + 1)
        if kind == 0 and found == name.encode():
            return index
    sys.exit(f"add_start: no exported function {name}")


def main():
    name, source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    at = 8
    while at < len(data):
        section_id = data[at]
        size, begin = read_leb(data, at + 1)
        at = begin + size
        if section_id == EXPORT_SECTION:
            index = write_leb(find_function(data[begin:at], name))
            break
    else:
        sys.exit("add_start: no export section")
    with open(target, "wb") as file:
        file.write(data[:at] + bytes([START_SECTION]) + write_leb(len(index)) + index + data[at:])


if __name__ == "__main__":
    main()
