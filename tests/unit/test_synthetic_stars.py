"""The synthetic survey's selection against a survey by rejection."""

from __future__ import annotations

import numpy as np
import pytest

from icefire.synthetic.drawing import Selection, Sequence, distance_modulus, gaia_error


def by_rejection(model: dict, modulus: np.ndarray, others: float, rng):
    """Observe stars of the sequence, one at each distance modulus, and look what is left.

    Returns their weights (zero: not observed), and how many giants the population that they were
    taken from has. Stars too bright or too faint for every window are never looked at.
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
    return weight * (parallax < cuts["max_parallax_mas"]), n_giants


# From where only the parallax error lets dwarfs in, over dwarfs and giants, to giants alone
DISTANCES = (1.5, 3.0, 7.0, 60.0)


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_number_of_observed_stars_is_that_of_a_survey_by_rejection(model, distance):
    """In a shell half a magnitude deep."""
    rng = np.random.default_rng(round(distance * 10))
    modulus = distance_modulus(distance) + rng.uniform(-0.25, 0.25, 200_000)
    sequence = Sequence(model["stellar_sequence"], model["selection"]["giants_below_logg"])
    selection = Selection(sequence, model["selection"], model["errors"]["gaia"], 2.5)
    weight, n_giants = by_rejection(model, modulus, 2.5, rng)
    found = selection.observed_per_giant(modulus).mean()
    expected, error = weight.sum() / n_giants, np.sqrt((weight**2).sum()) / n_giants
    assert error < 0.02 * expected
    # The bins of 0.05 mag put the faintest giant a third of a bin too bright.
    assert abs(found - expected) < 4 * error + 0.02 * expected
