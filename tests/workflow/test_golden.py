"""The data behind every figure of the quick run are those kept in tests/golden."""

import numpy as np
import pytest
from against_reference import CHECKS, Run
from astropy.table import Table
from golden import make

from .test_quick_run import FIGURES

ON_PURPOSE = (
    "if this is meant: snakemake --cores 2 --configfile config/quick.yaml"
    " && python tests/golden/make.py results/quick"
)


# What says where a row is
PLACES = ("l", "sin_b", "feh", "afe", "x", "y", "z", "pixel", "quadrant", "r_mid", "r")


def kept(name: str) -> Table:
    return Table.read(make.HERE / f"{name}.ecsv")


def differences(name: str, found: Table, golden: Table) -> list[str]:
    """Say where two tables of a figure differ: column, row, both numbers, and the tolerance."""
    if found.colnames != golden.colnames:
        return [f"{name}: columns {found.colnames}, golden {golden.colnames}"]
    if len(found) != len(golden):
        return [f"{name}: {len(found)} rows, golden {len(golden)}"]
    said = []
    places = [column for column in golden.colnames if column in PLACES]
    for column in golden.colnames:
        unit = make.unit(golden[column])
        counts = golden[column].dtype.kind == "i"
        tolerance = 0 if counts else make.TOLERANCES[unit]
        new, old = (np.asarray(table[column], dtype=float) for table in (found, golden))
        # A value on one side only is as wrong as a wrong value.
        off = ~((np.isnan(new) & np.isnan(old)) | (np.abs(new - old) <= tolerance))
        for row in np.flatnonzero(off):
            where = ", ".join(f"{place} = {golden[place][row]:g}" for place in places)
            numbers = f"{new[row]:g}, golden {old[row]:g} (within {tolerance:g} {unit})"
            said.append(f"{name}, column {column}, row {row} ({where}): {numbers}")
    return said


@pytest.mark.parametrize("name", list(make.TABLES))
def test_the_data_behind_a_figure_are_the_kept_ones(quick_run, name):
    said = differences(name, make.make(quick_run / "results" / "quick", name), kept(name))
    shown = "\n".join(said[:10])
    assert not said, f"{len(said)} differences, first\n{shown}\n{ON_PURPOSE}"


def test_every_figure_has_small_golden_tables():
    # Figure S1 counts how often simulated intervals hold: tests/unit/test_calibration.py
    papers = {name for name in FIGURES if not name.startswith("figS")}
    assert {name[:5] for name in make.TABLES} == {name[:5] for name in papers}
    files = list(make.HERE.glob("*.ecsv"))
    assert {path.stem for path in files} == set(make.TABLES)
    assert sum(path.stat().st_size for path in files) < 300_000


@pytest.fixture(scope="module")
def run(quick_run) -> Run:
    return Run(quick_run / "results" / "quick")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_run_is_as_the_reference_has_it(run, check):
    check(run)
