"""Shapes in the figures: the projected ellipsoid, circles and patches on the sky, bands."""

from argparse import Namespace

import matplotlib
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from matplotlib.figure import Figure
from matplotlib.path import Path

import plot_footprint
import plot_line_of_sight
import plot_sigma_plane
import plot_sigma_sky
from icefire.draw import maps, page, profiles
from icefire.draw.sky import sky_polygons


@pytest.mark.parametrize("projection", ["rectilinear", "mollweide"])
def test_places_on_a_page_are_rounded_and_laid_out_once(tmp_path, monkeypatch, projection):
    """The layout's solver gives a last digit that is another one in another process.

    A map of the sky, whose degrees stand off by pixels, is laid out for each file.
    """
    body = page.page(3.35, 2.0, {"catalogue": "stars", "synthetic": True})
    panels = body.subplots(1, 3, subplot_kw={"projection": projection})
    panels[0].set_ylabel("beta")
    engine = body.figure.get_layout_engine()
    execute, places = engine.execute, {}

    def recorded(figure):
        execute(figure)
        parts = [part.bbox_relative.get_points() for part in figure.subfigs]
        boxes = [axes.get_position(original=True).get_points() for axes in panels]
        places[round(figure.dpi)] = np.array([*parts, *boxes])

    monkeypatch.setattr(engine, "execute", recorded)
    monkeypatch.setitem(matplotlib.rcParams, "savefig.dpi", 300)
    page.save(body, Namespace(pdf=tmp_path / "page.pdf", png=tmp_path / "page.png"))
    assert set(places) == ({72, 300} if projection == "mollweide" else {300})
    for found in places.values():
        assert np.array_equal(found[:2], np.round(found[:2], 9))
        # Of axes corner and size are rounded
        assert np.allclose(found, np.round(found, 9), rtol=0, atol=1e-15)
    assert all(axes.get_in_layout() for axes in panels)
    # Room for the label, and as much for each panel, in both
    assert min(found[2, 0, 0] for found in places.values()) > 0.05


def silhouette(axes, azimuth_deg: float, pitch_deg: float) -> np.ndarray:
    """Points (X, Z) on a tilted ellipsoid, from a plain rotation of a sphere's points."""
    rng = np.random.default_rng(1)
    points = rng.normal(size=(200_000, 3))
    points *= np.asarray(axes) / np.linalg.norm(points, axis=1)[:, None]
    azimuth, pitch = np.radians([azimuth_deg, pitch_deg])
    # Up about y, so that the end at negative x rises, then around z.
    up = np.array(
        [[np.cos(pitch), 0, np.sin(pitch)], [0, 1, 0], [-np.sin(pitch), 0, np.cos(pitch)]]
    )
    turn = np.array(
        [[np.cos(azimuth), -np.sin(azimuth), 0], [np.sin(azimuth), np.cos(azimuth), 0], [0, 0, 1]]
    )
    return (points @ (turn @ up).T)[:, [0, 2]]


@pytest.mark.parametrize("azimuth_deg", [66.0, 70.0])
def test_the_outline_of_the_ellipsoid_is_that_of_its_points(azimuth_deg):
    axes = (10.0, 8.1, 7.3)
    longer, shorter, angle_deg = plot_sigma_plane.projected_ellipse(axes, azimuth_deg, 25.0)
    assert 0.875 <= shorter / longer <= 0.905
    # Its long axis 30 deg above the plane at X < 0
    assert angle_deg == pytest.approx(150, abs=1)
    outline = silhouette(axes, azimuth_deg, 25.0)
    for direction_deg in range(0, 180, 15):
        direction = np.radians(direction_deg)
        reach = (outline @ [np.cos(direction), np.sin(direction)]).max()
        inclined = direction - np.radians(angle_deg)
        expected = np.hypot(longer * np.cos(inclined), shorter * np.sin(inclined))
        assert reach == pytest.approx(expected, rel=2e-3)


def test_the_pixels_of_a_map_cover_the_sky_once():
    import healpy

    polygons, owners = sky_polygons(*plot_sigma_sky.pixel_outlines(192))
    rng = np.random.default_rng(2)
    x, b = rng.uniform(-np.pi, np.pi, 3000), np.arcsin(rng.uniform(-1, 1, 3000))
    inside = np.array([Path(p).contains_points(np.column_stack([x, b])) for p in polygons])
    # Edges are straight between their points, where the pixels' are curved.
    assert np.mean(inside.sum(axis=0) == 1) > 0.997
    once = inside.sum(axis=0) == 1
    found = owners[inside[:, once].argmax(axis=0)]
    expected = healpy.ang2pix(4, np.degrees(-x[once]), np.degrees(b[once]), lonlat=True)
    assert np.mean(found == expected) > 0.995


@pytest.mark.parametrize("centre", [(120.0, 89.7), (300.0, -89.8), (0.0, 90.0)], ids=str)
def test_a_circle_around_a_pole_holds_the_pole_and_no_more_than_the_circle(centre):
    l_deg, b_deg = (np.array([value]) for value in centre)
    circle = plot_footprint.small_circles(l_deg, b_deg, 1.0, 90)
    polygons, owners = sky_polygons(*circle, l_deg)
    assert set(owners) == {0}
    rng = np.random.default_rng(3)
    sky = rng.uniform(0, 360, 2000), np.sign(b_deg) * rng.uniform(87, 90, 2000)
    away = SkyCoord(*sky, unit="deg").separation(SkyCoord(l_deg, b_deg, unit="deg")).deg
    points = np.column_stack([(180 - sky[0]) % 360 - 180, sky[1]])
    inside = np.any([Path(p).contains_points(np.radians(points)) for p in polygons], axis=0)
    clear = np.abs(away - 1) > 0.02
    assert np.array_equal(inside[clear], away[clear] < 1)
    assert np.count_nonzero(inside) > 50


def test_a_bin_within_half_its_interval_of_the_mean_is_hatched():
    """The mean counts each bin with its stars; a sound method's interval comes first."""
    table = Table({"n_stars": [100, 10, 10], "beta": [0.5, 0.7, np.nan]})
    table["beta_lo68"], table["beta_hi68"] = table["beta"] - 0.1, table["beta"] + 0.1
    assert maps.unsure(table, "beta").tolist() == [True, False, False]
    table["beta_sound"] = table["beta"]
    table["beta_sound_lo68"], table["beta_sound_hi68"] = table["beta"] - 0.3, table["beta"] + 0.3
    assert maps.unsure(table, "beta").tolist() == [True, True, False]
    assert maps.values(table, "beta_half_width", 10)[:2] == pytest.approx(0.3)
    assert not maps.unsure(table, "n_stars").any()
    assert np.isnan(maps.values(table, "n_stars", 11)).tolist() == [False, True, True]


def test_the_hot_axis_is_drawn_where_it_was_judged():
    """Its end at X < 0 is pitched upward, whichever end of the azimuth that is."""
    judged = {"halo": {"azimuth_deg": {"value": 0.0}, "pitch_deg": {"value": 30.0}}}
    assert maps.hot_axis(judged, "halo") == pytest.approx([0.75**0.5, 0, -0.5])
    assert maps.axis(180, 30) == pytest.approx([-(0.75**0.5), 0, 0.5])
    assert maps.hot_axis(judged, "accreted") is None
    judged["halo"]["pitch_deg"]["value"] = None
    assert maps.hot_axis(judged, "halo") is None


def test_an_accreted_fraction_has_the_interval_of_wilson_1927():
    found = plot_line_of_sight.wilson(np.array([1.0, 0.5]), np.array([4, 4]))
    # With z = 1: n/(n + 1) below 1 and no further above; half of sqrt(1/(n + 1)) around 1/2
    assert found == pytest.approx(np.array([[0.2, 0.5 / 5**0.5], [0.0, 0.5 / 5**0.5]]))


def test_a_bin_without_neighbours_has_bars_instead_of_a_band():
    names = [f"beta_{end}{percent}" for percent in (68, 95) for end in ("lo", "hi")]
    table = Table({"r_mid": [10.0, 20.0, 30.0, 40.0], "beta": [0.5, 0.6, np.nan, 0.7]})
    for name, offset in zip(names, (-0.1, 0.1, -0.2, 0.2), strict=True):
        table[name] = table["beta"] + offset
    axes = Figure().subplots()
    assert profiles.draw_profile(axes, table, "beta", color="black") == 3
    bars = [bar for container in axes.containers for bar in container[2][0].get_segments()]
    ends = sorted((round(float(y), 3) for bar in bars for _, y in bar))
    assert ends == [0.5, 0.6, 0.8, 0.9]
    assert {float(x) for bar in bars for x, _ in bar} == {40.0}
