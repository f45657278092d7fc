"""The model of the synthetic survey: reading config/synthetic.yaml and checking it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.files import text_tables

SCHEMA = Path(__file__).resolve().parents[3] / "config" / "synthetic.schema.yaml"


def read_model(path: str, changes: Iterable[str] = ()) -> dict:
    """Read the model and check it against config/synthetic.schema.yaml.

    Each file of `changes` holds only what differs; it is laid over the model in turn: mappings
    are merged, lists and values replaced.

    Raises UserError naming the files and the key that is wrong.
    """
    import jsonschema

    model = text_tables.read_yaml(path)
    for other in changes:
        model = _merged(model, text_tables.read_yaml(other))
        path = f"{path} with {other}"
    schema = text_tables.read_yaml(SCHEMA)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(model)
    worst = jsonschema.exceptions.best_match(errors)
    if worst is not None:
        raise UserError(f"{path}: {_place(model, worst.absolute_path)}: {worst.message}")
    for where, problem in _inconsistencies(model):
        raise UserError(f"{path}: {where} {problem}")
    return model


def _merged(below, above):
    """Lay `above` over `below`, mapping by mapping."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return below | {key: _merged(below.get(key), value) for key, value in above.items()}


def _place(model, keys) -> str:
    """Write a path of keys, calling a component by its name and not its number."""
    words = []
    for key in keys:
        model = model[key]
        name = model.get("name") if isinstance(key, int) and isinstance(model, dict) else None
        words.append(str(key if name is None else name))
    return ".".join(words) or "the model"


def _not_finite(value, keys=()):
    """Yield the path of keys to every number that is NaN, infinite or beyond every float."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _not_finite(item, (*keys, key))
    elif isinstance(value, int | float) and not abs(value) < 1e300:
        yield keys


def _inconsistencies(model: dict):
    """Yield (key, problem) for what a schema cannot say: finite numbers, lengths, orders, names."""
    for keys in _not_finite(model):
        yield _place(model, keys), "is no finite number"
    sequence, gaia = model["stellar_sequence"], model["errors"]["gaia"]
    columns = ("counts", "logg", "teff", "g_r", "r_i", "i_z")
    tables = [("stellar_sequence", "abs_r", columns, sequence)]
    tables.append(("errors.gaia", "g_mag", ("pmra", "pmdec", "parallax"), gaia))
    values = ("sigma_r", "sigma_phi", "sigma_theta", "mean_v_phi")
    for component in model["components"]:
        where, density = f"components.{component['name']}", component["density"]
        if "radius_kpc" in component["velocity"]:
            tables.append((f"{where}.velocity", "radius_kpc", values, component["velocity"]))
        if component["shape"] == "disc":
            continue
        if len(density["slopes"]) != len(density["breaks_kpc"]) + 1:
            yield f"{where}.density.slopes", "must have one value more than breaks_kpc"
        if np.any(np.diff(density["breaks_kpc"]) <= 0):
            yield f"{where}.density.breaks_kpc", "must rise"
        if density["axes"][0] < max(density["axes"]):
            yield f"{where}.density.axes", "must have the longest first"
        if component["velocity"].get("major_axis_boost") and len(set(density["axes"])) == 1:
            yield f"{where}.velocity.major_axis_boost", "must be 0 for a sphere"
    for where, key, others, table in tables:
        if np.any(np.diff(table[key]) <= 0):
            yield f"{where}.{key}", "must rise"
        for other in others:
            if len(table[other]) != len(table[key]):
                yield f"{where}.{other}", f"must have as many values as {key}"
    for component in model["components"]:
        if component["shape"] == "disc" and component["velocity"].get("major_axis_boost"):
            yield f"components.{component['name']}.velocity.major_axis_boost", "must be 0 in a disc"
    names = [component["name"] for component in model["components"]] + ["sagittarius", "satellites"]
    for name in names:
        if names.count(name) > 1:
            yield "components", f"has the name {name} twice, or it is taken"
    if np.diff(model["fields"]["distances_kpc"])[0] <= 0:
        yield "fields.distances_kpc", "must rise"
    for window in model["selection"]["windows"]:
        if window["r_max"] <= window["r_min"]:
            yield "selection.windows", f"has r_max {window['r_max']} below its r_min"
