"""Variations of a finished run: the numbers of a whole run, one job each, only what changed."""

import os
import shutil

import numpy as np
from astropy.table import Table
from cli.calls import call
from planning import dry_runs, in_order, jobs

from icefire.files.columns import SAMPLES

from .conftest import QUICK

# The steps that a variation runs, here as those of a whole run
STEPS = ("clean_catalog", "compute_kinematics", "flag_substructure", "select_samples")
STEPS += ("count_unbound", "run_realisations", "summarise")


def shifts(folder, run: str, name: str) -> Table:
    return Table.read(folder / "results" / run / "sensitivity" / f"{name}.ecsv")


def test_a_variation_gives_the_values_of_a_whole_run_with_that_overlay(quick_run, monkeypatch):
    (quick_run / "far.yaml").write_text("run: far\n")
    overlay = "config/variations/distances_larger.yaml"
    (said,) = dry_runs(quick_run, [["-p", *QUICK, overlay, "far.yaml"]])
    survey = quick_run / "results" / "quick" / "synthetic"
    shutil.copytree(survey, quick_run / "results" / "far" / "synthetic", copy_function=os.link)
    monkeypatch.chdir(quick_run)
    for job in in_order(jobs(said)):
        if job.script in STEPS[:-1] or (job.script == STEPS[-1] and "radial" in str(job.outputs)):
            assert call(job.script, list(job.words[2:])).err == ""
    summaries = [f"results/far/summaries/radial/{sample}.ecsv" for sample in SAMPLES]
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


def test_a_variation_without_a_star_left_is_refused_in_one_line(quick_jobs, quick_run, monkeypatch):
    monkeypatch.chdir(quick_run)
    (job,) = (job for job in quick_jobs if job.wildcards.get("variation") == "halo_higher")
    words = [word.replace("radius-kpc=10", "radius-kpc=999") for word in job.words[2:]]
    done = call(job.script, words)
    line = done.err.splitlines()[-1]
    assert done.status == 2 and "Traceback" not in done.err
    assert line.startswith("run_variation.py: error: variation halo_higher: ")
    assert "no star is left of" in line


def test_a_variation_with_an_unknown_key_is_refused_in_one_line(quick_run):
    wrong = quick_run / "config" / "variations" / "wrong.yaml"
    wrong.write_text("halo: {min_abs_z: 8}")
    (said,) = dry_runs(quick_run, [[*QUICK]])
    wrong.unlink()
    what = "config/variations/wrong.yaml: halo.min_abs_z is not a key; did you mean min_abs_z_kpc?"
    assert what in said and "Traceback" not in said
