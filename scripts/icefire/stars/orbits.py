"""Energies and orbital eccentricities in a model potential of the Milky Way, by gala.

Energies: Bovy (2015) and Price-Whelan (2017), as the paper's section 2 has them.
"""

import numpy as np

from icefire import cli
from icefire.errors import UserError

POTENTIALS = ("MilkyWayPotential-v1", "MilkyWayPotential-v2", "BovyMWPotential2014")
POTENTIAL = cli.Section("potential", {"name": POTENTIALS})

# Orbits integrated together: bounds the memory, changes no orbit.
_ORBITS_AT_ONCE = 500


def potential(name: str):
    """Give gala's potential of this name, one of POTENTIALS.

    Raises UserError naming the key when there is no such potential.
    """
    import gala.potential as gp

    if name == "BovyMWPotential2014":
        return gp.BovyMWPotential2014()
    if name in POTENTIALS:
        return gp.MilkyWayPotential(version=name.rsplit("-", 1)[1])
    raise UserError(f"potential.name: {name!r} is none of {', '.join(POTENTIALS)}")


def depth(potential, position_kpc: np.ndarray) -> np.ndarray:
    """Compute the potential in km2/s2 at N places, 3 x N (kpc, Galactocentric)."""
    from astropy import units as u

    # Without a unit, because gala takes long to turn kpc into its own, which are kpc, too.
    scale = u.kpc.to(potential.units["length"])
    return potential.energy(position_kpc * scale).to_value(u.km**2 / u.s**2)


def energy(potential, position_kpc: np.ndarray, velocity_km_s: np.ndarray) -> np.ndarray:
    """Compute the specific orbital energy in km2/s2 of N stars.

    Position (kpc) and velocity (km/s) are 3 x N, Galactocentric.
    """
    vx, vy, vz = velocity_km_s
    return depth(potential, position_kpc) + 0.5 * (vx**2 + vy**2 + vz**2)


def eccentricity(
    potential,
    position_kpc: np.ndarray,
    velocity_km_s: np.ndarray,
    orbit_time_gyr: float,
    orbit_step_myr: float,
) -> np.ndarray:
    """Compute (r_apo - r_peri) / (r_apo + r_peri) of N stars from their integrated orbits.

    Position (kpc) and velocity (km/s) are 3 x N. The extreme radii are those met within
    `orbit_time_gyr`, so the value is a lower limit for an orbit that takes longer.
    """
    from astropy import units as u
    from gala.dynamics import PhaseSpacePosition
    from gala.integrate import LeapfrogIntegrator
    from gala.potential import Hamiltonian

    n_stars = position_kpc.shape[1]
    n_steps = max(round(1000 * orbit_time_gyr / orbit_step_myr), 1)
    hamiltonian = Hamiltonian(potential)
    found = np.empty(n_stars)
    for start in range(0, n_stars, _ORBITS_AT_ONCE):
        part = slice(start, start + _ORBITS_AT_ONCE)
        begin = PhaseSpacePosition(
            position_kpc[:, part] * u.kpc, velocity_km_s[:, part] * u.km / u.s
        )
        orbit = hamiltonian.integrate_orbit(
            begin, dt=orbit_step_myr * u.Myr, n_steps=n_steps, Integrator=LeapfrogIntegrator
        )
        x, y, z = orbit.xyz.to_value(u.kpc)
        r = np.sqrt(x**2 + y**2 + z**2)
        nearest, farthest = r.min(axis=0), r.max(axis=0)
        found[part] = (farthest - nearest) / (farthest + nearest)
    return found
