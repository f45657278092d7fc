"""The smooth Galaxy of the synthetic survey against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_1samp, norm

from icefire.synthetic.galaxy import Chemistry, Component, Disc, Ellipsoid, Ellipsoidal, major_axes

ELLIPSOID = {
    "giants_per_kpc3": 3.0,
    "reference_kpc": 10.0,
    "axes": [10.0, 8.0, 5.0],
    "azimuth_deg": 70.0,
    "pitch_deg": 25.0,
    "slopes": [1.5, 3.0, 4.5],
    "breaks_kpc": [12.0, 28.0],
    "core_kpc": 1e-6,
}
DISC = {
    "giants_per_kpc3": 40.0,
    "reference_kpc": 8.0,
    "scale_length_kpc": 2.5,
    "scale_height_kpc": 0.5,
    "min_radius_kpc": 0.0,
    "max_radius_kpc": 90.0,
    "edge_kpc": 0.1,
    "flare_from_kpc": 80.0,
    "flare_length_kpc": 5.0,
    "north_factor": 1.0,
    "anticentre": 0.0,
}
VELOCITY = {
    "radius_kpc": [5.0, 10.0, 30.0],
    "sigma_r": [150.0, 130.0, 90.0],
    "sigma_phi": [60.0, 50.0, 40.0],
    "sigma_theta": [70.0, 60.0, 45.0],
    "mean_v_phi": [-20.0, 0.0, 10.0],
    "major_axis_boost": 0.0,
    "north_factor": 1.0,
}


def directions(n: int) -> np.ndarray:
    """Unit vectors spread evenly over the sphere, 3 x n."""
    k = np.arange(n) + 0.5
    z, phi = 1 - 2 * k / n, np.pi * (1 + 5**0.5) * k
    return np.array([np.sqrt(1 - z**2) * np.cos(phi), np.sqrt(1 - z**2) * np.sin(phi), z])


def at(*position) -> np.ndarray:
    return np.array(position, float)[:, None]


# --- the tilted ellipsoid --------------------------------------------------------------------


def test_the_body_of_the_gse_has_the_outlines_that_were_worked_out_for_it():
    """In XY its major axis is 70 deg from +X toward +Y; in XZ 31 deg above the plane at X < 0."""
    axes = major_axes(70.0, 25.0)
    body = axes.T @ np.diag([10.0**2, 8.1**2, 7.3**2]) @ axes
    for plane, angle, ratio in (([0, 1], 70.0, 0.846), ([0, 2], -31.0, 0.89)):
        # The outline of a projected ellipsoid: the marginal of its matrix
        size, vectors = np.linalg.eigh(body[np.ix_(plane, plane)])
        assert np.degrees(np.arctan(vectors[1, 1] / vectors[0, 1])) == pytest.approx(angle, abs=1)
        assert np.sqrt(size[0] / size[1]) == pytest.approx(ratio, abs=0.01)


def test_the_radius_is_the_semi_major_axis_through_a_place():
    shape = Ellipsoid(ELLIPSOID)
    for axis, ratio in zip(shape.rotation, (1, 0.8, 0.5), strict=True):
        for side in (-1, 1):
            assert shape.radius(7.0 * side * axis) == pytest.approx(7 / ratio)
    # x^2/a^2 + y^2/b^2 + z^2/c^2 = 1 in the body's own axes
    body = directions(500) * np.array([[10.0], [8.0], [5.0]])
    np.testing.assert_allclose(shape.radius(shape.rotation.T @ body), 10.0)


@pytest.mark.parametrize(
    ("radius", "slope"), [(2.0, 1.5), (11.9, 1.5), (12.1, 3.0), (27.9, 3.0), (28.1, 4.5), (99, 4.5)]
)
def test_the_slope_changes_at_the_breaks(radius, slope):
    shape = Ellipsoid(ELLIPSOID)
    inner, outer = (
        shape.density(scale * radius * shape.rotation[0][:, None]) for scale in (0.999, 1.001)
    )
    assert -np.log(outer / inner)[0] / np.log(1.001 / 0.999) == pytest.approx(slope, rel=1e-3)


# --- the disc --------------------------------------------------------------------------------


def column(disc: Disc, x: float, y: float = 0.0) -> float:
    """Giants per kpc2 through the disc."""
    z = np.linspace(-60, 60, 1_200_001) + 1e-9
    place = np.array([np.full_like(z, x), np.full_like(z, y), z])
    return np.trapezoid(disc.density(place), z)


def test_the_disc_falls_exponentially_from_its_reference():
    disc = Disc(DISC)
    assert disc.density(at(-8, 0, 0)) == pytest.approx(40)
    assert disc.density(at(0, 10.5, 0)) == pytest.approx(40 / np.e)
    assert disc.density(at(0, -8, 0.5)) == pytest.approx(40 / np.e)
    assert disc.density(at(8, 0, -1)) == pytest.approx(40 / np.e**2)
    assert column(disc, -8) == pytest.approx(40 * 2 * 0.5, rel=1e-5)
    assert disc.radius(at(2, 3, -6)) == pytest.approx(7)


def test_a_flare_thickens_the_disc_and_keeps_its_surface_density():
    flared = Disc({**DISC, "flare_from_kpc": 6.0})
    for x in (-5, -8, -12):
        assert column(flared, x) == pytest.approx(column(Disc(DISC), x), rel=1e-4)
    height = 0.5 * np.exp((11 - 6) / 5)
    inside, above = flared.density(at(-11, 0, 0)), flared.density(at(-11, 0, height))
    assert above / inside == pytest.approx(1 / np.e)
    assert flared.density(at(-5, 0, 0.5)) == pytest.approx(Disc(DISC).density(at(-5, 0, 0.5)))


# --- velocities ------------------------------------------------------------------------------


def test_moments_are_linear_between_the_radii_and_constant_beyond():
    shape = Ellipsoid({**ELLIPSOID, "axes": [1.0, 1.0, 1.0]})
    radius = np.array([1.0, 5.0, 7.5, 10.0, 20.0, 30.0, 90.0])
    mean, sigma = Ellipsoidal(VELOCITY, shape).moments(radius * directions(9)[:, 2:3])
    np.testing.assert_allclose(sigma[0], [150, 150, 140, 130, 110, 90, 90])
    np.testing.assert_allclose(sigma[1], [60, 60, 55, 50, 45, 40, 40])
    np.testing.assert_allclose(sigma[2], [70, 70, 65, 60, 52.5, 45, 45])
    np.testing.assert_allclose(mean[1], [-20, -20, -10, 0, 5, 10, 10])
    assert not mean[0].any() and not mean[2].any()


def test_sigma_r_is_boosted_on_the_major_axis_and_keeps_its_average_over_directions():
    shape = Ellipsoid(ELLIPSOID)
    hot = Ellipsoidal({**VELOCITY, "major_axis_boost": 0.6}, shape)
    _, on_axes = hot.moments(shape.rotation.T * np.array([1.0, 0.8, 0.5]) * 10.0)
    np.testing.assert_allclose(on_axes[0], 130 * (1 + 0.6 * np.array([2 / 3, -1 / 3, -1 / 3])))
    np.testing.assert_allclose(on_axes[1:], [[50] * 3, [60] * 3])
    # All directions from the centre, each at the same ellipsoidal radius
    place = directions(20_000)
    place = 20.0 * place / shape.radius(place)
    assert hot.moments(place)[1][0].mean() == pytest.approx(110, rel=1e-4)


# --- chemistry -------------------------------------------------------------------------------

POPULATION = {
    "weight": 3.0,
    "feh": -1.2,
    "feh_sigma_low": 0.45,
    "feh_sigma_high": 0.15,
    "afe": 0.25,
    "slope": -0.3,
    "afe_sigma": 0.04,
}
OTHER = {**POPULATION, "weight": 1.0, "feh": 5.0, "afe": -5.0}


def drawn(populations: list, n: int = 20_000, seed: int = 2):
    rng = np.random.default_rng(seed)
    return Chemistry(populations).draw(*rng.random((2, n)), *rng.standard_normal((2, n)))


def test_metallicities_are_a_split_gaussian():
    def below(feh):
        """The two halves' areas are as their widths, because they meet at the peak."""
        low = 2 * norm.cdf(feh, -1.2, 0.45) * 0.45 / 0.6
        high = 0.75 + (2 * norm.cdf(feh, -1.2, 0.15) - 1) * 0.15 / 0.6
        return np.where(feh < -1.2, low, high)

    feh, _ = drawn([POPULATION])
    assert ks_1samp(feh, below).pvalue > 1e-3
    assert np.mean(feh < -1.2) == pytest.approx(0.75, abs=0.013)


def test_alpha_abundances_follow_the_line_of_the_sequence_with_its_scatter():
    feh, afe = drawn([POPULATION])
    off = (afe - 0.25 + 0.3 * (feh + 1.2)) / 0.04
    assert ks_1samp(off, norm.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(off, feh)[0, 1]) < 4 / 20_000**0.5


def test_populations_have_their_shares():
    feh, afe = drawn([POPULATION, OTHER])
    other = feh > 2
    assert other.mean() == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 20_000) ** 0.5)
    assert (afe[other] < -3).all() and (afe[~other] > -3).all()


# --- components ------------------------------------------------------------------------------


def test_every_shipped_component_has_the_density_that_it_gives(model):
    for entry in model["components"]:
        made, density = Component(entry), entry["density"]
        reference = density["reference_kpc"]
        if entry["shape"] == "ellipsoid":
            place, factor = reference * made.shape.rotation[0], 1.0
        else:
            # In the plane from below, toward the anticentre, but for what its edges take away
            place, edge = np.array([-reference, 0, -1e-9]), 2 / density["edge_kpc"]
            factor = 1 / (1 + np.exp(edge * (density["min_radius_kpc"] - reference)))
            factor /= 1 + np.exp(edge * (reference - density["max_radius_kpc"]))
            flare = max(reference - density["flare_from_kpc"], 0) / density["flare_length_kpc"]
            factor /= np.exp(flare)
        expected = density["giants_per_kpc3"] * factor
        assert made.shape.density(place[:, None]) == pytest.approx(expected, rel=1e-6), made.name
