"""A whole run: every promised file, nothing to do the second time, the same bytes every time."""

from __future__ import annotations

import hashlib
import os
import re
import shutil

import numpy as np
import pytest
import yaml
from astropy.table import Table
from planning import dry_runs, jobs

from icefire.files import text_tables
from icefire.files.columns import CLEAN_COLUMNS, STAR_COLUMNS

from .conftest import QUICK, TARGETS, snakemake

GEOMETRIES = {"xy": ("x", "y"), "xz": ("x", "z"), "sky": ("pixel", "l", "b")} | {
    "radial": ("quadrant", "r_lo", "r_mid", "r_hi")
}
SAMPLES = ("halo", "accreted", "insitu")
FIGURES = (
    "fig01_footprint",
    "fig02_chemistry",
    "fig03_velocity_errors",
    "fig04_sigma_xy",
    "fig05_sigma_xz",
    "fig06_sigma_sky",
    "fig07_sigma_vs_accreted",
    "fig08_beta_vs_accreted",
    "fig09_sigma_profile",
    "fig10_beta_profile",
    "figS1_calibration",
    "figS2_asymmetry",
)


@pytest.fixture(scope="module")
def results(quick_run):
    return quick_run / "results" / "quick"


def read(path) -> Table:
    return Table.read(path, format="ascii.ecsv" if path.suffix == ".ecsv" else "fits")


def test_a_second_run_has_nothing_to_do(quick_run):
    done = snakemake(quick_run, "--cores", "2", *TARGETS, *QUICK)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_figures_are_there_as_pdf_and_png(quick_run):
    for name in (*FIGURES, "synthetic_check"):
        folder = quick_run / "figures" / "quick"
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_star_tables_have_the_promised_columns_and_units(results):
    clean = read(results / "catalog" / "clean.fits")
    assert clean.colnames == list(CLEAN_COLUMNS)
    for name in ("catalog/stars", *(f"samples/{sample}" for sample in SAMPLES)):
        stars = read(results / f"{name}.fits")
        assert stars.colnames == list(STAR_COLUMNS)
        assert (stars["distance"].unit, stars["v_phi"].unit) == ("kpc", "km / s")
        assert stars["is_giant"].dtype == bool


def test_summaries_have_the_promised_columns(results):
    for geometry, coordinates in GEOMETRIES.items():
        for sample in SAMPLES:
            summary = read(results / "summaries" / geometry / f"{sample}.ecsv")
            wanted = [*coordinates, "n_stars"]
            for quantity in ("sigma_r", "sigma_phi", "sigma_theta", "beta"):
                wanted += [quantity + e for e in ("", "_lo68", "_hi68", "_lo95", "_hi95")]
            if (geometry, sample) == ("sky", "halo"):
                wanted.append("accreted_fraction")
            if geometry == "radial":
                wanted.append("cut_fraction")
            assert set(summary.colnames) == set(wanted)
            few = summary["n_stars"] < 10
            for quantity in wanted[len(coordinates) + 1 :]:
                if not quantity.endswith("_fraction"):
                    assert np.array_equal(np.isnan(summary[quantity]), few)


def test_samples_obey_their_cuts(results):
    halo = read(results / "samples" / "halo.fits")
    assert (np.abs(halo["z"]) > 5).all() and (halo["r"] > 10).all()
    assert (halo["logg"] < 3.5).all() and (halo["energy"] < 0).all() and (halo["snr"] > 3).all()
    for flag in ("is_sagittarius", "is_satellite", "is_aleph", "is_unbound"):
        assert not halo[flag].any()
    assert halo["is_giant"].all()


def test_accreted_fraction_is_that_of_the_samples(results):
    sky = {name: read(results / "summaries" / "sky" / f"{name}.ecsv") for name in SAMPLES}
    accreted, insitu = sky["accreted"]["n_stars"], sky["insitu"]["n_stars"]
    some = accreted + insitu >= 10  # montecarlo.min_stars
    expected = accreted[some] / (accreted + insitu)[some]
    assert np.allclose(sky["halo"]["accreted_fraction"][some], expected, atol=1e-6)
    assert np.isnan(sky["halo"]["accreted_fraction"][~some]).all()


def test_every_table_says_that_the_catalogue_is_synthetic_and_what_made_it(results):
    for path in sorted(results.rglob("*.ecsv")):
        meta = read(path).meta
        assert meta["synthetic"] is True, path
        assert meta["catalogue"] == "synthetic H3", path
    meta = read(results / "summaries" / "xy" / "halo.ecsv").meta
    assert meta["parameters"]["select_samples"]["halo_min_abs_z_kpc"] == 5.0
    assert meta["parameters"]["run_realisations"]["montecarlo_realisations"] == 60
    numbers = yaml.safe_load((results / "numbers.yaml").read_text())
    assert numbers["catalogue"]["synthetic"] is True
    assert "SYNTHETIC" in (results / "numbers.tex").read_text()


def test_the_run_verified_what_it_made(results):
    text = (results / "verified.txt").read_text()
    assert "synthetic catalogue: nothing here is a measurement" in text
    assert "bins measured, n_stars as counted anew" in text


def test_a_run_whose_tables_do_not_hold_together_fails_and_says_what_to_delete(quick_run, results):
    """Damaged behind Snakemake's back; once it is deleted, the same command mends everything."""
    path, verified = results / "summaries" / "radial" / "insitu.ecsv", results / "verified.txt"
    before, times = _digests(results), path.stat()
    report = verified.read_text()
    # Sealed anew, or it would be refused as damaged
    table = text_tables.read_ecsv(path)
    table["n_stars"][-1] = 77
    text_tables.write_ecsv(path, table, table.meta)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    verified.unlink()
    command = ("--cores", "2", *QUICK, "--", "results/quick/verified.txt")
    done = snakemake(quick_run, *command)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "radial/insitu.ecsv: row 74 (quadrant 4" in said
    assert "n_stars is 77, but " in said
    assert "delete this file and run again" in said
    assert "Traceback" not in said
    assert not verified.exists()
    path.unlink()
    done = snakemake(quick_run, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (_digests(results), verified.read_text()) == (before, report)
    test_a_second_run_has_nothing_to_do(quick_run)


def test_the_calibration_has_every_method_and_the_run_s_own_stars(results):
    table = read(results / "calibration.ecsv")
    assert set(table["method"]) == {"han2024", "bootstrap", "likelihood"}
    assert "catalogue" in set(table["scenario"])
    assert table.meta["parameters"]["run_calibration"]["calibration_halos"] == 4
    advice = (results / "calibration_advice.rst").read_text()
    assert "synthetic H3 (synthetic catalogue)" in " ".join(advice.split())


def test_no_step_warns_of_anything(results):
    """A log takes all that a step writes, to stdout and to stderr."""
    logs = {path: path.read_text() for path in (results / "logs").rglob("*.log")}
    assert len(logs) > 40
    for path, text in logs.items():
        assert not re.search("warning|traceback", text, re.IGNORECASE), path


def test_no_path_or_time_in_any_table(quick_run, results):
    for path in [*results.rglob("*.ecsv"), *results.rglob("*.fits"), *results.rglob("*.npz")]:
        content = path.read_bytes()
        assert str(quick_run).encode() not in content, path
        assert b"DATE" not in content[:20000], path


def _digests(folder) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.parts[-2] not in ("logs", "benchmarks")
        and "montecarlo" not in path.parts
        and path.suffix in (".ecsv", ".fits", ".yaml", ".tex", ".rst", ".pdf", ".png")
    }


def test_equal_inputs_give_equal_bytes_in_another_run_with_other_shards(quick_run, tmp_path):
    """Another run's name, other shards: the same tables to the byte.

    And neither run touches the other's files.
    """
    overlay = tmp_path / "again.yaml"
    overlay.write_text("run: again\nmontecarlo: {shards: 3}\ncalibration: {shards: 3}\n")
    first, again = (quick_run / "results" / name for name in ("quick", "again"))
    before = _digests(first)
    # Figures and pages of the same tables are compared script by script elsewhere.
    targets = [f"results/again/{name}" for name in ("verified.txt", "calibration.ecsv")]
    done = snakemake(quick_run, "--cores", "2", *QUICK, str(overlay), "--", *targets)
    assert done.returncode == 0, done.stdout + done.stderr
    made = _digests(again)
    assert len(made) > 20 and made.items() <= before.items()
    assert _digests(first) == before
    shutil.rmtree(again)


def test_only_the_check_reads_the_truth(quick_run):
    """Scripts open only paths they are given: these are the ones given the truth's."""
    (said,) = dry_runs(quick_run, [["-p", "--forceall", *QUICK]])
    plan = jobs(said)
    assert len(plan) > 30

    def given(name: str) -> set[str]:
        return {job.rule for job in plan if any(name in word for word in job.words)}

    assert given("truth.fits") == {"simulate_survey", "check_synthetic"}
    for output in ("synthetic_check.ecsv", "synthetic_cuts.ecsv", "synthetic_distributions.ecsv"):
        assert given(output) <= {"check_synthetic", "plot_synthetic_check", "write_pages"}
