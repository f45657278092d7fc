"""Quoted numbers and their standard errors against numpy, scipy, resampling and known maps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from icefire import claims
from icefire.realisations import COMPONENTS

NAN, INF = float("nan"), float("inf")


def velocities(n_stars: int = 4000, seed: int = 5) -> np.ndarray:
    """Heavy-tailed, correlated, moving: 3 x N, km/s, sigma about 140, 80 and 90."""
    rng = np.random.default_rng(seed)
    tail = rng.gamma(4, 1 / 4, n_stars) ** 0.5
    mixed = np.array([[140, 0, 0], [40, 70, 0], [-30, 20, 80]]) @ rng.standard_normal((3, n_stars))
    return mixed * tail + np.array([[300], [-180], [20]])


def measured(v: np.ndarray, edges=()) -> claims.Dispersion:
    found = claims.Dispersion()
    for part in np.split(v, edges, axis=1):
        found.add(dict(zip(COMPONENTS, part, strict=True)))
    return found


def beta_of(variance: np.ndarray) -> np.ndarray:
    return 1 - (variance[1] + variance[2]) / (2 * variance[0])


def test_dispersions_and_beta_are_numpys():
    v = velocities()
    found = measured(v)
    np.testing.assert_allclose(found.variances()[0], v.var(axis=1), rtol=1e-12)
    assert found.beta()[0] == pytest.approx(beta_of(v.var(axis=1)), rel=1e-10)
    numbers = found.numbers()
    assert numbers["n_stars"] == {"value": 4000}
    assert numbers["sigma_phi"]["value"] == pytest.approx(v[1].std(), rel=1e-5)
    assert numbers["sigma_phi"]["unit"] == "km/s" and "unit" not in numbers["beta"]


def test_standard_errors_are_those_of_a_bootstrap():
    v = velocities()
    rng = np.random.default_rng(6)
    draws = np.array([v[:, rng.integers(0, 4000, 4000)].var(axis=1) for _ in range(1500)]).T
    wanted = [*np.sqrt(draws).std(axis=1), beta_of(draws).std()]
    numbers = measured(v).numbers()
    for name, error in zip(("sigma_r", "sigma_phi", "sigma_theta", "beta"), wanted, strict=True):
        entry = numbers[name]
        assert entry["hi68"] - entry["value"] == pytest.approx(error, rel=0.1), name
        assert entry["value"] - entry["lo68"] == pytest.approx(error, rel=0.1), name


@pytest.mark.parametrize("edges", [(1,), (3, 3, 1000), tuple(range(100, 4000, 100))], ids=len)
def test_blocks_change_nothing_but_rounding(edges):
    v = velocities() + 5000
    whole, parts = measured(v), measured(v, edges)
    for a, b in zip(parts.variances(), whole.variances(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9 * np.abs(b).max())
    assert parts.n_stars == 4000


@pytest.mark.parametrize("n_stars", [0, 1])
def test_too_few_stars_have_no_dispersion(n_stars):
    numbers = measured(velocities(n_stars)).numbers()
    assert numbers["n_stars"] == {"value": n_stars}
    for name in ("sigma_r", "beta"):
        assert (numbers[name]["value"], numbers[name]["lo68"]) == (None, None)


def test_subsets_of_a_table_in_one_pass():
    v, feh = velocities(), np.linspace(-2, 0, 4000)
    blocks = [
        {**dict(zip(COMPONENTS, part, strict=True)), "feh": some}
        for part, some in zip(np.split(v, [999], axis=1), np.split(feh, [999]), strict=True)
    ]
    masks = {"poor": lambda s: s["feh"] < -1, "none": lambda s: s["feh"] > 9, "all": lambda s: None}
    found = claims.dispersions(blocks, masks)
    assert found["poor"].n_stars == 2000 and found["none"].n_stars == 0
    np.testing.assert_allclose(found["poor"].variances()[0], v[:, :2000].var(axis=1), rtol=1e-10)
    np.testing.assert_allclose(found["all"].variances()[0], v.var(axis=1), rtol=1e-10)


def test_rank_correlation_is_scipys_of_the_finite_pairs():
    rng = np.random.default_rng(9)
    a = rng.normal(size=80)
    b = a + rng.normal(size=80)
    with_gaps = (np.append(a, [NAN, 5, NAN]), np.append(b, [-9, NAN, NAN]))
    found = claims.rank_correlation(*with_gaps)
    assert found["value"] == pytest.approx(spearmanr(a, b).statistic, rel=1e-5)
    assert found["lo68"] < found["value"] < found["hi68"]


def test_rank_correlations_interval_holds_the_truth_in_two_thirds_of_samples():
    rng = np.random.default_rng(10)
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # of a bivariate normal with correlation 0.6
    inside = 0
    for _ in range(400):
        a = rng.normal(size=60)
        found = claims.rank_correlation(a, 0.6 * a + 0.8 * rng.normal(size=60))
        inside += found["lo68"] <= truth <= found["hi68"]
    # 400 samples have a standard error of 0.023
    assert inside / 400 == pytest.approx(0.68, abs=0.06)


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        ([1, 2, 3, 4, 5], [10, 20, 30, 40, 50], 1),
        ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1], -1),
        ([1, 2, 3], [1, 2, 3], None),
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5], None),
        ([1, 2, 3, 4, 5], [NAN, NAN, 1, 2, 3], None),
    ],
)
def test_rank_correlation_of_perfect_and_of_too_few_pairs(a, b, value):
    found = claims.rank_correlation(np.array(a, float), np.array(b, float))
    assert found["value"] == value
    assert all(v is None or abs(v) <= 1 for v in found.values())


def grid() -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(-20.0, 21, 2), np.arange(-20.0, 21, 2))
    return x.ravel(), y.ravel()


def elongated(angle_deg: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A hill of dispersions, longest at an angle, on a slope."""
    t = np.radians(angle_deg)
    along, across = x * np.cos(t) + y * np.sin(t), y * np.cos(t) - x * np.sin(t)
    return 150 - 0.02 * along**2 - 0.08 * across**2 + 0.7 * x - 0.3 * y


@pytest.mark.parametrize("angle", [0, 1, 30, 45, 70, 90, 135, 179, 180])
def test_the_direction_of_an_elongated_map_is_found(angle):
    x, y = grid()
    n_stars = np.random.default_rng(3).integers(10, 200, len(x))
    sigma = elongated(angle, x, y)
    sigma[::5] = np.nan
    found, error = claims.elongation_angle_deg(x, y, sigma, n_stars)
    assert 0 <= found < 180
    assert abs((found - angle + 90) % 180 - 90) < 1e-6
    assert error < 1e-6


def test_the_error_of_the_direction_is_its_scatter():
    x, y = grid()
    rng = np.random.default_rng(4)
    sigma, n_stars = elongated(70, x, y), rng.integers(10, 200, len(x))
    noisy = [
        claims.elongation_angle_deg(x, y, sigma + rng.normal(0, 80, len(x)) / n_stars**0.5, n_stars)
        for _ in range(500)
    ]
    angles, errors = np.transpose(noisy)
    assert np.mean(angles) == pytest.approx(70, abs=5 * np.std(angles) / 500**0.5)
    assert np.median(errors) == pytest.approx(np.std(angles), rel=0.15)


def test_a_map_with_too_few_bins_has_no_direction():
    x, y = grid()
    sigma = elongated(70, x, y)
    few = np.where(np.arange(len(x)) % 80 == 0, sigma, np.nan)
    assert 0 < np.isfinite(few).sum() < 7
    line = np.where(y == 0, sigma, np.nan)
    for given in (few, line):
        assert np.isnan(claims.elongation_angle_deg(x, y, given, np.ones(len(x)))).all()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (123.456789, 123.457),
        (0.000123456789, 0.000123457),
        (-1234567.5, -1.23457e6),
        (302485, 302485),
        (np.int64(33068), 33068),
        (np.float32(2.0), 2),
        (None, None),
        (NAN, None),
        (-INF, None),
    ],
)
def test_numbers_have_six_digits_and_the_unmeasured_is_none(value, wanted):
    found = claims.number(value)
    assert found == {"value": wanted}
    # yaml.safe_dump knows only Python's own types.
    assert type(found["value"]) in (int, float, type(None))


def test_a_number_carries_its_unit_and_interval():
    assert claims.number(1.23456789, "km/s", 1.0, NAN) == {
        "value": 1.23457,
        "lo68": 1,
        "hi68": None,
        "unit": "km/s",
    }
