"""What tables say of themselves: where their stars come from, and the parameters that made them.

Never a time or a path, so that equal inputs give equal bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from icefire import __version__
from icefire.errors import UserError

# Where stars come from: the metadata of every table of a run, beside the parameters of its steps.
SOURCE = ("catalogue", "synthetic", "survey", "cuts_off", "icefire_version")
FINISH = "finish the run: snakemake --cores 2, with --configfile and its file if it has one"


def new_meta(catalogue: str, synthetic: bool, survey: str, cuts_off: dict[str, str]) -> dict:
    """Begin a table's metadata: where its stars come from and which cuts the survey cannot have."""
    return {
        "icefire_version": __version__,
        "catalogue": catalogue,
        "synthetic": synthetic,
        "survey": survey,
        "cuts_off": dict(sorted(cuts_off.items())),
        "parameters": {},
    }


def add_step(meta: dict, step: str, parameters: dict) -> dict:
    """Copy `meta` and note in it the parameters of one more step."""
    steps = dict(meta.get("parameters", {}))
    steps[step] = {key: plain(value) for key, value in sorted(parameters.items())}
    return {**meta, "icefire_version": __version__, "parameters": steps}


def parameters_of(meta: Mapping, step: str, path) -> dict:
    """Give the parameters of one of the steps that made the table at `path`.

    Raises UserError naming the table when its metadata do not have that step.
    """
    if step not in meta.get("parameters", {}):
        raise UserError(f"{path}: its metadata have no parameters of {step}; make it anew")
    return meta["parameters"][step]


def digest(path: str | os.PathLike) -> str:
    """Give the SHA-256 of a small file, by which metadata know it again where a path may not be."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def plain(value):
    """Reduce numpy scalars, tuples and the like to what JSON and YAML write."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def agreed(metas: Mapping[object, dict], last_steps: Mapping[object, str]) -> dict[str, dict]:
    """Gather the parameters of all steps, and under `source` where stars come from.

    Parameters
    ----------
    metas
        Metadata of every table, by its path.
    last_steps
        The last step whose parameters each table must name, by the same paths.

    Returns
    -------
    dict
        Parameters by name, by step; without `sample`, in which the tables of a run differ.

    Raises UserError naming the table that lacks some, or two that were made with different ones.
    """
    found: dict[str, dict] = {}
    first: dict[str, object] = {}
    for path, meta in metas.items():
        steps = meta.get("parameters", {})
        lacking = [key for key in SOURCE if key not in meta]
        lacking += [f"parameters of {last_steps[path]}"] if last_steps[path] not in steps else []
        if lacking:
            raise UserError(f"{path}: its metadata have no {lacking[0]}; make it anew")
        for step, values in {"source": {key: meta[key] for key in SOURCE}, **steps}.items():
            values = {name: value for name, value in values.items() if name != "sample"}
            known = found.setdefault(step, values)
            first.setdefault(step, path)
            if known != values:
                names = sorted(k for k in {*known, *values} if known.get(k) != values.get(k))
                raise UserError(
                    f"{path}: made with other parameters than {first[step]}"
                    f" ({step}: {', '.join(names)}); {FINISH}"
                )
    return found
