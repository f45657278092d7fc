"""Hand-made stars on either side of every line of the selections."""

import numpy as np
import pytest
import reference

from icefire.stars.cuts import FehRanges, Line, Polygon
from icefire.stars.substructure import aleph_candidate, in_sagittarius

SPARED = Line(-0.3, 0.2)
LOW_ALPHA = Line(-0.14, 0.165)
NAN = float("nan")


def stars(names: str, *rows) -> dict[str, np.ndarray]:
    return dict(zip(names.split(), np.array(rows, float).T, strict=True))


def sagittarius(lx, ly, lz, feh=NAN, afe=NAN, spared=SPARED) -> bool:
    star = stars("lx ly lz feh afe", (lx, ly, lz, feh, afe))
    return bool(in_sagittarius(star, -2500.0, -0.3, 0.9, spared)[0])


@pytest.mark.parametrize(
    ("lx", "ly", "lz", "inside"),
    [
        (0, -2501, 0, True),
        (0, -2499, 0, False),
        (0, -2201, -1000, True),  # a prograde star needs less |Ly|
        (0, -2199, -1000, False),
        (0, -2799, 1000, False),
        (0, 4500, -1560, False),
        (4499, -4000, -3000, True),  # |Lx| below 0.9 times 5000
        (4501, -4000, -3000, False),
        (-4499, -4000, -3000, True),
        (-4501, -4000, -3000, False),
    ],
)
def test_sagittarius_by_angular_momentum(lx, ly, lz, inside):
    assert sagittarius(lx, ly, lz) is inside
    assert sagittarius(lx, ly, lz, spared=None) is inside


@pytest.mark.parametrize(
    ("feh", "afe", "inside"),
    [
        (-1.0, 0.49, True),
        (-1.0, 0.51, False),  # too alpha-rich: spared
        (-0.5, 0.34, True),
        (-0.5, 0.36, False),
        (NAN, 0.6, True),  # unknown chemistry spares no star
        (-1.0, NAN, True),
    ],
)
def test_sagittarius_spares_stars_above_the_chemical_line(feh, afe, inside):
    assert sagittarius(0, -4500, -1560, feh, afe) is inside
    assert sagittarius(0, -4500, -1560, feh, afe, spared=None) is True
    assert sagittarius(0, 4500, -1560, feh, afe) is False


@pytest.fixture
def vertices(config) -> tuple:
    return tuple(map(tuple, config["chemistry"]["insitu_polygon"]))


def test_polygon_is_the_published_polyline(vertices):
    rng = np.random.default_rng(1)
    feh, afe = rng.uniform(-2.8, 0.95, 20_000), rng.uniform(-0.59, 0.59, 20_000)
    wanted = np.where(feh > -0.45, True, afe > 0.25 - 0.5 * (feh + 0.7))
    polygon = Polygon(vertices)
    np.testing.assert_array_equal(polygon.insitu(feh, afe), wanted)
    np.testing.assert_array_equal(polygon.accreted(feh, afe), ~wanted)
    assert 0.1 < wanted.mean() < 0.9


@pytest.mark.parametrize(("feh", "afe"), [(NAN, 0.3), (-0.3, NAN), (NAN, NAN)])
def test_unknown_chemistry_belongs_to_neither(vertices, feh, afe):
    polygon = Polygon(vertices)
    # Beside a known star, so that a mask shifted by the missing one would show.
    fehs, afes = np.array([feh, -0.3]), np.array([afe, 0.3])
    assert polygon.insitu(fehs, afes).tolist() == [False, True]
    assert polygon.accreted(fehs, afes).tolist() == [False, False]


def test_stars_between_the_feh_ranges_belong_to_neither():
    ranges = FehRanges(insitu_min=-0.7, accreted_max=-1.0)
    feh = np.array([-0.69, -0.7, -0.71, -0.99, -1.0, -1.01, NAN])
    afe = np.full(7, NAN)
    assert np.flatnonzero(ranges.insitu(feh, afe)).tolist() == [0]
    assert np.flatnonzero(ranges.accreted(feh, afe)).tolist() == [5]


@pytest.mark.parametrize(
    ("feh", "afe", "lz", "insitu", "candidate"),
    [
        (-0.5, 0.23, -100, True, True),
        (-0.5, 0.24, -100, True, False),  # the line is at 0.235
        (-0.5, 0.23, 100, True, False),  # retrograde
        (-0.5, 0.23, 0, True, False),
        (-0.5, 0.23, -100, False, False),
        (NAN, 0.1, -100, True, False),
        (-0.5, NAN, -100, True, False),
        (-0.5, 0.1, NAN, True, False),
    ],
)
def test_aleph_candidates_are_low_alpha_in_situ_and_prograde(feh, afe, lz, insitu, candidate):
    star = stars("feh afe lz", (feh, afe, lz))
    assert bool(aleph_candidate(star, np.array([insitu]), LOW_ALPHA)[0]) is candidate


def test_a_star_on_a_line_is_on_neither_side():
    line, feh = Line(-0.5, 0.25), np.array([0.5, 0.5, 0.5])
    afe = np.array([0.0, 0.01, -0.01])
    assert line.above(feh, afe).tolist() == [False, True, False]
    assert line.below(feh, afe).tolist() == [False, False, True]


@pytest.mark.parametrize("seed", range(20))
def test_a_polygon_holds_what_it_goes_once_around_but_not_its_border(seed):
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 7))
    corners = rng.uniform(0.3, 1, 7)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    middles = (corners + np.roll(corners, 1, axis=0)) / 2
    x, y = np.vstack([rng.uniform(-1, 1, (300, 2)), corners, middles]).T
    inside, border = reference.in_polygon(x, y, corners)
    assert border[300:].all() and not border[:300].all()
    polygon = Polygon(tuple(map(tuple, corners)))
    np.testing.assert_array_equal(polygon.insitu(x, y), inside & ~border)
