"""The stellar sequence against closed forms, and the selection against a survey by rejection."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from icefire.synthetic.drawing import Selection, Sequence, distance_modulus, gaia_error

GAIA = {"g_mag": [15.0, 17.0, 18.0], "parallax": [0.02, 0.08, 0.16]}
ALL = {
    "giants_below_logg": 2.5,
    "others": 1.0,
    "max_parallax_mas": 0.5,
    "windows": [{"r_min": -99.0, "r_max": 99.0, "weight": 1.0}],
}


def sequence(counts=(1.0, 1.0), clump_counts: float = 0.0) -> Sequence:
    """From -4 to 6 mag, giants (log g below 2.5) in the bright half."""
    settings = {
        "feh": -1.0,
        "abs_r": [-4.0, 6.0],
        "counts": list(counts),
        "logg": [0.0, 5.0],
        "teff": [4000.0, 6000.0],
        "g_r": [1.2, 0.2],
        "r_i": [0.5, 0.1],
        "i_z": [0.3, 0.0],
        "clump": {"abs_r": -1.0, "width": 0.2, "counts": clump_counts},
        "g_r_per_feh": 0.1,
        "teff_per_feh": -100.0,
    }
    return Sequence(settings, 2.5)


@pytest.fixture(scope="module")
def shipped(model):
    """The model's own sequence and selection."""
    limit = model["selection"]["giants_below_logg"]
    made = Sequence(model["stellar_sequence"], limit)
    return made, Selection(made, model["selection"], model["errors"]["gaia"])


# --- the selection ---------------------------------------------------------------------------


def by_rejection(model: dict, modulus: np.ndarray, others: float, rng):
    """Observe stars of the sequence, one at each distance modulus, and look what is left.

    Returns their absolute magnitudes, their weights (zero: not observed), and how many giants the
    population that they were taken from has. Stars that are too bright or too faint for every
    window are never looked at.
    """
    settings, cuts = model["stellar_sequence"], model["selection"]
    nodes, clump = np.array(settings["abs_r"]), settings["clump"]
    fine = np.linspace(nodes[0], nodes[-1], 200_001)
    counts = np.exp(np.interp(fine, nodes, np.log(settings["counts"])))
    offset = (fine - clump["abs_r"]) / clump["width"]
    counts += clump["counts"] * np.exp(-0.5 * offset**2) / clump["width"] / np.sqrt(2 * np.pi)
    giant = np.interp(fine, nodes, settings["logg"]) < cuts["giants_below_logg"]
    low = min(window["r_min"] for window in cuts["windows"]) - modulus.max()
    high = max(window["r_max"] for window in cuts["windows"]) - modulus.min()
    within = np.cumsum(np.where((fine > low) & (fine < high), counts, 0))
    n_giants = counts[giant].sum() / within[-1] * len(modulus)

    abs_r = np.interp(rng.random(len(modulus)) * within[-1], within, fine)
    r = abs_r + modulus
    error = gaia_error(r, model["errors"]["gaia"], "parallax")
    parallax = 100 * 10 ** (-0.2 * modulus) + error * rng.standard_normal(len(r))
    weight = np.zeros(len(r))
    for window in cuts["windows"]:
        weight[(r >= window["r_min"]) & (r < window["r_max"])] = window["weight"]
    is_giant = np.interp(abs_r, nodes, settings["logg"]) < cuts["giants_below_logg"]
    weight *= np.where(is_giant, 1.0, others * cuts["others"])
    return abs_r, weight * (parallax < cuts["max_parallax_mas"]), n_giants


# From where only the parallax error lets dwarfs in, over dwarfs and giants, to giants alone
DISTANCES = (1.5, 2.1, 3.0, 7.0, 20.0, 60.0, 150.0)


@pytest.fixture(params=DISTANCES, ids="{:g} kpc".format)
def shell(request):
    """Distance moduli of a shell, half a magnitude deep, and a random stream."""
    rng = np.random.default_rng(round(request.param * 10))
    return distance_modulus(request.param) + rng.uniform(-0.25, 0.25, 200_000), rng


def test_the_number_of_observed_stars_is_that_of_a_survey_by_rejection(model, shipped, shell):
    modulus, rng = shell
    selection = Selection(shipped[0], model["selection"], model["errors"]["gaia"], 2.5)
    _, weight, n_giants = by_rejection(model, modulus, 2.5, rng)
    found = selection.observed_per_giant(modulus).mean()
    expected, error = weight.sum() / n_giants, np.sqrt((weight**2).sum()) / n_giants
    assert error < 0.02 * expected
    # The bins of 0.05 mag put the faintest giant a third of a bin too bright.
    assert abs(found - expected) < 4 * error + 0.02 * expected


def test_drawn_magnitudes_are_those_of_a_survey_by_rejection(model, shipped, shell):
    modulus, rng = shell
    abs_r, weight, _ = by_rejection(model, modulus, 1.0, rng)
    observed = rng.random(len(weight)) < weight
    drawn = shipped[1].draw(modulus, *rng.random((2, len(modulus))))
    # As many draws at a distance as there are observed stars
    drawn = rng.choice(drawn, 4000, p=(p := shipped[1].observed_per_giant(modulus)) / p.sum())
    assert np.count_nonzero(observed) > 1000
    assert ks_2samp(drawn, abs_r[observed][:4000]).pvalue > 1e-3


def test_half_of_the_stars_at_the_parallax_limit_pass_it():
    made = sequence()
    free = Selection(made, {**ALL, "max_parallax_mas": 1e9}, GAIA)
    limited = Selection(made, ALL, GAIA)

    def share(distance: float) -> float:
        modulus = distance_modulus(distance)
        return limited.observed_per_giant(modulus) / free.observed_per_giant(modulus)

    assert share(2.0) == pytest.approx(0.5, abs=0.005)
    # 0.3 mas over the limit is two to fifteen standard errors, 0.45 below it the same
    assert share(1.25) < 0.02
    assert share(20.0) > 0.995
    assert free.observed_per_giant(distance_modulus(2.0)) == pytest.approx(2, rel=1e-9)
