"""A copy of the project with a finished quick run, and cheap dry runs of it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from planning import TARGETS, VARIATIONS, Job, dry_runs, jobs, planned

QUICK = ("--configfile", "config/quick.yaml")


def snakemake(folder: Path, *flags: str, **kwargs) -> subprocess.CompletedProcess:
    """Run snakemake in a folder as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *flags],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        **kwargs,
    )


def copy_project(repo: Path, target: Path) -> Path:
    """Copy the project's own files, as a clone would have them, but with few variations."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=repo,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        source = repo / name
        if source.is_file() and (source.parent.name != "variations" or source.stem in VARIATIONS):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


@pytest.fixture(scope="session")
def quick_run(repo, tmp_path_factory) -> Path:
    """A copy of the project in which the quick configuration has run."""
    # A folder with a space and a quote: paths are quoted everywhere, or the run fails.
    folder = copy_project(repo, tmp_path_factory.mktemp("workflow") / "ice fire's copy")
    done = snakemake(folder, "--cores", "2", *TARGETS, *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "quick_run.out").write_text(done.stdout)
    return folder


@pytest.fixture(scope="session")
def plan(quick_run):
    """Plan several variations at once: a list of flags each, jobs per rule out."""
    return lambda variations: [planned(text) for text in dry_runs(quick_run, variations)]


@pytest.fixture(scope="session")
def quick_jobs(quick_run) -> list[Job]:
    """All jobs of the quick run."""
    (said,) = dry_runs(quick_run, [["-p", "--forceall", *QUICK]])
    return jobs(said)


@pytest.fixture(scope="session")
def downstream(quick_run):
    """Give some rules and all that depend on them, by Snakemake's own rule graph."""
    graph = snakemake(quick_run, *TARGETS, "--rulegraph", "dot", *QUICK).stdout
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', graph, re.MULTILINE))
    edges = [(names[a], names[b]) for a, b in re.findall(r"^\s*(\d+) -> (\d+)", graph, re.M)]

    def closure(rules: set[str]) -> set[str]:
        found = set(rules)
        while more := {b for a, b in edges if a in found} - found:
            found |= more
        return found - set(TARGETS)

    return closure
