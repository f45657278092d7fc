"""Content decides: a catalogue or a map that is replaced by one of an earlier date counts."""

import os

import pytest
from cli.catalogues import good, write
from planning import dry_runs, planned

from .conftest import copy_project, snakemake


@pytest.fixture(scope="module")
def project(repo, tmp_path_factory):
    """A copy of the project in which the first steps have run on a catalogue."""
    folder = copy_project(repo, tmp_path_factory.mktemp("content") / "copy")
    write(good(), folder / "stars.fits")
    done = snakemake(folder, "--cores", "1", *TABLE)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


TABLE = ("results/catalog/clean.fits", "--config", "catalog={path: stars.fits}")


def plan(project) -> dict:
    return planned(dry_runs(project, [list(TABLE[1:])], TABLE[:1])[0])


@pytest.mark.parametrize("name", ["stars.fits", "config/surveys/h3.yaml"])
def test_another_content_of_an_earlier_date_runs_and_the_same_does_not(project, name):
    path = project / name
    before, date = path.read_bytes(), path.stat().st_mtime
    if name.endswith(".fits"):
        write(good()[:20], path.with_suffix(".new.fits")).replace(path)
    else:
        path.write_bytes(before.replace(b"H3", b"H4", 1))
    os.utime(path, (date - 1e6, date - 1e6))
    assert plan(project) == {"clean_catalog": 1}
    path.write_bytes(before)
    os.utime(path, (date - 1e6, date - 1e6))
    assert not plan(project)
