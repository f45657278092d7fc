"""The smooth Galaxy of the synthetic survey against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_1samp, norm

from icefire.synthetic.galaxy import Chemistry, Component, Ellipsoid, Ellipsoidal, major_axes

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


# --- velocities ------------------------------------------------------------------------------


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
