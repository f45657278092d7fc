"""Stream, dwarfs and clusters of the synthetic survey against astropy and what orbits conserve."""

from __future__ import annotations

import copy

import astropy.constants as const
import healpy
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table

from icefire.errors import UserError
from icefire.stars import orbits
from icefire.stars.sky import unit_vectors
from icefire.synthetic.clouds import (
    SATELLITE_NUMBERS,
    SATELLITE_TEXTS,
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


def test_unit_vectors_are_astropys_and_the_sky_s_basis_is_orthonormal(stars, sun):
    sky = SkyCoord(stars["ra"], stars["dec"], unit="deg")
    found = unit_vectors(stars["ra"], stars["dec"])
    np.testing.assert_allclose(found, sky.cartesian.xyz.value, atol=1e-12)
    basis = np.array(sky_basis(stars["ra"], stars["dec"], sun))
    products = np.einsum("ikn,jkn->nij", basis, basis)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(3), products.shape), atol=1e-9)


# --- what a field sees of a cloud ------------------------------------------------------------


def cloud(ra, dec, giants, smoothing_deg: float) -> Particles:
    n, zero = len(ra), np.zeros(len(ra))
    return Particles(
        name="cloud", ra=np.array(ra), dec=np.array(dec), distance=zero + 10,
        velocity=np.zeros((3, n)), sigma=zero, giants=np.array(giants, float),
        object_name=np.zeros(n, "S24"), smoothing_deg=smoothing_deg, distance_scatter=0.0,
        chemistry=[], chemistry_index=np.zeros(n, int),
    )  # fmt: skip


@pytest.mark.parametrize("smoothing", [2.5, 0.0], ids=["smoothed", "not smoothed"])
def test_the_whole_sky_sees_each_particle_s_giants(smoothing):
    nside = 128
    ra, dec = healpy.pix2ang(nside, np.arange(healpy.nside2npix(nside)), lonlat=True)
    made = cloud([10.0, 359.9, 200.0], [5.0, -60.0, 89.0], [3.0, 1.0, 0.5], smoothing)
    seen = made.per_steradian(unit_vectors(ra, dec), radius_deg=4.0)
    found = seen.sum(axis=0) * healpy.nside2pixarea(nside)
    np.testing.assert_allclose(found, made.giants, rtol=2e-3 if smoothing else 2e-2)


def test_a_smoothed_particle_is_a_gaussian_and_another_is_within_the_field_or_not():
    for separation in (0.0, 1.0, 2.0, 5.0):
        centre = unit_vectors(np.array([10.0]), np.array([40.0 + separation]))
        smooth = cloud([10.0], [40.0], [7.0], 2.0).per_steradian(centre, 0.5)
        width = np.radians(2.0)
        expected = 7 / (2 * np.pi * width**2) * np.exp(-0.5 * (separation / 2) ** 2)
        assert smooth == pytest.approx(expected, rel=2e-3)
        sharp = cloud([10.0], [40.0], [7.0], 0.0).per_steradian(centre, 1.5)
        field = np.pi * np.radians(1.5) ** 2
        assert sharp == pytest.approx(7 / field if separation < 1.5 else 0, rel=1e-3)


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


def test_what_leaves_with_the_dwarf_s_own_motion_is_where_the_dwarf_is(
    dwarf, sun, milky_way, by_astropy
):
    """Back along the orbit and forth again: the catalogued place and motion at every episode."""
    made = stripped(dwarf, sun, milky_way, mass_msun=0.0, sigma_v=0.0)
    for name in ("ra", "dec", "distance"):
        np.testing.assert_allclose(getattr(made, name), dwarf["dwarf"][name], rtol=1e-7)
    _, velocity = by_astropy({name: np.array([dwarf["dwarf"][name]]) for name in STAR})
    np.testing.assert_allclose(made.velocity, np.tile(velocity, 400), rtol=1e-6)


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


def test_the_stream_lies_along_the_dwarf_s_orbit(stream, dwarf, sun, milky_way, by_astropy):
    from gala.dynamics import PhaseSpacePosition

    x, v = by_astropy({name: np.array([dwarf["dwarf"][name]]) for name in STAR})
    start = PhaseSpacePosition(x * u.kpc, v * u.km / u.s)
    orbit = np.concatenate(
        [
            milky_way.integrate_orbit(start, dt=dt * u.Myr, n_steps=700)
            .xyz.to_value(u.kpc)
            .reshape(3, -1)
            for dt in (-2, 2)
        ],
        axis=1,
    )
    found = place(stream, sun)

    def gap(places: np.ndarray) -> float:
        """Median distance (kpc) of places from the nearest point of the orbit."""
        apart = np.linalg.norm(places[:, :, None] - orbit[:, None, ::4], axis=0)
        return np.median(apart.min(axis=1))

    # The same radii in directions of no stream
    elsewhere = np.random.default_rng(7).standard_normal((3, 400))
    elsewhere *= np.linalg.norm(found, axis=0) / np.linalg.norm(elsewhere, axis=0)
    assert gap(found) < 6 < 12 < gap(elsewhere)
    # Both arms: before and behind the dwarf
    ahead = np.einsum("kn,k->n", stream.velocity, v[:, 0] / np.linalg.norm(v))
    assert 0.2 < np.mean(ahead > 0) < 0.8


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


def test_spheres_are_cut_where_the_model_says(catalogue, settings, sun):
    found = filled(catalogue(), {**settings, "max_half_light_radii": 3.0}, sun)
    for row, name in enumerate(CATALOGUE["name"]):
        apart = separation(found[name], row) / HALF_LIGHT[row]
        depth = np.degrees(found[name].distance / CATALOGUE["distance"][row] - 1) / HALF_LIGHT[row]
        assert 2.9 < np.hypot(apart, depth).max() < 3.01
        # Of the cut sphere's stars, (1 + 1/9)^-1.5 of the whole, those within the scale
        share = 2**-1.5 / (1 + 1 / 9) ** -1.5
        within = np.mean(np.hypot(apart, depth) < 1)
        assert within == pytest.approx(share, abs=4 * 0.5 / 4000**0.5)


def test_members_move_with_their_satellite(catalogue, settings, sun, by_astropy):
    found = filled(catalogue(), settings, sun)
    for row, name in enumerate(CATALOGUE["name"]):
        _, velocity = by_astropy({key: np.array([CATALOGUE[key][row]]) for key in STAR})
        np.testing.assert_allclose(found[name].velocity, np.tile(velocity, 4000), atol=1e-6)
        assert set(found[name].sigma) == {CATALOGUE["sigma_v"][row]}


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


def test_the_kind_decides_the_chemistry(catalogue, settings, sun):
    for name, kind in zip(CATALOGUE["name"], CATALOGUE["kind"], strict=True):
        particles = filled(catalogue(), settings, sun)[name]
        (index,) = set(particles.chemistry_index)
        (population,) = settings["kinds"][kind]["chemistry"]
        nothing = np.zeros(1)
        feh, afe = particles.chemistry[index].draw(nothing, nothing, nothing, nothing)
        assert (feh[0], afe[0]) == (population["feh"], population["afe"])


def test_an_unknown_dispersion_or_radius_is_the_model_s(catalogue, settings, sun):
    unknown = catalogue(sigma_v=[9.0, np.nan, 5.0], radius=[np.nan, 0.5, 0.2])
    found = filled(unknown, {**settings, "unknown_radius_deg": 0.3}, sun)
    assert set(found["Wrap"].sigma) == {settings["unknown_sigma_km_s"]}
    assert np.median(separation(found["Equator"], 0)) == pytest.approx(0.3, rel=0.06)


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


@pytest.mark.filterwarnings("error")
def test_blank_cells_are_no_reason_for_warnings(catalogue, settings, sun):
    mask = [False, True, False]
    blank = {n: MaskedColumn(CATALOGUE[n], mask=mask) for n in ("sigma_v", "radius", "rv")}
    assert set(filled(catalogue(**blank), settings, sun)) == {"Equator", "High"}


def test_a_kind_that_the_model_does_not_know_is_named(catalogue, settings, sun):
    path = catalogue(kind=["dwarf", "nebula", "dwarf"])
    with pytest.raises(UserError, match=r"satellites\.ecsv: column kind holds 'nebula'"):
        filled(path, settings, sun)


@pytest.mark.parametrize("name", [*SATELLITE_NUMBERS, *SATELLITE_TEXTS])
def test_a_missing_column_is_named(catalogue, settings, sun, name):
    path = catalogue()
    table = Table.read(path, format="ascii.ecsv")
    table.remove_column(name)
    table.write(path, format="ascii.ecsv", overwrite=True)
    with pytest.raises(UserError, match=f"satellites.ecsv: column {name} is missing"):
        satellites(path, settings, sun, np.random.default_rng(1))


def test_no_satellites_at_all_are_an_empty_cloud(catalogue, settings, sun):
    empty = satellites(catalogue(slice(0)), settings, sun, np.random.default_rng(1))
    assert empty.velocity.shape == (3, 0)
    assert empty.object_name.dtype == "S24"
    centres = unit_vectors(np.array([10.0, 20.0]), np.array([0.0, 50.0]))
    assert empty.per_steradian(centres, 0.5).shape == (2, 0)


def test_every_shipped_satellite_has_members_and_a_name_of_its_own(repo, model, sun):
    path = repo / "resources" / "satellites.ecsv"
    table = Table.read(path, format="ascii.ecsv")
    found = satellites(path, model["satellites"], sun, np.random.default_rng(1))
    assert len(np.unique(found.object_name)) == len(table)
    assert np.all(found.giants > 0) and np.all(found.distance > 0)
    assert found.distance_scatter == 0 and found.smoothing_deg == 0
