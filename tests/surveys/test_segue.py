"""Real stars: the whole workflow on the SEGUE K giants, against numbers measured elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from against_reference import CHECKS, Run
from astropy.table import Table
from workflow.conftest import copy_project, snakemake


@pytest.fixture(scope="module")
def segue_run(repo, segue_catalogue, tmp_path_factory):
    folder = copy_project(repo, tmp_path_factory.mktemp("segue"))
    overlay = "catalog={path: " + str(segue_catalogue) + "}"
    flags = ("--cores", "2", "--configfile", "config/segue_kgiants.yaml", "--config", overlay)
    done = snakemake(folder, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def results(segue_run):
    return segue_run / "results" / "segue_kgiants"


# Plain dispersions of the same stars, computed independently of this project with cuts on
# Sagittarius, |Z|, r and speed: sample, stars, sigma_r in km/s, beta.
ELSEWHERE = [
    ("halo", None, 124.0, 0.64),
    ("halo_feh_slice_1", None, 132.0, 0.75),
    ("halo_feh_slice_2", 73, 82.0, 0.17),
]


@pytest.mark.parametrize(("sample", "n_stars", "sigma_r", "beta"), ELSEWHERE)
def test_dispersions_agree_with_those_measured_elsewhere(results, sample, n_stars, sigma_r, beta):
    numbers = yaml.safe_load((results / "numbers.yaml").read_text())["plain_dispersion"][sample]
    assert numbers["sigma_r"]["value"] == pytest.approx(sigma_r, abs=0.6)
    assert numbers["beta"]["value"] == pytest.approx(beta, abs=0.01)
    if n_stars:
        assert abs(numbers["n_stars"]["value"] - n_stars) <= 1


def test_the_ledger_leads_from_every_row_to_the_three_samples(results):
    ledger = Table.read(results / "catalog" / "ledger.ecsv", format="ascii.ecsv")
    assert ledger["n_in"][0] == 6036
    assert np.array_equal(ledger["n_in"][1:], ledger["n_out"][:-1])
    lengths = {
        name: len(Table.read(results / "samples" / f"{name}.fits"))
        for name in ("halo", "accreted", "insitu")
    }
    rows = {row["step"]: row for row in ledger}
    neither = sum(rows[step]["n_removed"] for step in ("unknown_chemistry", "chemistry"))
    assert neither > 0
    assert lengths["halo"] == lengths["accreted"] + lengths["insitu"] + neither
    assert (rows["halo"]["n_out"], rows["accreted"]["n_out"]) == (
        lengths["halo"],
        lengths["accreted"],
    )


def test_cuts_that_the_survey_cannot_have_are_reported_in_ledger_and_log(results):
    reasons = " ".join(
        Table.read(results / "catalog" / "ledger.ecsv", format="ascii.ecsv")["reason"]
    )
    log = (results / "logs" / "clean_catalog.log").read_text()
    for cut in ("flag", "signal-to-noise", "Sagittarius", "Aleph"):
        assert cut in reasons
    assert reasons.count("the table has no") == 4
    for cut in ("flag", "snr", "sagittarius_chemistry", "aleph"):
        assert f"cut {cut} is off: the table has no" in log


def test_nothing_calls_real_stars_synthetic(segue_run, results):
    for path in results.rglob("*.ecsv"):
        meta = Table.read(path, format="ascii.ecsv").meta
        assert meta["synthetic"] is False and meta["catalogue"] == "SEGUE K giants", path
    for path in (results / "numbers.rst", *(results / "report").glob("*.html")):
        text = path.read_text()
        assert "SEGUE" in text and "ynthetic" not in text, path
    assert len(list((segue_run / "figures" / "segue_kgiants").glob("fig*"))) == 22
    assert not (results / "synthetic").exists()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_run_is_as_the_reference_has_it(results, check):
    check(Run(results))
