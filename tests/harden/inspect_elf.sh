#!/bin/sh
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
exec python3 harden/inspect_elf.py "$@"
