"""Tables of a few rows in the place of a step's, for cases that only read them."""

from pathlib import Path

import numpy as np
import yaml
from astropy.table import Table

from icefire.files import star_tables, text_tables
from icefire.files.columns import Column

from .calls import REPO
from .chain import Step

SURVEY = yaml.safe_load((REPO / "config" / "surveys" / "h3.yaml").read_text(encoding="utf-8"))


def write(path: Path, columns: dict[str, np.ndarray], units: dict, meta: dict) -> None:
    """Write a table as the workflow does."""
    if path.suffix == ".ecsv":
        text_tables.write_ecsv(path, Table(columns, units=units), meta)
        return
    letters = {"b": "L", "i": "K", "f": "D", "S": "A"}
    formats = {name: letters[values.dtype.kind] for name, values in columns.items()}
    described = {name: Column(formats[name], units.get(name), "") for name in columns}
    with star_tables.StarWriter(path, described) as writer:
        writer.write(columns)
        writer.meta = meta


def rewrite(path: Path, change) -> None:
    """Write a star table anew; `change` gets its columns and metadata, and may give others."""
    reader = star_tables.StarReader(path)
    stars, meta = reader.all(), reader.meta
    write(path, change(stars, meta) or stars, reader.units, meta)


def read(path: Path) -> tuple[dict[str, np.ndarray], dict, dict]:
    """Read the first rows of a table, all of a small one: columns, units and metadata."""
    if path.suffix == ".ecsv":
        table = Table.read(path)[:50]
        return {name: table[name] for name in table.colnames}, {}, table.meta
    reader = star_tables.StarReader(path)
    return reader.read(0, 50), reader.units, reader.meta


def tables(step: Step) -> list[str]:
    """List the flags of a step that take a table."""
    return [
        flag
        for flag, paths in step.inputs.items()
        if paths and all(path.suffix in (".fits", ".ecsv") for path in paths)
    ]


def shorten(step: Step, folder: Path) -> Step:
    """Give a step with tables of fewer rows and metadata, which are quick to read.

    One that holds tables against each other gets whole ones.
    """
    if step.script == "verify_run":
        return step
    for flag in tables(step):
        path = step.inputs[flag][0]
        columns, units, meta = read(path)
        step = step.reading(flag, folder / f"{step.script}{flag}{path.suffix}")
        write(step.inputs[flag][0], columns, units, without_model(meta))
    return step


def without_model(meta: dict) -> dict:
    """Take the model of the synthetic survey, hundreds of lines, out of a table's metadata."""
    if "parameters" not in meta:
        return meta
    steps = {name: step for name, step in meta["parameters"].items() if name != "simulate_survey"}
    return {**meta, "parameters": steps}
