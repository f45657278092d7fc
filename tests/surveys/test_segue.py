"""Real stars: the whole workflow on the SEGUE K giants, against numbers measured elsewhere."""

import shutil

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


def test_cuts_that_the_survey_cannot_have_are_reported_in_ledger_and_log(results):
    reasons = " ".join(Table.read(results / "catalog" / "ledger.ecsv")["reason"])
    log = (results / "logs" / "clean_catalog.log").read_text()
    for cut in ("flag", "signal-to-noise", "Sagittarius", "Aleph"):
        assert cut in reasons
    assert reasons.count("the table has no") == 4
    for cut in ("flag", "snr", "sagittarius_chemistry", "aleph"):
        assert f"cut {cut} is off: the table has no" in log


def test_nothing_calls_real_stars_synthetic(segue_run, results):
    for path in results.rglob("*.ecsv"):
        meta = Table.read(path).meta
        assert meta["synthetic"] is False and meta["catalogue"] == "SEGUE K giants", path
    for path in (results / "numbers.rst", *(results / "report").glob("*.html")):
        text = path.read_text()
        assert "SEGUE" in text and "ynthetic" not in text, path
    assert len(list((segue_run / "figures" / "segue_kgiants").glob("fig*.p*"))) == 24
    assert not (results / "synthetic").exists()


def test_masses_of_lines_of_sight_are_no_factor_of_two_apart(results):
    """Elsewhere: a factor of 1.07 (1.00 to 1.23), and no sign of any (p 0.61)."""
    mass = yaml.safe_load((results / "numbers.yaml").read_text())["mass"]
    factor = mass["lines_of_sight"]["mass_factor"]
    assert factor["lo68"] <= 1.07 <= factor["hi68"] and factor["value"] < 1.23
    assert factor["p"] > 0.1 and factor["hi95"] < 2
    claims = Table.read(results / "paper_comparison.ecsv")
    (row,) = claims[claims["number"] == "mass.lines_of_sight.mass_factor"]
    assert row["verdict"] == "contradicted"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_run_is_as_the_reference_has_it(results, check):
    check(Run(results))


# What each choice shifts, in half-widths of the intervals: sigma_r and beta, measured independently
# of this project with the plain bootstrap's intervals. Those with the stars' kurtosis are up to 9 %
# wider for beta, and 2,000 realisations have some noise: its tolerance grows with it.
SHIFTS = {
    "method_han2024": (0.1, 7.4),
    "no_sagittarius_cut": (0.6, 5.6),
    "distances_larger": (1.0, 1.7),
    "distances_smaller": (1.3, 0.7),
    "distance_errors_larger": (0.0, 1.2),
    "motion_errors_larger": (0.0, 0.3),
    "giants_brighter": (0.2, 1.0),
    "halo_lower": (0.02, 0.04),
    "halo_higher": (0.2, 0.2),
    "galcen_8178": (0.1, 0.1),
    "galcen_8275": (0.1, 0.1),
    "sun_faster": (0.05, 0.1),
    "sun_slower": (0.05, 0.1),
    "motion_zero_up": (0.05, 0.05),
    "motion_zero_down": (0.05, 0.05),
    "potential_v2": (0.0, 0.0),
    "method_bootstrap": (0.0, 0.0),
}


def test_the_shifts_of_every_choice_are_those_measured_elsewhere(repo, segue_run, segue_catalogue):
    for path in (repo / "config" / "variations").glob("*.yaml"):
        shutil.copy2(path, segue_run / "config" / "variations")
    (segue_run / "sound.yaml").write_text(
        "run: sound\nuncertainty: {method: bootstrap}\nmontecarlo: {realisations: 2000}\n"
    )
    overlay = "catalog={path: " + str(segue_catalogue) + "}"
    files = ("config/segue_kgiants.yaml", "sound.yaml")
    flags = ("--cores", "2", "--configfile", *files, "--config", overlay)
    done = snakemake(segue_run, "sensitivity", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    table = Table.read(segue_run / "results" / "sound" / "sensitivity.ecsv")
    found = {one["variation"]: one for one in table.meta["variations"]}
    assert set(found) == set(SHIFTS)
    for name, (sigma_r, beta) in SHIFTS.items():
        assert found[name]["sigma_r"]["median"] == pytest.approx(sigma_r, abs=0.15), name
        assert found[name]["beta"]["median"] == pytest.approx(beta, rel=0.12, abs=0.15), name
