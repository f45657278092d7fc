"""Membership of every geometry against loops over bins and stars."""

import healpy
import numpy as np
import pytest

from icefire.measure.geometry import PlaneGrid, RadialShells
from icefire.stars.sky import pixel_centres, pixels
from icefire.verify import bins


def dense(geometry, stars) -> np.ndarray:
    matrix = geometry.membership(stars)
    assert matrix.shape == (geometry.n_bins, len(next(iter(stars.values()))))
    # Sums of duplicate entries would count a star twice.
    assert set(np.unique(matrix.toarray())) <= {0.0, 1.0}
    assert matrix.nnz == np.count_nonzero(matrix.toarray())
    # As verify_run.py counts them anew, but for those on a border
    low, high = bins.count(geometry, stars)
    n_stars = np.asarray(matrix.sum(axis=1)).ravel()
    assert ((low <= n_stars) & (n_stars <= high)).all()
    return matrix.toarray().astype(bool)


def around_circles(geometry, a, b) -> np.ndarray:
    """Loop over the circles named by `coordinates`."""
    first, second = (values for values, _ in geometry.coordinates().values())
    wanted = np.empty((len(first), len(a)), bool)
    for i, (x, y) in enumerate(zip(first, second, strict=True)):
        wanted[i] = (a - x) ** 2 + (b - y) ** 2 <= geometry.radius_kpc**2
    return wanted


@pytest.mark.parametrize(
    ("half_width", "step", "radius"),
    [(30, 1, 2), (6, 1, 2.7), (6, 0.5, 1), (6, 2, 0.6), (5, 1, 0.4), (4, 2, 9)],
)
def test_circles_are_those_of_a_loop(half_width, step, radius):
    grid = PlaneGrid("xz", float(half_width), float(step), float(radius))
    # Eighths of a kpc are exact, and so are distances of 3-4-5 triangles.
    a, b = np.random.default_rng(4).integers(-10 * half_width, 10 * half_width, (2, 500)) / 8
    wanted = around_circles(grid, a, b)
    np.testing.assert_array_equal(dense(grid, {"x": a, "z": b}), wanted)
    assert wanted.any()


@pytest.mark.parametrize(("step", "radius"), [(1, 2), (1, 5), (0.5, 1.25), (2, 5), (1, 2.5)])
def test_a_star_on_the_rim_is_inside(step, radius):
    grid = PlaneGrid("xy", 10.0, float(step), float(radius))
    # 3-4-5 triangles and the axes: rims that binary fractions hold exactly
    steps = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (0.6, 0.8), (-0.8, 0.6)]) * radius
    steps = steps[np.all(steps * 8 % 1 == 0, axis=1)]
    assert len(steps) >= 4
    x, y = (np.array([[0.0, 0.0], [2.0, -4.0], [10.0, 10.0]])[:, None] + steps).reshape(-1, 2).T
    found = dense(grid, {"x": x, "y": y})
    np.testing.assert_array_equal(found, around_circles(grid, x, y))
    centre = grid.n_bins // 2
    assert found[centre, : len(steps)].all()
    outward = dense(grid, {"x": x * (1 + 1e-9), "y": y * (1 + 1e-9)})
    assert not outward[centre, : len(steps)].any()


def test_the_papers_grid_has_61_by_61_points_in_order():
    grid = PlaneGrid("xz", 30.0, 1.0, 2.0)
    coordinates = grid.coordinates()
    assert list(coordinates) == ["x", "z"] and grid.n_bins == 61**2
    (x, unit), (z, _) = coordinates.values()
    assert unit == "kpc"
    assert (x[0], z[0], x[1], z[1], x[-1], z[-1]) == (-30, -30, -30, -29, 30, 30)
    star = {"x": np.array([-7.0]), "z": np.array([12.0])}
    (inside,) = np.nonzero(dense(grid, star)[:, 0])
    assert len(inside) == 13  # lattice points within 2 of a lattice point
    assert (x[inside].mean(), z[inside].mean()) == (-7, 12)


@pytest.mark.parametrize("nside", [1, 2, 4, 64, 2**14])
def test_pixels_are_healpys_in_ring_order(nside):
    rng = np.random.default_rng(6)
    at_random = rng.uniform(-400, 800, 70000), np.degrees(np.arcsin(rng.uniform(-1, 1, 70000)))
    # On the pixels' borders, at the poles, and next to them
    lattice = np.meshgrid(np.arange(0, 360.1, 7.5), [*np.linspace(-90, 90, 49), 89.9, -89.999])
    for lon, lat in (at_random, [part.ravel() for part in lattice]):
        expected = healpy.ang2pix(nside, lon, lat, lonlat=True)
        np.testing.assert_array_equal(pixels(nside, lon, lat), expected)
    for lon, lat in ((10.0, 90.1), (np.nan, 10.0), (10.0, np.nan)):
        with pytest.raises(ValueError, match="sphere"):
            pixels(nside, np.array([lon]), np.array([lat]))


@pytest.mark.parametrize("nside", [1, 2, 4, 64])
def test_centres_of_pixels_are_healpys_to_the_last_digit(nside):
    expected = healpy.pix2ang(nside, np.arange(12 * nside**2), lonlat=True)
    np.testing.assert_array_equal(pixel_centres(nside), expected)


def test_shells_and_quadrants_are_those_of_a_loop():
    rng = np.random.default_rng(8)
    shells = RadialShells(10.0, 80.0, 15)
    r, lon, lat = rng.uniform(5, 90, 600), rng.uniform(0, 360, 600), rng.uniform(-90, 90, 600)
    lon[:99], lat[50:150] = rng.choice([0, 180, 359.999], 99), rng.choice([-90, 0, 90.0], 100)
    columns = shells.coordinates()
    quadrant, lo, mid, hi = (values for values, _ in columns.values())
    assert list(columns) == ["quadrant", "r_lo", "r_mid", "r_hi"] and shells.n_bins == 75
    np.testing.assert_allclose(mid, (lo + hi) / 2)
    np.testing.assert_allclose(hi - lo, 70 / 15)
    sky = {
        0: np.ones(600, bool),
        1: (lon >= 180) & (lat > 0),
        2: (lon < 180) & (lat > 0),
        3: (lon < 180) & (lat <= 0),
        4: (lon >= 180) & (lat <= 0),
    }
    wanted = [sky[q] & (r >= a) & (r < b) for q, a, b in zip(quadrant, lo, hi, strict=True)]
    np.testing.assert_array_equal(dense(shells, {"r": r, "l": lon, "b": lat}), wanted)


@pytest.mark.parametrize("bins", [7, 15, 33])
def test_a_shell_holds_its_lower_edge_and_the_last_its_upper_too(bins):
    shells = RadialShells(10.0, 80.0, bins)
    lo, hi = (shells.coordinates()[name][0][:bins] for name in ("r_lo", "r_hi"))
    r = np.array([*lo, hi[-1], np.nextafter(10, 0), np.nextafter(80, 99)])
    sky = {"l": np.full(len(r), 90.0), "b": np.full(len(r), 45.0)}
    found = dense(shells, {"r": r, **sky})[:bins]
    wanted = np.zeros((bins, len(r)), bool)
    wanted[np.arange(bins), np.arange(bins)] = True
    wanted[-1, bins] = True
    np.testing.assert_array_equal(found, wanted)
