"""What somebody sees who starts Snakemake with a configuration that cannot be run."""

import re

import pytest
import yaml

from .conftest import copy_project, dry_runs, snakemake

CASES = {
    "a text for a number": ({"montecarlo": {"seed": "many"}}, ("montecarlo.seed: 'many'",)),
    "ends in the wrong order": (
        {"geometry": {"radial": {"max_kpc": 5.0}}},
        ("geometry.radial.min_kpc must be below",),
    ),
    "two lines and a terminal's code": (
        {"figures": {"literature": ["a\n\x1b[31mb"]}},
        (r"figures.literature: no verified value of a\n\x1b[31mb",),
    ),
}


@pytest.fixture(scope="module")
def project(repo, tmp_path_factory):
    return copy_project(repo, tmp_path_factory.mktemp("bad") / "copy")


def mistake(said: str) -> str:
    """Give the one line about the configuration; nothing else may be said of it."""
    assert "Traceback" not in said
    (line,) = re.findall(r"^configuration: .*$", said, re.M)
    assert len(said.strip().splitlines()) <= 6, said
    return line


def test_each_mistake_is_one_line_that_says_what_to_change(project, outcome):
    variations = []
    for number, (overlay, _) in enumerate(CASES.values()):
        (project / f"{number}.yaml").write_text(yaml.safe_dump(overlay))
        variations.append(["--configfile", f"{number}.yaml"])
    # On the command line, numbers come as texts.
    variations.append(["--config", "halo={min_abs_z_kpc: 8}"])
    words = [(case, parts) for case, (_, parts) in CASES.items()]
    words.append(("a number by --config", ("halo.min_abs_z_kpc: '8' is not of type 'number'",)))
    said = dry_runs(project, variations)
    for (case, parts), text in zip(words, said, strict=True):
        line = mistake(text)
        assert all(part in line for part in parts), line
        outcome("bad configurations", case, f"refused: {line.removeprefix('configuration: ')}")


def test_a_run_stops_before_anything_is_made(project):
    done = snakemake(project, "--cores", "1", "--config", "run=../elsewhere")
    assert done.returncode != 0
    assert "run: '../elsewhere'" in mistake(done.stdout + done.stderr)
    assert not (project / "results").exists() and not (project.parent / "elsewhere").exists()
