# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""Build settings of @rules_fuzzing//fuzzing."""

def _flag_impl(ctx):
    value = ctx.build_setting_value
    if ctx.attr.values and value not in ctx.attr.values:
        fail("%s: %r is not one of %s" % (ctx.label, value, ctx.attr.values))
    return []

string_flag = rule(
    implementation = _flag_impl,
    build_setting = config.string(flag = True),
    attrs = {"values": attr.string_list()},
)

bool_flag = rule(
    implementation = _flag_impl,
    build_setting = config.bool(flag = True),
    attrs = {"values": attr.string_list()},
)
