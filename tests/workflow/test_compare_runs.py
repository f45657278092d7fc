"""What a changed cut did: the README's overlay and command on two runs of the whole workflow."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml
from astropy.table import Table

from .conftest import QUICK, snakemake

SAMPLES = ("halo", "accreted", "insitu")


@pytest.fixture(scope="module")
def compared(repo, quick_run):
    """The quick run beside one with the README's overlay, compared by the README's command."""
    text = (repo / "README.md").read_text(encoding="utf-8")
    overlay = yaml.safe_load(re.search(r"```yaml\n# high_z\.yaml\n(.*?)```", text, re.S)[1])
    # The catalogue is there, and figures are not compared: a third of the work is enough.
    overlay["catalog"] = {"path": "results/quick/synthetic/catalogue.fits"}
    (quick_run / "high_z.yaml").write_text(yaml.safe_dump(overlay))
    done = snakemake(quick_run, "--cores", "2", "--until", "summarise", *QUICK, "high_z.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    command = re.search(r"^python scripts/compare_runs\.py .*$", text, re.M)[0]
    script, *runs = shlex.split(command.replace(" results ", " results/quick "))[1:]
    done = subprocess.run(
        [sys.executable, script, *runs], cwd=quick_run, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    yield done.stdout, quick_run / "comparisons" / "quick_high_z", [quick_run / run for run in runs]
    shutil.rmtree(quick_run / "comparisons")
    shutil.rmtree(quick_run / "results" / "high_z")
    (quick_run / "high_z.yaml").unlink()


def read(path) -> Table:
    return Table.read(path, format="ascii.ecsv" if path.suffix == ".ecsv" else "fits")


def test_the_cut_is_the_only_parameter_that_differs(compared):
    out, stem, _ = compared
    assert read(stem.with_suffix(".ecsv")).meta["changed_parameters"] == [
        {"parameter": "min_abs_z_kpc", "steps": ["select_samples"], "a": 5.0, "b": 8.0}
    ]
    assert "Parameters that differ: 1\n  min_abs_z_kpc: 5.0 -> 8.0  (select_samples)\n" in out


def test_stars_come_and_go_as_the_cut_says(compared):
    _, stem, (a, b) = compared
    counts = read(stem.with_suffix(".ecsv")).meta["samples"]
    for sample in SAMPLES:
        ours, theirs = (read(run / "samples" / f"{sample}.fits") for run in (a, b))
        beyond = int(np.count_nonzero(np.abs(ours["z"]) > 8))
        assert 0 < beyond < len(ours)
        assert counts[sample] == {
            "n_a": len(ours),
            "n_b": len(theirs),
            "n_both": beyond,
            "n_moved": 0,
            "n_only_a": len(ours) - beyond,
            "n_only_b": 0,
        }
        assert len(theirs) == beyond


def test_differences_are_those_of_the_summaries(compared):
    _, stem, (a, b) = compared
    table = read(stem.with_suffix(".ecsv"))
    for sample in SAMPLES:
        found = table[(table["geometry"] == "radial") & (table["sample"] == sample)]
        ours, theirs = (read(run / "summaries" / "radial" / f"{sample}.ecsv") for run in (a, b))
        measured = np.isfinite(ours["sigma_r"]) | np.isfinite(theirs["sigma_r"])
        wanted = (theirs["sigma_r"] - ours["sigma_r"])[measured]
        np.testing.assert_allclose(found["sigma_r_difference"], wanted, atol=2e-6)
        assert np.isfinite(wanted).any()


def test_shells_beyond_the_cut_differ_by_chance_only(compared):
    """Their stars are the same, so that only the realisations can differ."""
    _, stem, _ = compared
    table = read(stem.with_suffix(".ecsv"))
    same = (table["geometry"] == "radial") & (table["n_stars_a"] == table["n_stars_b"])
    for quantity in ("sigma_r", "beta"):
        in_errors = np.asarray(table[f"{quantity}_difference_in_errors"][same])
        in_errors = in_errors[np.isfinite(in_errors)]
        assert len(in_errors) > 5
        assert 0.3 < np.std(in_errors) < 2
        assert np.abs(in_errors).max() < 6


def test_every_output_is_there_and_says_synthetic(compared):
    out, stem, _ = compared
    assert stem.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert read(stem.with_suffix(".ecsv")).meta["synthetic"] is True
    assert out.count("(synthetic catalogue)") == 2
