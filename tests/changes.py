"""Keys of configurations, and configurations that differ from another one in some."""

import copy

# In place of a value: the key is left out.
GONE = ...


def changed(config: dict, *changes: tuple[str, object]) -> dict:
    """Copy a configuration with other values at some keys, such as ("halo.min_abs_z_kpc", 8).

    Of a list, the entry of a name is meant.
    """
    config = copy.deepcopy(config)
    for where, value in changes:
        *parents, key = where.split(".")
        inner = config
        for parent in parents:
            entries = inner if isinstance(inner, dict) else {one["name"]: one for one in inner}
            inner = entries[parent]
        if value is GONE:
            del inner[key]
        else:
            inner[key] = value
    return config


def leaf_keys(value, key: str = "") -> list[str]:
    """Give the keys of a configuration; a list is one value."""
    if not isinstance(value, dict):
        return [key]
    return [k for name, item in value.items() for k in leaf_keys(item, f"{key}.{name}".strip("."))]


def nested(*changes: tuple[str, object]) -> dict:
    """Give the configuration that has these keys and no others."""
    found: dict = {}
    for where, value in changes:
        *parents, key = where.split(".")
        inner = found
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[key] = value
    return found
