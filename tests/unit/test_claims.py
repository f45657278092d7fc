"""Quoted numbers and their standard errors against numpy, scipy, resampling and known maps."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from icefire.numbers import estimates

NAN, INF = float("nan"), float("inf")


def velocities(n_stars: int = 4000, seed: int = 5) -> np.ndarray:
    """Heavy-tailed, correlated, moving: 3 x N, km/s, sigma about 140, 80 and 90."""
    rng = np.random.default_rng(seed)
    tail = rng.gamma(4, 1 / 4, n_stars) ** 0.5
    mixed = np.array([[140, 0, 0], [40, 70, 0], [-30, 20, 80]]) @ rng.standard_normal((3, n_stars))
    return mixed * tail + np.array([[300], [-180], [20]])


def test_standard_errors_are_those_of_a_bootstrap():
    v = velocities()
    rng = np.random.default_rng(6)
    draws = np.array([v[:, rng.integers(0, 4000, 4000)].var(axis=1) for _ in range(1500)]).T
    beta = 1 - (draws[1] + draws[2]) / (2 * draws[0])
    wanted = [*np.sqrt(draws).std(axis=1), beta.std()]
    numbers = estimates.dispersions(v, 2)
    for name, error in zip(("sigma_r", "sigma_phi", "sigma_theta", "beta"), wanted, strict=True):
        entry = numbers[name]
        assert entry["hi68"] - entry["value"] == pytest.approx(error, rel=0.1), name
        assert entry["value"] - entry["lo68"] == pytest.approx(error, rel=0.1), name


def hot_along(azimuth_deg: float, pitch_deg: float, contrast: float) -> np.ndarray:
    """The tensor Q of a sample that is hot along one axis; its end at X < 0 has the pitch."""
    azimuth, pitch = np.radians([azimuth_deg, pitch_deg])
    flat = np.array([np.cos(azimuth), np.sin(azimuth), 0])
    axis = -np.sign(flat[0] or 1) * np.cos(pitch) * flat + np.array([0, 0, np.sin(pitch)])
    # sigma_r^2 on the axis over that at right angles to it is exp(q).
    return 2 * np.log(contrast) * (np.outer(axis, axis) - np.eye(3) / 3)


def five(tensor: np.ndarray) -> np.ndarray:
    """The five values of a traceless tensor, as Quadrupole has them."""
    (xx, xy, xz), (_, yy, yz), (_, _, zz) = tensor
    return np.array([(xx - yy) / 2, xy, xz, yz, (2 * zz - xx - yy) / 6])


SPHERE = np.zeros((3, 3))


def sample(n_stars: int, tensor: np.ndarray, seed: int, heavy: bool = False):
    """Stars of a halo that cools outward, seen from one side: places and radial velocities.

    Twice as many above the plane, few beyond the centre, and those farther out.
    """
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal((3, 20 * n_stars))
    direction /= np.linalg.norm(direction, axis=0)
    x, _, z = direction
    seen = rng.random(20 * n_stars) < np.where(z > 0, 1, 0.5) * np.exp(-1.5 * (1 + x)) * z**2
    direction = direction[:, seen][:, :n_stars]
    assert direction.shape[1] == n_stars
    radius = 10 + rng.gamma(2, 6, n_stars) * (1.3 + direction[0])
    # From 190 km/s at 10 kpc to 70 at 60, no power law
    log_variance = 2 * np.log(190 / (1 + (radius / 38) ** 2))
    log_variance += np.einsum("in,ij,jn->n", direction, tensor, direction)
    velocity = rng.standard_normal(n_stars) * np.exp(0.5 * log_variance)
    if heavy:
        velocity *= rng.gamma(2, 1 / 2, n_stars) ** 0.5
    return radius * direction, velocity


@pytest.mark.parametrize(
    ("azimuth", "pitch", "contrast"),
    [(70, 25, 1.3), (0, 0, 1.5), (0, 89, 2), (179, -40, 1.1), (110, 10, 1.2)],
)
def test_the_axis_of_a_tensor_and_its_direction_in_the_plane(azimuth, pitch, contrast):
    found = estimates.axes(five(hot_along(azimuth, pitch, contrast)))
    direction = found.pop("xy_direction_deg")
    assert tuple(found.values()) == pytest.approx((azimuth, pitch, contrast))
    assert (direction - azimuth + 90) % 180 == pytest.approx(90)
    assert 0 <= direction < 180


def chi_square(fit: estimates.Quadrupole) -> float:
    return float(fit.values @ np.linalg.solve(fit.covariance, fit.values))


@pytest.mark.parametrize("heavy", [False, True], ids=["Gaussian", "heavy tails"])
def test_a_known_quadrupole_is_found_through_an_uneven_footprint(heavy):
    tensor = hot_along(70, 25, 1.5)
    found = estimates.quadrupole(*sample(30_000, tensor, 2, heavy))
    pull = np.linalg.solve(np.linalg.cholesky(found.covariance), found.values - five(tensor))
    assert np.abs(pull).max() < 3.5
    axis = {"xy_direction_deg": 70, "azimuth_deg": 70, "pitch_deg": 25}
    near = {name: pytest.approx(value, abs=6) for name, value in axis.items()}
    assert estimates.axes(found.values) == near | {"contrast": pytest.approx(1.5, rel=0.1)}
    _, lo95, _, _, hi95 = found.intervals(seed=1)["xy_direction_deg"]
    assert lo95 < 70 < hi95 < lo95 + 12
    assert chi_square(found) > 100


def test_a_sphere_that_cools_outward_has_none_however_it_is_seen():
    drawn = [sample(2000, SPHERE, seed, heavy=True) for seed in range(150)]
    found = [chi_square(estimates.quadrupole(*stars)) for stars in drawn]
    # Five degrees of freedom: mean 5, standard deviation of it sqrt(10 / 150)
    assert np.mean(found) == pytest.approx(5, abs=1)
    assert kstest(found, chi2(5).cdf).pvalue > 1e-3
    # Many more stars have none either, but would have one without the radial profile.
    many = [np.concatenate(parts, axis=-1) for parts in zip(*drawn[:20], strict=True)]
    assert chi_square(estimates.quadrupole(*many)) < 20
    assert chi_square(estimates.quadrupole(*many, degree=0)) > 60


def test_standard_errors_of_the_quadrupole_are_its_scatter():
    tensor = hot_along(70, 25, 1.5)
    found = [estimates.quadrupole(*sample(3000, tensor, seed, heavy=True)) for seed in range(150)]
    values = np.array([one.values for one in found])
    errors = np.sqrt([np.diag(one.covariance) for one in found])
    np.testing.assert_allclose(errors.mean(axis=0), values.std(axis=0), rtol=0.2)
    assert np.all(np.abs(values.mean(axis=0) - five(tensor)) < 4 * values.std(axis=0) / 150**0.5)
    lows, highs = np.transpose([one.intervals(1)["xy_direction_deg"][2:4] for one in found])
    covered = np.mean((lows < 70) & (highs > 70))
    assert covered == pytest.approx(0.68, abs=4 * (0.68 * 0.32 / 150) ** 0.5)


def test_stars_that_determine_no_direction_give_none():
    place, v_r = sample(2000, SPHERE, 8)
    assert estimates.quadrupole(place[:, :20], v_r[:20]) is not None
    in_the_plane = place * [[1], [1], [0]]
    same_velocity = np.full(2000, 50.0)
    for few in ((place[:, :19], v_r[:19]), (in_the_plane, v_r), (place, same_velocity)):
        assert estimates.quadrupole(*few) is None
    assert estimates.quadrupole(np.empty((3, 0)), np.empty(0)) is None


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
    found = estimates.number(value)
    assert found == {"value": wanted}
    # yaml.safe_dump knows only Python's own types.
    assert type(found["value"]) in (int, float, type(None))


def test_a_number_carries_its_unit_and_interval():
    assert estimates.number(1.23456789, "km/s", 1.0, NAN) == {
        "value": 1.23457,
        "lo68": 1,
        "hi68": None,
        "unit": "km/s",
    }
