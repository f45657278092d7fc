"""What tables say of themselves: where their stars come from, and the parameters that made them.

Never a time or a path, so that equal inputs give equal bytes.
"""

import argparse
import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from icefire import __version__, cli
from icefire.errors import UserError

# Where stars come from: the metadata of every table of a run, beside the parameters of its steps.
SOURCE = ("catalogue", "synthetic", "survey", "cuts_off", "icefire_version")
# Runs that can be told apart beside one
MOST_BESIDE = 5
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


def files_of_run(folder: str | os.PathLike, names: Collection[str]) -> list[Path]:
    """Give the paths of these files of a finished run, all of which must be there.

    Raises UserError when the folder is missing, is none of a run, or the run is unfinished.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "there is no such folder"
        raise UserError(
            f"{folder}: {what}; give the results of a run, results or results/NAME"
            " (snakemake --cores 2 makes them)"
        )
    missing = [name for name in names if not (folder / name).is_file()]
    if len(missing) == len(names):
        raise UserError(
            f"{folder}: holds no results of the workflow (no {missing[0]});"
            " give the folder of a run, results or results/NAME"
        )
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(f"{folder / missing[0]}: is missing{more}; {FINISH}")
    return [folder / name for name in names]


def name_of(folder: str | os.PathLike) -> str:
    """Give the last part of a run's folder, whatever way its path is written."""
    return Path(os.path.abspath(folder)).name


def folders(text: str) -> tuple[str, ...]:
    """Read the folders of runs to be shown beside another: five at most, no two of one name."""
    found = cli.names(text)
    if len(found) > MOST_BESIDE:
        raise argparse.ArgumentTypeError(f"{len(found)} runs are more than {MOST_BESIDE}")
    if len(set(map(name_of, found))) < len(found):
        raise argparse.ArgumentTypeError(f"{text} has two runs of one name; rename a folder")
    return found


BESIDE = cli.Section("figures", {"beside": folders}, optional=("beside",))


def agreed(metas: Mapping[object, dict], last_steps: Mapping[object, str]) -> dict[str, dict]:
    """Gather the parameters of all steps, and under `source` where stars come from.

    Parameters:
        metas: Metadata of every table, by its path.
        last_steps: The last step whose parameters each table must name, by the same paths.

    Returns: Parameters by name, by step; without `sample`, in which the tables of a run differ.

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
