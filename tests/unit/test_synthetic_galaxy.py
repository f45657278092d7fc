"""The tilted body of the synthetic survey: its outlines, and where it is hot."""

from __future__ import annotations

import numpy as np
import pytest

from icefire.synthetic.galaxy import Ellipsoid, Ellipsoidal, major_axes

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


def test_the_body_of_the_gse_has_the_outlines_that_were_worked_out_for_it():
    """In XY its major axis is 70 deg from +X toward +Y; in XZ 31 deg above the plane at X < 0."""
    axes = major_axes(70.0, 25.0)
    body = axes.T @ np.diag([10.0**2, 8.1**2, 7.3**2]) @ axes
    for plane, angle, ratio in (([0, 1], 70.0, 0.846), ([0, 2], -31.0, 0.89)):
        # The outline of a projected ellipsoid: the marginal of its matrix
        size, vectors = np.linalg.eigh(body[np.ix_(plane, plane)])
        assert np.degrees(np.arctan(vectors[1, 1] / vectors[0, 1])) == pytest.approx(angle, abs=1)
        assert np.sqrt(size[0] / size[1]) == pytest.approx(ratio, abs=0.01)


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
