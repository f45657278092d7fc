"""Halos of known truth: the ellipsoid and the errors that they say, observed and carried back."""

import numpy as np
import pytest
from reference import errors

from icefire.calibrate import halos
from icefire.measure.recipes import COMPONENTS
from icefire.stars import orbits
from icefire.stars.kinematics import frame, galactocentric

FRAME = frame(8.122, 20.8, (12.9, 245.6, 7.78))
CROSS = {"cov_rphi": (0, 1), "cov_rtheta": (0, 2), "cov_phitheta": (1, 2)}


def catalogue(n_stars: int = 30_000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    root = rng.normal(0, 12, (n_stars, 3, 3))
    matrix = root @ root.transpose(0, 2, 1)
    stars = {"r": rng.uniform(10, 40, n_stars), "b": rng.uniform(-90, 90, n_stars)}
    stars["l"] = rng.uniform(0, 360, n_stars)
    return stars | errors(matrix)


def make(scenario: str, number: int = 0, seed: int = 1, n_stars: int = 30_000):
    return halos.make(scenario, seed, number, n_stars, catalogue(), FRAME)


@pytest.mark.parametrize("scenario", [*halos.SHAPES, "catalogue"])
def test_velocities_have_the_truth_s_variance_and_the_errors_on_top(scenario):
    stars, true = make(scenario)
    velocity = np.array([stars[name] for name in COMPONENTS])
    error = np.array([stars[f"{name}_error"] for name in COMPONENTS])
    pull = velocity / np.sqrt(true + error**2)
    # Kurtosis up to nine: standard errors of a variance up to 1.6 %
    np.testing.assert_allclose(pull.var(axis=1), 1, atol=0.055)
    assert np.abs(pull.mean(axis=1)).max() < 0.02
    # Errors of two components go together as their covariance says.
    for name, (i, j) in CROSS.items():
        product = pull[i] * pull[j]
        expected = stars[name] / np.sqrt((true + error**2)[i] * (true + error**2)[j])
        for sign in (expected > 0, expected < 0):
            assert product[sign].mean() == pytest.approx(expected[sign].mean(), abs=0.05)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ("gaussian", (3, 3)),
        ("uniform", (1.8, 1.8)),
        # 3 (70^4 + 160^4)/2 over the square of (70^2 + 160^2)/2
        ("two populations", (4.381, 4.381)),
        # Lobes at 0.85: 3 - 2 * 0.85^4
        ("two lobes", (1.956, 3)),
    ],
)
def test_shapes_have_mean_zero_variance_one_and_their_kurtosis(shape, wanted):
    deviates = halos.SHAPES[shape](np.random.default_rng(4), 200_000)
    np.testing.assert_allclose(deviates.mean(axis=1), 0, atol=0.01)
    np.testing.assert_allclose(deviates.var(axis=1), 1, atol=0.02)
    kurtosis = (deviates**4).mean(axis=1) / deviates.var(axis=1) ** 2
    np.testing.assert_allclose(kurtosis[[0, 1]], wanted, rtol=0.03)


def test_what_is_observed_without_error_comes_back_through_the_kinematics():
    rng = np.random.default_rng(5)
    position = rng.normal(0, 20, (3, 500))
    velocity = rng.normal(0, 100, (3, 500))
    exact = halos._astrometry(position, velocity, FRAME)
    errors = {f"{name}_error": np.zeros(500) for name in ("distance", "rv", "pmra", "pmdec")}
    found = galactocentric(exact | errors | {"pm_corr": np.zeros(500)}, FRAME)
    np.testing.assert_allclose([found[name] for name in "xyz"], position, atol=1e-9)
    radial = (position * velocity).sum(axis=0) / np.sqrt((position**2).sum(axis=0))
    np.testing.assert_allclose(found["v_r"], radial, atol=1e-6)
    speed2 = sum(found[name] ** 2 for name in COMPONENTS)
    np.testing.assert_allclose(speed2, (velocity**2).sum(axis=0))


@pytest.mark.parametrize("max_sigma", [None, 0.0, 2.0])
def test_observed_halos_are_passed_through_the_cuts(max_sigma):
    potential = orbits.potential("MilkyWayPotential-v1")
    stars, true = halos.make("distances 15 %", 1, 0, 1000, {}, FRAME, potential)
    # Half of the stars shall be unbound.
    stars["energy"] -= np.median(stars["energy"])
    halo = {"min_abs_z_kpc": 5.0, "min_radius_kpc": 10.0}
    kept, kept_true = halos.selected(stars, true, halo, max_sigma)
    inside = (np.abs(stars["z"]) > 5) & (stars["r"] > 10)
    bound = np.ones(len(inside), bool)
    if max_sigma is not None:
        bound = stars["energy"] < max_sigma * stars["energy_error"]
        assert not bound[inside].all()
    assert 0 < (inside & bound).sum() < len(inside)
    np.testing.assert_array_equal(kept["v_r"], stars["v_r"][inside & bound])
    np.testing.assert_array_equal(kept_true, true[:, inside & bound])
