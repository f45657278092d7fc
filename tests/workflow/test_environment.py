"""What the project says of itself stays true: pins, key table, README, no addresses."""

import subprocess
import sys

import pytest
import yaml

from icefire import __version__

from .config_table import readme
from .test_security import PIN, entries


def pins(text: str) -> dict[str, str]:
    """Read the versions for Python 3.11 from a locked list."""
    found = map(PIN.fullmatch, entries(text))
    return {pin["name"]: pin["version"] for pin in found if ">= '3.12'" not in str(pin["marker"])}


def test_the_conda_environment_has_the_locked_versions(repo):
    locked = pins((repo / "envs" / "requirements.txt").read_text())
    wanted = dict(
        entry.split("=")
        for entry in yaml.safe_load((repo / "envs" / "paper.yaml").read_text())["dependencies"]
    )
    assert wanted.pop("python") == "3.11"
    for here, there in {"matplotlib": "matplotlib-base", "typst": "typst-py"}.items():
        wanted[here] = wanted.pop(there)
    assert wanted == {name: locked[name] for name in wanted}
    asked = (repo / "envs" / "requirements.in").read_text().splitlines()
    asked = {line for line in asked if line and not line.startswith("#")} - {"snakemake[reports]"}
    assert set(wanted) == asked


@pytest.mark.parametrize("name", ["requirements-dev", "requirements-hpc"])
def test_the_longer_lists_repeat_every_pin_of_the_runs(repo, name):
    run, more = (
        pins((repo / "envs" / f"{name}.txt").read_text()) for name in ("requirements", name)
    )
    assert run.items() < more.items()


def test_only_one_list_has_the_plugin_of_slurm(repo):
    lists = {path.stem for path in (repo / "envs").glob("*.txt") if "slurm" in path.read_text()}
    assert lists == {"requirements-hpc"}


def test_the_table_of_keys_is_that_of_the_schema(repo):
    assert (repo / "config" / "README.md").read_text() == readme()


def test_the_plan_of_large_runs_is_that_of_the_measured_times(repo):
    plan = [sys.executable, "benchmarks/plan.py", "--measured", "benchmarks/measured.ecsv"]
    done = subprocess.run(plan, cwd=repo, capture_output=True, text=True, check=True)
    text = (repo / "docs" / "clusters.md").read_text()
    table = text.partition("<!-- plan -->\n")[2].partition("<!-- end of plan -->")[0]
    assert table == done.stdout
    # Ten times the work takes about ten times the core-hours, and no job more than a gigabyte.
    cells = [line.split("|")[1:-1] for line in table.splitlines()[2:]]
    hours = {(row[0].strip(), row[1].strip(" *")): float(row[4].replace(",", "")) for row in cells}
    assert 8 < hours["10⁸", "10⁵"] / hours["10⁷", "10⁵"] < 12
    assert max(float(row[5].split()[0]) for row in cells) < 1.0


def test_every_place_names_the_same_version(repo):
    assert f"version: {__version__}\n" in (repo / "CITATION.cff").read_text()
    assert f"## {__version__}" in (repo / "CHANGELOG.md").read_text()


def test_no_tracked_file_holds_an_absolute_path_of_some_machine(repo):
    done = subprocess.run(
        ["git", "grep", "-nIE", r"/(home|root|work|Users)/[a-z]"],
        cwd=repo,
        capture_output=True,
        text=True,
    )
    own = [line for line in done.stdout.splitlines() if "test_environment.py" not in line]
    assert not own
