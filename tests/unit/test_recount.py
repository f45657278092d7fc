"""The plain recount against the engine's memberships, also where stars are on edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icefire.measure.geometry import HealpixSky, PlaneGrid, RadialShells
from icefire.numbers import estimates
from icefire.stars.cuts import Polygon
from icefire.verify import recount
from icefire.verify.checks import coordinates, fingerprints

STARS = st.integers(0, 2**32 - 1)


def engine(geometry, stars: dict) -> np.ndarray:
    return np.asarray(geometry.membership(stars).sum(axis=1)).astype(int).ravel()


@given(
    seed=STARS,
    step=st.sampled_from([0.25, 0.5, 1, 2, 4]),
    radius=st.sampled_from([0.125, 0.625, 1, 1.25, 2, 2.5, 5, 30]),
)
@settings(max_examples=60, deadline=None)
def test_circles_on_a_lattice_where_many_stars_are_on_a_rim(seed, step, radius):
    """Eighths of a kpc are exact, and so are distances of 3-4-5 triangles: the rim is inside."""
    x, y = np.random.default_rng(seed).integers(-90, 91, (2, 300)) / 8
    grid = PlaneGrid("xz", 8.0, step, radius)
    points = np.arange(-round(8 / step), round(8 / step) + 1) * step
    found = recount.in_circles(x, y, points, radius)
    np.testing.assert_array_equal(found, engine(grid, {"x": x, "z": y}))


@given(seed=STARS, bins=st.integers(1, 9), low=st.sampled_from([0.0, 5.0, 10.0]))
@settings(max_examples=60, deadline=None)
def test_shells_and_quadrants_with_stars_on_their_borders(seed, bins, low):
    rng = np.random.default_rng(seed)
    high = low + 8 * bins
    r = rng.integers(0, 8 * 90, 400) / 8
    sky = {
        "l": rng.choice([0, 90, 179.999, 180, 180.001, 270, 359.999], 400),
        "b": rng.choice([-90, -1e-9, 0, 1e-9, 90.0], 400),
    }
    shells = RadialShells(low, high, bins)
    edges = np.linspace(low, high, bins + 1)
    found = recount.in_shells(r, sky["l"], sky["b"], edges[:-1], edges[1:])
    np.testing.assert_array_equal(found, engine(shells, {"r": r, **sky}))


@given(seed=STARS, nside=st.sampled_from([1, 2, 4, 64]))
@settings(max_examples=40, deadline=None)
def test_pixels_with_stars_at_poles_and_on_borders(seed, nside):
    rng = np.random.default_rng(seed)
    l = np.r_[0, 360, 45, 90, 180, 0, rng.integers(0, 8, 50) * 45.0, rng.uniform(0, 360, 50)]  # noqa: E741
    b = np.r_[90, -90, 0, 0, 90, np.degrees(np.arcsin(2 / 3)), rng.uniform(-90, 90, 100)]
    found = recount.in_pixels(l, b, nside)
    assert found.sum() == len(l)
    np.testing.assert_array_equal(found, engine(HealpixSky(nside), {"l": l, "b": b}))


def test_the_bins_described_are_those_of_the_engine():
    settings = {
        **{"xy_half_width_kpc": 6.0, "xy_step_kpc": 0.75, "xz_half_width_kpc": 5.0},
        **{"xz_step_kpc": 1.0, "sky_nside": 4},
        **{"radial_min_kpc": 10.0, "radial_max_kpc": 80.0, "radial_bins": 15},
    }
    for geometry in (
        *(PlaneGrid("xy", 6.0, 0.75, 1.0), PlaneGrid("xz", 5.0, 1.0, 1.0)),
        *(HealpixSky(4), RadialShells(10.0, 80.0, 15)),
    ):
        found = coordinates(geometry.name, settings)
        for name, (values, _) in geometry.coordinates().items():
            np.testing.assert_allclose(found.pop(name), values, rtol=0, atol=1e-12)
        assert not found


@given(seed=STARS)
@settings(max_examples=50, deadline=None)
def test_a_polygon_holds_the_same_points_but_on_its_border(seed):
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 7))
    vertices = rng.uniform(0.3, 1, 7)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    middles = (vertices + np.roll(vertices, 1, axis=0)) / 2
    x, y = np.vstack([rng.uniform(-1, 1, (300, 2)), vertices, middles]).T
    inside, border = recount.in_polygon(x, y, vertices)
    assert border[300:].all() and not border[:300].all()
    wanted = Polygon(tuple(map(tuple, vertices))).insitu(x, y)
    np.testing.assert_array_equal(inside[~border], wanted[~border])


def test_a_vertex_given_twice_changes_no_polygon():
    square = np.array([[0, 0], [1, 0], [1, 0], [1, 1], [0, 1.0]])
    inside, border = recount.in_polygon(np.array([0.5, 1.5, 1]), np.array([0.5, 0.5, 0.5]), square)
    assert inside.tolist()[:2] == [True, False] and border.tolist() == [False, False, True]


# --- numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n_stars", [0, 1, 2, 3, 40, 3000])
def test_spreads_are_those_that_are_quoted(n_stars):
    rng = np.random.default_rng(n_stars)
    v = dict(zip(recount.COMPONENTS, 400 + 90 * rng.standard_t(4, (3, n_stars)), strict=True))
    parts = [{name: values[s] for name, values in v.items()} for s in (slice(1), slice(1, None))]
    found = recount.spreads(lambda: parts, {"all": lambda s: slice(None)})["all"].numbers()
    wanted = estimates.dispersions(parts, {"all": lambda s: slice(None)})["all"].numbers()
    assert list(found) == list(wanted)
    for name, entry in wanted.items():
        for said, value in zip((entry["value"], entry.get("lo68")), found[name][:2], strict=True):
            value = None if value is None or np.isnan(value) else pytest.approx(value, rel=1e-5)
            assert said == value, name


def test_stars_that_move_alike_are_left_to_rounding():
    v = {name: np.full(5, 123.4) for name in recount.COMPONENTS}
    found = recount.spreads(lambda: [v], {"all": lambda s: slice(None)})["all"].numbers()
    assert found == {"n_stars": (5, None, None, ""), **dict.fromkeys(list(found)[1:])}


@pytest.mark.parametrize("n", [3, 4, 5, 60])
def test_rank_correlations_are_those_that_are_quoted(n):
    rng = np.random.default_rng(n)
    a = rng.integers(0, 9, n).astype(float)
    b = a + rng.normal(0, 4, n)
    b[: n // 10] = np.nan
    wanted = estimates.rank_correlation(a, b)
    found = recount.rank_correlation(a, b)
    assert wanted["value"] == (found[0] and pytest.approx(found[0], rel=1e-5))
    assert wanted.get("hi68") == (found[2] and pytest.approx(found[2], rel=1e-5))


@pytest.mark.parametrize("n_stars", [10, 25, 300, 5000])
def test_the_hot_direction_is_that_of_the_other_fit(n_stars):
    rng = np.random.default_rng(3)
    place = rng.normal(0, 15, (3, n_stars)) + np.array([[2], [0], [1]])
    unit = place / np.linalg.norm(place, axis=0)
    v_r = rng.normal(0, 100 * np.exp(0.4 * (unit[0] * 0.4 + unit[1] * 0.9) ** 2))
    wanted = estimates.quadrupole(place, v_r)
    found = recount.hot_direction(place, v_r)
    if wanted is None:
        assert found["pitch_deg"] == (None, None, None, "deg")
        return
    angle, error = wanted.xy_direction_deg()
    azimuth, pitch, contrast = wanted.axis()
    assert found["xy_direction_deg"][:2] == pytest.approx((angle, angle - error), rel=1e-6)
    assert found["azimuth_deg"][0] == pytest.approx(azimuth, rel=1e-6)
    assert found["pitch_deg"][0] == pytest.approx(pitch, rel=1e-6, abs=1e-6)
    assert found["contrast"][0] == pytest.approx(contrast, rel=1e-6)
    assert found["chi_square_of_5"][0] == pytest.approx(wanted.significance, rel=1e-6)


@pytest.mark.parametrize("ids", [np.arange(4), np.array([b"", b"a", b"ab", b"a-longer-name"])])
def test_fingerprints_tell_every_column_of_a_row(ids):
    from icefire.files.columns import STAR_COLUMNS

    kinds = {"K": ids, "D": np.linspace(1, 2, 4), "L": np.array([True, False, True, False])}
    stars = {name: kinds[column.format].copy() for name, column in STAR_COLUMNS.items()}
    stars["afe"][2] = np.nan
    first = fingerprints(stars)
    assert len(set(first.tolist())) == 4
    np.testing.assert_array_equal(first, fingerprints(stars))
    for name, column in STAR_COLUMNS.items():
        changed = {**stars, name: stars[name].copy()}
        old = changed[name][1]
        others = {"i": 77, "S": b"b", "f": np.nextafter(old, 9.0) if column.format == "D" else 0}
        changed[name][1] = others.get(changed[name].dtype.kind, not old)
        same = fingerprints(changed) == first
        assert same.tolist() == [True, False, True, True], name
