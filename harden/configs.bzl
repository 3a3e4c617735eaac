# Copyright 2026 The wasm-sandbox Authors
# SPDX-License-Identifier: Apache-2.0

"""Where a target is built."""

def only_in(*settings):
    """For target_compatible_with: skips the target unless one of these holds.

    Args:
      *settings: config_settings of this folder, such as the modes that the configs of .bazelrc stand for.

    Returns:
      The attribute's value.
    """
    conditions = {"//harden:" + setting: [] for setting in settings}
    conditions["//conditions:default"] = ["//harden:unavailable"]
    return select(conditions)
