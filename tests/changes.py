"""Configurations that differ from another one in some keys."""

import copy

# In place of a value: the key is left out.
GONE = ...


def changed(config: dict, *changes: tuple[str, object]) -> dict:
    """Copy a configuration with other values at some keys, such as ("halo.min_abs_z_kpc", 8)."""
    config = copy.deepcopy(config)
    for where, value in changes:
        *parents, key = where.split(".")
        inner = config
        for parent in parents:
            inner = inner[parent]
        if value is GONE:
            del inner[key]
        else:
            inner[key] = value
    return config
