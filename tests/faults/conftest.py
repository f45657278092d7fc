"""A small run of the whole workflow that nothing disturbs, and copies of it to disturb."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.calls import Done, call
from planning import Job, dry_runs, jobs
from workflow.conftest import TARGETS, copy_project

RUN = "tiny"
CONFIG = ("--configfile", "tests/faults/tiny.yaml")
# One line of a script that was refused or could not go on
LINE = re.compile(r"^\w+\.py: error: .*$", re.M)


class Place:
    """A copy of the project in a folder of its own, in which things happen to a run."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results = folder / "results" / RUN
        self.figures = folder / "figures" / RUN

    def command(self, *targets: str) -> list[str]:
        """The command that a user gives for this run."""
        words = [sys.executable, "-m", "snakemake", "--cores", "2"]
        return [*words, *(targets or TARGETS), *CONFIG]

    def run(self, *targets: str) -> subprocess.CompletedProcess:
        """Run the workflow to its end."""
        return self._call(self.command(*targets))

    def ends_like(self, undisturbed: Place) -> None:
        """Run to the end: it gives the bytes of an undisturbed run, and leaves nothing to do."""
        done = self.run()
        assert done.returncode == 0, done.stdout
        assert self.files() == undisturbed.wanted
        (said,) = dry_runs(self.folder, [[*CONFIG]])
        assert "Nothing to be done" in said

    def fails(self, *targets: str) -> list[str]:
        """Run the workflow, which must fail without a traceback; give the lines that it says."""
        done = self.run(*targets)
        assert done.returncode != 0 and "Traceback" not in done.stdout, done.stdout
        return done.stdout.splitlines()

    def unlock(self) -> None:
        """Take a killed run's lock away, as the README says."""
        done = self._call([sys.executable, "-m", "snakemake", "--unlock"])
        assert done.returncode == 0, done.stdout

    def start(self, *targets: str) -> subprocess.Popen:
        """Start the workflow as the head of a process group."""
        with (self.folder / "started.out").open("w") as out:
            return subprocess.Popen(
                self.command(*targets),
                cwd=self.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _call(self, words: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(
            words,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
        )

    def files(self) -> dict[str, str]:
        """Digests of all that the run has made, whatever it is called, but logs and benchmarks."""
        found = {}
        for path in (*self.results.rglob("*"), *self.figures.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and not re.search(rf"^results/{RUN}/(logs|benchmarks)/", name):
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def steps(self) -> list[Job]:
        """Every step of the run, as Snakemake prints it."""
        (said,) = dry_runs(self.folder, [["-p", "--forceall", *CONFIG]])
        return jobs(said)


def do(step: Job, moved: dict[str, str]) -> Done:
    """Do a step in this process, with some of its files elsewhere."""
    return call(step.script, [moved.get(word, word) for word in step.words[2:]])


@pytest.fixture(scope="session")
def undisturbed(repo, once) -> Place:
    """A finished run; `wanted` are its files and `seconds` what it took."""

    def make(folder: Path) -> float:
        place = Place(copy_project(repo, folder / "undisturbed"))
        # Small pictures are quicker, and are no other code.
        style = place.folder / "config" / "paper.mplstyle"
        text = re.sub(r"^(savefig.dpi:).*", r"\1 40", style.read_text(encoding="utf-8"), flags=re.M)
        style.write_text(text, encoding="utf-8")
        began = time.monotonic()
        done = place.run()
        assert done.returncode == 0, done.stdout
        return time.monotonic() - began

    folder, seconds = once("faults", make)
    place = Place(folder / "undisturbed")
    place.seconds, place.wanted = seconds, place.files()
    assert len(place.wanted) > 80
    return place


@pytest.fixture(scope="session")
def steps(undisturbed) -> list[Job]:
    """The undisturbed run's steps."""
    return undisturbed.steps()


@pytest.fixture
def finished(undisturbed, tmp_path) -> Place:
    """A copy in which the run is finished."""
    shutil.copytree(undisturbed.folder, tmp_path / "copy")
    return Place(tmp_path / "copy")


@pytest.fixture
def empty(undisturbed, tmp_path) -> Place:
    """A copy in which nothing has run."""
    made = shutil.ignore_patterns("results", "figures", ".snakemake")
    shutil.copytree(undisturbed.folder, tmp_path / "copy", ignore=made)
    return Place(tmp_path / "copy")


class Disk:
    """A small disk (tmpfs) that holds results and figures of a place, and nothing else."""

    def __init__(self, place: Place, size: int):
        self.folder = place.folder / "disk"
        self._bound = [place.folder / "results", place.folder / "figures"]
        self._mounted: list[Path] = []
        self.folder.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.folder)
        for bound in self._bound:
            (self.folder / bound.name).mkdir()
            bound.mkdir()
            self._mount("--bind", self.folder / bound.name, bound)

    def _mount(self, *words) -> None:
        done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            self.gone()
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        self._mounted.append(words[-1])

    def resize(self, size: int) -> None:
        """Give the disk another size, bytes."""
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)

    def write_protect(self, protect: bool) -> None:
        """Make results and figures read-only, even for root, or writable again."""
        for bound in self._bound:
            options = f"remount,{'ro' if protect else 'rw'},bind"
            subprocess.run(["mount", "-o", options, bound], check=True)

    def gone(self) -> None:
        """Take the disk away, with all that is on it."""
        for folder in reversed(self._mounted):
            subprocess.run(["umount", folder], check=True)
        self._mounted.clear()


@pytest.fixture
def disk():
    """Make small disks; skipped where the user is not root."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disks = []

    def make(place: Place, size: int) -> Disk:
        disks.append(Disk(place, size))
        return disks[-1]

    yield make
    for made in disks:
        made.gone()
