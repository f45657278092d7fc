"""A whole run: every promised file, what is said of it, and nothing to do the second time."""

import os
import re

import pytest
import yaml
from astropy.table import Table
from cli.calls import REPO
from planning import dry_runs

from icefire.files import text_tables

from . import macros_page
from .conftest import QUICK, snakemake

FIGURES = tuple(sorted(path.stem for path in (REPO / "report").glob("fig[0-9S]*")))


@pytest.fixture(scope="module")
def results(quick_run):
    return quick_run / "results" / "quick"


def test_a_second_run_has_nothing_to_do(plan):
    assert plan([[*QUICK]]) == [{}]


def test_captions_stand_beside_the_figures_as_plain_text(quick_run):
    folder = quick_run / "figures" / "quick"
    captions = {
        path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.txt")
    }
    maps = {f"maps/beta_{geometry}" for geometry in ("xy", "xz", "sky")}
    assert captions.keys() == {*FIGURES, *maps, "synthetic_check"}
    assert "equilibrium" in captions["figS4_jeans"].read_text(encoding="utf-8")
    for path in captions.values():
        text, said = path.read_text(encoding="utf-8").rstrip("\n").rsplit("\n\n", 1)
        assert said == "Synthetic catalogue: nothing here is a measurement of the Galaxy."
        # Tables of the calibration are lines of their own.
        text = re.sub(r"^=+ .*?^=+ .*?^=+ .*?$", "", text, flags=re.M | re.S)
        assert len(text) > 100 and not re.search(r"[{}]|\\|  |None|``", text), path.name


def test_every_table_says_that_the_catalogue_is_synthetic_and_what_made_it(results):
    for path in sorted(results.rglob("*.ecsv")):
        meta = Table.read(path).meta
        assert meta["synthetic"] is True, path
        assert meta["catalogue"] == "synthetic H3", path
    meta = Table.read(results / "summaries" / "xy" / "halo.ecsv").meta
    assert meta["parameters"]["select_samples"]["halo_min_abs_z_kpc"] == 5.0
    assert meta["parameters"]["run_realisations"]["montecarlo_realisations"] == 60
    numbers = yaml.safe_load((results / "numbers.yaml").read_text())
    assert numbers["catalogue"]["synthetic"] is True
    assert "SYNTHETIC" in (results / "numbers.tex").read_text()


def test_every_macro_is_listed(results):
    listed = re.findall(r"^\| `\\(\w+)`", macros_page.PAGE.read_text(), flags=re.M)
    assert listed == list(macros_page.lines(results)), "tests/workflow/macros_page.py lists them"


def test_a_run_whose_tables_do_not_hold_together_fails_and_says_what_to_delete(
    quick_run, results, plan
):
    """Damaged behind Snakemake's back; tests/faults does what the line says."""
    paths = [results / "summaries" / "radial" / "insitu.ecsv", results / "verified.txt"]
    before = [(path.read_bytes(), path.stat()) for path in paths]
    # Sealed anew, or it would be refused as damaged
    table = text_tables.read_ecsv(paths[0])
    table["n_stars"][-1] = 77
    text_tables.write_ecsv(paths[0], table, table.meta)
    os.utime(paths[0], ns=(before[0][1].st_atime_ns, before[0][1].st_mtime_ns))
    paths[1].unlink()
    done = snakemake(quick_run, "--cores", "2", *QUICK, "--", "results/quick/verified.txt")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in said
    assert "radial/insitu.ecsv: row 74 (quadrant 4" in said and "n_stars is 77, but " in said
    assert "delete this file and run again" in said
    assert not paths[1].exists()
    for path, (content, times) in zip(paths, before, strict=True):
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    test_a_second_run_has_nothing_to_do(plan)


def test_the_calibration_has_every_method_and_the_run_s_own_stars(results):
    table = Table.read(results / "calibration.ecsv")
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


def test_only_the_check_reads_the_truth(quick_jobs):
    """Scripts open only paths they are given: these are the ones given the truth's."""

    def given(name: str) -> set[str]:
        return {job.rule for job in quick_jobs if any(name in word for word in job.words)}

    assert given("truth.fits") == {"simulate_survey", "check_synthetic"}
    for output in ("synthetic_check.ecsv", "synthetic_cuts.ecsv", "synthetic_distributions.ecsv"):
        assert given(output) <= {"check_synthetic", "plot_synthetic_check", "write_pages"}


# A run of all ends with the comparison with the paper.
LAST = " not applicable; catalogue: synthetic H3 (synthetic catalogue: its truth was put in"


def test_a_run_ends_with_the_comparison_if_it_has_one(quick_run):
    said = (quick_run / "quick_run.out").read_text()
    assert LAST in said and "This run judges nothing: 200 permutations" in said
    assert "Read results/quick/paper.pdf first; figures are in figures/quick" in said
    pages = "results/quick/report/paper_comparison.html"
    (said,) = dry_runs(quick_run, [["--force", *QUICK]], (pages,))
    assert pages in said and LAST not in said


def test_a_run_that_is_quiet_about_rules_says_how_far_it_is_and_what_failed(quick_run):
    quiet = ("--cores", "1", "--quiet", "rules", "reason", "host")
    done = snakemake(quick_run, "figures/quick/fig01_footprint.png", "--force", *quiet, *QUICK)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "1 of 1 steps (100%) done" in said
    assert "Execute" not in said and len(said.splitlines()) < 20
    assert LAST not in said
    (quick_run / "bad.csv").write_text("a,b\n1,2\n")
    bad = {"run": "bad", "catalog": {"path": "bad.csv", "survey": "segue_kgiants"}}
    (quick_run / "bad.yaml").write_text(
        yaml.safe_dump(bad | {"chemistry": {"method": "feh_ranges"}})
    )
    target = "results/bad/catalog/clean.fits"
    done = snakemake(quick_run, target, *quiet, "--configfile", "bad.yaml")
    log = "clean_catalog failed; its log, results/bad/logs/clean_catalog.log:\n"
    assert done.returncode == 1 and f"{log}clean_catalog.py: error: bad.csv: column" in done.stdout
