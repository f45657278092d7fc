"""A finished run, read back from its results folder and from nothing else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.files import star_tables, text_tables
from icefire.files.columns import SAMPLES
from icefire.files.metadata import FINISH, agreed, files_of_run
from icefire.measure.dispersion import QUANTILES, QUANTITIES
from icefire.measure.geometry import COORDINATES, Geometry, RadialShells, configured
from icefire.measure.geometry import SECTIONS as GEOMETRY_SECTIONS
from icefire.measure.recipes import COMPONENTS

# Of the star tables: who a star is, what is measured, and the bins it is in.
STAR_COLUMNS = ("star_id", "ra", "dec", *COMPONENTS, "x", "y", "z", "r", "l", "b")
MEASURED = tuple(quantity + ending for quantity in QUANTITIES for ending in QUANTILES)

_LEDGER = "catalog/ledger.ecsv"
_JUDGED = "judged.yaml"
_LEDGER_COLUMNS = ("step", "reason", "n_in", "n_removed", "n_out")
# The files that a comparison reads, and the last step whose parameters each must name.
_FILES = {
    _LEDGER: "select_samples",
    **{f"samples/{sample}.fits": "select_samples" for sample in SAMPLES},
    **{
        f"summaries/{geometry}/{sample}.ecsv": "run_realisations"
        for geometry in COORDINATES
        for sample in SAMPLES
    },
}


@dataclass(frozen=True)
class Run:
    """What a results folder says of its run.

    Attributes:
        folder, name: Where it is, and what readers call it.
        source: The metadata of `metadata.SOURCE`.
        parameters: Parameters by name, by step; without `sample`, in which the tables of a run
            differ.
        geometries: The bins that the parameters describe, by name.
        ledger: Rows of the ledger's table, as mappings.
        samples: Readers of the star tables, by sample.
        summaries: Tables by geometry and sample.
        judged: What the stars answer to the paper's claims, entries as numbers.yaml has them.
    """

    folder: Path
    name: str
    source: dict
    parameters: dict[str, dict]
    geometries: dict[str, Geometry]
    ledger: list[dict]
    samples: dict[str, star_tables.StarReader]
    summaries: dict
    judged: dict

    @property
    def realisations(self) -> int:
        """Number of realisations behind each median."""
        return self.parameters["run_realisations"]["montecarlo_realisations"]

    def values(self, geometry: str, sample: str, column: str) -> np.ndarray:
        """Give a column of a summary as plain floats, NaN where it has no value."""
        found = self.summaries[geometry, sample][column]
        return np.ma.filled(np.ma.asarray(found, dtype=float), np.nan)

    def check_counts(self, geometry: str, sample: str, n_stars: np.ndarray) -> None:
        """Make sure that a summary counts the stars per bin that were counted in its sample.

        Raises UserError naming both files when they belong to different runs.
        """
        if not np.array_equal(n_stars, self.summaries[geometry, sample]["n_stars"]):
            raise UserError(
                f"{self.folder / _summary(geometry, sample)}: counts other stars than"
                f" {self.folder / _sample(sample)} has; {FINISH}"
            )


def _sample(sample: str) -> str:
    return f"samples/{sample}.fits"


def _summary(geometry: str, sample: str) -> str:
    return f"summaries/{geometry}/{sample}.ecsv"


def read(folder: str | os.PathLike, name: str) -> Run:
    """Read a run and give it a name.

    Raises UserError when the folder is missing, is none of a run, or the run is unfinished: a file
    is missing, or two files were made with different parameters.
    """
    folder = Path(folder)
    files_of_run(folder, (*_FILES, _JUDGED))
    found = {path: _read(folder, path) for path in _FILES}
    judged = text_tables.read_yaml(folder / _JUDGED, FINISH, dict)
    metas = {folder / path: table.meta for path, table in found.items()}
    said = agreed(metas, {folder / path: step for path, step in _FILES.items()})
    source, settings = said.pop("source"), said["run_realisations"]
    if judged["catalogue"] != {key: source[key] for key in judged["catalogue"]}:
        raise UserError(f"{folder / _JUDGED}: is of another catalogue than the samples; {FINISH}")
    needed = [s.parameter(key) for s in GEOMETRY_SECTIONS.values() for key in s.kinds]
    needed += ["montecarlo_realisations", "montecarlo_min_stars"]
    if missing := [name for name in needed if name not in settings]:
        raise UserError(f"{folder}: its summaries do not name {missing[0]!r}; make them anew")
    geometries = {one.name: one for one in configured(settings)}
    for geometry, one in geometries.items():
        for path in (_summary(geometry, sample) for sample in SAMPLES):
            if len(found[path]) != one.n_bins:
                raise UserError(
                    f"{folder / path}: has {len(found[path])} bins where its metadata describe"
                    f" {one.n_bins}; make it anew"
                )
    return Run(
        folder,
        name,
        source=source,
        parameters=said,
        geometries=geometries,
        ledger=[{key: row[key].tolist() for key in _LEDGER_COLUMNS} for row in found[_LEDGER]],
        samples={sample: found[_sample(sample)] for sample in SAMPLES},
        summaries={
            (geometry, sample): found[_summary(geometry, sample)]
            for geometry in COORDINATES
            for sample in SAMPLES
        },
        judged=judged["judged"],
    )


def profiles(samples: Mapping[str, str], summaries: Mapping[str, str]) -> Run:
    """Read the radial profiles alone of a run, from its star tables and radial summaries."""
    columns = (*COORDINATES["radial"], "n_stars", *MEASURED)
    tables = {name: text_tables.read_ecsv(path, columns) for name, path in summaries.items()}
    metas = {path: tables[name].meta for name, path in summaries.items()}
    said = agreed(metas, dict.fromkeys(metas, "run_realisations"))
    source, settings = said.pop("source"), said["run_realisations"]
    kind = GEOMETRY_SECTIONS["radial"].values(settings)
    return Run(
        Path(summaries["halo"]).parent,
        "",
        source=source,
        parameters=said,
        geometries={"radial": RadialShells(**kind)},
        ledger=[],
        samples={n: star_tables.StarReader(path, STAR_COLUMNS) for n, path in samples.items()},
        summaries={("radial", name): table for name, table in tables.items()},
        judged={},
    )


def _read(folder: Path, path: str):
    """Open one of the files that a run must have, and check its columns."""
    if path.endswith(".fits"):
        return star_tables.StarReader(folder / path, STAR_COLUMNS)
    if path == _LEDGER:
        return text_tables.read_ecsv(folder / path, _LEDGER_COLUMNS[2:], _LEDGER_COLUMNS[:2])
    geometry = path.split("/")[1]
    return text_tables.read_ecsv(folder / path, (*COORDINATES[geometry], "n_stars", *MEASURED))
