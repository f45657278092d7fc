"""The synthetic survey through the whole workflow: like the survey, with the paper's result in it,
and without it when it is not put in.

Three seeds of the default model and one null test, each as large as the survey; only the number of
realisations is reduced.
"""

from pathlib import Path

import pytest
import yaml
from against_reference import CHECKS, Run
from astropy.table import Table
from scipy import stats
from workflow.conftest import copy_project, snakemake

SEEDS = (2024, 2025, 2026)
# Where the table is meant to differ from what is published; resources/h3_targets.yaml says why.
STATED = {"high_alpha_insitu_centre_feh", "sagittarius_lz"}
# Put in, and found at the survey's size with every seed; the rank correlation of sigma_r is not
# with one of three (docs/claims.md)
FOUND = {
    "judged.scatter_of_lines_of_sight",
    "judged.beta_rank_correlation",
    "judged.halo_azimuthal_amplitude",
    "judged.accreted.xy_direction_deg",
    "judged.insitu_over_accreted_ln_sigma_r",
}
# True of the paper's sky but not of the synthetic one (docs/claims.md)
OTHERWISE = {"velocity_error.largest_median_v_r", "judged.coldest_lines_of_sight_stars"}
OTHERWISE |= {"judged.published_between_populations", "judged.published_beta_chi_squared"}
OTHERWISE |= {"mass.lines_of_sight.mass_factor", "judged.published_beyond_40_kpc"}
# Chance of a false alarm in each of the null test's comparisons.
RARE = 1e-3


@pytest.fixture(scope="module")
def project(repo, tmp_path_factory) -> Path:
    return copy_project(repo, tmp_path_factory.mktemp("synthetic") / "project")


def run(project: Path, name: str, overlay: dict, *targets: str) -> Path:
    """Run part of the workflow under an overlay; give the folder of its results."""
    overlay = {
        "run": name,
        "montecarlo": {"realisations": 200, "shards": 1},
        "significance": {"permutations": 2500},
        **overlay,
    }
    (project / f"{name}.yaml").write_text(yaml.safe_dump(overlay))
    paths = [f"results/{name}/{target}" for target in targets]
    done = snakemake(project, "--cores", "2", "--configfile", f"{name}.yaml", "--", *paths)
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "results" / name


@pytest.fixture(scope="module", params=SEEDS)
def survey(request, project) -> Path:
    overlay = {"synthetic": {"seed": request.param}}
    name = f"seed_{request.param}"
    return run(project, name, overlay, "paper_comparison.ecsv", "synthetic_check.ecsv")


@pytest.fixture(scope="module")
def null(project) -> Path:
    overlay = {"synthetic": {"changes": ["config/null_model.yaml"]}}
    results = run(project, "null", overlay, "synthetic/catalogue.fits")
    # From here on the truth is out of reach: what needs it fails.
    truth = results / "synthetic" / "truth.fits"
    truth.unlink()
    run(project, "null", overlay, "paper_comparison.ecsv", "summaries/xy/accreted.ecsv")
    assert not truth.exists()
    return results


def numbers_of(results: Path) -> dict:
    return yaml.safe_load((results / "numbers.yaml").read_text())


def test_table_is_like_the_survey(survey):
    """Every published number within its tolerance, or named as different with the reason."""
    check = Table.read(survey / "synthetic_check.ecsv")
    missed = check[check["agrees"] == "no"]
    assert set(missed["quantity"]) <= STATED, missed["quantity", "at", "target", "made"]
    assert all(missed["because"])
    assert len(check) > 80
    assert check.meta["synthetic"]


def test_counts_are_the_papers_within_five_per_cent(survey):
    counts = numbers_of(survey)["counts"]
    paper = {"halo": 10469, "accreted": 9353, "insitu": 1116}
    paper |= {"good_beyond_5_kpc": 33068, "good_beyond_10_kpc": 12167}
    for name, expected in paper.items():
        assert counts[name]["value"] == pytest.approx(expected, rel=0.05), name


def numbers_with(results: Path, verdict: str) -> set[str]:
    comparison = Table.read(results / "paper_comparison.ecsv")
    return set(comparison["number"][comparison["verdict"] == verdict])


def test_what_was_put_in_is_found(survey):
    assert numbers_with(survey, "supported") >= FOUND
    assert numbers_with(survey, "contradicted") <= OTHERWISE


def test_hot_lines_of_sight_are_radial_too_so_that_masses_differ_less(survey):
    """Elsewhere, of the default: tau 0.17 in ln sigma_r^2 and 0.10 in ln M, a factor of 1.38.

    Seeds scatter by some 0.03 in tau.
    """
    sights = numbers_of(survey)["mass"]["lines_of_sight"]
    assert sights["ln_sigma_r2_scatter"]["value"] == pytest.approx(0.17, abs=0.07)
    assert sights["ln_mass_scatter"]["value"] == pytest.approx(0.10, abs=0.05)
    assert sights["mass_factor"]["value"] == pytest.approx(1.38, abs=0.15)
    assert sights["mass_factor"]["hi95"] < 2


def test_null_supports_no_claim(null):
    assert not numbers_with(null, "supported")


def test_cuts_find_what_they_are_for(survey):
    cuts = {row["cut"]: row for row in Table.read(survey / "synthetic_cuts.ecsv")}
    assert cuts["Sagittarius"]["completeness"] >= 0.95
    assert cuts["Sagittarius"]["purity"] > 0.8
    assert cuts["satellites"]["completeness"] > 0.9
    assert cuts["satellites"]["purity"] > 0.95
    assert cuts["unbound"]["completeness"] > 0.8
    assert cuts["Aleph"]["completeness"] > 0.8


def test_the_survey_is_as_the_reference_has_it(survey):
    for check in CHECKS:
        check(Run(survey))


def test_null_has_the_dispersion_that_was_put_in(null):
    """So that no test of it is passed by noise alone."""
    entry = numbers_of(null)["plain_dispersion"]["halo"]["sigma_r"]
    error = 0.5 * (entry["hi68"] - entry["lo68"])
    assert abs(entry["value"] - 120) < stats.norm.isf(RARE / 2) * error
