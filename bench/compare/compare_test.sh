#!/bin/sh
# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0
exec env PYTHONDONTWRITEBYTECODE=1 python3 bench/compare/compare_test.py "$1" bench/compare
