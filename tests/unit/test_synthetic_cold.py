"""Stream, dwarfs and clusters of the synthetic survey against astropy and what orbits conserve."""

from __future__ import annotations

import copy

import astropy.constants as const
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table

from icefire.stars import orbits
from icefire.synthetic.clouds import (
    Particles,
    sagittarius,
    satellites,
    sky_basis,
    space_velocity,
)

STAR = ("ra", "dec", "distance", "rv", "pmra", "pmdec")


@pytest.fixture(scope="module")
def stars() -> dict[str, np.ndarray]:
    """Stars in all directions, poles and the line of zero right ascension among them."""
    rng = np.random.default_rng(5)
    made = {
        "ra": rng.uniform(0, 360, 200),
        "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, 200))),
        "distance": np.exp(rng.uniform(-2, 5, 200)),
        "rv": rng.normal(0, 200, 200),
    }
    made |= {name: rng.normal(0, 3, 200) for name in ("pmra", "pmdec")}
    made["ra"][:3], made["dec"][2:6] = (0, 359.99999, 180), (0, 89.999, -89.999, 0)
    return made


# --- directions and motions ------------------------------------------------------------------


def test_places_and_velocities_are_astropys(stars, sun, by_astropy):
    place, velocity = by_astropy(stars)
    away, _, _ = sky_basis(stars["ra"], stars["dec"], sun)
    found = stars["distance"] * away + sun.origin_kpc[:, None]
    np.testing.assert_allclose(found, place, atol=1e-9)
    np.testing.assert_allclose(space_velocity(**stars, frame=sun), velocity, atol=1e-6)


# --- what a field sees of a cloud ------------------------------------------------------------


def cloud(ra, dec, giants, smoothing_deg: float) -> Particles:
    n, zero = len(ra), np.zeros(len(ra))
    return Particles(
        name="cloud", ra=np.array(ra), dec=np.array(dec), distance=zero + 10,
        velocity=np.zeros((3, n)), sigma=zero, giants=np.array(giants, float),
        object_name=np.zeros(n, "S24"), smoothing_deg=smoothing_deg, distance_scatter=0.0,
        chemistry=[], chemistry_index=np.zeros(n, int),
    )  # fmt: skip


# --- Sagittarius -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dwarf(model) -> dict:
    """The model's Sagittarius with fewer particles."""
    return {**model["sagittarius"], "stripping_episodes": 10, "particles_per_episode": 40}


def stripped(settings: dict, sun, milky_way, seed: int = 3, **of_dwarf) -> Particles:
    settings = {**settings, "dwarf": {**settings["dwarf"], **of_dwarf}}
    return sagittarius(settings, sun, milky_way, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def stream(dwarf, sun, milky_way) -> Particles:
    return stripped(dwarf, sun, milky_way)


def place(particles: Particles, sun) -> np.ndarray:
    away, _, _ = sky_basis(particles.ra, particles.dec, sun)
    return particles.distance * away + sun.origin_kpc[:, None]


def by_gala(settings: dict, by_astropy, milky_way):
    """Integrate the dwarf's orbit back with another integrator, to where each episode is.

    Returns places (3 x 10 kpc) and velocities (3 x 10 km/s), the latest episode first.
    """
    from gala.dynamics import PhaseSpacePosition
    from gala.integrate import DOPRI853Integrator

    x, v = by_astropy({name: np.array([settings["dwarf"][name]]) for name in STAR})
    every = settings["stripping_time_gyr"] / settings["stripping_episodes"]
    orbit = milky_way.integrate_orbit(
        PhaseSpacePosition(x * u.kpc, v * u.km / u.s), t=-every * np.arange(11) * u.Gyr,
        Integrator=DOPRI853Integrator,
    )  # fmt: skip
    x, v = orbit.xyz.to_value(u.kpc), orbit.v_xyz.to_value(u.km / u.s)
    return x.reshape(3, -1)[:, 1:], v.reshape(3, -1)[:, 1:]


def test_particles_keep_the_energy_and_spin_they_left_with(dwarf, sun, milky_way, by_astropy):
    """They leave at the tidal radius on either side with the dwarf's velocity, one by one."""
    dwarf = {**dwarf, "stripping_time_gyr": 2.0, "orbit_step_myr": 0.5}
    made = stripped(dwarf, sun, milky_way, sigma_v=0.0)
    x, v = by_gala(dwarf, by_astropy, milky_way)
    r = np.linalg.norm(x, axis=0)
    # The tide of a spherical Galaxy: G M(<r) = r^2 |acceleration|
    inward = milky_way.acceleration(x * u.kpc).to_value(u.km**2 / u.s**2 / u.kpc)
    pull = -(inward * x).sum(axis=0) / r
    own = (const.G * dwarf["dwarf"]["mass_msun"] * u.Msun).to_value(u.kpc * u.km**2 / u.s**2)
    tidal = r * (own / (3 * r**2 * pull)) ** (1 / 3)

    def energy_and_spin(x, v) -> np.ndarray:
        return np.array([orbits.energy(milky_way, x, v), x[0] * v[1] - x[1] * v[0]])

    # Episode by episode, the sides in turn: 2 x 10 x 20 x 2
    found = energy_and_spin(place(made, sun), made.velocity).reshape(2, 10, 20, 2)
    ends = [energy_and_spin(x * (1 + side * tidal / r), v) for side in (-1, 1)]
    wanted = np.stack(ends, axis=-1)[:, :, None, :]
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), rtol=2e-3)


def test_the_stream_has_its_giants_its_stars_their_dispersion_and_the_seed_decides(
    stream, dwarf, sun, milky_way
):
    assert stream.giants.sum() == pytest.approx(dwarf["giants"])
    assert set(stream.sigma) == {dwarf["star_sigma_km_s"]}
    assert set(stream.object_name) == {b""}
    again, other = (stripped(dwarf, sun, milky_way, seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(again.velocity, stream.velocity)
    assert not np.any(other.ra == stream.ra)


# --- dwarf galaxies and globular clusters ----------------------------------------------------

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


@pytest.mark.parametrize("row", [0, 1, 2])
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


def test_giants_follow_from_the_mass_of_wolf_and_others(catalogue, settings, sun):
    found = filled(catalogue(), settings, sun)
    for row, name in enumerate(CATALOGUE["name"]):
        size = CATALOGUE["distance"][row] * u.kpc * np.radians(HALF_LIGHT[row])
        # 930 (sigma / km/s)^2 (R / pc) within the half-light radius, twice that in all
        mass = 2 * 930 * CATALOGUE["sigma_v"][row] ** 2 * size.to_value(u.pc)
        light = mass / settings["kinds"][CATALOGUE["kind"][row]]["mass_to_light"]
        expected = light * settings["giants_per_lsun"]
        assert found[name].giants.sum() == pytest.approx(expected, rel=2e-3)
        assert np.ptp(found[name].giants) == 0


@pytest.mark.parametrize("name", STAR)
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
