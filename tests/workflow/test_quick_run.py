"""A whole run: every promised file, nothing to do the second time, the same bytes every time."""

from __future__ import annotations

import hashlib
import os
import re
import shutil

import pytest
import yaml
from astropy.table import Table
from cli.calls import REPO, call
from planning import dry_runs, in_order, jobs

from icefire.files import text_tables

from .conftest import QUICK, TARGETS, snakemake

FIGURES = tuple(sorted(path.stem for path in (REPO / "report").glob("fig[0-9S]*")))


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


def test_captions_stand_beside_the_figures_as_plain_text(quick_run):
    folder = quick_run / "figures" / "quick"
    named = {path.stem for path in folder.glob("*.txt")}
    assert named == {
        name for name in (*FIGURES, "synthetic_check") if name[:4] != "figS" or name[4] == "2"
    }
    for path in folder.glob("*.txt"):
        text, said = path.read_text(encoding="utf-8").rstrip("\n").rsplit("\n\n", 1)
        assert said == "Synthetic catalogue: nothing here is a measurement of the Galaxy."
        assert len(text) > 100 and not re.search(r"[{}]|\\|  |None", text), path.name


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
    assert len(logs) > 30
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
        and path.suffix
        in (".ecsv", ".fits", ".yaml", ".tex", ".rst", ".pdf", ".png", ".txt", ".json")
    }


def test_equal_inputs_give_equal_bytes_in_another_run_with_other_shards(
    quick_run, tmp_path, monkeypatch
):
    """Another run's name, other shards: the same tables to the byte.

    And neither run touches the other's files.
    """
    overlay = tmp_path / "again.yaml"
    overlay.write_text("run: again\nmontecarlo: {shards: 3}\ncalibration: {shards: 3}\n")
    first, again = (quick_run / "results" / name for name in ("quick", "again"))
    before = _digests(first)
    (said,) = dry_runs(quick_run, [["-p", "--forceall", *QUICK, str(overlay)]])
    # In this process, without the figures, of which others compare the bytes
    monkeypatch.chdir(quick_run)
    shutil.copytree("figures/quick", "figures/again", copy_function=os.link)
    for job in in_order(jobs(said)):
        if not job.script.startswith("plot_"):
            done = call(job.script, list(job.words[2:]))
            assert (done.status, done.err) == (0, ""), job.rule
    made = _digests(again)
    assert len(made) > 30 and made.items() <= before.items()
    assert _digests(first) == before
    assert _digests(quick_run / "figures/again") == _digests(quick_run / "figures/quick")
    shutil.rmtree(again)
    shutil.rmtree("figures/again")


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


def test_a_run_that_is_quiet_about_rules_says_how_far_it_is_and_what_failed(quick_run):
    quiet = ("--cores", "1", "--quiet", "rules", "reason", "host")
    done = snakemake(quick_run, "figures/quick/fig01_footprint.png", "--force", *quiet, *QUICK)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "1 of 1 steps (100%) done" in said
    assert "Execute" not in said and len(said.splitlines()) < 20
    (quick_run / "bad.csv").write_text("a,b\n1,2\n")
    bad = {"run": "bad", "catalog": {"path": "bad.csv", "survey": "segue_kgiants"}}
    (quick_run / "bad.yaml").write_text(
        yaml.safe_dump(bad | {"chemistry": {"method": "feh_ranges"}})
    )
    done = snakemake(quick_run, *quiet, "--configfile", "bad.yaml")
    log = "clean_catalog failed; its log, results/bad/logs/clean_catalog.log:\n"
    assert done.returncode == 1 and f"{log}clean_catalog.py: error: bad.csv: column" in done.stdout
