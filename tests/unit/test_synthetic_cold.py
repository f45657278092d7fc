"""Dwarfs and clusters of the synthetic survey: where their stars are, and without what number."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table

from icefire.synthetic.clouds import (
    Particles,
    satellites,
)

STAR = ("ra", "dec", "distance", "rv", "pmra", "pmdec")


# --- Sagittarius -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dwarf(model) -> dict:
    """The model's Sagittarius with fewer particles."""
    return {**model["sagittarius"], "stripping_episodes": 10, "particles_per_episode": 40}


CATALOGUE = {
    "name": ["Equator", "Wrap", "High"],
    "kind": ["dwarf", "globular_cluster", "dwarf"],
    "ra": [120.0, 0.05, 250.0],
    "dec": [0.0, 30.0, 75.0],
    "radius": [0.4, 0.5, 0.2],
    "radius_kind": ["half-light", "tidal", "half-light"],
    "distance": [80.0, 12.0, 40.0],
    "rv": [100.0, -200.0, 30.0],
    "sigma_v": [9.0, 4.0, 5.0],
    "pmra": [0.1, -2.0, 0.5],
    "pmdec": [-0.2, 1.5, -0.7],
}


@pytest.fixture
def catalogue(tmp_path):
    """Write a table of satellites, changed column by column, and give its path."""

    def write(rows=slice(None), **columns):
        table = Table({name: list(values) for name, values in {**CATALOGUE, **columns}.items()})
        table[rows].write(tmp_path / "satellites.ecsv", format="ascii.ecsv", overwrite=True)
        return tmp_path / "satellites.ecsv"

    return write


@pytest.fixture
def settings(model) -> dict:
    """The model's settings with many members and no cut of the spheres."""
    found = copy.deepcopy(model["satellites"])
    return found | {"particles_per_object": 4000, "max_half_light_radii": 1000.0}


def filled(path, settings, sun, seed: int = 1) -> dict[str, Particles]:
    """Give the particles of each satellite by its name."""
    every = satellites(path, settings, sun, np.random.default_rng(seed))
    found = {}
    for name in np.unique(every.object_name):
        mine = every.object_name == name
        found[name.decode()] = Particles(
            every.name, every.ra[mine], every.dec[mine], every.distance[mine],
            every.velocity[:, mine], every.sigma[mine], every.giants[mine],
            every.object_name[mine], every.smoothing_deg, every.distance_scatter,
            every.chemistry, every.chemistry_index[mine],
        )  # fmt: skip
    return found


def separation(particles: Particles, row: int) -> np.ndarray:
    centre = SkyCoord(CATALOGUE["ra"][row], CATALOGUE["dec"][row], unit="deg")
    return SkyCoord(particles.ra, particles.dec, unit="deg").separation(centre).deg


HALF_LIGHT = (0.4, 0.05, 0.2)  # a tenth of the tidal radius


@pytest.mark.parametrize("row", [1, 2])
def test_members_are_a_plummer_sphere_about_the_catalogued_place(catalogue, settings, sun, row):
    found = filled(catalogue(), settings, sun)[CATALOGUE["name"][row]]
    half, distance = HALF_LIGHT[row], CATALOGUE["distance"][row]
    apart = separation(found, row)
    # Cumulative in projection: 1 / (1 + (half / R)^2)
    for radii, share in ((0.5, 0.2), (1.0, 0.5), (2.0, 0.8)):
        assert np.mean(apart < radii * half) == pytest.approx(share, abs=4 * 0.5 / 4000**0.5)
    # As far along each direction: the median of |x| is tan(30 deg) of the sphere's scale
    centre = SkyCoord(CATALOGUE["ra"][row], CATALOGUE["dec"][row], unit="deg")
    seen = SkyCoord(found.ra, found.dec, unit="deg").transform_to(centre.skyoffset_frame())
    depth = np.degrees(found.distance / distance - 1)
    for along in (seen.lon.wrap_at("180d").deg, seen.lat.deg, depth):
        assert abs(np.median(along)) < 0.05 * half
        assert np.median(np.abs(along)) == pytest.approx(half * np.tan(np.pi / 6), rel=0.06)


@pytest.mark.parametrize("name", ["dec", "pmra"])
def test_an_object_without_a_number_is_left_out_and_the_others_stay_as_they_are(
    catalogue, settings, sun, name
):
    usual = filled(catalogue(), settings, sun)
    values = CATALOGUE[name]
    missing = {
        "not a number": [values[0], np.nan, values[2]],
        "blank": MaskedColumn(values, mask=[False, True, False]),
    }
    for column in missing.values():
        found = filled(catalogue(**{name: column}), settings, sun)
        assert set(found) == {"Equator", "High"}
        for kept in found:
            np.testing.assert_array_equal(found[kept].ra, usual[kept].ra)
