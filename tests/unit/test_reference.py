"""The library's formulas against plain second ones, also where stars are on edges."""

import numpy as np
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from icefire.measure.geometry import HealpixSky, PlaneGrid, RadialShells
from icefire.stars.cuts import Polygon
from icefire.verify import bins

SEED = st.integers(0, 2**32 - 1)


def counted(geometry, stars: dict) -> np.ndarray:
    """Give the engine's stars per bin, which are those that verify counts."""
    engine = np.asarray(geometry.membership(stars).sum(axis=1)).astype(int).ravel()
    low, high = bins.count(geometry, stars)
    assert ((low <= engine) & (engine <= high)).all()
    return engine


@given(
    seed=SEED,
    step=st.sampled_from([0.25, 0.5, 1, 2, 4]),
    radius=st.sampled_from([0.125, 0.625, 1, 1.25, 2, 2.5, 5, 30]),
)
@settings(max_examples=40, deadline=None)
def test_a_star_on_the_rim_of_a_circle_is_inside(seed, step, radius):
    """Eighths of a kpc are exact, and so are distances of 3-4-5 triangles."""
    x, z = np.random.default_rng(seed).integers(-90, 91, (2, 300)) / 8
    grid = PlaneGrid("xz", 8.0, step, radius)
    engine = counted(grid, {"x": x, "z": z})
    at = {name: values for name, (values, _) in grid.coordinates().items()}
    p = {"run_realisations": {"geometry_xz_radius_kpc": radius}}
    for i in range(0, grid.n_bins, 1 + grid.n_bins // 40):
        row = {name: values[i] for name, values in at.items()}
        assert engine[i] == reference.inside({"x": x, "z": z}, row, "xz", p).sum()


@given(seed=SEED, n=st.integers(1, 9), low=st.sampled_from([0.0, 5.0, 10.0]))
@settings(max_examples=40, deadline=None)
def test_shells_and_quadrants_with_stars_on_their_borders(seed, n, low):
    rng = np.random.default_rng(seed)
    stars = {
        "r": rng.integers(0, 8 * 90, 400) / 8,
        "l": rng.choice([0, 90, 179.999, 180, 180.001, 270, 359.999], 400),
        "b": rng.choice([-90, -1e-9, 0, 1e-9, 90.0], 400),
    }
    shells = RadialShells(low, low + 8 * n, n)
    engine = counted(shells, stars)
    at = {name: values for name, (values, _) in shells.coordinates().items()}
    p = {"run_realisations": {"geometry_radial_max_kpc": low + 8 * n}}
    for i, count in enumerate(engine):
        row = {name: values[i] for name, values in at.items()}
        assert count == reference.inside(stars, row, "radial", p).sum()


def test_every_star_is_in_one_pixel_also_at_poles_and_on_borders():
    rng = np.random.default_rng(5)
    l = np.r_[0, 360, 45, 90, 180, 0, rng.integers(0, 8, 50) * 45.0]  # noqa: E741
    b = np.r_[90, -90, 0, 0, 90, np.degrees(np.arcsin(2 / 3)), rng.uniform(-90, 90, 50)]
    for nside in (1, 2, 4, 64):
        assert counted(HealpixSky(nside), {"l": l, "b": b}).sum() == len(l)


@given(seed=SEED)
@settings(max_examples=50, deadline=None)
def test_a_polygon_holds_what_it_goes_once_around_but_not_its_border(seed):
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 7))
    vertices = rng.uniform(0.3, 1, 7)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    middles = (vertices + np.roll(vertices, 1, axis=0)) / 2
    x, y = np.vstack([rng.uniform(-1, 1, (300, 2)), vertices, middles]).T
    inside, border = reference.in_polygon(x, y, vertices)
    assert border[300:].all() and not border[:300].all()
    polygon = Polygon(tuple(map(tuple, vertices)))
    np.testing.assert_array_equal(polygon.insitu(x, y), inside & ~border)
