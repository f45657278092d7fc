"""A whole run: every promised file, nothing to do the second time, the same bytes every time."""

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

from . import macros_page
from .conftest import QUICK, snakemake

FIGURES = tuple(sorted(path.stem for path in (REPO / "report").glob("fig[0-9S]*")))


@pytest.fixture(scope="module")
def results(quick_run):
    return quick_run / "results" / "quick"


def test_a_second_run_has_nothing_to_do(plan):
    assert plan([[*QUICK]]) == [{}]


def test_the_figures_are_there_as_pdf_and_png(quick_run):
    for name in (*FIGURES, "synthetic_check"):
        folder = quick_run / "figures" / "quick"
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


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


def test_other_shards_give_the_same_bytes(quick_run, tmp_path, monkeypatch):
    """And neither of two runs touches the other's files."""
    overlay = tmp_path / "again.yaml"
    overlay.write_text("run: again\nmontecarlo: {shards: 3}\ncalibration: {shards: 3}\n")
    first, again = (quick_run / "results" / name for name in ("quick", "again"))
    before = _digests(first)
    (said,) = dry_runs(quick_run, [["-p", "--forceall", *QUICK, str(overlay)]])
    monkeypatch.chdir(quick_run)
    # What comes before the shards is there; a step replaces its outputs and never writes into them.
    shutil.copytree(first, again, copy_function=os.link)
    called = [j for j in in_order(jobs(said)) if "-of-3." in " ".join(j.inputs + j.outputs)]
    for job in called:
        done = call(job.script, list(job.words[2:]))
        assert (done.status, done.err) == (0, ""), job.rule
    assert {"summarise", "compute_jeans", "summarise_calibration"} <= {job.rule for job in called}
    assert _digests(again) == before == _digests(first)
    shutil.rmtree(again)


def test_only_the_check_reads_the_truth(quick_jobs):
    """Scripts open only paths they are given: these are the ones given the truth's."""

    def given(name: str) -> set[str]:
        return {job.rule for job in quick_jobs if any(name in word for word in job.words)}

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
