# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""A string flag with a closed list of values (bazel_skylib has one, but is not offline)."""

def _string_setting_impl(ctx):
    if ctx.build_setting_value not in ctx.attr.values:
        fail("%s must be one of %s" % (ctx.label, ", ".join(ctx.attr.values)))
    return []

string_setting = rule(
    implementation = _string_setting_impl,
    attrs = {"values": attr.string_list(mandatory = True)},
    build_setting = config.string(flag = True),
)
