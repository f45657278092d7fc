"""Variations of a finished run: the numbers of a whole run, one job each, only what changed."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from astropy.table import Table

from icefire.files.columns import SAMPLES

from .conftest import QUICK, snakemake

# Cuts that are no longer the same where all velocities are larger, off
SCALE_FREE = {
    "sagittarius": {"ly_intercept_kpc_km_s": -1e6, "ly_slope": 0},
    "satellites": {"max_sigma": 1e-6},
    "aleph": {"max_eccentricity": 1e-6},
    "unbound": {"max_sigma": 100},
    "uncertainty": {"method": "bootstrap"},
}
MOTIONS = ("rv", "rv_error", "pmra", "pmra_error", "pmdec", "pmdec_error")
LARGER = {
    "catalog": {"adjust": [f"{name} * 1.1" for name in MOTIONS]},
    "frame": {"sun_velocity_km_s": [14.19, 270.16, 8.558]},
}


def shifts(folder, run: str, name: str) -> Table:
    return Table.read(folder / "results" / run / "sensitivity" / f"{name}.ecsv")


def test_a_variation_gives_the_values_of_a_whole_run_with_that_overlay(quick_run):
    (quick_run / "far.yaml").write_text("run: far\n")
    summaries = [f"results/far/summaries/radial/{sample}.ecsv" for sample in SAMPLES]
    overlay = "config/variations/distances_larger.yaml"
    done = snakemake(quick_run, "--cores", "2", *summaries, *QUICK, overlay, "far.yaml")
    assert done.returncode == 0, done.stderr
    found = shifts(quick_run, "quick", "distances_larger")
    for sample, path in zip(SAMPLES, summaries, strict=True):
        whole = Table.read(quick_run / path)
        for quantity in ("sigma_r", "beta"):
            mine = found[(found["sample"] == sample) & (found["quantity"] == quantity)]
            rows = [
                whole[(whole["quadrant"] == row["quadrant"]) & (whole["r_lo"] == row["r_lo"])]
                for row in mine
            ]
            assert len(rows) > 3
            wanted = [float(row[quantity][0]) for row in rows]
            assert np.array_equal(np.asarray(mine["value"], float), wanted, equal_nan=True)
            assert list(mine["n_stars"]) == [int(row["n_stars"][0]) for row in rows]


def test_what_changes_nothing_shifts_nothing(quick_run):
    found = shifts(quick_run, "quick", "method_han2024")
    assert len(found) > 20 and found.meta["changed"] == []
    assert not np.any(found["shift"]) and not np.any(found["shift_in_half_widths"])


def test_the_table_says_what_changed_and_which_variations_matter(quick_run):
    table = Table.read(quick_run / "results/quick/sensitivity.ecsv")
    ranked = {one["variation"]: one for one in table.meta["variations"]}
    assert list(dict.fromkeys(table["variation"])) == [*ranked]
    assert next(reversed(ranked)) == "method_han2024"
    assert ranked["halo_higher"]["changed"] == [
        {"parameter": "halo_min_abs_z_kpc", "run": 5.0, "is": 8.0}
    ]
    assert table.meta["synthetic"] is True
    words = (quick_run / "results/quick/sensitivity.rst").read_text()
    assert "Choices that do not matter: " in words and "Method han2024 (σ_r 0, β 0)" in words
    assert "Synthetic catalogue" in words


def test_one_changed_variation_reruns_that_one(quick_run, plan):
    path = quick_run / "config" / "variations" / "halo_higher.yaml"
    before = path.read_text()
    try:
        path.write_text(before.replace("8.0", "9.0"))
        (changed,) = plan([list(QUICK)])
        path.write_text(before.replace("# |Z| >", "# height >"))
        (renamed,) = plan([list(QUICK)])
    finally:
        path.write_text(before)
    assert changed == {"run_variation": 1, "summarise_sensitivity": 1, "plot_sensitivity": 1}
    assert renamed == {"summarise_sensitivity": 1, "plot_sensitivity": 1}


@pytest.fixture
def variation(quick_run):
    """Write a variation of its own; it is gone afterwards."""
    paths = []

    def write(name: str, overlay: dict) -> None:
        paths.append(quick_run / "config" / "variations" / f"{name}.yaml")
        paths[-1].write_text(yaml.safe_dump(overlay))

    yield write
    for path in paths:
        path.unlink()


def test_velocities_larger_by_a_tenth_shift_sigma_r_by_a_tenth_and_beta_not(quick_run, variation):
    variation("velocities_larger", LARGER)
    (quick_run / "free.yaml").write_text(yaml.safe_dump(SCALE_FREE | {"run": "free"}))
    target = "results/free/sensitivity/velocities_larger.ecsv"
    done = snakemake(quick_run, "--cores", "2", target, *QUICK, "free.yaml")
    assert done.returncode == 0, done.stderr
    found = shifts(quick_run, "free", "velocities_larger")
    assert list(found["n_stars"]) == list(found["n_stars_baseline"])
    sigma = found[found["quantity"] == "sigma_r"]
    tenth = sigma["shift"] / (sigma["value"] - sigma["shift"])
    assert np.asarray(tenth) == pytest.approx(0.1, abs=2e-6)
    beta = found[found["quantity"] == "beta"]
    assert np.asarray(beta["shift"]) == pytest.approx(0, abs=2e-5)


def test_a_variation_without_a_star_left_is_refused_in_one_line(quick_run, variation):
    variation("empty", {"halo": {"min_radius_kpc": 999}})
    done = snakemake(quick_run, "--cores", "2", "results/quick/sensitivity/empty.ecsv", *QUICK)
    assert done.returncode == 1
    said = (quick_run / "results/quick/logs/run_variation/empty.log").read_text().splitlines()
    assert said[-1].startswith("run_variation.py: error: variation empty: ")
    assert "no star is left of" in said[-1]
    assert not any("Traceback" in line for line in said)


def test_a_variation_with_an_unknown_key_is_refused_in_one_line(quick_run, variation):
    variation("wrong", {"halo": {"min_abs_z": 8}})
    done = snakemake(quick_run, "-n", "sensitivity", *QUICK)
    assert done.returncode == 1
    what = "config/variations/wrong.yaml: halo.min_abs_z is not a key; did you mean min_abs_z_kpc?"
    assert what in done.stdout + done.stderr
