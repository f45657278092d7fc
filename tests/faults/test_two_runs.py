"""Two runs in one folder, and tests of one that Snakemake makes."""

import os
import subprocess
import sys

from .conftest import RUN
from .test_kills import wait_until

STARS = f"results/{RUN}/catalog/stars.fits"


def test_two_runs_at_once(empty, undisturbed):
    first = empty.start(STARS)
    wait_until((empty.folder / ".snakemake" / "locks" / "0.output.lock").exists)
    said = "\n".join(empty.fails(STARS))
    assert "cannot be locked" in said and "--unlock" in said
    other = empty.run("results/other/catalog/clean.fits", "--config", "run=other")
    assert other.returncode == 0, other.stdout
    assert first.wait(timeout=300) == 0, (empty.folder / "started.out").read_text()
    for name, digest in empty.files().items():
        assert undisturbed.wanted[name] == digest
    made = empty.folder / "results" / "other" / "catalog" / "clean.fits"
    assert made.read_bytes() == (undisturbed.results / "catalog" / "clean.fits").read_bytes()


def test_tests_that_snakemake_generates_pass(finished):
    made = finished.run("--generate-unit-tests", "generated")
    assert made.returncode == 0, made.stdout
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*words, "generated/test_plot_footprint.py"],
        cwd=finished.folder,
        env=os.environ | {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
