"""Paths full of what shells give a meaning to: the workflow's commands take them as names."""

from __future__ import annotations

import pytest
import yaml
from cli import catalogues as cat

from icefire.files import star_tables

from .conftest import copy_project, snakemake

ODD = 'it\'s "odd"; mkdir executed; $(mkdir executed) `mkdir executed` & | $HOME * ~ # é雪'
CLEAN = "results/catalog/clean.fits"


@pytest.fixture(scope="module")
def copy(repo, tmp_path_factory):
    """A copy of the project in an oddly named folder, with a catalogue in another one."""
    folder = copy_project(repo, tmp_path_factory.mktemp("odd") / ODD)
    (folder / ODD).mkdir()
    return folder


def cleaned(copy, path: str):
    """Run the workflow as far as the cleaning of a catalogue."""
    overlay = {"catalog": {"path": path}}
    (copy / "odd.yaml").write_text(yaml.safe_dump(overlay, allow_unicode=True), encoding="utf-8")
    return snakemake(copy, "--cores", "1", "--configfile", "odd.yaml", "--", CLEAN)


@pytest.mark.parametrize("ending", [".fits", ".csv"])
def test_no_command_in_a_name_is_executed(copy, outcome, ending):
    path = cat.write(cat.good(), copy / ODD / f"{ODD}{ending}")
    done = cleaned(copy, str(path.relative_to(copy)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert star_tables.StarReader(copy / CLEAN).n_rows == cat.N_ROWS
    assert not list(copy.parent.rglob("executed"))
    outcome("bad catalogues", f"the workflow, {ODD}{ending}", "ran: 24 of 24 kept")


@pytest.mark.parametrize("name", ["two\nlines.fits", "{input}.fits", "<results>.fits"])
def test_a_name_that_snakemake_would_read_otherwise_is_refused(copy, outcome, name):
    cat.write(cat.good(), copy / name)
    done = cleaned(copy, name)
    assert done.returncode != 0
    assert "catalog.path" in done.stderr
    assert "Traceback" not in done.stderr
    outcome("bad catalogues", f"the workflow, {name!a}", "refused: configuration: catalog.path")
