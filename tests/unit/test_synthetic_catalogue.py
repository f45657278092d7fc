"""What the synthetic survey writes down: errors that mean what they say, and counted warts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, norm

from icefire.synthetic import survey
from icefire.synthetic.catalogue import CATALOGUE_COLUMNS, Catalogue

NO_WARTS = {
    "bad_fit_fraction": 0.0,
    "bad_fit_snr": 0.0,
    "bad_fit_distance_scatter": 0.8,
    "no_fit_fraction": 0.0,
    "zero_distance_fraction": 0.0,
    "missing_motion_fraction": 0.0,
    "high_ruwe_fraction": 0.0,
    "repeated_fraction": 0.0,
}
WARTS = {
    "bad_fit_fraction": 0.1,
    "bad_fit_snr": 3.0,
    "bad_fit_distance_scatter": 0.8,
    "no_fit_fraction": 0.06,
    "zero_distance_fraction": 0.05,
    "missing_motion_fraction": 0.08,
    "high_ruwe_fraction": 0.2,
    "repeated_fraction": 0.1,
}
MAX_CORRELATION = 0.9
GAIA = [name for name in CATALOGUE_COLUMNS if name.startswith("GAIAEDR3_")]
ASTROMETRY = [name for name in GAIA if "PM" in name or "PARALLAX" in name]
SPECTRUM = (
    *("dist_adpt", "dist_adpt_err", "Vrad", "Vrad_err", "logg", "logg_err", "Teff", "Teff_err"),
    *("FeH", "FeH_err", "aFe", "aFe_err", "init_FeH", "init_FeH_err", "init_aFe", "init_aFe_err"),
)


@pytest.fixture(scope="module")
def measure(survey_of, model, sun, milky_way):
    """Measure a survey of 5,000 rows with some warts: catalogue and truth.

    Proper motions are more correlated than in the shipped model, so that it shows.
    """
    gaia = {**model["errors"]["gaia"], "pm_corr_max": MAX_CORRELATION}
    errors = {**model["errors"], "gaia": gaia}

    def measured(warts: dict, rows: int = 5000) -> tuple[dict, dict]:
        changed = {**model, "errors": errors, "warts": warts}
        catalogue = Catalogue(survey := survey_of(rows), changed, sun, milky_way)
        blocks = [catalogue.rows(*block) for block in survey.blocks()]
        return tuple(
            {name: np.concatenate([block[i][name] for block in blocks]) for name in blocks[0][i]}
            for i in (0, 1)
        )

    return measured


@pytest.fixture(scope="module")
def clean(measure) -> tuple[dict, dict]:
    """Catalogue and truth of a survey without mishaps."""
    return measure(NO_WARTS)


@pytest.fixture(scope="module")
def warty(measure) -> tuple[dict, dict]:
    """Catalogue and truth of a survey with many."""
    return measure(WARTS)


def about(share: float, n: int) -> object:
    """A fraction within four standard errors."""
    return pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)


def is_normal(values: np.ndarray) -> bool:
    return kstest(values, norm.cdf).pvalue > 1e-3


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "error", "true"),
    [
        ("Vrad", "Vrad_err", "rv"),
        ("logg", "logg_err", "logg"),
        ("Teff", "Teff_err", "teff"),
        ("FeH", "FeH_err", "feh"),
        ("aFe", "aFe_err", "afe"),
        ("GAIAEDR3_PMRA", "GAIAEDR3_PMRA_ERROR", "pmra"),
        ("GAIAEDR3_PMDEC", "GAIAEDR3_PMDEC_ERROR", "pmdec"),
    ],
)
def test_measured_values_scatter_about_the_truth_by_their_errors(clean, measured, error, true):
    rows, truth = clean
    assert is_normal((rows[measured] - truth[true]) / rows[error])


def test_errors_of_the_two_proper_motions_are_correlated_as_they_say(clean):
    rows, truth = clean
    corr = rows["GAIAEDR3_PMRA_PMDEC_CORR"]
    one, other = (
        (rows[f"GAIAEDR3_{name}"] - truth[name.lower()]) / rows[f"GAIAEDR3_{name}_ERROR"]
        for name in ("PMRA", "PMDEC")
    )
    rest = (other - corr * one) / np.sqrt(1 - corr**2)
    assert is_normal(rest)
    assert abs(np.mean(rest * one)) < 4 / 5000**0.5
    assert kstest(corr / MAX_CORRELATION, "uniform", (-1, 2)).pvalue > 1e-3


# --- warts -----------------------------------------------------------------------------------


def test_stars_without_astrometry_have_none_of_it_and_all_the_rest(warty):
    rows, truth = warty
    missing = np.isnan(rows["GAIAEDR3_PMRA"])
    first = ~truth["is_repeat"]
    assert missing[first].mean() == about(0.08, np.count_nonzero(first))
    for name in ASTROMETRY:
        np.testing.assert_array_equal(np.isnan(rows[name]), missing, err_msg=name)
    for name in ("GAIAEDR3_RUWE", "GAIAEDR3_G", "PS_g", "SNR", "RA", "L"):
        assert np.isfinite(rows[name]).all(), name


def test_failed_fits_have_nothing_from_the_spectrum_but_its_signal(warty):
    rows, _ = warty
    missing = rows["FLAG"] == -1
    assert missing.mean() == about(0.06, 5000)
    for name in SPECTRUM:
        np.testing.assert_array_equal(np.isnan(rows[name]), missing, err_msg=name)
    assert np.isfinite(rows["SNR"]).all()


def test_bad_fits_are_more_frequent_at_low_signal_and_have_wrong_distances(warty):
    rows, truth = warty
    tried = rows["FLAG"] >= 0
    bad = rows["FLAG"] == 1
    chance = 0.1 * (1 + 3 / rows["SNR"][tried])
    error = np.sqrt(np.sum(chance * (1 - chance)))
    assert abs(np.count_nonzero(bad) - chance.sum()) < 4 * error
    poor = rows["SNR"][tried] < np.median(rows["SNR"])
    for part in (poor, ~poor):
        assert bad[tried][part].mean() == about(chance[part].mean(), np.count_nonzero(part))
    seen = rows["dist_adpt"] > 0
    for mine, width in ((bad & seen, 0.8), (tried & ~bad & seen, 0.1)):
        wrong = np.log(rows["dist_adpt"][mine] / truth["distance"][mine])
        assert np.std(wrong) == pytest.approx(width, rel=0.15)


def test_a_repeated_star_is_the_same_source_with_another_spectrum(warty):
    rows, truth = warty
    repeat = truth["is_repeat"]
    # In every field a tenth, rounded up or down by chance
    for tile in range(1, 26):
        mine = rows["tileID"] == tile
        expected = 0.1 * np.count_nonzero(mine)
        assert np.floor(expected) <= np.count_nonzero(repeat & mine) <= np.ceil(expected)
    assert repeat.sum() == pytest.approx(500, abs=4 * np.sqrt(25 / 4))
    first = {number: i for i, number in enumerate(rows["H3_ID"]) if not repeat[i]}
    listed = np.array([first[number] for number in rows["H3_ID"][repeat]])
    assert np.all(listed < np.flatnonzero(repeat))
    for name in ("tileID", "RA", "DEC", "L", "B", "PS_g", "PS_r", "PS_i", "PS_z", *GAIA):
        np.testing.assert_array_equal(rows[name][repeat], rows[name][listed], err_msg=name)
    for name in truth:
        if name != "is_repeat":
            np.testing.assert_array_equal(truth[name][repeat], truth[name][listed], err_msg=name)
    for name in ("SNR", "Vrad", "dist_adpt_err", "FeH", "logg", "selID"):
        assert not np.any(rows[name][repeat] == rows[name][listed]), name
    assert np.all(rows["dateID"][repeat] > rows["dateID"][listed])


def test_blocks_of_any_number_of_fields_give_the_same_rows(measure, monkeypatch):
    whole = measure(WARTS, rows=1500)
    monkeypatch.setattr(survey, "_FIELDS_AT_ONCE", 4)
    parts = measure(WARTS, rows=1500)
    for one, other in zip(whole, parts, strict=True):
        for name, values in one.items():
            np.testing.assert_array_equal(other[name], values, err_msg=name)
