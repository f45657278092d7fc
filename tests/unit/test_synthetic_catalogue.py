"""What the synthetic survey writes down: errors that mean what they say, and repeated stars."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from icefire.synthetic.catalogue import CATALOGUE_COLUMNS, Catalogue

MAX_CORRELATION = 0.9
GAIA = [name for name in CATALOGUE_COLUMNS if name.startswith("GAIAEDR3_")]


@pytest.fixture(scope="module")
def measure(survey_of, model, sun, milky_way):
    """Measure a survey of which a share is repeated and nothing fails: catalogue and truth.

    Proper motions are more correlated than in the shipped model, so that it shows.
    """
    gaia = {**model["errors"]["gaia"], "pm_corr_max": MAX_CORRELATION}
    errors = {**model["errors"], "gaia": gaia}

    def measured(repeated_fraction: float, rows: int = 5000) -> tuple[dict, dict]:
        warts = dict.fromkeys(model["warts"], 0.0) | {"repeated_fraction": repeated_fraction}
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
    return measure(0.0)


def is_normal(values: np.ndarray) -> bool:
    return kstest(values, norm.cdf).pvalue > 1e-3


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


def test_a_repeated_star_is_the_same_source_with_another_spectrum(measure):
    rows, truth = measure(0.1)
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
