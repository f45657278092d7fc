"""The likelihood against exact intervals, brute force and itself, however the work is shared."""

import numpy as np
import pytest
from reference import errors
from scipy.special import ndtr
from scipy.stats import chi2

from icefire.errors import UserError
from icefire.measure import dispersion, likelihood, matrices, truncation
from icefire.measure.dispersion import QUANTITIES, summarise
from icefire.measure.geometry import HealpixSky, PlaneGrid, RadialShells
from icefire.measure.recipes import COMPONENTS

LEVELS = {"_lo95": 0.025, "_lo68": 0.16, "": 0.5, "_hi68": 0.84, "_hi95": 0.975}
ONE_SHELL = RadialShells(10.0, 30.0, 1)


def make_stars(velocity: np.ndarray, covariance: np.ndarray) -> dict[str, np.ndarray]:
    """Stars at 20 kpc in the first quadrant, from 3 x N velocities and N x 3 x 3 covariances."""
    n_stars = velocity.shape[1]
    stars = {"r": np.full(n_stars, 20.0), "l": np.full(n_stars, 270.0), "b": np.full(n_stars, 30.0)}
    stars |= {"x": np.full(n_stars, 3.0), "y": np.full(n_stars, 5.0), "z": np.full(n_stars, 10.0)}
    return stars | dict(zip(COMPONENTS, velocity, strict=True)) | errors(covariance)


def draw(n_stars: int, sigma, seed: int, size: float = 1.0, shared: float = 0.0):
    """Velocities of an ellipsoid, and errors of varied size in units of it, partly shared."""
    rng = np.random.default_rng(seed)
    sigma = np.asarray(sigma, float)[:, None]
    error = size * sigma * rng.uniform(0.3, 1.7, (3, n_stars))
    together = np.sqrt(shared) * error
    covariance = np.einsum("is,js->sij", together, together)
    covariance += np.einsum("is,ij->sij", (1 - shared) * error**2, np.eye(3))
    noise = np.einsum(
        "sij,js->is",
        np.linalg.cholesky(covariance + 1e-9 * np.eye(3)),
        rng.normal(size=(3, n_stars)),
    )
    return sigma * rng.normal(size=(3, n_stars)) + noise, covariance


def measure(stars, geometries=(ONE_SHELL,), deconvolve=True, correlated=True, **options):
    rows = dispersion.STARS_AT_ONCE
    n_stars = len(stars["r"])

    def blocks():
        for start in range(0, max(n_stars, 1), rows):
            yield {name: values[start : start + rows] for name, values in stars.items()}

    options = {"realisations": 1000, "min_stars": 10, "max_memory_mb": 1000.0} | options
    return likelihood.measure(blocks, n_stars, geometries, deconvolve, correlated, **options)


def summary(stars, **options) -> dict[str, float]:
    """The summary of the one shell's whole sky."""
    found = summarise(measure(stars, **options)["radial"].variance[:1])
    return {name: values[0] for name, values in found.items()}


@pytest.mark.parametrize("n_stars", [10, 30, 300])
def test_without_errors_the_intervals_are_the_exact_ones_of_chi_squared(n_stars):
    velocity, _ = draw(n_stars, (130, 70, 60), seed=n_stars)
    found = summary(make_stars(velocity, np.zeros((n_stars, 3, 3))))
    squares = ((velocity - velocity.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    points = likelihood.spread_points(200_001)
    variances = []
    for name, total, deviate in zip(QUANTITIES, squares, points, strict=False):
        exact = {
            end: np.sqrt(total / chi2.isf(level, n_stars - 1)) for end, level in LEVELS.items()
        }
        half = (exact["_hi68"] - exact["_lo68"]) / 2
        for ending, wanted in exact.items():
            assert found[name + ending] == pytest.approx(wanted, abs=0.03 * half)
        variances.append(total / chi2.isf(ndtr(deviate), n_stars - 1))
    beta = 1 - (variances[1] + variances[2]) / (2 * variances[0])
    width = np.subtract(*np.quantile(beta, [0.84, 0.16])) / 2
    for ending, level in LEVELS.items():
        # A thousand points leave the ends of a long tail less certain.
        tolerance = (0.15 if ending.endswith("95") else 0.05) * width
        assert found["beta" + ending] == pytest.approx(np.quantile(beta, level), abs=tolerance)


def brute_force(velocity, covariance, n_drawn: int = 120_000) -> dict[str, float]:
    """The posterior's quantiles from weighted random points, with matrices as numpy has them."""
    rng = np.random.default_rng(1)
    deviate = rng.standard_t(4, (n_drawn, 3))
    s = velocity.var(axis=1) * np.exp(0.7 * deviate - 0.3)
    log = 2.5 * np.log1p(deviate**2 / 4).sum(axis=1)  # one over the density drawn from
    for part in np.array_split(np.arange(n_drawn), 40):
        total = covariance + s[part, None, :, None] * np.eye(3)
        weight = np.linalg.inv(total)
        a = weight.sum(axis=1)
        pulled = np.einsum("gsij,js->gsi", weight, velocity)
        b = pulled.sum(axis=1)
        fit = np.einsum("gsi,is->g", pulled, velocity)
        fit -= np.einsum("gi,gij,gj->g", b, np.linalg.inv(a), b)
        fit += np.linalg.slogdet(total)[1].sum(axis=1) + np.linalg.slogdet(a)[1]
        prior = np.log((np.diagonal(weight, axis1=2, axis2=3) ** 2).sum(axis=1)).sum(axis=1)
        # Drawn in log s: the posterior there has a factor s for each component.
        log[part] += 0.5 * (prior - fit) + np.log(s[part]).sum(axis=1)
    weights = np.exp(log - log.max())
    values = dict(zip(QUANTITIES, np.sqrt(s).T, strict=False))
    values["beta"] = 1 - (s[:, 1] + s[:, 2]) / (2 * s[:, 0])
    found = {}
    for name, drawn in values.items():
        order = np.argsort(drawn)
        reached = np.cumsum(weights[order]) / weights.sum()
        for ending, level in LEVELS.items():
            found[name + ending] = np.interp(level, reached, drawn[order])
    return found


@pytest.mark.parametrize(("n_stars", "size", "shared"), [(12, 1.0, 0.8), (40, 0.8, 0.95)])
def test_with_errors_the_intervals_are_those_of_the_posterior_itself(n_stars, size, shared):
    velocity, covariance = draw(n_stars, (120, 80, 60), 5, size, shared)
    found, wanted = summary(make_stars(velocity, covariance)), brute_force(velocity, covariance)
    for name in QUANTITIES:
        half = (wanted[f"{name}_hi68"] - wanted[f"{name}_lo68"]) / 2
        for ending in LEVELS:
            tolerance = (0.12 if ending.endswith("95") else 0.06) * half
            if name == "beta":  # whose lower tail may be endless
                tolerance *= 4 if ending == "_lo95" else 2
            assert found[name + ending] == pytest.approx(wanted[name + ending], abs=tolerance)


def test_the_covariance_is_left_out_on_demand():
    stars = make_stars(*draw(60, (100, 40, 20), 9, 0.8, 0.9))
    without = stars | {name: np.zeros(60) for name in likelihood.CROSS}
    assert summary(stars, correlated=False) == summary(without) != summary(stars)


def grid_stars(n_stars: int = 1500) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    velocity, covariance = draw(n_stars, (120, 80, 60), 4, 0.4, 0.5)
    stars = make_stars(velocity, covariance)
    for name in "xyz":
        stars[name] = rng.normal(0, 12, n_stars)
    stars["r"] = np.sqrt(sum(stars[name] ** 2 for name in "xyz"))
    stars["l"], stars["b"] = rng.uniform(0, 360, n_stars), rng.uniform(-80, 80, n_stars)
    return stars


GRID = (PlaneGrid("xy", 20.0, 4.0, 5.0), HealpixSky(2), RadialShells(5.0, 40.0, 4))


@pytest.fixture(scope="module")
def whole() -> dict:
    return measure(grid_stars(), GRID, realisations=40)


def test_results_do_not_depend_on_how_the_work_is_cut(whole, monkeypatch):
    small = {"_ROWS_AT_ONCE": 7, "_PAIRS_AT_ONCE": 50, "_PAIRS_HELD": 0, "_DRAWN_AT_ONCE": 1}
    for name, value in small.items():
        monkeypatch.setattr(likelihood, name, value)
    for name, measurement in measure(grid_stars(), GRID, realisations=40).items():
        assert measurement.variance.tobytes() == whole[name].variance.tobytes()


def test_every_bin_is_measured_by_its_own_stars_alone(whole):
    stars = grid_stars()
    members = RadialShells(5.0, 40.0, 4).membership(stars)
    radial = whole["radial"]
    np.testing.assert_array_equal(radial.n_stars, members.sum(axis=1))
    for row in (0, len(radial.bins) - 1):
        inside = members[[radial.bins[row]]].toarray()[0] > 0
        alone = {name: values[inside] for name, values in stars.items()}
        alone["r"] = np.full(inside.sum(), 20.0)
        found = measure(alone, realisations=40)["radial"].variance[0]
        np.testing.assert_allclose(found, radial.variance[row], rtol=2e-5)


@pytest.mark.parametrize("seed", range(2))
def test_errors_larger_than_the_scatter_leave_an_upper_limit(seed):
    velocity, covariance = draw(30, (10, 10, 10), seed, 0.0)
    found = summary(make_stars(velocity, covariance + 900.0 * np.eye(3)))
    for name in QUANTITIES[:3]:
        assert np.isfinite(found[name])
        assert found[f"{name}_lo95"] < 5
        assert 2 < found[f"{name}_hi95"] < 40


def test_one_star_is_no_bin():
    velocity, covariance = draw(2, (120, 80, 60), 1, 0.2)
    with pytest.raises(UserError, match="--min-stars"):
        measure(make_stars(velocity, covariance), min_stars=1)


@pytest.mark.parametrize("number", [1, 10, 400, 1000])
def test_points_are_perfectly_even_in_each_coordinate_and_hang_together_in_none(number):
    points = likelihood.spread_points(number)
    assert points.shape == (3, number)
    even = (np.arange(number) + 0.5) / number
    np.testing.assert_allclose(np.sort(ndtr(points), axis=1), np.tile(even, (3, 1)))
    if number >= 400:
        assert np.abs(np.corrcoef(points) - np.eye(3)).max() < 0.05
        octants = np.bincount((points > 0).T @ [1, 2, 4], minlength=8)
        np.testing.assert_allclose(octants / number, 1 / 8, atol=0.012)


@pytest.mark.parametrize("mean", [(0, 0, 0), (40, 100, -20)], ids=["at rest", "moving"])
@pytest.mark.parametrize("sigma", [(95, 140, 140), (140, 60, 60), (60, 200, 180)], ids=str)
def test_the_share_that_the_cut_takes_is_that_of_draws(sigma, mean):
    """To 6 % of it (of a half 7 %), down to a hundredth; of a thousandth to a third."""
    correlation = np.array([[1, 0.1, 0], [0.1, 1, 0.4], [0, 0.4, 1]])
    covariance = correlation * np.outer(sigma, sigma)
    rng = np.random.default_rng(3)
    speed = np.sum(rng.multivariate_normal(mean, covariance, 300_000) ** 2, axis=1)
    six = np.array([covariance[i, j] for i, j in matrices.PAIRS])[:, None]
    for share, tolerance in ((0.5, 0.07), (0.1, 0.06), (0.03, 0.06), (0.01, 0.06), (1e-3, 0.33)):
        limit = np.array([np.quantile(speed, 1 - share)])
        found = truncation.outside(limit, np.array(mean, float)[:, None], six)[0]
        assert found == pytest.approx(share, rel=tolerance)


def cut_stars(n_stars: int, escape: float, max_sigma: float, seed: int) -> dict[str, np.ndarray]:
    """Stars of sigma 90, 55, 55 with tangential errors of 140 km/s that pass the cut."""
    rng = np.random.default_rng(seed)
    error = np.array([20.0, 140.0, 140.0])
    velocity = np.hypot([90.0, 55.0, 55.0], error)[:, None] * rng.standard_normal((3, n_stars))
    stars = make_stars(velocity, np.tile(np.diag(error**2), (n_stars, 1, 1)))
    stars["energy"] = 0.5 * (np.sum(velocity**2, axis=0) - escape**2)
    stars["energy_error"] = np.sqrt(np.sum((velocity * error[:, None]) ** 2, axis=0))
    left = stars["energy"] < max_sigma * stars["energy_error"]
    return {name: values[left] for name, values in stars.items()}


@pytest.mark.parametrize("max_sigma", [0.0, 0.1])
def test_the_cut_is_in_the_model(max_sigma):
    stars = cut_stars(6000, 350.0, max_sigma, seed=1)
    assert 0.85 < len(stars["r"]) / 6000 < 0.97
    found = summary(stars, unbound_max_sigma=max_sigma)
    for name, true in zip(QUANTITIES, (90, 55, 55, 1 - 55**2 / 90**2), strict=True):
        half = (found[name + "_hi95"] - found[name + "_lo95"]) / 2
        assert abs(found[name] - true) < 1.5 * half
    plain = summary(stars)
    assert plain["beta_lo95"] > 1 - 55**2 / 90**2


def test_shells_count_what_the_cut_takes_and_nearly_takes():
    stars = {"r": np.array([12.0, 12.0, 12.0, 25.0]), "l": np.full(4, 200.0), "b": np.full(4, 30.0)}
    stars |= {"energy": np.array([1.0, -1.5, -2.5, -9.0]), "energy_error": np.ones(4)}
    counts = truncation.ShellCounts(RadialShells(10.0, 30.0, 2), ("halo", "insitu"), 0.0)
    inside = {"halo": np.ones(4, bool), "insitu": np.array([True, False, False, True])}
    counts.add(stars, inside, taken=np.array([True, False, False, False]))
    rows = counts.table()
    rows = rows[rows["quadrant"] == 0]
    assert list(rows["n_stars"]) == [3, 1, 1, 1]
    assert list(rows["n_taken"]) == [1, 0, 1, 0]
    assert list(rows["n_near"]) == [1, 0, 0, 0]
    assert list(rows["cut_fraction"]) == [0.666667, 0, 1, 0]
