"""Eccentricities against closed forms, and the choice of the potential."""

import gala.potential as gp
import numpy as np
import pytest
from astropy import units as u
from gala.units import galactic

from icefire.errors import UserError
from icefire.stars import orbits


def columns(*vectors) -> np.ndarray:
    return np.array(vectors, float).T


@pytest.fixture(scope="module")
def halo_orbits(milky_way):
    """Positions and velocities of bound stars like those of the sample."""
    rng = np.random.default_rng(3)
    return rng.normal(0, 12, (3, 40)), rng.normal(0, 90, (3, 40))


@pytest.mark.parametrize("wanted", [0.1, 0.5, 0.8])
def test_kepler_orbits_have_their_eccentricity(wanted):
    kepler = gp.KeplerPotential(m=1e11 * u.Msun, units=galactic)
    circular = kepler.circular_velocity([10, 0, 0] * u.kpc).to_value(u.km / u.s)[0]
    # At apocentre, 10 kpc, the speed is sqrt(1 - e) times the circular one.
    start = columns([0, circular * np.sqrt(1 - wanted), 0])
    found = orbits.eccentricity(kepler, columns([10, 0, 0]), start, 1.0, 0.1)
    assert found[0] == pytest.approx(wanted, abs=1e-3)


def test_the_default_step_is_fine_enough(milky_way, halo_orbits):
    coarse = orbits.eccentricity(milky_way, *halo_orbits, 2.0, 1.0)
    fine = orbits.eccentricity(milky_way, *halo_orbits, 2.0, 0.2)
    assert np.std(fine) > 0.1
    assert np.max(np.abs(coarse - fine)) < 0.01


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("MilkyWayPotential-v1", lambda: gp.MilkyWayPotential(version="v1")),
        ("MilkyWayPotential-v2", lambda: gp.MilkyWayPotential(version="v2")),
        ("BovyMWPotential2014", gp.BovyMWPotential2014),
    ],
)
def test_each_potential_is_galas_and_energy_adds_the_kinetic_term(name, same, halo_orbits):
    position, velocity = halo_orbits
    at_rest = same().energy(position * u.kpc).to_value(u.km**2 / u.s**2)
    found = orbits.energy(orbits.potential(name), position, velocity)
    np.testing.assert_allclose(found, at_rest + 0.5 * np.sum(velocity**2, axis=0), rtol=1e-12)
    assert name in orbits.POTENTIALS


def test_an_unknown_potential_names_its_key():
    with pytest.raises(UserError, match=r"potential\.name.*'Plummer'.*MilkyWayPotential-v1"):
        orbits.potential("Plummer")
