"""What somebody sees who starts Snakemake with a configuration that cannot be run."""

import re

import pytest
import yaml

from .conftest import copy_project, dry_runs, snakemake

# What is given, on the command line (where numbers come as texts) or in a file, and what is said
CASES = [
    ("halo={min_abs_z_kpc: 8}", "halo.min_abs_z_kpc: '8' is not of type 'number'"),
    ({"geometry": {"radial": {"max_kpc": 5.0}}}, "geometry.radial.min_kpc must be below"),
    (
        {"figures": {"literature": ["a\n\x1b[31mb"]}},
        r"figures.literature: no verified value of a\n\x1b[31mb",
    ),
]


@pytest.fixture(scope="module")
def project(repo, tmp_path_factory):
    return copy_project(repo, tmp_path_factory.mktemp("bad") / "copy")


def mistake(said: str) -> str:
    """Give the one line about the configuration; nothing else may be said of it."""
    assert "Traceback" not in said
    (line,) = re.findall(r"^configuration: .*$", said, re.M)
    assert len(said.strip().splitlines()) <= 6, said
    return line


def test_each_mistake_is_one_line_that_says_what_to_change(project):
    variations = []
    for number, (given, _) in enumerate(CASES):
        (project / f"{number}.yaml").write_text(yaml.safe_dump(given))
        file = ["--configfile", f"{number}.yaml"]
        variations.append(["--config", given] if isinstance(given, str) else file)
    for (_, says), text in zip(CASES, dry_runs(project, variations), strict=True):
        line = mistake(text)
        assert says in line, line


def test_a_run_stops_before_anything_is_made(project):
    done = snakemake(project, "--cores", "1", "--config", "run=../elsewhere")
    assert done.returncode != 0
    assert "run: '../elsewhere'" in mistake(done.stdout + done.stderr)
    assert not (project / "results").exists() and not (project.parent / "elsewhere").exists()
